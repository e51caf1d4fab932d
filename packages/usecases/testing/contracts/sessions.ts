import type { Id, IdPage, Session } from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import type { Sessions } from '../../src/ports/index.ts';
import { aKey, anId, aSession, START } from '../fixtures.ts';
import { type Opened, wins } from './opened.ts';

export function sessionsContract({ write, read, race, seed }: Opened): void {
  describe('sessions', () => {
    async function seedSessions(details: Partial<Session> = {}) {
      const { service, user } = await seed();
      const key = aKey({ serviceId: service.id, userId: user.id });
      const of = { serviceId: service.id, userId: user.id, keyId: key.id, ...details };
      const open = [aSession(of), aSession(of), aSession(of)] as const;
      await write(async ({ keys, sessions }) => {
        await keys.insert(key, { digest: `digest-${key.id}` });
        for (const session of open) await sessions.insert(session);
      });
      return { service, user, key, open };
    }
    const addRefresh = async (sessionId: Id) => {
      const token = { sessionId, createdAt: START, expiresAt: START + 1000 };
      const digest = `digest-${anId()}`;
      await write(({ sessions }) => sessions.insertRefresh({ ...token, digest }));
      return digest;
    };
    const findRefresh = (digest: string) => read(({ sessions }) => sessions.findRefresh(digest));
    const end = (id: Id) => write(({ sessions }) => sessions.end(id, START));
    const findOpen = async (id: Id) =>
      (await read(({ sessions }) => sessions.findOpen(id)))?.session ?? null;

    test('come back as they went in while they are open, with their user and key', async () => {
      const { user, key, open } = await seedSessions();
      expect(await read(({ sessions }) => sessions.findOpen(open[0].id))).toEqual({
        session: open[0],
        user: { ...user, attributes: {} },
        key,
      });
      expect(await findOpen(anId())).toBeNull();
    });

    test('of a user are found by their ids, from a place on, whether they ended or not', async () => {
      const { user, open } = await seedSessions();
      await seedSessions();
      await end(open[1].id);
      const ofUser = (after: Id | '', limit: number) =>
        read(({ sessions }) => sessions.ofUser(user.id, after, limit));
      const all = open.map((session) => ({ ...session, endedAt: null as number | null }));
      all[1]!.endedAt = START;
      expect(await ofUser('', 10)).toEqual(all);
      expect(await ofUser(open[0].id, 1)).toEqual(all.slice(1, 2));
      expect(await ofUser(open[2].id, 10)).toEqual([]);
    });

    test('of a user end together', async () => {
      const { user, open } = await seedSessions();
      const { open: foreign } = await seedSessions();
      await write(({ sessions }) => sessions.endAllOf(user.id, START));
      for (const { id } of open) expect(await findOpen(id)).toBeNull();
      for (const session of foreign) expect(await findOpen(session.id)).toEqual(session);
    });

    test('one may be spared', async () => {
      const { user, open } = await seedSessions();
      await write(({ sessions }) => sessions.endAllOf(user.id, START, open[1].id));
      expect(await findOpen(open[0].id)).toBeNull();
      expect(await findOpen(open[1].id)).toEqual(open[1]);
      expect(await findOpen(open[2].id)).toBeNull();
    });

    test('take refresh tokens, each digest once', async () => {
      const { open } = await seedSessions();
      const token = {
        digest: `digest-${open[0].id}`,
        sessionId: open[0].id,
        createdAt: START,
        expiresAt: START + 1000,
      };
      await write(({ sessions }) => sessions.insertRefresh(token));
      await expect(write(({ sessions }) => sessions.insertRefresh(token))).rejects.toThrow();
    });

    test('end one by one, each once', async () => {
      const { open } = await seedSessions();
      expect(await end(open[1].id)).toBe(true);
      expect(await end(open[1].id)).toBe(false);
      expect(await end(anId())).toBe(false);
      expect(await findOpen(open[0].id)).toEqual(open[0]);
      expect(await findOpen(open[1].id)).toBeNull();
      expect(await findOpen(open[2].id)).toEqual(open[2]);
    });

    test('of sixteen that race to end one of them one wins', async () => {
      const { open } = await seedSessions();
      const answers = await race(16, ({ sessions }) => sessions.end(open[0].id, START));
      expect(wins(answers)).toBe(1);
    });

    test('of a user at one service end together, and are counted', async () => {
      const { service, user, key, open } = await seedSessions();
      const { service: other } = await seed();
      const elsewhere = aSession({ serviceId: other.id, userId: user.id, keyId: key.id });
      await write(({ sessions }) => sessions.insert(elsewhere));
      await end(open[0].id);
      const endAll = () => write(({ sessions }) => sessions.endAllAt(user.id, service.id, START));
      expect(await endAll()).toBe(2);
      expect(await endAll()).toBe(0);
      for (const { id } of open) expect(await findOpen(id)).toBeNull();
      expect(await findOpen(elsewhere.id)).toEqual(elsewhere);
    });

    test('are renewed: used, and good until later', async () => {
      const { open } = await seedSessions();
      const [session] = open;
      await write(({ sessions }) => sessions.renew(session.id, START + 5, START + 99));
      const renewed = { ...session, lastUsedAt: START + 5, expiresAt: START + 99 };
      expect(await findOpen(session.id)).toEqual(renewed);
      expect(await findOpen(open[1].id)).toEqual(open[1]);
    });

    test('remember their latest use', async () => {
      const { open } = await seedSessions();
      const [session] = open;
      const touch = (...uses: { id: Id; at: number }[]) =>
        write(({ sessions }) => sessions.touch(uses));
      await touch({ id: session.id, at: START + 7 }, { id: anId(), at: START });
      await touch({ id: session.id, at: START + 5 });
      expect(await findOpen(session.id)).toEqual({ ...session, lastUsedAt: START + 7 });
      expect(await findOpen(open[1].id)).toEqual(open[1]);
    });

    test('that expired end at that instant, a few at a time', async () => {
      // Before the sessions of every other test.
      const expiresAt = 1000;
      const { user, open } = await seedSessions({ expiresAt });
      const endExpired = (now: number, limit: number) =>
        write(({ sessions }) => sessions.endExpired(now, limit));
      expect(await endExpired(expiresAt - 1, 9)).toBe(0);
      expect(await endExpired(expiresAt + 50, 2)).toBe(2);
      expect(await endExpired(expiresAt, 2)).toBe(1);
      expect(await endExpired(expiresAt, 2)).toBe(0);
      for (const { id } of open) expect(await findOpen(id)).toBeNull();
      // And no later, or they would be kept for longer.
      expect((await read(({ users }) => users.useOf(user.id))).lastAt).toBe(user.updatedAt);
      expect(await write(({ sessions }) => sessions.prune(expiresAt + 1, 9))).toBe(3);
    });

    describe('in a list', () => {
      async function seedLists() {
        const { service, user, key, open: mine } = await seedSessions();
        const { service: other } = await seed();
        const elsewhere = aSession({ serviceId: other.id, userId: user.id, keyId: key.id });
        await write(({ sessions }) => sessions.insert(elsewhere));
        const { user: stranger, open: strangers } = await seedSessions({ serviceId: service.id });
        const [ended] = strangers;
        await end(ended.id);
        return { service, other, user, stranger, mine, elsewhere, strangers: strangers.slice(1) };
      }
      const list = (
        filter: Parameters<Sessions['list']>[0],
        page: Partial<IdPage> = {},
        now = START,
      ) => read(({ sessions }) => sessions.list(filter, { limit: 100, ...page }, now));

      test('are those of a service, of users, or of both, open ones alone', async () => {
        const { service, other, user, stranger, mine, elsewhere, strangers } = await seedLists();
        expect(await list({ serviceId: service.id })).toEqual([...mine, ...strangers]);
        expect(await list({ serviceId: other.id })).toEqual([elsewhere]);
        expect(await list({ userIds: [user.id] })).toEqual([...mine, elsewhere]);
        const both = [stranger.id, user.id, user.id];
        expect(await list({ userIds: both })).toEqual([...mine, elsewhere, ...strangers]);
        expect(await list({ userIds: [user.id], serviceId: service.id })).toEqual(mine);
        expect(await list({ userIds: [] })).toEqual([]);
        expect(await list({ userIds: [anId()] })).toEqual([]);
        const all = await list({}, { after: mine[0].id });
        expect(all).toEqual(expect.arrayContaining([mine[1], mine[2], elsewhere, ...strangers]));
      });

      test('are none that have expired', async () => {
        const { service, mine } = await seedLists();
        expect(await list({ serviceId: service.id }, {}, mine[0].expiresAt - 1)).not.toEqual([]);
        expect(await list({ serviceId: service.id }, {}, mine[0].expiresAt)).toEqual([]);
      });

      test('are none that rest on a key that is disabled, revoked or expired', async () => {
        const { service, user } = await seed();
        const of = { serviceId: service.id, userId: user.id };
        const keys = [
          aKey({ ...of, isEnabled: false }),
          aKey({ ...of, isRevoked: true }),
          aKey({ ...of, expiresAt: START + 5 }),
        ];
        const open = keys.map(({ id }) => aSession({ ...of, keyId: id }));
        await write(async (stores) => {
          for (const key of keys) await stores.keys.insert(key, { digest: `digest-${key.id}` });
          for (const session of open) await stores.sessions.insert(session);
        });
        for (const filter of [{ serviceId: service.id }, { userIds: [user.id] }, of]) {
          expect(await list(filter, {}, START + 4)).toEqual([open[2]]);
          expect(await list(filter, {}, START + 5)).toEqual([]);
        }
      });

      test('are the first after one, or the last before one, ascending', async () => {
        const { service, user, stranger, mine, strangers } = await seedLists();
        const all = [...mine, ...strangers];
        for (const filter of [
          { serviceId: service.id },
          { serviceId: service.id, userIds: [user.id, stranger.id] },
        ]) {
          const page = (details: Partial<IdPage>) => list(filter, { limit: 2, ...details });
          expect(await page({})).toEqual(all.slice(0, 2));
          expect(await page({ after: all[1]!.id })).toEqual(all.slice(2, 4));
          expect(await page({ after: all[3]!.id })).toEqual(all.slice(4));
          expect(await page({ after: all[4]!.id })).toEqual([]);
          expect(await page({ before: all[4]!.id })).toEqual(all.slice(2, 4));
          expect(await page({ before: all[1]!.id })).toEqual(all.slice(0, 1));
          expect(await page({ before: all[0]!.id })).toEqual([]);
          const between = { after: all[0]!.id, before: all[4]!.id };
          expect(await page(between)).toEqual(all.slice(1, 3));
        }
      });
    });

    test('that rest on one key end together, and no others', async () => {
      const { service, user, key, open } = await seedSessions();
      const second = aKey({ serviceId: service.id, userId: user.id, isRevoked: true });
      const other = aSession({ serviceId: service.id, userId: user.id, keyId: second.id });
      await write(async ({ keys, sessions }) => {
        await keys.insert(second, { digest: `digest-${second.id}` });
        await sessions.insert(other);
        await sessions.endAllOn({ id: key.id, userId: user.id }, START);
      });
      for (const { id } of open) expect(await findOpen(id)).toBeNull();
      expect(await findOpen(other.id)).toEqual(other);
    });

    test('have refresh tokens that are found, and spent once', async () => {
      const { open } = await seedSessions();
      const digest = await addRefresh(open[0].id);
      const {
        id: sessionId,
        createdAt: loginAt,
        userId,
        serviceId,
        amr,
        authenticatedAt,
      } = open[0];
      const of = { sessionId, loginAt, userId, serviceId, amr, authenticatedAt };
      const token = { ...of, expiresAt: START + 1000, isSpent: false, isOpen: true };
      expect(await findRefresh(digest)).toEqual(token);
      const spend = (of: string) => write(({ sessions }) => sessions.spendRefresh(of, START));
      expect(await spend(digest)).toBe(true);
      expect(await spend(digest)).toBe(false);
      expect(await findRefresh(digest)).toEqual({ ...token, isSpent: true });
      expect(await findRefresh('no such digest')).toBeNull();
      expect(await spend('no such digest')).toBe(false);
    });

    test('say how and when they were proven last, while they are open', async () => {
      const { open } = await seedSessions();
      const { id } = open[0];
      const digest = await addRefresh(id);
      const proof = { amr: ['pwd', 'otp'], authenticatedAt: START + 5 } as const;
      const strengthen = () => write(({ sessions }) => sessions.strengthen(id, proof));
      expect(await strengthen()).toBe(true);
      const found = await read(({ sessions }) => sessions.findOpen(id));
      expect(found?.session).toMatchObject(proof);
      expect(await findRefresh(digest)).toMatchObject(proof);
      await end(id);
      expect(await strengthen()).toBe(false);
    });

    test('have refresh tokens that are found once their session has ended', async () => {
      const { open } = await seedSessions();
      const digest = await addRefresh(open[0].id);
      await end(open[0].id);
      expect(await findRefresh(digest)).toMatchObject({ isOpen: false, isSpent: false });
    });

    test('of sixteen that race to spend one refresh token one wins', async () => {
      const { open } = await seedSessions();
      const digest = await addRefresh(open[0].id);
      const answers = await race(16, ({ sessions }) => sessions.spendRefresh(digest, START));
      expect(wins(answers)).toBe(1);
    });

    test('have refresh tokens that are unspent again when their transaction fails', async () => {
      const { open } = await seedSessions();
      const digest = await addRefresh(open[0].id);
      const failing = write(async ({ sessions }) => {
        await sessions.spendRefresh(digest, START);
        throw new Error('planted');
      });
      await expect(failing).rejects.toThrow('planted');
      expect(await findRefresh(digest)).toMatchObject({ isSpent: false });
    });

    // Long before the sessions of other tests.
    const past = START - 1e12;
    const prune = (limit: number) => write(({ sessions }) => sessions.prune(past, limit));

    test('are pruned with their refresh tokens when they ended long ago', async () => {
      const { open: expired } = await seedSessions({ expiresAt: past - 1 });
      await write(({ sessions }) => sessions.endExpired(past, 9));
      const { user, open: ended } = await seedSessions();
      await write(({ sessions }) => sessions.endAllOf(user.id, past - 1));
      const digests = await Promise.all(
        [expired[0], expired[0], ended[1]].map(({ id }) => addRefresh(id)),
      );
      expect(await prune(100)).toBe(6 + 3);
      for (const digest of digests) expect(await findRefresh(digest)).toBeNull();
      for (const { id } of expired) expect(await findOpen(id)).toBeNull();
      expect(await prune(100)).toBe(0);
    });

    test('that ended are not ended again', async () => {
      const { user, key, open } = await seedSessions();
      const [one, second, third] = open;
      await write(async ({ sessions }) => {
        for (const { id } of open) await sessions.end(id, past - 1);
        await sessions.end(one.id, START);
        await sessions.endAllOf(user.id, START, second.id);
        await sessions.endAllOn({ id: key.id, userId: user.id }, START);
      });
      expect(await prune(100)).toBe(3);
      expect(await findOpen(third.id)).toBeNull();
    });

    test('are not pruned before, whatever else was', async () => {
      const { open: recent } = await seedSessions({ expiresAt: past - 1 });
      const { open } = await seedSessions();
      const { user, open: endedLate } = await seedSessions({ expiresAt: past - 1 });
      await write(({ sessions }) => sessions.endAllOf(user.id, past));
      const digests = await Promise.all(
        [recent[0], open[0], endedLate[0]].map(({ id }) => addRefresh(id)),
      );
      expect(await prune(100)).toBe(0);
      expect(await findOpen(recent[0].id)).toEqual(recent[0]);
      expect(await findOpen(open[0].id)).toEqual(open[0]);
      for (const digest of digests) expect(await findRefresh(digest)).not.toBeNull();
    });

    test('are pruned a few at a time', async () => {
      const { user, open } = await seedSessions();
      for (const { id } of [...open, open[0], open[0]]) await addRefresh(id);
      await write(({ sessions }) => sessions.endAllOf(user.id, past - 1));
      const counts: number[] = [];
      do counts.push(await prune(2));
      while (counts.at(-1) !== 0);
      expect(Math.max(...counts)).toBeLessThanOrEqual(4);
      expect(counts.reduce((total, count) => total + count)).toBe(5 + 3);
    });
  });
}
