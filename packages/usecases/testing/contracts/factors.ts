import type { Challenge, TotpSeed } from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import { aChallenge, anId, aPasskey, aProviderLink, aTotpSeed, START } from '../fixtures.ts';
import { type Opened, wins } from './opened.ts';

const LATER = START + 600_000;

export function factorsContract({ write, read, race, seed }: Opened): void {
  const aUserId = async () => (await seed()).user.id;
  const insert = async (details: Partial<TotpSeed> = {}) => {
    const added = aTotpSeed({ userId: details.userId ?? (await aUserId()), ...details });
    await write(({ factors }) => factors.insertSeed(added));
    return added;
  };
  const confirm = (id: string, step = 1, now = START) =>
    write(({ factors }) => factors.confirmSeed(id, step, now));
  const confirmed = async (userId?: string) => {
    const added = await insert(userId === undefined ? {} : { userId });
    await confirm(added.id);
    return { ...added, expiresAt: null, step: 1, lastUsedAt: START };
  };
  const seedsOf = (userId: string, now = START) =>
    read(({ factors }) => factors.seedsOf(userId, now));

  describe('a seed of one-time codes', () => {
    test('may be confirmed until it expires, and not after', async () => {
      const { id, userId, ...rest } = await insert();
      const pending = { id, userId, ...rest };
      expect(await seedsOf(userId)).toStrictEqual({ confirmed: null, pending });
      expect(await seedsOf(userId, LATER)).toStrictEqual({ confirmed: null, pending: null });
      expect(await confirm(id, 1, LATER)).toBe(false);
      expect(await confirm(id, 1, LATER - 1)).toBe(true);
      const used = { step: 1, lastUsedAt: LATER - 1 };
      const expected = { ...pending, expiresAt: null, ...used };
      expect(await seedsOf(userId, LATER)).toStrictEqual({ confirmed: expected, pending: null });
    });

    test('takes the place of the one that was not confirmed yet, and no other', async () => {
      const first = await confirmed();
      const second = await insert({ userId: first.userId });
      const third = await insert({ userId: first.userId });
      expect(await seedsOf(first.userId)).toStrictEqual({ confirmed: first, pending: third });
      expect(await confirm(second.id)).toBe(false);
    });

    test('takes the place of the confirmed one once it is confirmed itself', async () => {
      const first = await confirmed();
      const second = await insert({ userId: first.userId });
      expect(await confirm(second.id, 7, LATER)).toBe(false);
      expect((await seedsOf(first.userId)).confirmed).toStrictEqual(first);
      expect(await confirm(second.id, 7)).toBe(true);
      const { confirmed: found } = await seedsOf(first.userId);
      expect(found?.id).toBe(second.id);
      expect(await write(({ factors }) => factors.spendStep(second.id, 7, START))).toBe(false);
      expect(await write(({ factors }) => factors.spendStep(first.id, 9, START))).toBe(false);
    });

    test('is confirmed once by sixteen that race to', async () => {
      const { id } = await insert();
      const answers = await race(16, ({ factors }) => factors.confirmSeed(id, 1, START));
      expect(wins(answers)).toBe(1);
    });

    test('has each step spent once, and none before one that was', async () => {
      const { id, userId } = await confirmed();
      const spend = (step: number, now = START) =>
        write(({ factors }) => factors.spendStep(id, step, now));
      expect([await spend(1), await spend(3, START + 5), await spend(3), await spend(2)]).toEqual([
        false,
        true,
        false,
        false,
      ]);
      const { confirmed: found } = await seedsOf(userId);
      expect(found).toMatchObject({ step: 3, lastUsedAt: START + 5 });
    });

    test('that is not confirmed has no step to spend', async () => {
      const { id } = await insert();
      expect(await write(({ factors }) => factors.spendStep(id, 9, START))).toBe(false);
    });

    test('has one winner of sixteen that race to spend a step', async () => {
      const { id } = await confirmed();
      const answers = await race(16, ({ factors }) => factors.spendStep(id, 9, START));
      expect(wins(answers)).toBe(1);
    });

    test('is deleted with the others of its user and with the recovery codes', async () => {
      const first = await confirmed();
      const other = await confirmed();
      await insert({ userId: first.userId });
      for (const { userId } of [first, other]) {
        await write(({ factors }) => factors.replaceCodes(userId, ['one']));
      }
      const remove = () => write(({ factors }) => factors.deleteSeeds(first.userId));
      expect([await remove(), await remove()]).toEqual([1, 0]);
      expect(await seedsOf(first.userId)).toStrictEqual({ confirmed: null, pending: null });
      expect((await seedsOf(other.userId)).confirmed).toStrictEqual(other);
      const codes = (userId: string) => read(({ factors }) => factors.countCodes(userId));
      expect([await codes(first.userId), await codes(other.userId)]).toEqual([0, 1]);
    });
  });

  describe('recovery codes', () => {
    test('are replaced together, and are those of one user', async () => {
      const [userId, other] = [await aUserId(), await aUserId()];
      const replace = (of: string, digests: string[]) =>
        write(({ factors }) => factors.replaceCodes(of, digests));
      await replace(userId, ['one', 'two']);
      await replace(other, ['one']);
      await replace(userId, ['three']);
      const has = (of: string, digest: string) =>
        read(({ factors }) => factors.hasCode(of, digest));
      expect([await has(userId, 'one'), await has(userId, 'three')]).toEqual([false, true]);
      expect([await has(other, 'one'), await has(other, 'three')]).toEqual([true, false]);
      expect(await read(({ factors }) => factors.countCodes(userId))).toBe(1);
    });

    test('are spent once each, by sixteen that race for one', async () => {
      const userId = await aUserId();
      await write(({ factors }) => factors.replaceCodes(userId, ['one', 'two']));
      const answers = await race(16, ({ factors }) => factors.spendCode(userId, 'one'));
      expect(wins(answers)).toBe(1);
      expect(await read(({ factors }) => factors.countCodes(userId))).toBe(1);
    });
  });

  describe('a challenge', () => {
    const add = async (details: Partial<Challenge> = {}) => {
      const userId = details.userId ?? (await aUserId());
      const challenge = aChallenge({ ...details, userId });
      await write(({ factors }) => factors.insertChallenge(challenge));
      return challenge;
    };
    const find = (digest: string, now = START) =>
      read(({ factors }) => factors.findChallenge(digest, now));

    test('is found as it was made, until it expires', async () => {
      const whole = await add({ deviceId: anId(), amr: ['google', 'pwd'] });
      expect(await find(whole.digest, whole.expiresAt - 1)).toStrictEqual(whole);
      expect(await find(whole.digest, whole.expiresAt)).toBeNull();
      expect(await find('no such digest')).toBeNull();
    });

    test('is the latest of its kind of a user, at a service, from a place', async () => {
      const first = await add();
      await add({ ...first, digest: anId(), createdAt: START - 1 });
      const latest = (details: Partial<Challenge> = {}, now = START) =>
        read(({ factors }) => factors.latestChallenge({ ...first, ...details }, now));
      expect((await latest())?.digest).toBe(first.digest);
      const others = [{ userId: anId() }, { serviceId: anId() }, { mark: 'other' }];
      for (const details of others) expect(await latest(details)).toBeNull();
      expect(await latest({ kind: 'enrolment' })).toBeNull();
      expect(await latest({}, first.expiresAt)).toBeNull();
    });

    test('is spent once by sixteen that race to, and not once it has expired', async () => {
      const { digest, expiresAt } = await add();
      expect(await write(({ factors }) => factors.spendChallenge(digest, expiresAt))).toBe(false);
      const answers = await race(16, ({ factors }) => factors.spendChallenge(digest, START));
      expect(wins(answers)).toBe(1);
      expect(await find(digest)).toBeNull();
    });

    test('ends with all others of its user', async () => {
      const first = await add();
      const second = await add({ userId: first.userId });
      const other = await add();
      await write(({ factors }) => factors.endChallenges(first.userId));
      expect([await find(first.digest), await find(second.digest)]).toEqual([null, null]);
      expect(await find(other.digest)).toStrictEqual(other);
    });
  });

  test('users with a confirmed seed, a passkey or a link are counted, each once for each of these', async () => {
    const count = () => read(({ factors }) => factors.countUsers());
    const before = await count();
    const { userId } = await confirmed();
    await insert();
    await write(async ({ factors, passkeys, providerLinks }) => {
      await factors.insertSeed(aTotpSeed({ userId }));
      await passkeys.insert(aPasskey({ userId }));
      await passkeys.insert(aPasskey({ userId }));
      await providerLinks.insert(aProviderLink({ userId, provider: 'github' }));
    });
    expect(await count()).toStrictEqual({
      ...before,
      totp: before.totp + 1,
      passkey: before.passkey + 1,
      github: before.github + 1,
    });
  });

  test('challenges and seeds that expired are pruned, a few at a time', async () => {
    // Long before those of other tests.
    const expiresAt = START - 1e12;
    for (let i = 0; i < 3; i += 1) {
      const { userId } = await insert({ expiresAt });
      await write(({ factors }) => factors.insertChallenge(aChallenge({ userId, expiresAt })));
    }
    const kept = await confirmed();
    const prune = (now: number) => write(({ factors }) => factors.prune(now, 2));
    expect(await prune(expiresAt - 1)).toBe(0);
    expect([await prune(expiresAt), await prune(expiresAt), await prune(expiresAt)]).toEqual([
      4, 2, 0,
    ]);
    expect((await seedsOf(kept.userId)).confirmed).toStrictEqual(kept);
  });
}
