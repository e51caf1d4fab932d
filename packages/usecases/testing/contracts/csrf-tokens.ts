import { describe, expect, test } from 'vitest';
import { anId, START } from '../fixtures.ts';
import { type Opened, wins } from './opened.ts';

export function csrfTokensContract({ write, race }: Opened): void {
  describe('CSRF tokens', () => {
    const add = async (details: { expiresAt?: number } = {}) => {
      const token = {
        digest: `digest-${anId()}`,
        serviceId: anId(),
        expiresAt: START + 1000,
        ...details,
      };
      await write(({ csrfTokens }) => csrfTokens.insert(token));
      return token;
    };
    const spend = (digest: string, serviceId: string, now = START) =>
      write(({ csrfTokens }) => csrfTokens.spend(digest, serviceId, now));

    test('are spent once, by their service, before they expire', async () => {
      const { digest, serviceId, expiresAt } = await add();
      expect(await spend(digest, anId())).toBe(false);
      expect(await spend('no such digest', serviceId)).toBe(false);
      expect(await spend(digest, serviceId, expiresAt)).toBe(false);
      expect(await spend(digest, serviceId, expiresAt - 1)).toBe(true);
      expect(await spend(digest, serviceId, expiresAt - 1)).toBe(false);
    });

    test('have one winner of sixteen that race to spend one', async () => {
      const { digest, serviceId } = await add();
      const answers = await race(16, ({ csrfTokens }) =>
        csrfTokens.spend(digest, serviceId, START),
      );
      expect(wins(answers)).toBe(1);
    });

    test('are unspent again when their transaction fails', async () => {
      const { digest, serviceId } = await add();
      const failing = write(async ({ csrfTokens }) => {
        await csrfTokens.spend(digest, serviceId, START);
        throw new Error('planted');
      });
      await expect(failing).rejects.toThrow('planted');
      expect(await spend(digest, serviceId)).toBe(true);
    });

    test('are pruned once they have expired, a few at a time', async () => {
      // Long before the tokens of other tests.
      const expiresAt = START - 1e12;
      for (let i = 0; i < 3; i += 1) await add({ expiresAt });
      const prune = (now: number) => write(({ csrfTokens }) => csrfTokens.prune(now, 2));
      expect(await prune(expiresAt - 1)).toBe(0);
      expect(await prune(expiresAt)).toBe(2);
      expect(await prune(expiresAt)).toBe(1);
      expect(await prune(expiresAt)).toBe(0);
    });
  });
}
