import {
  type Actor,
  DAY_MS,
  type Event,
  formServiceId,
  formServiceName,
  IllegalArgument,
  InvalidCredentials,
  InvalidOneTimeToken,
  MAX_PAGE_SIZE,
  Overloaded,
  operator,
  type Service,
  Unauthorized,
  type User,
} from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import {
  aOneTimeToken,
  asNobody,
  asService,
  endOf,
  failingAt,
  NEW_PASSWORD,
  nobody,
  type Owner,
  PASSWORD,
  planted,
  recording,
  root,
  START,
  settings,
  tokenIn,
  type World,
  watched,
  world,
} from '../../testing/index.ts';
import { type Database, type Ports, useCases } from '../index.ts';

const ask = (ports: Ports, actor: Actor, email: string) =>
  useCases(ports).passwords.requestReset.execute(actor, { email });
const confirm = (ports: Ports, actor: Actor, token: string, password = NEW_PASSWORD) =>
  useCases(ports).passwords.confirmReset.execute(actor, { token, password });

/** Asks for a reset of the owner, and answers the token of the link in the mail. */
async function mailed(w: World, { user, service }: Owner): Promise<string> {
  await ask(w, asService(service), user.email);
  await w.deliver();
  const mail = w.channels.mail.sent.findLast(({ kind }) => kind === 'reset_password');
  if (mail?.to !== user.email) throw new Error('the owner is mailed to');
  return tokenIn(mail.link);
}

async function prepare(details: Partial<User> = {}) {
  const w = world();
  const owner = await w.addOwner(details);
  const token = await mailed(w, owner);
  return { w, owner, token, by: asService(owner.service) };
}

/** An account of the built-in service. */
async function addPerson(w: World, details: Partial<User> = {}): Promise<Owner> {
  const service = await w.addService({ id: formServiceId, name: formServiceName });
  return w.addOwner({ createdBy: formServiceId, ...details }, { service });
}

const opens = async (w: World, owner: Owner, password: string) =>
  (await endOf(w.logIn(owner, password))) instanceof InvalidCredentials === false;

const userOf = (w: World, { user }: Owner) => w.database.read(({ users }) => users.get(user.id));

const entriesOf = async (w: World, service: Service) => {
  const { entries } = await w.useCases.audit.listAudit.execute(asService(service), { limit: 100 });
  return entries;
};

describe('a request of a reset', () => {
  test('mails the owner a link for an hour, and the old password works until then', async () => {
    const { w, owner } = await prepare({ locale: 'de' });
    expect(w.channels.mail.sent).toMatchObject([
      {
        kind: 'reset_password',
        to: owner.user.email,
        locale: 'de',
        service: { name: owner.service.name },
        linkExpiresAt: START + settings.resetTokenTtlMs,
      },
    ]);
    const link = new URL(w.channels.mail.sent[0]!.link);
    expect(link.origin + link.pathname).toBe(owner.service.providerLocalUrl);
    expect(await opens(w, owner, PASSWORD)).toBe(true);
  });

  test('takes an address in any spelling, and refuses a text that is none', async () => {
    const w = world();
    const owner = await w.addOwner();
    const by = asService(owner.service);
    await ask(w, by, owner.user.email.toUpperCase());
    await w.deliver();
    expect(w.channels.mail.sent).toHaveLength(1);
    for (const actor of [by, nobody]) {
      expect(await endOf(ask(w, actor, 'no address'))).toBeInstanceOf(IllegalArgument);
    }
  });

  test('is for services and for people, and not for an operator', async () => {
    const w = world();
    for (const actor of [root, operator]) {
      expect(await endOf(ask(w, actor, 'ada@example.com'))).toBeInstanceOf(Unauthorized);
    }
  });

  test('is recorded for the user, or for nobody', async () => {
    const { w, owner, by, token } = await prepare();
    await ask(w, by, 'nobody@example.com');
    const entries = await entriesOf(w, owner.service);
    const asked = entries.filter(({ type }) => type === 'sso:AuthLocalResetPassword');
    expect(asked).toMatchObject([
      { outcome: 'success', userId: owner.user.id, subjectId: w.linkTokens.verify(token)?.id },
      { outcome: 'failure', userId: null },
    ]);
  });

  test('that fails half-way changes nothing', async () => {
    const w = world();
    const owner = await w.addOwner();
    const by = asService(owner.service);
    const { database, done } = recording(w.database);
    await ask({ ...w, database }, by, owner.user.email);
    for (let n = 1; n <= done.length + 1; n += 1) {
      const before = w.database.snapshot();
      const broken = { ...w, database: failingAt(w.database, n) };
      expect(await endOf(ask(broken, by, owner.user.email))).toBe(planted);
      expect(w.database.snapshot()).toEqual(before);
    }
  });
});

