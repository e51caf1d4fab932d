import { operator, Unauthorized } from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import {
  anId,
  asNobody,
  asService,
  asUser,
  endOf,
  keyValue,
  nobody,
  root,
  START,
  type World,
  world,
} from '../../testing/index.ts';

describe('a key that a request carries', () => {
  test('of the operator is a root key', async () => {
    const w = world();
    const { key, value } = await w.useCases.keys.createRootKey.execute(operator, { name: 'ops' });
    const actor = await w.useCases.callers.authenticateKey.execute(nobody, { key: value });
    expect(actor).toEqual({ ...root, keyId: key.id });
  });

  test('of a service stands for the service, wherever the request came from', async () => {
    const w = world();
    const service = await w.addService();
    const key = await w.addKey({ serviceId: service.id, userId: null, type: 'KEY' });
    const origin = { address: '2001:db8::7', client: null };
    const { authenticateKey } = w.useCases.callers;
    const actor = await authenticateKey.execute(asNobody(origin), { key: keyValue(key) });
    expect(actor).toEqual({ ...asService(service, origin), keyId: key.id });
  });

  test('is no root key where its service is not there', async () => {
    const w = world();
    const key = await w.addKey({ serviceId: anId(), userId: null, type: 'KEY' });
    const { authenticateKey } = w.useCases.callers;
    const end = await endOf(authenticateKey.execute(nobody, { key: keyValue(key) }));
    expect(end).toBeInstanceOf(Unauthorized);
  });

  test('is refused where it is unknown, disabled, revoked or a user’s', async () => {
    const w = world();
    const { service, user } = await w.addOwner();
    const of = { isEnabled: true, type: 'KEY', name: 'a', userId: user.id } as const;
    const users = await w.useCases.keys.createKey.execute(asService(service), of);
    const values = ['', 'rks_', users.value];
    for (const state of [{ isEnabled: false }, { isRevoked: true }, { expiresAt: START }]) {
      const key = await w.addKey({ serviceId: service.id, userId: null, type: 'KEY', ...state });
      values.push(keyValue(key));
    }
    const { authenticateKey } = w.useCases.callers;
    for (const key of values) {
      expect(await endOf(authenticateKey.execute(nobody, { key }))).toBeInstanceOf(Unauthorized);
    }
  });
});

describe('a bearer token', () => {
  async function aSession() {
    const w = world();
    const owner = await w.addOwner();
    const grant = await w.logIn(owner);
    const authenticate = (token = grant.token) =>
      endOf(w.useCases.callers.authenticateBearer.execute(nobody, { token }));
    return { w, owner, grant, authenticate };
  }

  test('stands for its session, wherever the request came from', async () => {
    const { w, grant } = await aSession();
    const origin = { address: '2001:db8::7', client: null };
    const { authenticateBearer } = w.useCases.callers;
    const actor = await authenticateBearer.execute(asNobody(origin), { token: grant.token });
    expect(actor).toMatchObject(asUser(grant, origin));
  });

  test('is worth nothing where it was not issued here, or has expired', async () => {
    const { w, authenticate } = await aSession();
    expect(await authenticate('no token')).toBeInstanceOf(Unauthorized);
    expect(await authenticate()).toBe('done');
    w.clock.set(START + 3_600_000);
    expect(await authenticate()).toBeInstanceOf(Unauthorized);
  });

  test.each<[string, (w: World, of: { userId: string; serviceId: string }) => Promise<unknown>]>([
    [
      'its session has ended',
      ({ database }, { userId }) =>
        database.transact(({ sessions }) => sessions.endAllOf(userId, START)),
    ],
    [
      'its user is locked out',
      ({ database }, { userId }) => database.transact(({ users }) => users.lockOut(userId, START)),
    ],
    [
      'its TOKEN key is revoked, even if there is a new one',
      async (w, { userId, serviceId }) => {
        await w.database.transact(({ keys }) => keys.revokeAllOf(userId, START));
        await w.addKey({ userId, serviceId });
      },
    ],
  ])('is worth nothing once %s', async (_why, end) => {
    const { w, grant, authenticate } = await aSession();
    expect(await authenticate()).toBe('done');
    await end(w, grant);
    expect(await authenticate()).toBeInstanceOf(Unauthorized);
  });

  test('is worth nothing for a session that is another user’s, or was never opened', async () => {
    const { w, owner, grant, authenticate } = await aSession();
    const stranger = await w.addOwner();
    for (const forged of [
      { ...grant, userId: stranger.user.id },
      { ...grant, sessionId: owner.user.id },
    ]) {
      const { token } = await w.accessTokens.issue(forged);
      expect(await authenticate(token)).toBeInstanceOf(Unauthorized);
    }
  });
});

