import {
  type Actor,
  InvalidToken,
  NotFound,
  operator,
  type Service,
  Unauthorized,
} from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import {
  anId,
  asService,
  asUser,
  endOf,
  failingAt,
  nobody,
  type Owner,
  planted,
  recording,
  root,
  START,
  type World,
  world,
} from '../../testing/index.ts';
import { useCases } from '../index.ts';

/** A user with two sessions at one service and one at another, and a stranger with one at the first. */
async function seeded() {
  const w = world();
  const owner = await w.addOwner();
  const { user, service } = owner;
  const other = await w.addService();
  const tokenKey = await w.addKey({ userId: user.id, serviceId: other.id });
  const stranger = await w.addOwner({}, { service });
  const mine = [await w.logIn(owner), await w.logIn(owner)] as const;
  const elsewhere = await w.logIn({ user, service: other, tokenKey } as Owner);
  const theirs = await w.logIn(stranger);
  return { w, owner, user, service, other, stranger, mine, elsewhere, theirs };
}

type Row = { readonly type: string; readonly subjectId: string | null; readonly serviceId: string };

/** The entries of a type, or the events of one, that were committed. */
function told(w: World, table: 'audit' | 'events', type: string): Row[] {
  const rows = w.database.snapshot() as Record<string, [string, Row][]>;
  return (rows[table] ?? []).map(([, row]) => row).filter((row) => row.type === type);
}

const isLive = async (w: World, tokens: readonly { readonly token: string }[]) =>
  Promise.all(tokens.map(({ token }) => w.isLive(token)));

describe('listing sessions', () => {
  const list = async (w: World, actor: Actor, asked: object = {}, limit = 10) => {
    const { listSessions } = w.useCases.sessions;
    const found = await listSessions.execute(actor, { page: { limit }, ...asked });
    return found.map(({ id }) => id);
  };
  const ids = (...grants: readonly { readonly sessionId: string }[]) =>
    grants.map(({ sessionId }) => sessionId);

  test('shows a service its own, a user its own there, and the operator all', async () => {
    const { w, service, other, mine, elsewhere, theirs } = await seeded();
    expect(await list(w, asService(service))).toEqual(ids(...mine, theirs));
    expect(await list(w, asService(other))).toEqual(ids(elsewhere));
    expect(await list(w, asUser(mine[0]))).toEqual(ids(...mine));
    for (const actor of [root, operator]) {
      expect(await list(w, actor)).toEqual(ids(...mine, elsewhere, theirs));
    }
    expect(await list(w, nobody)).toEqual([]);
  });

  test('can be about users, and shows nobody more for that', async () => {
    const { w, user, service, stranger, mine, elsewhere } = await seeded();
    const asked = { userIds: [user.id] };
    expect(await list(w, asService(service), asked)).toEqual(ids(...mine));
    expect(await list(w, root, asked)).toEqual(ids(...mine, elsewhere));
    expect(await list(w, asUser(mine[0]), { userIds: [stranger.user.id] })).toEqual(ids(...mine));
    const elsewhereToo = { serviceId: elsewhere.serviceId };
    expect(await list(w, asService(service), elsewhereToo)).toHaveLength(3);
    expect(await list(w, operator, elsewhereToo)).toEqual(ids(elsewhere));
  });

  test('shows none that ended, or expired', async () => {
    const { w, service, mine, theirs } = await seeded();
    const { endSession } = w.useCases.sessions;
    await endSession.execute(asService(service), { id: mine[0].sessionId });
    expect(await list(w, asService(service))).toEqual(ids(mine[1], theirs));
    w.clock.set(START + 90_000_000);
    expect(await list(w, asService(service))).toEqual([]);
  });

  test('shows none whose tokens are refused because its key has expired', async () => {
    const w = world();
    const service = await w.addService();
    const user = await w.addUser(service);
    const by = asService(service);
    const expiresAt = new Date(START + 1000).toISOString();
    const { createKey } = w.useCases.keys;
    await createKey.execute(by, { type: 'TOKEN', name: 'web', userId: user.id, expiresAt });
    const session = await w.logIn({ user, service });
    expect(await list(w, by)).toEqual(ids(session));
    w.clock.set(START + 1000);
    expect(await w.isLive(session.token)).toBe(false);
    for (const actor of [by, root, asUser(session)]) expect(await list(w, actor)).toEqual([]);
  });

  test('shows where each was opened, how, and when it was used', async () => {
    const { w, user, service, mine } = await seeded();
    w.clock.set(START + 60_000);
    const { verifyToken, listSessions } = w.useCases.sessions;
    await verifyToken.execute(asService(service), { token: mine[0].token });
    expect(await w.useCases.maintenance.keepUses.execute(operator)).toBeGreaterThan(0);
    const [first, second] = await listSessions.execute(asUser(mine[0]), { page: { limit: 9 } });
    expect(first).toMatchObject({ userId: user.id, amr: ['pwd'], lastUsedAt: START + 60_000 });
    expect(first?.origin).toEqual({ address: '192.0.2.7', client: 'curl/8.0' });
    expect(second?.lastUsedAt).toBe(START);
  });
});