describe('a request for an account that can have no reset', () => {
  type State = (w: World) => Promise<{ readonly email: string; readonly owner: Owner }>;
  const owned =
    (
      details: Partial<User>,
      happen: (w: World, owner: Owner) => Promise<unknown> = async () => {},
    ) =>
    async (w: World) => {
      const owner = await w.addOwner(details);
      await happen(w, owner);
      return { email: owner.user.email, owner };
    };
  const states: [string, State][] = [
    ['is unknown', async (w) => ({ email: 'nobody@example.com', owner: await w.addOwner() })],
    ['is disabled', owned({ isEnabled: false })],
    [
      'is locked',
      owned({}, (w, { user }) => w.database.transact(({ users }) => users.lockOut(user.id, START))),
    ],
    ['does not allow it', owned({ passwordAllowReset: false })],
    [
      'has no TOKEN key any more',
      owned({}, (w, { tokenKey }) =>
        w.database.transact(({ keys }) => keys.revoke(tokenKey.id, START)),
      ),
    ],
    [
      'has a KEY of the service alone',
      async (w) => {
        const service = await w.addService();
        const user = await w.addUser(service);
        await w.addKey({ userId: user.id, serviceId: service.id, type: 'KEY' });
        return {
          email: user.email,
          owner: { user, service, tokenKey: (await w.addOwner()).tokenKey },
        };
      },
    ],
    [
      'is of another service',
      async (w) => {
        const { user, tokenKey } = await w.addOwner();
        return { email: user.email, owner: { user, tokenKey, service: await w.addService() } };
      },
    ],
    [
      'moved lately, from an address that nobody vouched for',
      owned({}, (w, { user, service }) =>
        w.database.transact(({ oneTimeTokens }) =>
          oneTimeTokens.insert(
            aOneTimeToken({
              purpose: 'update_email',
              userId: user.id,
              serviceId: service.id,
              email: 'before@example.com',
              createdAt: START - 7 * DAY_MS + 1,
            }),
          ),
        ),
      ),
    ],
  ];

  /** Everything that the database is asked for. */
  async function workOf(w: World, actor: Actor, email: string): Promise<string[]> {
    const verbs: string[] = [];
    const around = async (verb: string, call: () => Promise<unknown>) => {
      verbs.push(verb);
      return call();
    };
    const database: Database = {
      read: (work) => w.database.read((stores) => work(watched(stores, around))),
      transact: (work) => w.database.transact((stores) => work(watched(stores, around))),
    };
    await ask({ ...w, database }, actor, email);
    return verbs;
  }

  test.each(states)(
    'because it %s mails nothing, after the work of one that does',
    async (_, seed) => {
      const w = world();
      const { email, owner } = await seed(w);
      const other = await w.addOwner();
      const expected = await workOf(w, asService(other.service), other.user.email);
      const before = w.hasher.work();
      expect(await workOf(w, asService(owner.service), email)).toEqual(expected);
      expect(w.hasher.work()).toBe(before);
      await w.deliver();
      expect(w.channels.mail.sent.map(({ to }) => to)).toEqual([other.user.email]);
    },
  );

  test('leaves nothing of the address, and nothing in the list of mails', async () => {
    const w = world();
    const service = await w.addService();
    await ask(w, asService(service), 'nobody@example.com');
    expect(JSON.stringify(w.database.snapshot())).not.toContain('nobody@example.com');
    const { listDeliveries, countDeliveries } = w.useCases.deliveries;
    const listed = await listDeliveries.execute(operator, { state: null, limit: 10 });
    expect(listed).toEqual([]);
    expect(await countDeliveries.execute(operator)).toMatchObject({ waiting: 0, dead: 0 });
  });

  test('gives the mail a week after a change of the address', async () => {
    const w = world();
    const owner = await w.addOwner();
    const of = { userId: owner.user.id, serviceId: owner.service.id };
    const createdAt = START - 7 * DAY_MS;
    const move = aOneTimeToken({ ...of, purpose: 'update_email', createdAt });
    await w.database.transact(({ oneTimeTokens }) => oneTimeTokens.insert(move));
    expect(await mailed(w, owner)).not.toBe('');
  });
});