describe('a user whom a service proves as well', () => {
  async function aUser() {
    const w = world();
    const owner = await w.addOwner();
    const { user, service } = owner;
    const key = await w.addKey({ userId: user.id, serviceId: service.id, type: 'KEY' });
    const grant = await w.logIn(owner);
    const prove = (kind: 'key' | 'token' | 'either', value: string, by = service) =>
      w.useCases.callers.proveUser.execute(asService(by), { kind, value });
    return { w, owner, user, service, key, grant, prove };
  }

  test('is proven by a KEY or by an access token, which rests on the TOKEN key', async () => {
    const { owner, user, service, key, grant, prove } = await aUser();
    const of = { ...asService(service), user: { userId: user.id } };
    const byKey = { ...of, user: { ...of.user, keyId: key.id } };
    const { sessionId } = grant;
    const byToken = { ...of, user: { ...of.user, keyId: owner.tokenKey.id, sessionId } };
    expect(await prove('key', keyValue(key))).toEqual(byKey);
    expect(await prove('token', grant.token)).toEqual(byToken);
    expect(await prove('either', keyValue(key))).toEqual(byKey);
    expect(await prove('either', grant.token)).toEqual(byToken);
  });

  test('is not proven by anything else', async () => {
    const { w, owner, service, key, grant, prove } = await aUser();
    const other = await w.addService();
    const ofService = await w.addKey({ userId: null, serviceId: service.id, type: 'KEY' });
    const ofRoot = await w.addKey({ userId: null, serviceId: null, type: 'KEY' });
    const tries = [
      prove('key', ''),
      prove('key', grant.token),
      prove('key', keyValue(owner.tokenKey)),
      prove('key', keyValue(ofService)),
      prove('key', keyValue(ofRoot)),
      prove('key', keyValue(key), other),
      prove('token', ''),
      prove('token', keyValue(key)),
      prove('token', grant.refresh),
      prove('token', grant.token, other),
      prove('either', grant.refresh),
      prove('either', keyValue(key), other),
    ];
    for (const one of tries) expect(await endOf(one)).toBeInstanceOf(Unauthorized);
  });

  test.each<[string, (of: Awaited<ReturnType<typeof aUser>>) => Promise<unknown>, boolean]>([
    [
      'the user is locked out',
      ({ w, user }) => w.database.transact(({ users }) => users.lockOut(user.id, START)),
      false,
    ],
    [
      'all keys are revoked',
      ({ w, user }) => w.database.transact(({ keys }) => keys.revokeAllOf(user.id, START)),
      false,
    ],
    [
      'the session ended, which is no matter of the KEY',
      ({ w, user }) => w.database.transact(({ sessions }) => sessions.endAllOf(user.id, START)),
      true,
    ],
  ])('is not proven once %s', async (_why, end, isKeyGood) => {
    const of = await aUser();
    await end(of);
    expect(await endOf(of.prove('token', of.grant.token))).toBeInstanceOf(Unauthorized);
    const byKey = await endOf(of.prove('key', keyValue(of.key)));
    if (isKeyGood) expect(byKey).toBe('done');
    else expect(byKey).toBeInstanceOf(Unauthorized);
  });

  test('leaves nothing in the record', async () => {
    const { w, key, grant, prove } = await aUser();
    const before = w.database.snapshot();
    await prove('key', keyValue(key));
    await prove('token', grant.token);
    await endOf(prove('key', 'rku_unknown'));
    expect(w.database.snapshot()).toEqual(before);
  });
});
