import type { Passkey } from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import { anId, aPasskey, START } from '../fixtures.ts';
import { type Opened, wins } from './opened.ts';

export function passkeysContract({ write, read, race, seed }: Opened): void {
  describe('passkeys', () => {
    const add = async (details: Partial<Passkey> = {}) => {
      const userId = details.userId ?? (await seed()).user.id;
      const passkey = aPasskey({ ...details, userId });
      expect(await write(({ passkeys }) => passkeys.insert(passkey))).toBe(true);
      return passkey;
    };
    const find = ({ credentialId }: Passkey) => read(({ passkeys }) => passkeys.find(credentialId));
    const use = ({ id }: Passkey, counter: number) =>
      write(({ passkeys }) => passkeys.use(id, { at: START + 5, counter, isBackedUp: true }));

    test('are found by their credential id as they were added', async () => {
      const plain = await add();
      const bare = await add({
        lastUsedAt: START + 1,
        counter: 2 ** 32 - 1,
        transports: [],
        isBackupEligible: false,
        isUserVerified: false,
      });
      const synced = await add({ isBackedUp: true });
      for (const passkey of [plain, bare, synced]) expect(await find(passkey)).toEqual(passkey);
      expect(await read(({ passkeys }) => passkeys.find('no such credential'))).toBeNull();
    });

    test('have a credential id of their own, whoever they are of', async () => {
      const passkey = await add();
      const { user } = await seed();
      for (const userId of [passkey.userId, user.id]) {
        const copy = aPasskey({ userId, credentialId: passkey.credentialId });
        expect(await write(({ passkeys }) => passkeys.insert(copy))).toBe(false);
      }
      expect(await find(passkey)).toEqual(passkey);
      expect(await read(({ passkeys }) => passkeys.ofUser(user.id))).toEqual([]);
    });

    test('are listed by user, the oldest first', async () => {
      const first = await add();
      await add();
      const second = await add({ userId: first.userId });
      const list = await read(({ passkeys }) => passkeys.ofUser(first.userId));
      expect(list).toEqual([first, second]);
    });

    test('are used with a counter that goes on, or with none at all', async () => {
      const passkey = await add({ counter: 0 });
      expect(await use(passkey, 0)).toBe(true);
      const used = { ...passkey, lastUsedAt: START + 5, isBackedUp: true };
      expect(await find(passkey)).toEqual(used);
      expect(await use(passkey, 7)).toBe(true);
      expect(await find(passkey)).toEqual({ ...used, counter: 7 });
      for (const counter of [7, 6, 0]) expect(await use(passkey, counter)).toBe(false);
      expect(await use(passkey, 8)).toBe(true);
      expect(await use(aPasskey({ userId: passkey.userId }), 9)).toBe(false);
    });

    test('have one winner of sixteen that race to use them with one counter', async () => {
      const { id } = await add({ counter: 1 });
      const answers = await race(16, ({ passkeys }) =>
        passkeys.use(id, { at: START, counter: 2, isBackedUp: false }),
      );
      expect(wins(answers)).toBe(1);
    });

    test('are deleted by id with the user that they are of', async () => {
      const passkey = await add();
      const remove = (id: string, userId: string) =>
        write(({ passkeys }) => passkeys.delete(id, userId));
      expect(await remove(passkey.id, anId())).toBe(false);
      expect(await remove(anId(), passkey.userId)).toBe(false);
      expect(await find(passkey)).toEqual(passkey);
      expect(await remove(passkey.id, passkey.userId)).toBe(true);
      expect(await remove(passkey.id, passkey.userId)).toBe(false);
      expect(await find(passkey)).toBeNull();
    });

    test('of a user are deleted together, and nobody else’s', async () => {
      const first = await add();
      const second = await add({ userId: first.userId });
      const other = await add();
      const deleted = await write(({ passkeys }) => passkeys.deleteAllOf(first.userId));
      expect(deleted).toEqual([first, second]);
      expect(await write(({ passkeys }) => passkeys.deleteAllOf(first.userId))).toEqual([]);
      expect(await find(other)).toEqual(other);
    });

    test('go with their user, and with an account that is made anew', async () => {
      const { user } = await seed();
      const passkey = await add({ userId: user.id });
      await write(({ users }) => users.remake(user, null));
      expect(await find(passkey)).toBeNull();
      const again = await add({ userId: user.id });
      await write(({ users }) => users.delete(user.id, START, START));
      expect(await find(again)).toBeNull();
    });
  });

  describe('the challenges of passkeys', () => {
    const spend = (challenge: string, expiresAt = START) =>
      write(({ passkeys }) => passkeys.spendChallenge(challenge, expiresAt));

    test('are spent once', async () => {
      const challenge = anId();
      expect(await spend(challenge)).toBe(true);
      expect(await spend(challenge, START + 1)).toBe(false);
      expect(await spend(anId())).toBe(true);
    });

    test('have one winner of sixteen that race to spend one', async () => {
      const challenge = anId();
      const answers = await race(16, ({ passkeys }) => passkeys.spendChallenge(challenge, START));
      expect(wins(answers)).toBe(1);
    });

    test('are unspent again when their transaction fails', async () => {
      const challenge = anId();
      const failing = write(async ({ passkeys }) => {
        await passkeys.spendChallenge(challenge, START);
        throw new Error('planted');
      });
      await expect(failing).rejects.toThrow('planted');
      expect(await spend(challenge)).toBe(true);
    });

    test('are forgotten once they have expired, a few at a time', async () => {
      // Long before the challenges of other tests.
      const expiresAt = START - 1e12;
      for (let i = 0; i < 3; i += 1) await spend(anId(), expiresAt);
      const prune = (now: number) => write(({ passkeys }) => passkeys.pruneChallenges(now, 2));
      expect(await prune(expiresAt - 1)).toBe(0);
      expect(await prune(expiresAt)).toBe(2);
      expect(await prune(expiresAt)).toBe(1);
      expect(await prune(expiresAt)).toBe(0);
    });
  });
}