describe('the mails of requests', () => {
  const from = (n: number) => asNobody({ address: `198.51.100.${n}`, client: null });

  test('end with the budget of the mailbox, and the answer does not', async () => {
    const w = world();
    const { user } = await addPerson(w);
    for (let n = 1; n <= 15; n += 1) await ask(w, from(n), user.email);
    const after = w.database.snapshot();
    await ask(w, from(99), user.email);
    expect(w.database.snapshot()).toEqual(after);
    await w.deliver();
    expect(w.channels.mail.sent).toHaveLength(10);
  });

  test('end with the budget of a client, which addresses of nobody use up as well', async () => {
    const spent = async (address: (n: number) => string) => {
      const w = world();
      const { user } = await addPerson(w);
      const others = await Promise.all(Array.from({ length: 30 }, () => w.addOwner()));
      const emails = { known: others.map((other) => other.user.email) };
      for (let n = 0; n < 30; n += 1) {
        await ask(w, from(1), address(n) === '' ? (emails.known[n] ?? '') : address(n));
      }
      await ask(w, from(1), user.email);
      await w.deliver();
      return w.channels.mail.sent.filter(({ to }) => to === user.email).length;
    };
    expect(await spent((n) => `nobody-${n}@example${n}.com`)).toBe(0);
    expect(await spent(() => '')).toBe(0);
  });
});

