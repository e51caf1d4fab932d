import { type Actor, NotFound, operator, TooManyRequests, Unauthorized } from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import {
  anId,
  asService,
  endOf,
  nobody,
  PASSWORD,
  root,
  START,
  settings,
  world,
} from '../../testing/index.ts';
import { useCases } from '../index.ts';

/** An owner at whose account somebody of another network guessed until there was a wait. */
async function guessedAt() {
  const all = world();
  const throttle = { ...settings.throttle, accountFree: 2 };
  const w = { ...all, ...useCases({ ...all, settings: { ...settings, throttle } }) };
  const owner = await all.addOwner();
  const logIn = (password: string, address = '203.0.113.9') => {
    const actor = asService(owner.service, { address, client: null });
    return endOf(w.sessions.login.execute(actor, { email: owner.user.email, password }));
  };
  await logIn('wrong');
  await logIn('wrong');
  return { w, owner, logIn };
}

describe('the counts of an account', () => {
  test('are shown with their service, their network and how long a try has to wait', async () => {
    const { w, owner } = await guessedAt();
    const shown = await w.throttling.readThrottles.execute(operator, { userId: owner.user.id });
    const of = { serviceId: owner.service.id, of: 'password', tries: 2 };
    expect(shown).toEqual([
      { ...of, limit: 'account-day', network: null, quota: 50, retryAfterS: 0 },
      { ...of, limit: 'account', network: '203.0.113.9', quota: 10, retryAfterS: 1 },
    ]);
    w.clock.set(START + 86_400_000);
    const later = await w.throttling.readThrottles.execute(operator, { userId: owner.user.id });
    expect(later).toEqual([]);
  });

  test('are forgotten where the operator says so, and each service that knows the user is told', async () => {
    const { w, owner, logIn } = await guessedAt();
    const other = await w.addService();
    await w.addKey({ userId: owner.user.id, serviceId: other.id });
    expect(await logIn(PASSWORD)).toBeInstanceOf(TooManyRequests);
    const { resetThrottles, readThrottles } = w.throttling;
    const user = { userId: owner.user.id };
    expect(await resetThrottles.execute(operator, user)).toBe(2);
    expect(await readThrottles.execute(operator, user)).toEqual([]);
    expect(await logIn(PASSWORD)).toBe('done');
    expect(await resetThrottles.execute(operator, user)).toBe(0);
    const { audit } = w.database.snapshot() as {
      audit: [string, { type: string; serviceId: string; userId: string }][];
    };
    const entries = audit
      .map(([, entry]) => entry)
      .filter(({ type }) => type === 'rekey:ThrottleReset');
    expect(entries.map(({ userId }) => userId)).toEqual(Array(4).fill(owner.user.id));
    expect(new Set(entries.map(({ serviceId }) => serviceId))).toEqual(
      new Set([owner.service.id, other.id]),
    );
  });

  test('are none where no service knows the user, and then the operator is told', async () => {
    const { w, owner } = await guessedAt();
    const { id: userId } = await w.addUser(owner.service, { createdBy: null });
    const { resetThrottles, readThrottles } = w.throttling;
    expect(await readThrottles.execute(operator, { userId })).toEqual([]);
    expect(await resetThrottles.execute(operator, { userId })).toBe(0);
    const { audit } = w.database.snapshot() as {
      audit: [string, { type: string; serviceId: string | null; userId: string }][];
    };
    const entries = audit.map(([, entry]) => entry);
    expect(entries.find(({ type }) => type === 'rekey:ThrottleReset')).toMatchObject({
      serviceId: null,
      userId,
    });
  });

  test('of others stay as they are', async () => {
    const { w, owner, logIn } = await guessedAt();
    const stranger = await w.addOwner({}, { service: owner.service });
    await w.throttling.resetThrottles.execute(operator, { userId: stranger.user.id });
    expect(await logIn(PASSWORD)).toBeInstanceOf(TooManyRequests);
  });

  test('are shown and forgotten by the operator alone, and for users that are there', async () => {
    const { w, owner } = await guessedAt();
    const { resetThrottles, readThrottles } = w.throttling;
    const ends = async (actor: Actor, userId: string) => [
      await endOf(readThrottles.execute(actor, { userId })),
      await endOf(resetThrottles.execute(actor, { userId })),
    ];
    for (const actor of [asService(owner.service), root, nobody]) {
      for (const end of await ends(actor, owner.user.id)) expect(end).toBeInstanceOf(Unauthorized);
    }
    for (const end of await ends(operator, anId())) expect(end).toBeInstanceOf(NotFound);
  });
});
