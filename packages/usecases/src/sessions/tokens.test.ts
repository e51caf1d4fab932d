import { InvalidCredentials, InvalidToken, type Key, type Service } from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import {
  asService,
  asUser,
  endOf,
  failingAt,
  keyValue,
  nobody,
  type Owner,
  PASSWORD,
  planted,
  root,
  START,
  settings,
  type World,
  world,
} from '../../testing/index.ts';
import { type Ports, useCases } from '../index.ts';

const REFRESH_TTL_MS = settings.refreshTokenTtlMs;
const HALF_A_DAY_MS = 43_200_000;

async function logIn(w: World, { user, service }: Owner) {
  const claim = { email: user.email, password: PASSWORD };
  const { access, refresh } = await w.useCases.sessions.login.execute(asService(service), claim);
  return { access: access.token, refresh: refresh?.token ?? '', expiresAt: access.expiresAt };
}

/** A user who is logged in. */
async function aLogin() {
  const w = world();
  const owner = await w.addOwner();
  const tokens = await logIn(w, owner);
  const { service } = owner;
  const other = await w.addService();
  const { verifyToken, refreshToken, revokeToken } = w.useCases.sessions;
  const verify = (token: string, by: Service = service) =>
    verifyToken.execute(asService(by), { token });
  const refresh = (token: string, by: Service = service) =>
    refreshToken.execute(asService(by), { token });
  const revoke = (token: string, by: Service = service) =>
    revokeToken.execute(asService(by), { token });
  return { w, owner, tokens, other, verify, refresh, revoke };
}

/** Fails unless all of these end in `InvalidToken`, and change nothing. */
async function expectRefused(w: World, tries: readonly (() => Promise<unknown>)[]) {
  const before = w.database.snapshot();
  for (const one of tries) expect(await endOf(one())).toBeInstanceOf(InvalidToken);
  expect(w.database.snapshot()).toEqual(before);
}

const keyOf = (w: World, { id }: Key) => w.database.read(({ keys }) => keys.get(id));

describe('verifying a token', () => {
  test('tells the user of an access token, and when it expires', async () => {
    const { owner, tokens, verify } = await aLogin();
    const { access, expiresAt } = tokens;
    const user = { ...owner.user, lastLoginAt: START, attributes: {} };
    expect(await verify(access)).toMatchObject({ user, expiresAt });
  });

  test('refuses what is no access token', async () => {
    const { w, owner, tokens, verify } = await aLogin();
    const others = ['', 'token', tokens.refresh, keyValue(owner.tokenKey)];
    await expectRefused(
      w,
      others.map((token) => () => verify(token)),
    );
  });

  test('refuses the token of another service, and it stays good for its own', async () => {
    const { w, tokens, other, verify } = await aLogin();
    await expectRefused(w, [() => verify(tokens.access, other)]);
    await verify(tokens.access);
  });

  test('refuses a token that has expired', async () => {
    const { w, tokens, verify } = await aLogin();
    w.clock.set(tokens.expiresAt - 1);
    await verify(tokens.access);
    w.clock.set(tokens.expiresAt);
    await expectRefused(w, [() => verify(tokens.access)]);
  });

  test.each<[string, (w: World, owner: Owner) => Promise<unknown>]>([
    [
      'its session has ended',
      ({ database }, { user }) =>
        database.transact(({ sessions }) => sessions.endAllOf(user.id, START)),
    ],
    [
      'its user is locked out',
      ({ database }, { user }) => database.transact(({ users }) => users.lockOut(user.id, START)),
    ],
    [
      'its TOKEN key is revoked, even if there is a new one',
      async (w, { user, service, tokenKey }) => {
        await w.database.transact(({ keys }) => keys.revoke(tokenKey.id, START));
        await w.addKey({ userId: user.id, serviceId: service.id });
      },
    ],
  ])('refuses a token at once when %s, and so does refreshing and revoking', async (_why, end) => {
    const { w, owner, tokens, verify, refresh, revoke } = await aLogin();
    await verify(tokens.access);
    await end(w, owner);
    await expectRefused(w, [
      () => verify(tokens.access),
      () => refresh(tokens.refresh),
      () => revoke(tokens.access),
      () => revoke(tokens.refresh),
    ]);
  });

  test('refuses a token of a session that is another user’s or service’s', async () => {
    const { w, owner, tokens, other, verify } = await aLogin();
    const grant = (await w.accessTokens.verify(tokens.access))!;
    const stranger = await w.addUser(owner.service);
    const forged = [
      { ...grant, userId: stranger.id },
      { ...grant, serviceId: other.id },
    ];
    for (const wrong of forged) {
      const { token } = await w.accessTokens.issue(wrong);
      const by = wrong.serviceId === other.id ? other : owner.service;
      await expectRefused(w, [() => verify(token, by)]);
    }
  });
});