describe('the link of a reset', () => {
  test('sets the password, and the duty to change it is over', async () => {
    const { w, owner, token, by } = await prepare({ passwordRequireUpdate: true });
    w.clock.set(START + 5000);
    const { user, quality } = await confirm(w, by, token);
    expect(user).toEqual({
      ...owner.user,
      updatedAt: START + 5000,
      passwordRequireUpdate: false,
      emailValid: true,
      emailProven: true,
    });
    expect(await userOf(w, owner)).toEqual(user);
    expect(quality).toEqual(await w.meter.assess(NEW_PASSWORD, []));
    expect(await opens(w, owner, NEW_PASSWORD)).toBe(true);
    expect(await opens(w, owner, PASSWORD)).toBe(false);
  });

  test('works on the hosted page, and through its service alone', async () => {
    const { w, owner, token } = await prepare();
    const other = asService(await w.addService());
    expect(await endOf(confirm(w, other, token))).toBeInstanceOf(InvalidOneTimeToken);
    await confirm(w, nobody, token);
    expect(await opens(w, owner, NEW_PASSWORD)).toBe(true);
  });

  test('gives a password to a user who has none', async () => {
    const w = world();
    const owner = await w.addOwner({}, { passwordHash: null });
    await confirm(w, asService(owner.service), await mailed(w, owner));
    expect(await opens(w, owner, NEW_PASSWORD)).toBe(true);
  });

  test('ends every session, and makes every device unknown', async () => {
    const { w, owner, token, by } = await prepare();
    const elsewhere = { user: owner.user, service: await w.addService() };
    await w.addKey({ userId: owner.user.id, serviceId: elsewhere.service.id });
    const sessions = [await w.logIn(owner), await w.logIn(elsewhere)];
    const epoch = (await w.credentialOf(owner.user))?.deviceEpoch ?? 0;
    await confirm(w, by, token);
    for (const session of sessions) expect(await w.isLive(session.token)).toBe(false);
    expect((await w.credentialOf(owner.user))?.deviceEpoch).toBe(epoch + 1);
  });

  test('owes a mail whose link locks the account', async () => {
    const { w, owner, token, by } = await prepare();
    await confirm(w, by, token);
    await w.deliver();
    const mail = w.channels.mail.sent.at(-1)!;
    expect(mail).toMatchObject({ kind: 'reset_password_confirm', to: owner.user.email });
    await w.useCases.recovery.lockAccount.execute(by, { token: tokenIn(mail.link) });
    expect(await userOf(w, owner)).toMatchObject({ isLocked: true });
  });

  test('is told to services, and recorded at all that know of the user', async () => {
    const { w, owner, token, by } = await prepare();
    const elsewhere = await w.addService();
    await w.addKey({ userId: owner.user.id, serviceId: elsewhere.id });
    await confirm(w, by, token);
    for (const service of [owner.service, elsewhere]) {
      const entries = await entriesOf(w, service);
      const type = 'sso:AuthLocalResetPasswordConfirm';
      expect(entries.filter((entry) => entry.type === type)).toMatchObject([
        { outcome: 'success', userId: owner.user.id },
      ]);
      const { events } = w.database.snapshot() as { events: [string, Event][] };
      const told = events.filter(
        ([, { serviceId, type }]) => serviceId === service.id && type === 'password.reset',
      );
      expect(told).toMatchObject([[expect.anything(), { userId: owner.user.id }]]);
    }
  });

  test('leaves the keys of an account alone that somebody vouches for', async () => {
    const { w, owner, token, by } = await prepare();
    const of = { userId: owner.user.id, serviceId: owner.service.id };
    const keys = [owner.tokenKey, await w.addKey({ ...of, type: 'KEY' })];
    await confirm(w, by, token);
    for (const key of keys) {
      expect(await w.database.read((stores) => stores.keys.get(key.id))).toEqual(key);
    }
  });

  test('works once', async () => {
    const { w, token, by } = await prepare();
    await confirm(w, by, token);
    const after = w.database.snapshot();
    const end = await endOf(confirm(w, by, token, 'yet another password'));
    expect(end).toBeInstanceOf(InvalidOneTimeToken);
    expect(w.database.snapshot()).toEqual(after);
  });

  test('works until it expires, and not at that instant', async () => {
    const early = await prepare();
    early.w.clock.set(START + settings.resetTokenTtlMs - 1);
    expect(await endOf(confirm(early.w, early.by, early.token))).not.toBeInstanceOf(Error);
    const late = await prepare();
    late.w.clock.set(START + settings.resetTokenTtlMs);
    expect(await endOf(confirm(late.w, late.by, late.token))).toBeInstanceOf(InvalidOneTimeToken);
  });

  test('serves nothing else, and nothing else serves here', async () => {
    const { w, owner, token, by } = await prepare();
    const { lockAccount } = w.useCases.recovery;
    const end = await endOf(lockAccount.execute(by, { token }));
    expect(end).toBeInstanceOf(InvalidOneTimeToken);
    const { id } = w.linkTokens.verify(token)!;
    const renamed = w.linkTokens.make({ id, purpose: 'invite', keyId: 'k1' });
    const killSwitch = await w.changeAndReadMail(owner);
    for (const wrong of ['', 'no token', renamed, killSwitch]) {
      expect(await endOf(confirm(w, by, wrong))).toEqual(new InvalidOneTimeToken());
    }
  });

  test('costs no hash where it is not good', async () => {
    const { w, by } = await prepare();
    const before = w.hasher.work();
    await endOf(confirm(w, by, 'no token'));
    expect(w.hasher.work()).toBe(before);
  });

  test('that fails half-way changes nothing, and stays good', async () => {
    const healthy = await prepare();
    const { database, done } = recording(healthy.w.database);
    await confirm({ ...healthy.w, database }, healthy.by, healthy.token);
    for (let n = 1; n <= done.length + 1; n += 1) {
      const { w, token, by, owner } = await prepare();
      await w.logIn(owner);
      const before = w.database.snapshot();
      const broken = { ...w, database: failingAt(w.database, n) };
      expect(await endOf(confirm(broken, by, token))).toBe(planted);
      expect(w.database.snapshot()).toEqual(before);
    }
  });

  type Happening = [string, (w: World, owner: Owner) => Promise<unknown>];
  const dies: Happening[] = [
    ['the password changes', (w, owner) => w.changeAndReadMail(owner)],
    [
      'the password changes back',
      async (w, owner) => {
        await w.changeAndReadMail(owner);
        await w.changeAndReadMail(owner, { password: NEW_PASSWORD, newPassword: PASSWORD });
      },
    ],
    ['somebody asks again', (w, owner) => mailed(w, owner)],
    [
      'the user is disabled, and enabled again',
      async (w, { user }) => {
        const { updateUser } = w.useCases.users;
        await updateUser.execute(operator, { id: user.id, isEnabled: false });
        await updateUser.execute(operator, { id: user.id, isEnabled: true });
      },
    ],
    [
      'the user is disabled',
      (w, { user }) =>
        w.useCases.users.updateUser.execute(operator, { id: user.id, isEnabled: false }),
    ],
    [
      'resets are no longer allowed',
      (w, { user }) =>
        w.useCases.users.updateUser.execute(operator, { id: user.id, passwordAllowReset: false }),
    ],
    [
      'the kill switch is pressed',
      async (w, owner) => {
        const token = await w.changeAndReadMail(owner);
        const by = asService(owner.service);
        await w.useCases.recovery.lockAccount.execute(by, { token });
      },
    ],
    [
      'the account is locked',
      (w, { user }) => w.database.transact(({ users }) => users.lockOut(user.id, START)),
    ],
    [
      'the TOKEN key is revoked',
      (w, { tokenKey }) => w.database.transact(({ keys }) => keys.revoke(tokenKey.id, START)),
    ],
    [
      'the service is disabled',
      (w, { service: { id } }) =>
        w.useCases.services.updateService.execute(operator, { id, isEnabled: false }),
    ],
    [
      'the user is deleted',
      (w, { user }) => w.useCases.users.deleteUser.execute(operator, { id: user.id }),
    ],
  ];
  test.each(dies)('dies when %s', async (_, happen) => {
    const { w, owner, token, by } = await prepare();
    await happen(w, owner);
    const before = await w.credentialOf(owner.user);
    const end = await endOf(confirm(w, by, token, 'the password of a thief'));
    expect(end).toEqual(new InvalidOneTimeToken());
    expect(await endOf(confirm(w, nobody, token, 'the password of a thief'))).toEqual(end);
    expect(await w.credentialOf(owner.user)).toEqual(before);
  });

  const lives: Happening[] = [
    ['the user logs in', (w, owner) => w.logIn(owner)],
    [
      'a KEY is made',
      (w, { user, service }) =>
        w.useCases.keys.createKey.execute(asService(service), { name: 'a', userId: user.id }),
    ],
    [
      'somebody asks at a service that the user has no key of',
      async (w, { user }) => ask(w, asService(await w.addService()), user.email),
    ],
    [
      'the page of it is opened',
      async (w, { user }) => {
        const mail = w.channels.mail.sent.findLast(({ to }) => to === user.email)!;
        const { readNotice } = w.useCases.deliveries;
        await readNotice.execute(nobody, { token: tokenIn(mail.link) });
      },
    ],
    [
      'a password is refused',
      async (w, owner) => {
        const mail = w.channels.mail.sent.findLast(({ to }) => to === owner.user.email)!;
        for (const password of ['short', PASSWORD]) {
          const end = await endOf(confirm(w, nobody, tokenIn(mail.link), password));
          expect(end).toBeInstanceOf(IllegalArgument);
        }
      },
    ],
    [
      'the server is overloaded',
      async (w, owner) => {
        const mail = w.channels.mail.sent.findLast(({ to }) => to === owner.user.email)!;
        const hash = async () => {
          throw new Overloaded(1);
        };
        const busy = { ...w, hasher: { ...w.hasher, hash } };
        const end = await endOf(confirm(busy, nobody, tokenIn(mail.link)));
        expect(end).toBeInstanceOf(Overloaded);
      },
    ],
  ];
  test.each(lives)('lives on when %s', async (_, happen) => {
    const { w, owner, token, by } = await prepare();
    await happen(w, owner);
    await confirm(w, by, token);
    expect(await opens(w, owner, NEW_PASSWORD)).toBe(true);
  });
});

