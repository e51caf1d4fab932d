import { describe, expect, test } from 'vitest';
import { aChange, aSession, recording, START, type World, world } from '../testing/index.ts';
import { Prune } from './prune.ts';

const DAY = 86_400_000;

/** How many sessions, refresh tokens, changes and mails are kept after pruning at that instant. */
async function keptAt(w: World, now: number) {
  w.clock.set(now);
  await new Prune(w).execute();
  const { sessions, refreshTokens, changes, outbox } = w.database.snapshot() as {
    [table: string]: unknown[];
  };
  return [sessions, refreshTokens, changes, outbox].map((rows) => rows?.length);
}

describe('pruning', () => {
  test('keeps a session for a week after it was over, with its refresh tokens', async () => {
    const w = world();
    const owner = await w.addOwner();
    const { sessionId } = await w.logIn(owner);
    const open = await w.database.read(({ sessions }) => sessions.findOpen(sessionId));
    const end = open!.session.expiresAt;
    expect(await keptAt(w, end + 7 * DAY)).toEqual([1, 1, 0, 0]);
    expect(await keptAt(w, end + 7 * DAY + 1)).toEqual([0, 0, 0, 0]);

    const { sessionId: ended } = await w.logIn(owner);
    const now = w.clock.now();
    await w.database.transact(({ sessions }) => sessions.end(ended, now));
    expect(await keptAt(w, now + 7 * DAY)).toEqual([1, 1, 0, 0]);
    expect(await keptAt(w, now + 7 * DAY + 1)).toEqual([0, 0, 0, 0]);
  });

  test('keeps a change for ninety days after its link expired, and for as long as its mail waits', async () => {
    const w = world();
    const owner = await w.addOwner();
    await w.changeAndReadMail(owner);
    const end = START + w.settings.revokeTokenTtl * 1000;
    expect(await keptAt(w, end + 90 * DAY)).toEqual([0, 0, 1, 1]);
    expect(await keptAt(w, end + 90 * DAY + 1)).toEqual([0, 0, 0, 0]);

    const waiting = aChange({ userId: owner.user.id, serviceId: owner.service.id });
    await w.database.transact(async ({ changes, outbox }) => {
      await changes.insert(waiting);
      await outbox.add(waiting.id, START);
    });
    expect(await keptAt(w, waiting.expiresAt + 365 * DAY)).toEqual([0, 0, 1, 1]);
    await w.deliver();
    expect(await keptAt(w, waiting.expiresAt + 365 * DAY)).toEqual([0, 0, 0, 0]);
  });

  test('works in batches, and answers how many rows went', async () => {
    const w = world();
    const { user, service, tokenKey } = await w.addOwner();
    const of = { userId: user.id, serviceId: service.id, keyId: tokenKey.id, expiresAt: 0 };
    await w.database.transact(async ({ sessions }) => {
      for (let i = 0; i < 1200; i += 1) await sessions.insert(aSession(of));
    });
    const { database, done } = recording(w.database);
    expect(await new Prune({ ...w, database }).execute()).toBe(1200);
    expect(done.filter((verb) => verb === 'sessions.prune')).toHaveLength(4);
    expect(await new Prune(w).execute()).toBe(0);
  });
});