describe('refreshing', () => {
  test('hands out new tokens of its session, and the old access token lives on', async () => {
    const { w, owner, tokens, verify, refresh } = await aLogin();
    w.clock.set(START + 60_000);
    const fresh = await refresh(tokens.refresh);
    expect(fresh.user).toEqual({ ...owner.user, lastLoginAt: START, attributes: {} });
    expect(fresh.refresh.token).toMatch(/^rkf_[A-Za-z0-9_-]{43}$/);
    expect(fresh.access.expiresAt).toBe(tokens.expiresAt + 60_000);
    const { expiresAt: _old, ...grant } = (await w.accessTokens.verify(tokens.access))!;
    expect(await w.accessTokens.verify(fresh.access.token)).toMatchObject(grant);
    for (const token of [tokens.access, fresh.access.token]) await verify(token);
  });

  test('can be done again and again, until the end that the login set', async () => {
    const { w, tokens, verify, refresh } = await aLogin();
    const end = START + settings.sessionTtlMs;
    let token = tokens.refresh;
    for (let at = START + HALF_A_DAY_MS; at < end; at += HALF_A_DAY_MS) {
      w.clock.set(at);
      const fresh = await refresh(token);
      expect(fresh.refresh.expiresAt).toBe(Math.min(at + REFRESH_TTL_MS, end));
      token = fresh.refresh.token;
    }
    w.clock.set(end - 1);
    const last = await refresh(token);
    expect([last.access.expiresAt, last.refresh.expiresAt]).toEqual([end, end]);
    await verify(last.access.token);
    w.clock.set(end);
    await expectRefused(w, [() => verify(last.access.token), () => refresh(last.refresh.token)]);
  });

  test('keeps a session open for its last access token, and writes down that it was used', async () => {
    const { w, tokens, refresh } = await aLogin();
    w.clock.set(START + 60_000);
    const { access, refresh: next } = await refresh(tokens.refresh);
    const { sessionId } = (await w.accessTokens.verify(access.token))!;
    const open = await w.database.read(({ sessions }) => sessions.findOpen(sessionId));
    expect(open!.session).toMatchObject({
      lastUsedAt: START + 60_000,
      // Of an access token that the last moment's refresh hands out.
      expiresAt: next.expiresAt + (access.expiresAt - START - 60_000),
    });
  });

  test('with a spent token ends the session, for everybody with a token of it', async () => {
    const { w, tokens, verify, refresh } = await aLogin();
    const fresh = await refresh(tokens.refresh);
    expect(await endOf(refresh(tokens.refresh))).toBeInstanceOf(InvalidToken);
    await expectRefused(w, [
      () => verify(tokens.access),
      () => verify(fresh.access.token),
      () => refresh(fresh.refresh.token),
      () => refresh(tokens.refresh),
    ]);
  });

  test('with a spent token leaves other sessions of the user alone', async () => {
    const { w, owner, tokens, verify, refresh } = await aLogin();
    const second = await logIn(w, owner);
    await refresh(tokens.refresh);
    await endOf(refresh(tokens.refresh));
    await verify(second.access);
    await refresh(second.refresh);
  });

  test('is refused to another service, and the token stays good for its own', async () => {
    const { w, tokens, other, verify, refresh } = await aLogin();
    await expectRefused(w, [() => refresh(tokens.refresh, other)]);
    const fresh = await refresh(tokens.refresh);
    await expectRefused(w, [() => refresh(tokens.refresh, other)]);
    await verify(fresh.access.token);
  });

  test('is refused with what is no refresh token, or has expired', async () => {
    const { w, tokens, refresh } = await aLogin();
    const others = ['', 'rkf_', tokens.access, `${tokens.refresh}x`];
    await expectRefused(
      w,
      others.map((token) => () => refresh(token)),
    );
    w.clock.set(START + REFRESH_TTL_MS);
    await expectRefused(w, [() => refresh(tokens.refresh)]);
  });

  test('with a spent token that has expired ends nothing: nothing is left to steal', async () => {
    const { w, tokens, verify, refresh } = await aLogin();
    w.clock.set(START + REFRESH_TTL_MS - 1);
    const fresh = await refresh(tokens.refresh);
    w.clock.set(START + REFRESH_TTL_MS);
    await expectRefused(w, [() => refresh(tokens.refresh)]);
    await verify(fresh.access.token);
  });

  test('keeps no token in clear', async () => {
    const { w, tokens, refresh } = await aLogin();
    const fresh = await refresh(tokens.refresh);
    const kept = JSON.stringify(w.database.snapshot());
    for (const token of [tokens.refresh, fresh.refresh.token, fresh.access.token]) {
      expect(kept).not.toContain(token);
    }
  });
});