describe('an account that somebody made with another person’s address', () => {
  /** The squatter put a KEY, a seed, a session and a link to an own mailbox into the account. */
  async function squatted(details: Partial<User> = {}) {
    const w = world();
    const owner = await addPerson(w, details);
    const { user, service } = owner;
    const shop = await w.addService();
    const of = { userId: user.id, serviceId: shop.id };
    const keys = [await w.addKey({ ...of, type: 'KEY' }), await w.addKey(of)];
    const { key: seed } = await w.addTotp(owner);
    const session = await w.logIn({ user, service: shop });
    const elsewhere = aOneTimeToken({
      ...of,
      serviceId: service.id,
      email: 'squatter@example.com',
    });
    await w.database.transact(({ oneTimeTokens }) => oneTimeTokens.insert(elsewhere));
    await ask(w, nobody, user.email);
    await w.deliver();
    const token = tokenIn(w.channels.mail.sent.at(-1)!.link);
    const link = w.linkTokens.make(elsewhere);
    return { w, owner, keys: [...keys, seed], session, link, token };
  }

  test('is given clean to whoever has the mailbox', async () => {
    const { w, owner, keys, session, link, token } = await squatted();
    await confirm(w, nobody, token);
    for (const { id } of keys) {
      const key = await w.database.read((stores) => stores.keys.get(id));
      expect(key).toMatchObject({ isRevoked: true, isEnabled: false });
    }
    expect(await w.isLive(session.token)).toBe(false);
    const { lockAccount } = w.useCases.recovery;
    const end = await endOf(lockAccount.execute(nobody, { token: link }));
    expect(end).toBeInstanceOf(InvalidOneTimeToken);
    expect(await opens(w, owner, PASSWORD)).toBe(false);
    expect(await opens(w, owner, NEW_PASSWORD)).toBe(true);
  });

  test('has no key left of more than fit on a page', async () => {
    const { w, owner, token } = await squatted();
    const { user, service } = owner;
    for (let n = 0; n < MAX_PAGE_SIZE; n += 1) {
      await w.addKey({ userId: user.id, serviceId: service.id, type: 'KEY' });
    }
    await confirm(w, nobody, token);
    const usable = await w.database.read(({ keys }) =>
      keys.list({ userIds: [user.id], isRevoked: false }, { limit: MAX_PAGE_SIZE }),
    );
    expect(usable).toEqual([owner.tokenKey]);
  });

  test('is mailed about it although the budget of strangers is used up', async () => {
    const { w, owner, token } = await squatted();
    for (let n = 1; n <= 20; n += 1) {
      const from = { address: `198.51.100.${n}`, client: null };
      await ask(w, asNobody(from), owner.user.email.replace('@', '+tag@'));
    }
    await confirm(w, nobody, token);
    await w.deliver();
    expect(w.channels.mail.sent.at(-1)).toMatchObject({ kind: 'reset_password_confirm' });
  });

  test('keeps what its owner has put into it since the proof', async () => {
    const { w, keys, token } = await squatted({ emailProven: true });
    await confirm(w, nobody, token);
    for (const key of keys) {
      expect(await w.database.read((stores) => stores.keys.get(key.id))).toEqual(key);
    }
  });
});

