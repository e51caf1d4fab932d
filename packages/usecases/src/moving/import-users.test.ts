import { operator } from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import {
  asService,
  foreignHash,
  PASSWORD,
  planted,
  root,
  START,
  type World,
  world,
} from '../../testing/index.ts';
import type { ImportInput, ImportNews, SourceRow } from '../index.ts';
import { useCases } from '../index.ts';
import type { Ports, UserRow } from '../ports/index.ts';
import { sealOwners } from '../shared/seals.ts';

type Given = Partial<Omit<ImportInput, 'rows'>>;

const ID = '0a000000-0000-4000-8000-00000000000';
const aRow = (n: number, details: Partial<UserRow> = {}): UserRow => ({
  id: `${ID}${n}`,
  name: `User ${n}`,
  email: `user${n}@example.com`,
  ...details,
});
const asRows = (users: readonly (UserRow | Omit<SourceRow, 'line'>)[]): SourceRow[] =>
  users.map((row, index) => {
    const isRow = ['user', 'service', 'rootKey', 'faults'].some((name) => name in row);
    return { line: index + 1, ...(isRow ? row : { user: row }) } as SourceRow;
  });

/** Runs an import to its end, and answers all that it told. */
async function run(w: World, rows: readonly SourceRow[], given: Given = {}, ports: Ports = w) {
  const all = useCases(ports);
  const news: ImportNews[] = [];
  const input: ImportInput = {
    source: 'users',
    onConflict: 'skip',
    ...given,
    rows: async function* () {
      yield* rows;
    },
  };
  const running = all.moving.importUsers.execute(operator, input);
  for (;;) {
    const { done, value } = await running.next();
    if (!done) {
      news.push(value);
      continue;
    }
    const faults = news.filter((each) => each.kind === 'fault');
    return { ...value, told: faults.map(({ line, reasons }) => [line, ...reasons]), news };
  }
}

/** A world after its first start. */
async function started() {
  const w = world();
  await w.useCases.audit.beginAudit.execute(operator);
  await w.useCases.services.openFormService.execute(operator);
  return w;
}

const account = (w: World, email: string) =>
  w.database.read(({ users }) => users.findByEmail(email));
const verify = async (w: World) => {
  const chains = await w.useCases.audit.verifyAudit.execute(operator);
  return chains.map(({ fault }) => fault).filter((fault) => fault !== null);
};
/** The database, but that its `nth` transaction, and all after it, are undone at their end. */
function dyingAt(database: World['database'], nth: number): World['database'] {
  let count = 0;
  return {
    ...database,
    transact: (work) =>
      database.transact(async (stores) => {
        const result = await work(stores);
        count += 1;
        if (count >= nth) throw planted;
        return result;
      }),
  };
}

/** All rows, but for what a second import would make anew. */
const rowsOf = (w: World) => w.database.snapshot('audit', 'auditChains', 'events', 'imports');

