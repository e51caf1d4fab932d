import {
  Forbidden,
  formServiceId,
  InvalidCredentials,
  InvalidToken,
  Overloaded,
} from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import {
  anId,
  asService,
  endOf,
  failingAt,
  foreignHash,
  NEW_PASSWORD,
  ORIGIN,
  type Owner,
  PASSWORD,
  planted,
  recording,
  START,
  settings,
  type World,
  watched,
  world,
} from '../../testing/index.ts';
import { type Database, type PasswordMeter, type Ports, type Stores, useCases } from '../index.ts';
import type { Login } from './login.ts';

type Ask = Parameters<Login['execute']>;
type Claim = Ask[1];

const ask = (
  { user, service }: Pick<Owner, 'user' | 'service'>,
  details: Partial<Claim> = {},
): Ask => [asService(service), { email: user.email, password: PASSWORD, ...details }];
const logIn = (ports: Ports, [actor, claim]: Ask) =>
  useCases(ports).sessions.login.execute(actor, claim);

describe('a login', () => {
  test('opens a session, and answers the user and the tokens for it', async () => {
    const w = world();
    const owner = await w.addOwner();
    const { user, quality, access, refresh } = await logIn(w, ask(owner));
    expect(user).toEqual({ ...owner.user, lastLoginAt: START, attributes: {} });
    expect(quality).toEqual(await w.meter.assess(PASSWORD, []));
    expect(refresh).toEqual({
      token: expect.stringMatching(/^rkf_[A-Za-z0-9_-]{43}$/),
      expiresAt: START + settings.refreshTokenTtlMs,
    });
    expect(access.expiresAt).toBeGreaterThan(START);
    const grant = await w.accessTokens.verify(access.token);
    expect(grant).toMatchObject({ userId: user.id, serviceId: owner.service.id });
    const open = await w.database.read(({ sessions }) => sessions.findOpen(grant!.sessionId));
    expect(open?.session).toEqual({
      id: grant?.sessionId,
      createdAt: START,
      lastUsedAt: START,
      // Of an access token that the last moment's refresh hands out.
      expiresAt: refresh!.expiresAt + access.expiresAt - START,
      userId: user.id,
      serviceId: owner.service.id,
      keyId: owner.tokenKey.id,
      origin: ORIGIN,
      amr: ['pwd'],
      authenticatedAt: START,
    });
  });

  test('of a user without a second factor asks the database for nothing that is about factors', async () => {
    const w = world();
    const owner = await w.addOwner();
    const asked: string[] = [];
    const noting = (stores: Stores) =>
      watched(stores, (verb, call) => {
        asked.push(verb);
        return call();
      });
    const database: Database = {
      transact: (work, onDisk) => w.database.transact((stores) => work(noting(stores)), onDisk),
      read: (work) => w.database.read((stores) => work(noting(stores))),
    };
    await logIn({ ...w, database }, ask(owner));
    expect(asked).toEqual([
      // The try is counted.
      'throttles.get',
      'throttles.lock',
      'throttles.put',
      // What the password is proven with.
      'users.findByEmail',
      'keys.findToken',
      'services.get',
      // The session is opened.
      'users.noteLogin',
      'keys.findToken',
      'sessions.insert',
      'sessions.insertRefresh',
      'events.insert',
      'users.keepNetworks',
      'users.keepQuality',
      'throttles.lock',
      'throttles.put',
      'audit.insert',
    ]);
  });

  test('opens a session that ends at the latest when SESSION_TTL says, and its tokens with it', async () => {
    const w = world();
    const owner = await w.addOwner();
    const ports = { ...w, settings: { ...settings, sessionTtlMs: 5000 } };
    const { access, refresh } = await logIn(ports, ask(owner));
    expect([access.expiresAt, refresh!.expiresAt]).toEqual([START + 5000, START + 5000]);
    const { verifyToken } = w.useCases.sessions;
    const verify = () => verifyToken.execute(asService(owner.service), { token: access.token });
    w.clock.set(START + 4999);
    expect((await verify()).expiresAt).toBe(START + 5000);
    w.clock.set(START + 5000);
    expect(await endOf(verify())).toBeInstanceOf(InvalidToken);
  });

  test('of a person at the built-in service has no refresh token, and ends with its token', async () => {
    const w = world();
    const owner = await w.addOwner({}, { service: await w.addService({ id: formServiceId }) });
    const { access, refresh } = await logIn(w, ask(owner));
    expect(refresh).toBeNull();
    const grant = await w.accessTokens.verify(access.token);
    const open = await w.database.read(({ sessions }) => sessions.findOpen(grant!.sessionId));
    expect(open?.session.expiresAt).toBe(access.expiresAt);
  });

  test('keeps no token and no password in clear', async () => {
    const w = world();
    const owner = await w.addOwner({}, { passwordHash: 'fake:0:hidden' });
    const hasher = { ...w.hasher, verify: async () => true };
    const { access, refresh } = await logIn({ ...w, hasher }, ask(owner));
    const kept = JSON.stringify(w.database.snapshot());
    expect(kept).toContain(owner.user.id);
    for (const secret of [access.token, refresh!.token, PASSWORD]) {
      expect(kept).not.toContain(secret);
    }
  });

  test('shows in the user from then on, and one that is refused does not', async () => {
    const w = world();
    const owner = await w.addOwner();
    const lastLogin = async () =>
      (await w.database.read(({ users }) => users.get(owner.user.id)))?.lastLoginAt;
    await endOf(logIn(w, ask(owner, { password: 'wrong horse' })));
    expect(await lastLogin()).toBeNull();
    w.clock.set(START + 1000);
    await logIn(w, ask(owner));
    w.clock.set(START + 9000);
    await endOf(logIn(w, ask(owner, { password: 'wrong horse' })));
    expect(await lastLogin()).toBe(START + 1000);
  });

  test('opens another session each time', async () => {
    const w = world();
    const owner = await w.addOwner();
    const [first, second] = [await w.logIn(owner), await w.logIn(owner)];
    expect(first.sessionId).not.toBe(second.sessionId);
    expect(await w.isLive(first.token)).toBe(true);
    expect(await w.isLive(second.token)).toBe(true);
  });

  test('takes an address in any spelling, and a password in any normalization', async () => {
    const w = world();
    const owner = await w.addOwner({}, { passwordHash: foreignHash('caf\u00e9 noir') });
    const email = owner.user.email.toUpperCase();
    const { user } = await logIn(w, ask(owner, { email, password: 'cafe\u0301 noir' }));
    expect(user).toMatchObject({ id: owner.user.id, email: owner.user.email });
  });

  test('hashes once', async () => {
    const w = world();
    const owner = await w.addOwner();
    const before = w.hasher.work();
    await logIn(w, ask(owner));
    expect(w.hasher.work() - before).toBe(1);
  });

  test('keeps no session of which half was written', async () => {
    const w = world();
    const owner = await w.addOwner();
    const { database, done } = recording(w.database);
    // The quality of the password is known then, and not kept again.
    await logIn(w, ask(owner));
    await logIn({ ...w, database }, ask(owner));
    expect(done).toEqual([
      'users.noteLogin',
      'keys.findToken',
      'sessions.insert',
      'sessions.insertRefresh',
      'events.insert',
      'audit.insert',
    ]);
    const before = w.database.snapshot();
    // One more than there is to do: the commit itself.
    for (let n = 1; n <= done.length + 1; n += 1) {
      const broken = { ...w, database: failingAt(w.database, n) };
      expect(await endOf(logIn(broken, ask(owner)))).toBe(planted);
      expect(w.database.snapshot()).toEqual(before);
    }
  });
});