describe('of two that come at once', () => {
  /** The ports, but that a hash waits until something has happened in between. */
  const meanwhile = (w: World, happen: () => Promise<unknown>): Ports => {
    const hash: typeof w.hasher.hash = async (...asked) => {
      const made = await w.hasher.hash(...asked);
      await happen();
      return made;
    };
    return { ...w, hasher: { ...w.hasher, hash } };
  };
  const between: [string, (w: World, owner: Owner, token: string) => Promise<unknown>][] = [
    ['the other reset', (w, _, token) => confirm(w, nobody, token, 'the first of the two')],
    ['a change', (w, owner) => w.changeAndReadMail(owner)],
    ['a newer request', (w, owner) => mailed(w, owner)],
    ['a lock', (w, { user }) => w.database.transact(({ users }) => users.lockOut(user.id, START))],
    ['a deletion', (w, { user }) => w.useCases.users.deleteUser.execute(operator, { id: user.id })],
  ];
  test.each(between)('%s wins over a reset whose hashes are not ready', async (_, happen) => {
    const { w, owner, token, by } = await prepare();
    const ports = meanwhile(w, () => happen(w, owner, token));
    const end = await endOf(confirm(ports, by, token, 'the password of the loser'));
    expect(end).toBeInstanceOf(InvalidOneTimeToken);
    expect(await opens(w, owner, 'the password of the loser')).toBe(false);
  });
});