describe('an import of users', () => {
  test('keeps ids, profiles, attributes and keys, and everybody logs in with the old password', async () => {
    const w = await started();
    const service = await w.addService();
    const key = 'an old key of a user, 1'.replaceAll(/[ ,]/g, '-');
    const row = aRow(1, {
      email: 'Ada@Example.com',
      email_valid: true,
      locale: 'de_DE',
      timezone: 'Europe/Berlin',
      password_hash: foreignHash('old secret'),
      attributes: { plan: 'pro' },
      created_at: '2020-01-02T03:04:05Z',
      last_login_at: '2021-01-02T03:04:05Z',
      keys: [{ type: 'KEY', name: 'api', value: key, service: 'Shop', scopes: ['read'] }],
    });
    const { counts, told } = await run(w, asRows([row]), { service: service.id });
    expect(told).toEqual([]);
    expect(counts).toMatchObject({ users: 1, keys: 2, refused: 0 });

    const actor = asService(service);
    const claim = { email: 'ada@example.com', password: 'old secret' };
    const { user } = await w.useCases.sessions.login.execute(actor, claim);
    expect(user).toMatchObject({
      id: `${ID}1`,
      name: 'User 1',
      email: 'ada@example.com',
      emailValid: true,
      emailProven: false,
      locale: 'de-DE',
      timezone: 'Europe/Berlin',
      attributes: { plan: 'pro' },
      createdAt: Date.UTC(2020, 0, 2, 3, 4, 5),
      createdBy: service.id,
    });
    const verified = await w.useCases.keys.verifyKey.execute(actor, { value: key });
    expect(verified).toMatchObject({
      user: { id: user.id },
      key: { name: 'api', scopes: ['read'] },
    });
  });

  test('takes services with their keys, and root keys, which go on working', async () => {
    const w = await started();
    const [own, other] = ['an-old-key-of-a-service-1', 'an-old-root-key-number-1'];
    const { counts, told } = await run(
      w,
      asRows([
        { rootKey: { name: 'ops', value: other } } as never,
        {
          service: {
            id: `${ID}9`,
            name: 'Old',
            url: 'https://old.example',
            keys: [{ name: 'k', value_sha256: w.secrets.digest(own) }],
          },
        } as never,
        aRow(1, {
          keys: [
            { type: 'TOTP', value: 'ABCD EFGH ABCD EFGH', service: 'Old' },
            { type: 'TOKEN', service: `${ID}9` },
          ],
        }),
      ]),
    );
    expect(told).toEqual([]);
    expect(counts).toMatchObject({ users: 1, services: 1, keys: 4 });
    const authenticate = (key: string) =>
      w.useCases.callers.authenticateKey.execute({ kind: 'nobody', origin: root.origin }, { key });
    const service = await authenticate(own);
    expect(service).toMatchObject({ kind: 'service', service: { id: `${ID}9`, name: 'Old' } });
    expect(await authenticate(other)).toMatchObject({ kind: 'root' });
    const code = w.totp.codeAt('ABCDEFGHABCDEFGH', START);
    const input = { userId: `${ID}1`, code };
    expect(await w.useCases.factors.verifyTotp.execute(service, input)).toEqual(expect.any(String));
    expect(await verify(w)).toEqual([]);
  });

  test('makes a seed the second factor, which every login takes', async () => {
    const w = await started();
    const { told } = await run(w, asRows([aRow(1, { totp_secret: 'abcd efgh abcd efgh' })]));
    expect(told).toEqual([]);
    const { user, seeds } = await w.database.read(async ({ users, factors }) => ({
      user: await users.get(`${ID}1`),
      seeds: await factors.seedsOf(`${ID}1`, START),
    }));
    const factors = { hasTotp: true, hasPasskey: false, atPassword: true, atProvider: true };
    expect(user?.factors).toEqual(factors);
    const { id, sealed } = seeds.confirmed!;
    expect(w.secrets.unseal(sealed, sealOwners.factor(id))).toBe('ABCDEFGHABCDEFGH');
  });

  test('tells all that is wrong with a row at once, never a value of it, and goes on', async () => {
    const w = await started();
    const { counts, told } = await run(
      w,
      asRows([
        aRow(1, {
          id: 'x',
          name: '',
          email: 'secret at example',
          locale: 5,
          is_enabled: 'yes',
          password_hash: 'secret',
          created_at: '2999-01-01T00:00:00Z',
          roles: ['king'],
          attributes: [],
          keys: [{ type: 'KEY', value: 'short' }],
          passwrd: 'secret',
        } as never),
        { faults: ['is not JSON'] } as never,
        aRow(2),
      ]),
    );
    expect(counts).toMatchObject({ users: 1, refused: 2 });
    expect(told).toEqual([
      [
        1,
        'passwrd is not known here',
        'id must be a UUID',
        'attributes must be an object',
        'name must be 1 to 100 characters on one line',
        'locale must be a string',
        'is_enabled must be true or false',
        'created_at must not be to come',
        'roles must be of user and admin',
        'email must be an e-mail address that can be used here',
        'keys[0].service is required',
        'keys[0].value must be 20 to 512 visible ASCII characters',
      ],
      [2, 'is not JSON'],
    ]);
    const hash = await run(w, asRows([aRow(3, { password_hash: 'unknown' })]));
    expect(hash.told).toEqual([[1, expect.stringMatching(/^password_hash must be/)]]);
    expect(await account(w, 'user3@example.com')).toBeNull();
  });

  test.each([['first'], ['last']])(
    'of addresses that differ in case alone the older account wins, where it comes %s',
    async (place) => {
      const w = await started();
      const older = aRow(1, { email: 'ADA@example.com', created_at: '2020-01-01T00:00:00Z' });
      const newer = aRow(2, { email: 'ada@example.com', created_at: '2021-01-01T00:00:00Z' });
      const without = aRow(3, { email: 'Ada@example.com' });
      const all = [older, newer, without];
      const { told, counts } = await run(w, asRows(place === 'first' ? all : all.toReversed()));
      expect(counts).toMatchObject({ users: 1, refused: 2 });
      const holder = place === 'first' ? 1 : 3;
      const reason = `email is that of line ${holder} but for its spelling, which is the older account`;
      expect(told).toEqual(
        place === 'first'
          ? [
              [2, reason],
              [3, reason],
            ]
          : [
              [1, reason],
              [2, reason],
            ],
      );
      expect((await account(w, 'ada@example.com'))?.user.id).toBe(`${ID}1`);
    },
  );

  test('takes an id and the value of a key once', async () => {
    const w = await started();
    await w.addService();
    const keys = [{ type: 'KEY', value: 'a-value-that-is-there-twice', service: 'Shop' }];
    const rows = [
      aRow(1),
      aRow(1, { email: 'other@example.com' }),
      aRow(2, { keys }),
      aRow(3, { keys }),
    ];
    const { told, counts } = await run(w, asRows(rows));
    expect(told).toEqual([
      [2, 'has the id that line 1 has'],
      [4, 'has the value of a key that line 3 has'],
    ]);
    expect(counts.users).toBe(2);
    const later = await run(w, asRows([aRow(4, { keys })]));
    expect(later.told).toEqual([[1, 'has the id or the value of a key that is there']]);
    const lone = [
      { type: 'TOKEN', service: 'Shop' },
      { type: 'TOKEN', service: 'Shop' },
    ];
    const twice = await run(w, asRows([aRow(5, { keys: lone })]));
    expect(twice.told).toEqual([[1, 'keys has two usable TOKEN keys of one service']]);
  });

  test('refuses an address that the owner of another account can still take back', async () => {
    const w = await started();
    const owner = await w.addOwner({ emailProven: true });
    await w.useCases.users.updateEmail.execute(asService(owner.service), {
      email: owner.user.email,
      password: 'correct horse',
      newEmail: 'new@example.com',
    });
    const { told } = await run(w, asRows([aRow(1, { email: owner.user.email })]));
    expect(told).toEqual([
      [1, 'email is one that the owner of another account can still take back'],
    ]);
  });

  test('tells services what they see, and records users, keys and itself', async () => {
    const w = await started();
    const service = await w.addService();
    const watcher = await w.addService({ seesAllUsers: true });
    await run(w, asRows([aRow(1), aRow(2)]), { service: service.id });
    const { events, audit } = w.database.snapshot() as Record<
      string,
      [string, Record<string, unknown>][]
    >;
    const told = (events ?? []).map(([, { type, serviceId, userId }]) => [type, serviceId, userId]);
    for (const n of [1, 2]) {
      expect(told).toContainEqual(['user.created', service.id, `${ID}${n}`]);
      expect(told).toContainEqual(['user.created', watcher.id, `${ID}${n}`]);
      expect(told).toContainEqual(['key.created', service.id, `${ID}${n}`]);
    }
    expect(told).toHaveLength(6);
    const entries = (audit ?? []).map(([, { type, count, userId }]) => [type, count, userId]);
    expect(entries.slice(-1)).toEqual([['rekey:Import', 2, null]]);
    expect(entries).toContainEqual(['sso:KeyCreate', 1, `${ID}1`]);
  });

  test('is for the operator alone', async () => {
    const w = await started();
    const rows = async function* () {};
    const running = w.useCases.moving.importUsers.execute(root, {
      source: 'users',
      onConflict: 'skip',
      rows,
    });
    await expect(running.next()).rejects.toThrow('a valid key');
  });
});