describe('revoking a token', () => {
  test.each(['access', 'refresh'] as const)(
    'takes the %s token back with its TOKEN key, and every session that rests on it',
    async (which) => {
      const { w, owner, tokens, verify, refresh, revoke } = await aLogin();
      const second = await logIn(w, owner);
      w.clock.set(START + 5);
      await revoke(tokens[which]);
      expect(await keyOf(w, owner.tokenKey)).toEqual({
        ...owner.tokenKey,
        updatedAt: START + 5,
        isEnabled: false,
        isRevoked: true,
      });
      await expectRefused(w, [
        () => verify(tokens.access),
        () => verify(second.access),
        () => refresh(tokens.refresh),
        () => refresh(second.refresh),
        () => revoke(tokens.access),
        () => revoke(second.refresh),
      ]);
    },
  );

  test('leaves the user, other keys and sessions at other services alone', async () => {
    const { w, owner, tokens, other, revoke } = await aLogin();
    const { user, service } = owner;
    const key = await w.addKey({ userId: user.id, serviceId: service.id, type: 'KEY' });
    const tokenKey = await w.addKey({ userId: user.id, serviceId: other.id });
    const elsewhere = await logIn(w, { user, service: other, tokenKey });
    const before = await w.database.read(({ users }) => users.get(user.id));
    await revoke(tokens.access);
    expect(await w.database.read(({ users }) => users.get(user.id))).toEqual(before);
    expect(await keyOf(w, key)).toEqual(key);
    expect(await keyOf(w, tokenKey)).toEqual(tokenKey);
    expect(await w.isLive(elsewhere.access)).toBe(true);
  });

  test('keeps the user out until the service makes a new TOKEN key', async () => {
    const { w, owner, tokens, revoke } = await aLogin();
    await revoke(tokens.access);
    expect(await endOf(logIn(w, owner))).toBeInstanceOf(InvalidCredentials);
    await w.addKey({ userId: owner.user.id, serviceId: owner.service.id });
    const { access } = await logIn(w, owner);
    expect(await w.isLive(access)).toBe(true);
    expect(await w.isLive(tokens.access)).toBe(false);
  });

  test('is refused to another service, and the token stays good for its own', async () => {
    const { w, tokens, other, verify, revoke } = await aLogin();
    await expectRefused(w, [
      () => revoke(tokens.access, other),
      () => revoke(tokens.refresh, other),
    ]);
    await verify(tokens.access);
    await revoke(tokens.refresh);
  });

  test('is refused with what is no token, or has expired', async () => {
    const { w, owner, tokens, revoke } = await aLogin();
    const others = ['', 'token', keyValue(owner.tokenKey)];
    await expectRefused(
      w,
      others.map((token) => () => revoke(token)),
    );
    w.clock.set(tokens.expiresAt);
    await expectRefused(w, [() => revoke(tokens.access)]);
    w.clock.set(START + REFRESH_TTL_MS);
    await expectRefused(w, [() => revoke(tokens.refresh)]);
  });

  test('with a refresh token that is spent ends its session, and leaves the key', async () => {
    const { w, owner, tokens, other, verify, refresh, revoke } = await aLogin();
    const second = await logIn(w, owner);
    const fresh = await refresh(tokens.refresh);
    await expectRefused(w, [() => revoke(tokens.refresh, other)]);
    expect(await endOf(revoke(tokens.refresh))).toBeInstanceOf(InvalidToken);
    await expectRefused(w, [() => verify(fresh.access.token), () => refresh(fresh.refresh.token)]);
    expect(await keyOf(w, owner.tokenKey)).toEqual(owner.tokenKey);
    await verify(second.access);
  });
});

