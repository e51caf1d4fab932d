import { operator, Unauthorized } from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import {
  aDelivery,
  anEvent,
  aOneTimeToken,
  aSession,
  asService,
  endOf,
  nobody,
  recording,
  root,
  START,
  type World,
  world,
} from '../../testing/index.ts';
import { useCases } from '../index.ts';

const DAY_MS = 86_400_000;

type Rows = { readonly [table: string]: readonly unknown[] };

/** How many sessions, refresh tokens, one-time tokens and deliveries are kept after pruning at that instant. */
async function keptAt(w: World, now: number) {
  w.clock.set(now);
  await w.useCases.maintenance.prune.execute(operator);
  const { sessions, refreshTokens, oneTimeTokens, deliveries } = w.database.snapshot() as Rows;
  return [sessions, refreshTokens, oneTimeTokens, deliveries].map((rows) => rows?.length);
}

describe('pruning', () => {
  test.each([
    ['a week', null, 7],
    ['a week', 3, 7],
    ['as long as an account that nobody uses', 30, 30],
  ])(
    'keeps a session for %s after it was over, with its refresh tokens: %s',
    async (_, unprovenDays, days) => {
      const all = world();
      const unprovenTtlMs = unprovenDays && unprovenDays * DAY_MS;
      const ports = { ...all, settings: { ...all.settings, unprovenTtlMs } };
      const w = { ...all, useCases: useCases(ports) };
      const owner = await w.addOwner();
      const { sessionId } = await w.logIn(owner);
      const open = await w.database.read(({ sessions }) => sessions.findOpen(sessionId));
      const end = open!.session.expiresAt;
      expect(await keptAt(w, end + days * DAY_MS)).toEqual([1, 1, 0, 0]);
      expect(await keptAt(w, end + days * DAY_MS + 1)).toEqual([0, 0, 0, 0]);

      const { sessionId: ended } = await w.logIn(owner);
      const now = w.clock.now();
      await w.database.transact(({ sessions }) => sessions.end(ended, now));
      expect(await keptAt(w, now + days * DAY_MS)).toEqual([1, 1, 0, 0]);
      expect(await keptAt(w, now + days * DAY_MS + 1)).toEqual([0, 0, 0, 0]);
    },
  );

  test('keeps a one-time token for ninety days after it expired, and for as long as its delivery waits', async () => {
    const w = world();
    const owner = await w.addOwner();
    await w.changeAndReadMail(owner);
    const end = START + w.settings.revokeTokenTtlMs;
    expect(await keptAt(w, end + 90 * DAY_MS)).toEqual([0, 0, 1, 1]);
    expect(await keptAt(w, end + 90 * DAY_MS + 1)).toEqual([0, 0, 0, 0]);

    const waiting = aOneTimeToken({ userId: owner.user.id, serviceId: owner.service.id });
    await w.database.transact(async ({ oneTimeTokens, deliveries }) => {
      await oneTimeTokens.insert(waiting);
      await deliveries.insert(aDelivery(waiting));
    });
    expect(await keptAt(w, waiting.expiresAt + 365 * DAY_MS)).toEqual([0, 0, 1, 1]);
    await w.deliver();
    expect(await keptAt(w, waiting.expiresAt + 365 * DAY_MS)).toEqual([0, 0, 0, 0]);
  });

  test('works in batches, and answers how many rows went', async () => {
    const w = world();
    const { user, service, tokenKey } = await w.addOwner();
    const of = { userId: user.id, serviceId: service.id, keyId: tokenKey.id, expiresAt: 0 };
    await w.database.transact(async ({ sessions }) => {
      for (let i = 0; i < 1200; i += 1) await sessions.insert(aSession(of));
    });
    const { database, done } = recording(w.database);
    const { prune } = useCases({ ...w, database }).maintenance;
    expect(await prune.execute(operator)).toBe(1200);
    expect(done.filter((verb) => verb === 'sessions.prune')).toHaveLength(4);
    expect(await prune.execute(operator)).toBe(0);
  });

  test.each([
    ['none', 0, 0],
    ['two', 2, 2],
  ])(
    'forgets a password seven days after it was replaced, but for those of the history: %s',
    async (_, passwordHistory, kept) => {
      const all = world();
      const ports = { ...all, settings: { ...all.settings, passwordHistory } };
      const w = { ...all, useCases: useCases(ports) };
      const { user } = await w.addOwner();
      const { version } = (await w.credentialOf(user)) ?? { version: 0 };
      await w.database.transact(async ({ users }) => {
        for (let n = 0; n < 3; n += 1) {
          await users.changePassword(user.id, version + n, `hash-${n}`, START);
        }
      });
      const past = async (now: number) => {
        await keptAt(w, now);
        const which = { from: 'latest', limit: 9 } as const;
        const hashes = await w.database.read(({ users }) => users.pastPasswords(user.id, which));
        return hashes.length;
      };
      expect(await past(START + 7 * DAY_MS)).toBe(3);
      expect(await past(START + 7 * DAY_MS + 1)).toBe(kept);
    },
  );

  test('keeps an event for thirty days', async () => {
    const w = world();
    const { service } = await w.addOwner();
    await w.database.transact(({ events }) => events.insert(anEvent({ serviceId: service.id })));
    const { prune } = w.useCases.maintenance;
    w.clock.set(START + 30 * DAY_MS);
    expect(await prune.execute(operator)).toBe(0);
    w.clock.set(START + 30 * DAY_MS + 1);
    expect(await prune.execute(operator)).toBe(1);
  });

  test('is done by the server alone', async () => {
    const w = world();
    const { prune } = w.useCases.maintenance;
    for (const actor of [asService(await w.addService()), root, nobody]) {
      expect(await endOf(prune.execute(actor))).toBeInstanceOf(Unauthorized);
    }
  });
});