describe('a person who signed up and then registered elsewhere with the address', () => {
  /** Signs up at the built-in service, and confirms a registration of a service: the account is made as new. */
  async function prepareBoth() {
    const w = world();
    await w.useCases.audit.beginAudit.execute(operator);
    await w.useCases.services.openFormService.execute(operator);
    const asked = { name: 'Orion', email: 'orion@example.com', password: PASSWORD };
    await w.useCases.users.signUp.execute(nobody, asked);
    const shop = await w.addService({ userAllowRegister: true });
    const by = asService(shop);
    const { email } = asked;
    await w.useCases.users.register.execute(by, { name: 'Orion', email });
    const password = 'the one of the shop';
    await w.useCases.users.confirmRegistration.execute(by, { token: await lastToken(w), password });
    const logIn = async (actor: Actor, password: string) =>
      endOf(w.useCases.sessions.login.execute(actor, { email, password }));
    return { w, shop, by, email, password, logIn };
  }
  const lastToken = async (w: World) => {
    await w.deliver();
    return tokenIn(w.channels.mail.sent.at(-1)?.link ?? '');
  };
  const sentResets = (w: World) =>
    w.channels.mail.sent.filter(({ kind }) => kind === 'reset_password').length;

  test('has lost the login of the forms, and gets it back by a reset there, with the one at the service', async () => {
    const { w, by, email, password, logIn } = await prepareBoth();
    expect(await logIn(by, password)).toBe('done');
    expect(await logIn(nobody, password)).toBeInstanceOf(InvalidCredentials);
    await ask(w, nobody, email);
    await confirm(w, nobody, await lastToken(w), NEW_PASSWORD);
    expect(await logIn(nobody, NEW_PASSWORD)).toBe('done');
    expect(await logIn(by, NEW_PASSWORD)).toBe('done');
    const { entries } = await w.useCases.audit.listAudit.execute(root, { limit: 100 });
    const made = entries.filter(({ type }) => type === 'sso:KeyCreate');
    expect(made.map(({ serviceId }) => serviceId)).toContain(formServiceId);
    const chains = await w.useCases.audit.verifyAudit.execute(operator);
    expect(chains.find(({ serviceId }) => serviceId === formServiceId)?.fault).toBeNull();
  });

  test('gets nothing where nobody may sign up, or where the built-in service keeps the person out', async () => {
    const { w, email } = await prepareBoth();
    const closed = { ...w, settings: { ...w.settings, usersSignup: false } };
    await ask(closed, nobody, email);
    const id = (await w.database.read(({ users }) => users.findByEmail(email)))?.user.id ?? '';
    await w.addKey({ userId: id, serviceId: formServiceId, isEnabled: false });
    await ask(w, nobody, email);
    await w.deliver();
    expect(sentResets(w)).toBe(0);
  });

  test('who never had a login of the forms gets none by a reset there', async () => {
    const { w, by } = await prepareBoth();
    const input = { name: 'Ada', email: 'ada@example.com' };
    await w.useCases.users.register.execute(by, input);
    const given = { token: await lastToken(w), password: PASSWORD };
    await w.useCases.users.confirmRegistration.execute(by, given);
    await ask(w, nobody, input.email);
    await w.deliver();
    expect(sentResets(w)).toBe(0);
  });

  test('has a link that is worth nothing once somebody keeps the person out', async () => {
    const { w, email, logIn } = await prepareBoth();
    await ask(w, nobody, email);
    const token = await lastToken(w);
    const id = (await w.database.read(({ users }) => users.findByEmail(email)))?.user.id ?? '';
    await w.addKey({ userId: id, serviceId: formServiceId, isEnabled: false });
    expect(await endOf(confirm(w, nobody, token))).toBeInstanceOf(InvalidOneTimeToken);
    expect(await logIn(nobody, NEW_PASSWORD)).toBeInstanceOf(InvalidCredentials);
  });
});