describe('ending a session', () => {
  const end = (w: World, actor: Actor, id: string) =>
    endOf(w.useCases.sessions.endSession.execute(actor, { id }));

  test.each<[string, (of: Awaited<ReturnType<typeof seeded>>) => Actor]>([
    ['its service', ({ service }) => asService(service)],
    ['its user, from another session', ({ mine }) => asUser(mine[1])],
    ['its user, from itself', ({ mine }) => asUser(mine[0])],
    ['a root key', () => root],
    ['the operator', () => operator],
  ])('is done by %s, once, and leaves the others open', async (_who, by) => {
    const of = await seeded();
    const { w, service, mine, elsewhere, theirs } = of;
    const { sessionId: id } = mine[0];
    expect(await end(w, by(of), id)).toBe('done');
    expect(await isLive(w, [...mine, elsewhere, theirs])).toEqual([false, true, true, true]);
    const about = { subjectId: id, serviceId: service.id };
    expect(told(w, 'audit', 'rekey:SessionEnd')).toMatchObject([about]);
    expect(told(w, 'events', 'session.ended')).toMatchObject([about]);
    expect(await end(w, root, id)).toBeInstanceOf(NotFound);
    expect(told(w, 'audit', 'rekey:SessionEnd')).toHaveLength(1);
  });

  test('is refused alike where the session is foreign, unknown or over', async () => {
    const { w, other, mine, theirs } = await seeded();
    const { sessionId: id, userId, serviceId } = mine[0];
    const before = w.database.snapshot();
    const tries: [Actor, string][] = [
      [asService(other), id],
      [asUser(theirs), id],
      [asUser({ sessionId: id, userId, serviceId: other.id }), id],
      [nobody, id],
      [root, anId()],
      [asUser({ sessionId: id, userId, serviceId }), anId()],
    ];
    for (const [actor, which] of tries) {
      expect(await end(w, actor, which)).toBeInstanceOf(NotFound);
    }
    w.clock.set(START + 90_000_000);
    expect(await end(w, root, id)).toBeInstanceOf(NotFound);
    expect(w.database.snapshot()).toEqual(before);
  });

  test('is done as a whole, or not at all', async () => {
    const { w, mine } = await seeded();
    const { database, done } = recording(w.database);
    const { endSession } = useCases({ ...w, database }).sessions;
    await endSession.execute(root, { id: mine[1].sessionId });
    const before = w.database.snapshot();
    for (let n = 1; n <= done.length + 1; n += 1) {
      const broken = useCases({ ...w, database: failingAt(w.database, n) }).sessions.endSession;
      expect(await endOf(broken.execute(root, { id: mine[0].sessionId }))).toBe(planted);
      expect(w.database.snapshot()).toEqual(before);
    }
  });
});