describe('a row whose user is there', () => {
  async function there() {
    const w = await started();
    const owner = await w.addOwner({ name: 'Before', email: 'ada@example.com' });
    const row = {
      name: 'After',
      email: 'Ada@example.com',
      password_hash: foreignHash('from there'),
    };
    return { w, owner, row };
  }

  test('is passed over by skip', async () => {
    const { w, row } = await there();
    const before = rowsOf(w);
    const { counts, told } = await run(w, asRows([row, aRow(1)]));
    expect(counts).toMatchObject({ users: 1, skipped: 1, refused: 0 });
    expect(told).toEqual([]);
    expect((await account(w, 'ada@example.com'))?.user.name).toBe('Before');
    expect(rowsOf(w)).not.toEqual(before);
  });

  test('keeps everything out by fail, as does a row that is wrong', async () => {
    const { w, row } = await there();
    const before = rowsOf(w);
    const { counts, told, isRefused } = await run(w, asRows([aRow(1), row, aRow(2)]), {
      onConflict: 'fail',
    });
    expect([isRefused, told, counts.users]).toEqual([true, [[2, 'is there already']], 0]);
    const wrong = await run(w, asRows([aRow(1), aRow(2, { name: '' })]), { onConflict: 'fail' });
    expect([wrong.isRefused, wrong.counts]).toMatchObject([true, { users: 0, refused: 1 }]);
    expect(rowsOf(w)).toEqual(before);
    const good = await run(w, asRows([aRow(1), aRow(2)]), { onConflict: 'fail' });
    expect([good.isRefused, good.counts.users]).toEqual([false, 2]);
  });

  test('is changed by update in what the row names, and gets the keys that it lacks', async () => {
    const { w, owner, row } = await there();
    const keys = [{ type: 'KEY', value: 'a-key-that-comes-with-update', service: 'Shop' }];
    const update = { onConflict: 'update' } as const;
    const first = await run(w, asRows([{ ...row, locale: 'fr', keys }]), update);
    expect(first.counts).toMatchObject({ users: 0, updated: 1, refused: 0 });
    const changed = await account(w, 'ada@example.com');
    expect(changed?.user).toMatchObject({ id: owner.user.id, name: 'After', locale: 'fr' });
    expect(changed?.user.timezone).toBe(owner.user.timezone);
    const found = await w.useCases.keys.verifyKey.execute(asService(owner.service), {
      value: 'a-key-that-comes-with-update',
    });
    expect(found.user.id).toBe(owner.user.id);
    const again = rowsOf(w);
    await run(w, asRows([{ ...row, locale: 'fr', keys }]), update);
    expect(rowsOf(w)).toEqual(again);
  });

  const update = { onConflict: 'update' } as const;

  /** The ports of an import, but that something else happens just before its `n`th transaction. */
  const interrupted = (w: World, n: number, happen: () => Promise<unknown>): Ports => {
    let count = 0;
    const transact: World['database']['transact'] = async (work) => {
      count += 1;
      if (count === n) await happen();
      return w.database.transact(work);
    };
    return { ...w, database: { ...w.database, transact } };
  };

  test('is changed by update also where it came between the look and the write', async () => {
    const w = await started();
    const { email } = aRow(1);
    const ports = interrupted(w, 1, () => w.addOwner({ email: String(email) }));
    const { counts } = await run(w, asRows([aRow(1, { id: undefined })]), update, ports);
    expect(counts).toMatchObject({ users: 0, updated: 1, skipped: 0, refused: 0 });
    expect((await account(w, String(email)))?.user.name).toBe('User 1');
  });

  test('is not taken for the one that had the address a moment ago', async () => {
    const { w, owner, row } = await there();
    const leave = () =>
      w.useCases.users.updateEmail.execute(asService(owner.service), {
        email: owner.user.email,
        password: PASSWORD,
        newEmail: 'elsewhere@example.com',
      });
    const rows = asRows([{ ...row, email_proven: true }]);
    const { told, counts } = await run(w, rows, update, interrupted(w, 1, leave));
    expect(counts).toMatchObject({ users: 0, updated: 0, refused: 1 });
    expect(told).toEqual([[1, expect.stringContaining('can still take back')]]);
    const moved = await account(w, 'elsewhere@example.com');
    expect(moved?.user).toMatchObject({ name: owner.user.name, emailProven: false });
  });

  test.each(['old', 'weak'] as const)(
    'gets the password of the row only while nobody has used the account here: %s',
    async (kind) => {
      const w = await started();
      const service = await w.addService();
      const row = (password: string) =>
        asRows([aRow(1, { id: undefined, password_hash: foreignHash(password, kind) })]);
      const logIn = (password: string) =>
        w.useCases.sessions.login.execute(asService(service), {
          email: 'user1@example.com',
          password,
        });
      await run(w, row('from there'), { service: service.id });
      await run(w, row('from there later'), update);
      await expect(logIn('from there')).rejects.toThrow();
      await logIn('from there later');
      await run(w, row('much later'), update);
      await expect(logIn('much later')).rejects.toThrow();
      await logIn('from there later');
    },
  );

  test('keeps a password that was chosen here, also before the first login with it', async () => {
    const { w, owner, row } = await there();
    await run(w, asRows([row]), update);
    await expect(w.logIn(owner, 'from there')).rejects.toThrow();
    await w.logIn(owner, 'correct horse');
  });

  test('gets nothing back that was taken away here', async () => {
    const w = await started();
    const service = await w.addService();
    const { users, keys } = w.useCases;
    const value = 'a-value-that-has-leaked';
    const all = asRows([
      aRow(1, { roles: ['admin'], is_enabled: true }),
      aRow(2, { keys: [{ type: 'KEY', value, service: 'Shop' }] }),
      aRow(3, { keys: [{ type: 'KEY', value: `${value}-too`, service: 'Shop' }] }),
      aRow(4),
    ]);
    await run(w, all, { service: service.id });
    const keyOf = async (n: number, type: 'KEY' | 'TOKEN') => {
      const filter = { userIds: [`${ID}${n}`], types: [type] };
      const [key] = await keys.listKeys.execute(operator, { ...filter, page: { limit: 1 } });
      if (!key) throw new Error('every user has one');
      return key.id;
    };
    await users.changeRole.execute(operator, { id: `${ID}1`, isAdmin: false });
    await users.updateUser.execute(operator, { id: `${ID}1`, isEnabled: false });
    await keys.rotateKey.execute(operator, { id: await keyOf(2, 'KEY') });
    await keys.deleteKey.execute(operator, { id: await keyOf(3, 'KEY') });
    await keys.retireKey.execute(operator, { id: await keyOf(4, 'TOKEN') });
    const before = rowsOf(w);
    const { counts, told } = await run(w, all, { ...update, service: service.id });
    expect([counts.updated, told]).toEqual([4, []]);
    expect(rowsOf(w)).toEqual(before);
  });

  test('is left alone where its owner locked the account, or id and address are of two users', async () => {
    const { w, owner, row } = await there();
    const update = { onConflict: 'update' } as const;
    const other = await w.addOwner({ email: 'bob@example.com' });
    await w.database.transact(({ users }) => users.lockOut(owner.user.id, START));
    const { told } = await run(
      w,
      asRows([
        row,
        aRow(1, { id: other.user.id, email: 'new@example.com' }),
        aRow(2, { email: 'bob@example.com' }),
      ]),
      update,
    );
    expect(told).toEqual([
      [1, 'is a user whose owner locked the account: it stays as it is'],
      [2, 'has the id of a user with another address, which an import does not change'],
      [3, 'has the address of a user with another id'],
    ]);
    expect((await account(w, 'ada@example.com'))?.user).toMatchObject({
      name: 'Before',
      isLocked: true,
    });
  });

  test('is said by a dry run, which writes nothing', async () => {
    const { w, row } = await there();
    const before = rowsOf(w);
    const rows = asRows([
      row,
      aRow(1),
      aRow(2, { name: '' }),
      aRow(3, { email: 'user1@example.COM' }),
    ]);
    const { counts, told } = await run(w, rows, { isDry: true });
    expect(counts).toMatchObject({ users: 1, skipped: 1, refused: 2 });
    expect(told.map(([line]) => line)).toEqual([3, 4]);
    expect(rowsOf(w)).toEqual(before);
  });
});