describe('a claim that is not proven', () => {
  const cases: [string, (w: World) => Promise<Ask>][] = [
    ['an unknown address', async (w) => ask(await w.addOwner(), { email: 'nobody@example.com' })],
    ['a wrong password', async (w) => ask(await w.addOwner(), { password: 'wrong horse' })],
    [
      'a password that is longer',
      async (w) => ask(await w.addOwner(), { password: `${PASSWORD} ` }),
    ],
    ['no password', async (w) => ask(await w.addOwner(), { password: '' })],
    ['a disabled user', async (w) => ask(await w.addOwner({ isEnabled: false }))],
    ['a user without a password', async (w) => ask(await w.addOwner({}, { passwordHash: null }))],
    [
      'a disabled user who must change the password',
      async (w) => ask(await w.addOwner({ isEnabled: false, passwordRequireUpdate: true })),
    ],
    [
      'a wrong password of a user who must change it',
      async (w) => ask(await w.addOwner({ passwordRequireUpdate: true }), { password: 'wrong' }),
    ],
    [
      'a user of another service',
      async (w) => ask({ ...(await w.addOwner()), service: await w.addService() }),
    ],
    [
      'a user whose TOKEN key is revoked',
      async (w) => {
        const service = await w.addService();
        const user = await w.addUser(service);
        await w.addKey({ userId: user.id, serviceId: service.id, isRevoked: true });
        return ask({ user, service });
      },
    ],
  ];

  test.each(cases)('is refused like all others, after one hash: %s', async (_what, prepare) => {
    const w = world();
    const input = await prepare(w);
    const before = w.database.snapshot('throttles', 'audit', 'auditChains', 'auditSums');
    const work = w.hasher.work();
    const end = await endOf(logIn(w, input));
    expect(end).toBeInstanceOf(InvalidCredentials);
    expect(end).toEqual(new InvalidCredentials());
    expect(w.hasher.work() - work).toBe(1);
    expect(w.database.snapshot('throttles', 'audit', 'auditChains', 'auditSums')).toEqual(before);
  });

  test.each(cases)(
    'is not told that too much is going on where others are let in: %s',
    async (_what, prepare) => {
      const w = world();
      const input = await prepare(w);
      const hasher = {
        ...w.hasher,
        verify: async () => {
          throw new Overloaded(3);
        },
      };
      expect(await endOf(logIn({ ...w, hasher }, input))).toBeInstanceOf(Overloaded);
    },
  );

  test('is malformed or not, whoever is asked for', async () => {
    const w = world();
    const owner = await w.addOwner();
    const end = await endOf(logIn(w, ask(owner, { email: 's3cret', password: '\ud800' })));
    expect(end).toMatchObject({
      code: 'invalid_argument',
      violations: [
        { field: 'email', code: 'unusable' },
        { field: 'password', code: 'malformed' },
      ],
    });
    expect(JSON.stringify([end, String(end)])).not.toContain('s3cret');
  });
});