describe('ending all sessions of a user', () => {
  test('is done everywhere by the operator, and each service is told of its own', async () => {
    const { w, user, service, other, mine, elsewhere, theirs } = await seeded();
    const { endAllSessions } = w.useCases.sessions;
    expect(await endAllSessions.execute(operator, { userId: user.id })).toBe(3);
    expect(await isLive(w, [...mine, elsewhere, theirs])).toEqual([false, false, false, true]);
    for (const table of ['audit', 'events'] as const) {
      const rows = told(w, table, table === 'audit' ? 'rekey:SessionEnd' : 'session.ended');
      const services = rows.map(({ serviceId }) => serviceId);
      expect(new Set(services)).toEqual(new Set([service.id, other.id]));
      expect(rows.map(({ subjectId }) => subjectId)).toEqual([null, null]);
    }
    expect(await endAllSessions.execute(operator, { userId: user.id })).toBe(0);
  });

  test('can be done at one service', async () => {
    const { w, user, other, mine, elsewhere } = await seeded();
    const { endAllSessions } = w.useCases.sessions;
    const at = { userId: user.id, serviceId: other.id };
    expect(await endAllSessions.execute(operator, at)).toBe(1);
    expect(await isLive(w, [...mine, elsewhere])).toEqual([true, true, false]);
  });

  test('is done at itself by a service, and everywhere by a root key', async () => {
    const { w, user, service, other, mine, elsewhere } = await seeded();
    const { endAllSessions } = w.useCases.sessions;
    const by = asService(service);
    const named = { userId: user.id, serviceId: other.id };
    expect(await endOf(endAllSessions.execute(by, named))).toMatchObject({
      code: 'root_key_required',
    });
    expect(await isLive(w, [...mine, elsewhere])).toEqual([true, true, true]);
    expect(await endAllSessions.execute(by, { ...named, serviceId: service.id })).toBe(2);
    expect(await isLive(w, [...mine, elsewhere])).toEqual([false, false, true]);
    expect(told(w, 'events', 'session.ended')).toMatchObject([{ serviceId: service.id }]);
    expect(await endAllSessions.execute(root, { userId: user.id })).toBe(1);
    expect(await isLive(w, [elsewhere])).toEqual([false]);
  });

  test('makes the devices of the user unknown', async () => {
    const { w, user, service } = await seeded();
    const before = await w.credentialOf(user);
    await w.useCases.sessions.endAllSessions.execute(asService(service), { userId: user.id });
    const after = await w.credentialOf(user);
    expect(after).toEqual({ ...before, deviceEpoch: (before?.deviceEpoch ?? 0) + 1 });
  });

  test('is refused where there is no such user, or none that is seen, and to people', async () => {
    const { w, user, mine } = await seeded();
    const { endAllSessions } = w.useCases.sessions;
    const stranger = asService(await w.addService());
    const before = w.database.snapshot();
    for (const [actor, userId] of [
      [operator, anId()],
      [root, anId()],
      [stranger, user.id],
      [stranger, anId()],
    ] as const) {
      const end = await endOf(endAllSessions.execute(actor, { userId }));
      expect(end).toBeInstanceOf(NotFound);
    }
    for (const actor of [asUser(mine[0]), nobody]) {
      const end = await endOf(endAllSessions.execute(actor, { userId: user.id }));
      expect(end).toBeInstanceOf(Unauthorized);
    }
    expect(w.database.snapshot()).toEqual(before);
  });
});