describe('a key of a user', () => {
  async function aKeyOf(details: Partial<Key> = {}) {
    const w = world();
    const owner = await w.addOwner();
    const { user, service } = owner;
    const key = await w.addKey({
      userId: user.id,
      serviceId: service.id,
      type: 'KEY',
      ...details,
    });
    const other = await w.addService();
    const { verifyKey, revokeKey } = w.useCases.keys;
    const verify = (value: string, by: Service = service) =>
      verifyKey.execute(asService(by), { value });
    const revoke = (value: string, by: Service = service) =>
      revokeKey.execute(asService(by), { value });
    return { w, owner, key, other, verify, revoke };
  }

  test('is told by its value, and a TOKEN key is none', async () => {
    const { w, owner, key, verify } = await aKeyOf();
    const { user, tokenKey } = owner;
    expect(await verify(keyValue(key))).toMatchObject({ user, key });
    await expectRefused(w, [() => verify(keyValue(tokenKey))]);
  });

  test('is no key of a service, of the operator or of the clock, nor anything else', async () => {
    const { w, owner, verify, revoke } = await aKeyOf();
    const { seed } = await w.addTotp(owner);
    const service = await w.addKey({ userId: null, serviceId: owner.service.id, type: 'KEY' });
    const rootKey = await w.addKey({ userId: null, serviceId: null, type: 'KEY' });
    const { access } = await logIn(w, owner);
    const values = ['', 'rku_', seed, keyValue(service), keyValue(rootKey), access];
    await expectRefused(w, [
      ...values.map((value) => () => verify(value)),
      ...values.filter((value) => value !== seed).map((value) => () => revoke(value)),
    ]);
  });

  test('is refused to another service, and stays good for its own', async () => {
    const { w, key, other, verify, revoke } = await aKeyOf();
    await expectRefused(w, [
      () => verify(keyValue(key), other),
      () => revoke(keyValue(key), other),
    ]);
    await verify(keyValue(key));
  });

  test('is refused while its user is locked out', async () => {
    const { w, owner, key, verify } = await aKeyOf();
    await w.database.transact(({ users }) => users.lockOut(owner.user.id, START));
    await expectRefused(w, [() => verify(keyValue(key))]);
  });

  test('is revoked once, and refused from then on', async () => {
    const { w, owner, key, verify, revoke } = await aKeyOf();
    const { access } = await logIn(w, owner);
    w.clock.set(START + 5);
    await revoke(keyValue(key));
    const revoked = { ...key, updatedAt: START + 5, isEnabled: false, isRevoked: true };
    expect(await keyOf(w, key)).toEqual(revoked);
    await expectRefused(w, [() => verify(keyValue(key)), () => revoke(keyValue(key))]);
    // Sessions rest on the TOKEN key.
    expect(await w.isLive(access)).toBe(true);
  });

  test('is refused, and can be revoked, where it was never enabled', async () => {
    const { w, key, verify, revoke } = await aKeyOf({ isEnabled: false });
    await expectRefused(w, [() => verify(keyValue(key))]);
    await revoke(keyValue(key));
    expect(await keyOf(w, key)).toMatchObject({ isRevoked: true });
  });

  test('takes its sessions along when it is the TOKEN key', async () => {
    const { w, owner, key, verify, revoke } = await aKeyOf();
    const { access } = await logIn(w, owner);
    const { sessionId } = (await w.accessTokens.verify(access))!;
    await revoke(keyValue(owner.tokenKey));
    expect(await w.database.read(({ sessions }) => sessions.findOpen(sessionId))).toBeNull();
    expect(await endOf(logIn(w, owner))).toBeInstanceOf(InvalidCredentials);
    await verify(keyValue(key));
  });
});

describe('anybody but the service', () => {
  test('has no say over its tokens and keys', async () => {
    const { w, owner, tokens } = await aLogin();
    const grant = (await w.accessTokens.verify(tokens.access))!;
    const { verifyToken, refreshToken, revokeToken } = w.useCases.sessions;
    const { verifyKey, revokeKey } = w.useCases.keys;
    const value = keyValue(owner.tokenKey);
    for (const actor of [root, nobody, asUser(grant)]) {
      await expectRefused(w, [
        () => verifyToken.execute(actor, { token: tokens.access }),
        () => refreshToken.execute(actor, { token: tokens.refresh }),
        () => revokeToken.execute(actor, { token: tokens.access }),
        () => verifyKey.execute(actor, { value }),
        () => revokeKey.execute(actor, { value }),
      ]);
    }
  });
});

describe('whichever step fails, nothing is half done', () => {
  type Tokens = Awaited<ReturnType<typeof logIn>>;
  test.each<[string, (ports: Ports, owner: Owner, tokens: Tokens) => Promise<unknown>]>([
    [
      'refreshing',
      (ports, { service }, { refresh: token }) =>
        useCases(ports).sessions.refreshToken.execute(asService(service), { token }),
    ],
    [
      'revoking a token',
      (ports, { service }, { access: token }) =>
        useCases(ports).sessions.revokeToken.execute(asService(service), { token }),
    ],
    [
      'revoking a key',
      (ports, { service, tokenKey }) =>
        useCases(ports).keys.revokeKey.execute(asService(service), { value: keyValue(tokenKey) }),
    ],
  ])('of %s', async (_what, run) => {
    const { w, owner, tokens } = await aLogin();
    const before = w.database.snapshot();
    let step = 1;
    for (; ; step += 1) {
      const end = await endOf(run({ ...w, database: failingAt(w.database, step) }, owner, tokens));
      if (end === 'done') break;
      expect(end).toBe(planted);
      expect(w.database.snapshot()).toEqual(before);
    }
    expect(step).toBeGreaterThan(4);
  });
});