describe('an import that is interrupted', () => {
  const many = asRows(
    Array.from({ length: 350 }, (_, n) => ({
      id: `0b000000-0000-4000-8000-${String(n).padStart(12, '0')}`,
      name: n % 50 === 7 ? '' : `User ${n}`,
      email: `user${n}@example.com`,
    })),
  );
  const emails = (w: World) => {
    const { users } = w.database.snapshot() as { users: [string, { user: { email: string } }][] };
    return users.map(([, { user }]) => user.email).sort();
  };

  test('goes on where it stopped, whichever of its transactions failed, and doubles nothing', async () => {
    const whole = await started();
    const { counts } = await run(whole, many);
    expect(counts).toMatchObject({ users: 343, refused: 7 });
    for (let nth = 1; ; nth += 1) {
      const w = await started();
      const service = await w.addService();
      const dying = { ...w, database: dyingAt(w.database, nth) };
      const end = await run(w, many, { service: service.id }, dying).catch((error) => error);
      if (end !== planted) {
        // One for each batch, and the end of the import.
        expect(nth).toBeGreaterThan(3);
        break;
      }
      const state = await w.database.read(({ imports }) => imports.unfinished('users'));
      const resumed = await run(w, many, { service: service.id, isResumed: state !== null });
      expect(resumed.counts).toMatchObject({ users: 343, keys: 343, refused: 7, skipped: 0 });
      expect(emails(w)).toEqual(emails(whole));
    }
  });

  test('goes on with the same rows alone, and only where there is one', async () => {
    const w = await started();
    await expect(run(w, many, { isResumed: true })).rejects.toThrow('nothing to resume');
    const running = w.useCases.moving.importUsers.execute(operator, {
      source: 'users',
      onConflict: 'skip',
      rows: async function* () {
        yield* many;
      },
    });
    for (;;) {
      const { value } = await running.next();
      if ('kind' in value && value.kind === 'progress' && value.step === 'write') break;
    }
    await running.return(undefined as never);
    expect(w.ledgers.count.open).toBe(0);
    expect(emails(w).length).toBeGreaterThan(90);
    await expect(run(w, many.slice(1), { isResumed: true })).rejects.toThrow('the same again');
    const { counts } = await run(w, many, { isResumed: true });
    expect(counts).toMatchObject({ users: 343, skipped: 0 });
    await expect(run(w, many, { isResumed: true })).rejects.toThrow('nothing to resume');
  });
});