describe('the audit of the service', () => {
  const locked = async (w: World) => {
    const owner = await w.addOwner();
    await w.database.transact(({ users }) => users.lockOut(owner.user.id, START));
    return owner;
  };
  const withoutKey = async (w: World) => {
    const service = await w.addService();
    return { user: await w.addUser(service), service };
  };

  test.each<[string | undefined, (w: World) => Promise<Pick<Owner, 'user' | 'service'>>]>([
    ['user_locked', locked],
    ['user_disabled', (w) => w.addOwner({ isEnabled: false })],
    ['no_password', (w) => w.addOwner({}, { passwordHash: null })],
    ['no_token_key', withoutKey],
    [undefined, (w) => w.addOwner()],
  ])(
    'has the cause why nobody could be let in, and never that a password was right: %s',
    async (cause, prepare) => {
      const w = world();
      const owner = await prepare(w);
      await endOf(logIn(w, ask(owner, { password: 'wrong horse' })));
      if (cause !== undefined) await endOf(logIn(w, ask(owner)));
      const entries = await w.database.read(({ audit }) => audit.follow(owner.service.id, 0, 100));
      const told = entries.filter(({ type }) => type === 'sso:AuthLocalLogin');
      const data = { type: 'error', data: 'invalid_credentials', ...(cause && { cause }) };
      expect(told.map((entry) => entry.data)).toEqual(told.map(() => data));
      expect(told).toHaveLength(cause === undefined ? 1 : 2);
    },
  );

  test('has no cause for a service that may not know of the user', async () => {
    const w = world();
    const { user } = await w.addOwner({ isEnabled: false });
    const service = await w.addService();
    await endOf(logIn(w, ask({ user, service })));
    expect(await w.database.read(({ audit }) => audit.follow(service.id, 0, 100))).toEqual([]);
  });
});

