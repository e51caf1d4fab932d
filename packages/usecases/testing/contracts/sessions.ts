import type { Id, Session } from '@rekey/domain';
import { describe, expect, test } from 'vitest';
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
    const findOpen = async (id: Id) =>
      (await read(({ sessions }) => sessions.findOpen(id)))?.session ?? null;

    test('come back as they went in while they are open, with their user and key', async () => {
      const { user, key, open } = await seedSessions();
      expect(await read(({ sessions }) => sessions.findOpen(open[0].id))).toEqual({
        session: open[0],
        user,
        key,
      });
      expect(await findOpen(anId())).toBeNull();
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

    test('end one by one', async () => {
      const { open } = await seedSessions();
      const end = (id: Id) => write(({ sessions }) => sessions.end(id, START));
      await end(open[1].id);
      await end(open[1].id);
      await end(anId());
      expect(await findOpen(open[0].id)).toEqual(open[0]);
      expect(await findOpen(open[1].id)).toBeNull();
      expect(await findOpen(open[2].id)).toEqual(open[2]);
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
      const token = { sessionId: open[0].id, expiresAt: START + 1000, isSpent: false };
      expect(await findRefresh(digest)).toEqual(token);
      const spend = (of: string) => write(({ sessions }) => sessions.spendRefresh(of, START));
      expect(await spend(digest)).toBe(true);
      expect(await spend(digest)).toBe(false);
      expect(await findRefresh(digest)).toEqual({ ...token, isSpent: true });
      expect(await findRefresh('no such digest')).toBeNull();
      expect(await spend('no such digest')).toBe(false);
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

    test('are pruned with their refresh tokens when they expired long ago, or ended', async () => {
      const { open: expired } = await seedSessions({ expiresAt: past - 1 });
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
      const { open: recent } = await seedSessions({ expiresAt: past });
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
      const { open } = await seedSessions({ expiresAt: past - 1 });
      for (const { id } of [...open, open[0], open[0]]) await addRefresh(id);
      const counts: number[] = [];
      do counts.push(await prune(2));
      while (counts.at(-1) !== 0);
      expect(Math.max(...counts)).toBeLessThanOrEqual(4);
      expect(counts.reduce((total, count) => total + count)).toBe(5 + 3);
    });
  });
}
