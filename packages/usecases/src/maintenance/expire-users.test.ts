import {
  formServiceId,
  InvalidCredentials,
  operator,
  Unauthorized,
  type User,
} from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import {
  asNobody,
  asService,
  endOf,
  failingAt,
  nobody,
  ORIGIN,
  PASSWORD,
  planted,
  root,
  START,
  world,
} from '../../testing/index.ts';
import { type Ports, useCases } from '../index.ts';

const DAY_MS = 86_400_000;
const TTL_MS = 30 * DAY_MS;

type Rows = { readonly [table: string]: readonly unknown[] };

/** A world with the built-in service, where people sign up. */
async function openWorld() {
  const w = world();
  const service = await w.useCases.services.openFormService.execute(operator);
  const signUp = async (email: string, isEnabled = true): Promise<User> => {
    const profile = { isEnabled, name: 'Ada', email, password: PASSWORD };
    return (await w.useCases.users.createUser.execute(nobody, profile)).user;
  };
  const expireAt = async (now: number, ports: Ports = w): Promise<number> => {
    w.clock.set(now);
    return useCases(ports).maintenance.expireUsers.execute(operator);
  };
  const isThere = async ({ id }: User) =>
    (await w.database.read(({ users }) => users.get(id))) !== null;
  const logIn = (user: User) => w.logIn({ user, service });
  return { w, service, signUp, expireAt, isThere, logIn };
}

describe('an account of somebody who signed up alone', () => {
  test('is kept for thirty days, and then deleted where nobody used it', async () => {
    const { signUp, expireAt, isThere } = await openWorld();
    const user = await signUp('ada@example.com');
    expect(await expireAt(START + TTL_MS)).toBe(0);
    expect(await isThere(user)).toBe(true);
    expect(await expireAt(START + TTL_MS + 1)).toBe(1);
    expect(await isThere(user)).toBe(false);
  });

  test('leaves nothing of itself but the record, and its address is free', async () => {
    const { w, service, signUp, expireAt, logIn } = await openWorld();
    const kept = ['audit', 'auditChains', 'events', 'feeds', 'throttles', 'oneTimeTokens'] as const;
    const before = w.database.snapshot(...kept);
    const user = await signUp('ada@example.com');
    await logIn(user);
    await w.changeAndReadMail({ user, service });
    await expireAt(START + 100 * DAY_MS);
    expect(w.database.snapshot(...kept)).toEqual(before);
    expect(JSON.stringify(w.database.snapshot())).not.toMatch(/ada|192\.0\.2\.7/i);
    expect((await signUp('ada@example.com')).id).not.toBe(user.id);
  });

  test('is recorded and told of when it goes, and nobody else is', async () => {
    const { w, signUp, expireAt } = await openWorld();
    const user = await signUp('ada@example.com');
    const { events: told = [] } = w.database.snapshot() as Rows;
    await expireAt(START + TTL_MS + 1);
    const { entries } = await w.useCases.audit.listAudit.execute(root, { limit: 2 });
    expect(entries).toMatchObject([
      {
        type: 'rekey:UserExpire',
        outcome: 'success',
        serviceId: formServiceId,
        userId: user.id,
        origin: null,
      },
      { type: 'rekey:AuditErase', serviceId: null, subjectId: user.id },
    ]);
    const { events = [] } = w.database.snapshot() as Rows;
    expect(events.slice(told.length)).toMatchObject([
      [expect.anything(), { type: 'user.deleted', userId: user.id }],
    ]);
    const chains = await w.useCases.audit.verifyAudit.execute(operator);
    expect(chains.find(({ serviceId }) => serviceId === formServiceId)?.fault).toBeNull();
  });

  test('is kept from the end of its last session on, however often that was looked at', async () => {
    const { w, signUp, expireAt, isThere, logIn } = await openWorld();
    const user = await signUp('ada@example.com');
    w.clock.set(START + 25 * DAY_MS);
    const { sessionId } = await logIn(user);
    const open = await w.database.read(({ sessions }) => sessions.findOpen(sessionId));
    const end = open!.session.expiresAt;
    for (const now of [START + TTL_MS + 1, START + 40 * DAY_MS, end + TTL_MS]) {
      expect(await expireAt(now)).toBe(0);
      await w.useCases.maintenance.prune.execute(operator);
    }
    expect(await isThere(user)).toBe(true);
    expect(await expireAt(end + TTL_MS + 1)).toBe(1);
  });

  test('is kept from its last change on', async () => {
    const { w, service, signUp, expireAt } = await openWorld();
    const user = await signUp('ada@example.com');
    const changedAt = START + 20 * DAY_MS;
    w.clock.set(changedAt);
    await w.changeAndReadMail({ user, service });
    expect(await expireAt(changedAt + TTL_MS)).toBe(0);
    expect(await expireAt(changedAt + TTL_MS + 1)).toBe(1);
  });

  test('is kept while the link of a mail works, and no longer', async () => {
    const { w, service, signUp, expireAt } = await openWorld();
    const year = { ...w, settings: { ...w.settings, revokeTokenTtlMs: 365 * DAY_MS } };
    const user = await signUp('ada@example.com');
    const change = w.change({ user });
    await useCases(year).passwords.updatePassword.execute(asService(service), change);
    const expiresAt = START + 365 * DAY_MS;
    expect(await expireAt(expiresAt)).toBe(0);
    expect(await expireAt(expiresAt + 1)).toBe(1);
  });

  test('is deleted after its owner locked it, as soon as nobody can use a link', async () => {
    const { w, service, signUp, expireAt } = await openWorld();
    const user = await signUp('ada@example.com');
    const token = await w.changeAndReadMail({ user, service });
    await w.useCases.recovery.lockAccount.execute(nobody, { token });
    expect(await expireAt(START + TTL_MS)).toBe(0);
    expect(await expireAt(START + TTL_MS + 1)).toBe(1);
  });

  test('is kept for ever once another service made a key for it', async () => {
    const { w, signUp, expireAt, isThere } = await openWorld();
    const user = await signUp('ada@example.com');
    const shop = await w.addService();
    const { value } = await w.useCases.keys.createKey.execute(asService(shop), {
      isEnabled: true,
      type: 'KEY',
      name: 'web',
      userId: user.id,
    });
    await w.useCases.keys.revokeKey.execute(asService(shop), { value });
    for (const years of [1, 5, 20]) expect(await expireAt(START + years * 365 * DAY_MS)).toBe(0);
    expect(await isThere(user)).toBe(true);
  });

  test('is kept for ever where the operator says so', async () => {
    const { w, signUp, expireAt } = await openWorld();
    await signUp('ada@example.com');
    const settings = { ...w.settings, unprovenTtlMs: null };
    expect(await expireAt(START + 1000 * DAY_MS, { ...w, settings })).toBe(0);
  });

  test('is there as before where deleting it fails, and goes the next time', async () => {
    const { w, signUp, expireAt, logIn } = await openWorld();
    const user = await signUp('ada@example.com');
    await logIn(user);
    const before = w.database.snapshot();
    const now = START + 100 * DAY_MS;
    let step = 1;
    for (; ; step += 1) {
      const end = await endOf(expireAt(now, { ...w, database: failingAt(w.database, step) }));
      if (end === 'done') break;
      expect(end).toBe(planted);
      expect(w.database.snapshot()).toEqual(before);
    }
    expect(step).toBeGreaterThan(4);
  });
});