describe('a user who must change the password', () => {
  test('is told so after a right login only, and gets no session', async () => {
    const w = world();
    const owner = await w.addOwner({ passwordRequireUpdate: true });
    const before = w.database.snapshot('throttles', 'audit', 'auditChains', 'auditSums');
    const end = await endOf(logIn(w, ask(owner)));
    expect(end).toBeInstanceOf(Forbidden);
    expect(end).toMatchObject({ code: 'password_update_required' });
    expect(w.database.snapshot('throttles', 'audit', 'auditChains', 'auditSums')).toEqual(before);
  });
});

describe('a hash of another system', () => {
  test.each([
    ['as it is', 'old', false],
    ['sealed', 'weak', false],
    ['hashed once more', 'weak', true],
  ] as const)(
    'is replaced once at the login, and the version stays with all that rests on it: %s',
    async (_form, kind, wrap) => {
      const w = world();
      const id = anId();
      const adopting = { wrap, userId: id };
      const hash = await w.foreignHashes.adopt({ hash: foreignHash(PASSWORD, kind) }, adopting);
      const owner = await w.addOwner({ id }, { passwordHash: hash });
      const { access } = await logIn(w, ask(owner));
      const credential = await w.credentialOf(owner.user);
      expect(w.hasher.isCurrent(credential?.passwordHash ?? '')).toBe(true);
      expect(credential?.version).toBe(1);
      expect(await w.isLive(access.token)).toBe(true);
      const before = w.hasher.work();
      await logIn(w, ask(owner));
      expect(w.hasher.work() - before).toBe(1);
      expect(await w.credentialOf(owner.user)).toEqual(credential);
    },
  );

  test('is of what was typed, and the hash that replaces it of the normal form', async () => {
    const w = world();
    const [typed, normal] = ['cafe\u0301 noir', 'caf\u00e9 noir'];
    const owner = await w.addOwner({}, { passwordHash: foreignHash(typed) });
    expect(await endOf(logIn(w, ask(owner, { password: normal })))).toBeInstanceOf(
      InvalidCredentials,
    );
    await logIn(w, ask(owner, { password: typed }));
    await logIn(w, ask(owner, { password: normal }));
  });

  test('is none in the row of another user, where it is sealed', async () => {
    const w = world();
    const weak = { hash: foreignHash(PASSWORD, 'weak') };
    const hash = await w.foreignHashes.adopt(weak, { wrap: false, userId: anId() });
    const owner = await w.addOwner({}, { passwordHash: hash });
    expect(await endOf(logIn(w, ask(owner)))).toBeInstanceOf(InvalidCredentials);
  });

  test('stays where the password was wrong', async () => {
    const w = world();
    const owner = await w.addOwner({}, { passwordHash: foreignHash(PASSWORD) });
    await endOf(logIn(w, ask(owner, { password: 'wrong horse' })));
    expect(await w.credentialOf(owner.user)).toMatchObject({ passwordHash: foreignHash(PASSWORD) });
  });

  test('lets the user in where it cannot be replaced: overloaded, or the database fails', async () => {
    const w = world();
    const owner = await w.addOwner({}, { passwordHash: foreignHash(PASSWORD) });
    const hasher = {
      ...w.hasher,
      hash: async () => {
        throw new Overloaded(1);
      },
    };
    const first = await logIn({ ...w, hasher }, ask(owner));
    expect(await w.isLive(first.access.token)).toBe(true);

    let transactions = 0;
    const database: Database = {
      read: w.database.read,
      transact: async (work) => {
        transactions += 1;
        // The try is counted, and the session opened.
        if (transactions > 2) throw planted;
        return w.database.transact(work);
      },
    };
    const second = await logIn({ ...w, database }, ask(owner));
    expect(transactions).toBe(3);
    expect(await w.isLive(second.access.token)).toBe(true);
    expect(await w.credentialOf(owner.user)).toMatchObject({ passwordHash: foreignHash(PASSWORD) });
  });

  test('is not replaced after a login that was refused', async () => {
    const w = world();
    const owner = await w.addOwner({}, { passwordHash: foreignHash(PASSWORD) });
    const broken = { ...w, database: failingAt(w.database, 1) };
    expect(await endOf(logIn(broken, ask(owner)))).toBe(planted);
    expect(await w.credentialOf(owner.user)).toMatchObject({ passwordHash: foreignHash(PASSWORD) });
  });
});