describe('logging out', () => {
  const logOut = (w: World, by: Service, token: string, all = false) =>
    endOf(w.useCases.sessions.logOut.execute(asService(by), { token, all }));

  test.each(['token', 'refresh'] as const)(
    'ends the session of a token, and the TOKEN key lives on: %s',
    async (which) => {
      const { w, owner, service, mine, elsewhere, theirs } = await seeded();
      expect(await logOut(w, service, mine[0][which])).toBe('done');
      expect(await isLive(w, [...mine, elsewhere, theirs])).toEqual([false, true, true, true]);
      const { refreshToken } = w.useCases.sessions;
      const refreshing = refreshToken.execute(asService(service), { token: mine[0].refresh });
      expect(await endOf(refreshing)).toBeInstanceOf(InvalidToken);
      const about = { subjectId: mine[0].sessionId, serviceId: service.id };
      expect(told(w, 'audit', 'rekey:SessionEnd')).toMatchObject([about]);
      expect(told(w, 'events', 'session.ended')).toMatchObject([about]);
      expect(await w.isLive((await w.logIn(owner)).token)).toBe(true);
    },
  );

  test('is refused where the session is over, or its user or key is no good', async () => {
    const { w, service, user, mine } = await seeded();
    await logOut(w, service, mine[0].token);
    await w.database.transact(({ users }) => users.lockOut(user.id, START));
    const before = w.database.snapshot();
    for (const all of [false, true]) {
      for (const { token, refresh } of mine) {
        expect(await logOut(w, service, token, all)).toBeInstanceOf(InvalidToken);
        expect(await logOut(w, service, refresh, all)).toBeInstanceOf(InvalidToken);
      }
    }
    expect(w.database.snapshot()).toEqual(before);
  });

  test('of all ends every session of the user at the service, and makes devices unknown', async () => {
    const { w, user, service, mine, elsewhere, theirs } = await seeded();
    const before = await w.credentialOf(user);
    expect(await logOut(w, service, mine[0].refresh, true)).toBe('done');
    expect(await isLive(w, [...mine, elsewhere, theirs])).toEqual([false, false, true, true]);
    const after = await w.credentialOf(user);
    expect(after).toEqual({ ...before, deviceEpoch: (before?.deviceEpoch ?? 0) + 1 });
    expect(told(w, 'audit', 'rekey:SessionEnd')).toMatchObject([{ subjectId: null }]);
    expect(told(w, 'events', 'session.ended')).toMatchObject([{ subjectId: null }]);
  });

  test('is refused for what is no token, or another service’s, and the session goes on', async () => {
    const { w, service, other, mine } = await seeded();
    const before = w.database.snapshot();
    for (const all of [false, true]) {
      for (const token of ['', 'token', `${mine[0].refresh}x`]) {
        expect(await logOut(w, service, token, all)).toBeInstanceOf(InvalidToken);
      }
      for (const token of [mine[0].token, mine[0].refresh]) {
        expect(await logOut(w, other, token, all)).toBeInstanceOf(InvalidToken);
      }
    }
    for (const actor of [root, nobody, operator]) {
      const { logOut } = w.useCases.sessions;
      const end = await endOf(logOut.execute(actor, { token: mine[0].token }));
      expect(end).toBeInstanceOf(InvalidToken);
    }
    w.clock.set(START + 86_400_000);
    for (const token of [mine[0].token, mine[0].refresh]) {
      expect(await logOut(w, service, token)).toBeInstanceOf(InvalidToken);
    }
    expect(w.database.snapshot()).toEqual(before);
  });

  test.each([false, true])(
    'with a spent refresh token is a theft, which ends the session alone; of all: %s',
    async (all) => {
      const { w, service, mine } = await seeded();
      const { refreshToken } = w.useCases.sessions;
      const { token, refresh } = mine[0];
      const fresh = await refreshToken.execute(asService(service), { token: refresh });
      for (let i = 0; i < 2; i += 1) {
        expect(await logOut(w, service, refresh, all)).toBeInstanceOf(InvalidToken);
        expect(await isLive(w, [{ token }, fresh.access, mine[1]])).toEqual([false, false, true]);
        expect(told(w, 'events', 'token.theft')).toHaveLength(1);
      }
    },
  );

  test('is refused with a token that names a session which is another user’s, or never was', async () => {
    const { w, service, mine, theirs } = await seeded();
    const { sessionId, userId, serviceId } = mine[0];
    const before = w.database.snapshot();
    for (const forged of [
      { sessionId, userId: theirs.userId, serviceId },
      { sessionId: anId(), userId, serviceId },
    ]) {
      const { token } = await w.accessTokens.issue(forged);
      for (const all of [false, true]) {
        expect(await logOut(w, service, token, all)).toBeInstanceOf(InvalidToken);
      }
    }
    expect(w.database.snapshot()).toEqual(before);
  });

  test('is done by a user for the own session, or for all at the service', async () => {
    const { w, mine, elsewhere, theirs } = await seeded();
    const { logOut } = w.useCases.sessions;
    await logOut.execute(asUser(mine[0]), {});
    // As from a second tab.
    await logOut.execute(asUser(mine[0]), {});
    expect(await isLive(w, [...mine, elsewhere, theirs])).toEqual([false, true, true, true]);
    await logOut.execute(asUser(mine[1]), { all: true });
    expect(await isLive(w, [...mine, elsewhere, theirs])).toEqual([false, false, true, true]);
  });
});