describe('an account that a service made', () => {
  test('is kept for ever, used or not', async () => {
    const { w, expireAt, isThere } = await openWorld();
    const service = await w.addService();
    const profile = { isEnabled: true, name: 'Ada', email: 'ada@example.com' };
    const { user } = await w.useCases.users.createUser.execute(asService(service), profile);
    expect(await expireAt(START + 1000 * DAY_MS)).toBe(0);
    expect(await isThere(user)).toBe(true);
  });
});

describe('expiring accounts', () => {
  test('goes on in batches until all are seen, used ones among them', async () => {
    const { w, signUp, expireAt, isThere } = await openWorld();
    const users: User[] = [];
    for (let n = 0; n < 250; n += 1) {
      w.clock.set(START + n * 1000);
      users.push(await signUp(`user-${n}@example.com`));
    }
    const used = users.filter((_, n) => n % 5 === 0);
    w.clock.set(START + 20 * DAY_MS);
    for (const { id } of used) {
      await w.database.transact(({ users }) => users.changePassword(id, 1, 'new', w.clock.now()));
    }
    expect(await expireAt(START + TTL_MS + 250_000)).toBe(200);
    for (const user of used) expect(await isThere(user)).toBe(true);
  });

  test('makes a login at a deleted account fail like one at nobody', async () => {
    const { w, signUp, expireAt } = await openWorld();
    const { email } = await signUp('ada@example.com');
    await expireAt(START + TTL_MS + 1);
    const claim = { email, password: PASSWORD } as const;
    const end = await endOf(w.useCases.sessions.login.execute(asNobody(ORIGIN), claim));
    expect(end).toBeInstanceOf(InvalidCredentials);
  });

  test('is done by the server alone', async () => {
    const { w } = await openWorld();
    const { expireUsers } = w.useCases.maintenance;
    for (const actor of [asService(await w.addService()), root, nobody]) {
      expect(await endOf(expireUsers.execute(actor))).toBeInstanceOf(Unauthorized);
    }
  });
});