describe('between the proof and the session', () => {
  const meanwhile = (w: World, happen: () => Promise<unknown>): Ports => ({
    ...w,
    accessTokens: {
      ...w.accessTokens,
      issue: async (...args) => {
        await happen();
        return w.accessTokens.issue(...args);
      },
    },
  });

  test('a lock wins', async () => {
    const w = world();
    const owner = await w.addOwner();
    const ports = meanwhile(w, () =>
      w.database.transact(({ users }) => users.lockOut(owner.user.id, START)),
    );
    expect(await endOf(logIn(ports, ask(owner)))).toBeInstanceOf(InvalidCredentials);
  });

  test('the replacement of a foreign hash does not matter', async () => {
    const w = world();
    const owner = await w.addOwner({}, { passwordHash: foreignHash(PASSWORD) });
    const ports = meanwhile(w, () => logIn(w, ask(owner)));
    const { access } = await logIn(ports, ask(owner));
    expect(await w.isLive(access.token)).toBe(true);
  });

  test('the end of the TOKEN key wins', async () => {
    const w = world();
    const owner = await w.addOwner();
    const ports = meanwhile(w, () =>
      w.database.transact(({ keys }) => keys.revoke(owner.tokenKey.id, START)),
    );
    expect(await endOf(logIn(ports, ask(owner)))).toBeInstanceOf(InvalidCredentials);
  });
});

describe('the quality of a password', () => {
  /** A world that counts how often its meter judges. */
  function judging() {
    const w = world();
    const judged: string[] = [];
    const meter: PasswordMeter = {
      assess: (password, context) => {
        judged.push(password);
        return w.meter.assess(password, context);
      },
    };
    return { w: { ...w, meter }, judged };
  }

  test('is judged at the first login, and known at the next', async () => {
    const { w, judged } = judging();
    const owner = await w.addOwner();
    const { quality } = await logIn(w, ask(owner));
    expect((await logIn(w, ask(owner))).quality).toEqual(quality);
    expect(judged).toEqual([PASSWORD]);
    expect(JSON.stringify(await w.credentialOf(owner.user))).not.toContain('strength');
  });

  test('is judged again once the password was changed', async () => {
    const { w, judged } = judging();
    const owner = await w.addOwner();
    await logIn(w, ask(owner));
    await w.useCases.passwords.updatePassword.execute(asService(owner.service), w.change(owner));
    const { quality } = await logIn(w, ask(owner, { password: NEW_PASSWORD }));
    expect(quality).toEqual(await w.meter.assess(NEW_PASSWORD, []));
    expect(judged.filter((password) => password === PASSWORD)).toHaveLength(1);
  });

  test('is not taken from the row of another user', async () => {
    const { w, judged } = judging();
    const [owner, other] = [await w.addOwner(), await w.addOwner()];
    await logIn(w, ask(other));
    const { sealedQuality } = (await w.credentialOf(other.user)) ?? {};
    await w.database.transact(({ users }) => users.keepQuality(owner.user.id, sealedQuality ?? ''));
    await logIn(w, ask(owner));
    expect(judged).toEqual([PASSWORD, PASSWORD]);
  });

  test('is judged again where the quality that was kept cannot be read', async () => {
    const { w, judged } = judging();
    const owner = await w.addOwner();
    await w.database.transact(({ users }) => users.keepQuality(owner.user.id, 'of another key'));
    for (const _time of [1, 2]) await logIn(w, ask(owner));
    expect(judged).toEqual([PASSWORD]);
  });
});
