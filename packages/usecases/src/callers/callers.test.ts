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
    const { value } = await w.useCases.keys.createRootKey.execute(operator, { name: 'ops' });
    expect(await w.useCases.callers.authenticateKey.execute(nobody, { key: value })).toEqual(root);
  });

  test('of a service stands for the service, wherever the request came from', async () => {
    const w = world();
    const service = await w.addService();
    const key = await w.addKey({ serviceId: service.id, userId: null, type: 'KEY' });
    const origin = { address: '2001:db8::7', client: null };
    const { authenticateKey } = w.useCases.callers;
    const actor = await authenticateKey.execute(asNobody(origin), { key: keyValue(key) });
    expect(actor).toEqual(asService(service, origin));
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
    for (const state of [{ isEnabled: false }, { isRevoked: true }]) {
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
      const { token } = await w.accessTokens.issue(forged, 'signed');
      expect(await authenticate(token)).toBeInstanceOf(Unauthorized);
    }
  });
});
