import { describe, expect, test } from 'vitest';
import type { Awaited, ProviderState } from '../../src/ports/index.ts';
import { anId, START } from '../fixtures.ts';
import { type Opened, wins } from './opened.ts';

export function providerStatesContract({ read, write, race, seed }: Opened): void {
  describe('sign-ins with a provider that are under way', () => {
    const add = async (details: Partial<ProviderState> = {}): Promise<ProviderState> => {
      const state = {
        digest: `digest-${anId()}`,
        provider: 'github',
        serviceId: anId(),
        userId: null,
        binding: null,
        sealed: 'sealed',
        expiresAt: START + 1000,
        ...details,
      } as const;
      await write(({ providerStates }) => providerStates.insert(state));
      return state;
    };
    const find = (awaited: Awaited, now = START) =>
      read(({ providerStates }) => providerStates.find(awaited, now));
    const spend = (awaited: Awaited, now = START) =>
      write(({ providerStates }) => providerStates.spend(awaited, now));

    test('are found and spent once, before they expire', async () => {
      const state = await add();
      expect(await find(state, state.expiresAt)).toBeNull();
      expect(await spend(state, state.expiresAt)).toBe(false);
      expect(await find(state, state.expiresAt - 1)).toBe('sealed');
      expect(await spend(state, state.expiresAt - 1)).toBe(true);
      expect(await find(state)).toBeNull();
      expect(await spend(state)).toBe(false);
    });

    test('are good for nothing else than they were made for, and stay good for that', async () => {
      const { user } = await seed();
      const { user: other } = await seed();
      const ofLink = await add({ userId: user.id, binding: 'browser' });
      const ofLogin = await add();
      const mixedUp: Awaited[] = [
        { ...ofLink, digest: 'another' },
        { ...ofLink, provider: 'google' },
        { ...ofLink, serviceId: anId() },
        { ...ofLink, userId: null },
        { ...ofLink, userId: other.id },
        { ...ofLink, binding: null },
        { ...ofLink, binding: 'another' },
        { ...ofLogin, userId: user.id },
        { ...ofLogin, binding: 'browser' },
      ];
      for (const awaited of mixedUp) {
        expect(await find(awaited)).toBeNull();
        expect(await spend(awaited)).toBe(false);
      }
      expect(await spend(ofLink)).toBe(true);
      expect(await spend(ofLogin)).toBe(true);
    });

    test('have one winner of sixteen that race to spend one', async () => {
      const state = await add();
      const answers = await race(16, ({ providerStates }) => providerStates.spend(state, START));
      expect(wins(answers)).toBe(1);
    });

    test('are unspent again when their transaction fails', async () => {
      const state = await add();
      const failing = write(async ({ providerStates }) => {
        await providerStates.spend(state, START);
        throw new Error('planted');
      });
      await expect(failing).rejects.toThrow('planted');
      expect(await spend(state)).toBe(true);
    });

    test('end with all links that are to be made for a user, and go with the user', async () => {
      const [{ user }, { user: other }] = [await seed(), await seed()];
      const [state, kept] = [await add({ userId: user.id }), await add({ userId: other.id })];
      await write(({ providerStates }) => providerStates.endAllOf(user.id));
      expect(await find(state)).toBeNull();
      expect(await find(kept)).toBe('sealed');
      await write(async ({ users }) => {
        await users.lock(other.id);
        await users.delete(other.id, START, START);
      });
      expect(await find(kept)).toBeNull();
    });

    test('are pruned once they have expired, a few at a time', async () => {
      // Long before those of other tests.
      const expiresAt = START - 1e12;
      for (let i = 0; i < 3; i += 1) await add({ expiresAt });
      const prune = (now: number) => write(({ providerStates }) => providerStates.prune(now, 2));
      expect(await prune(expiresAt - 1)).toBe(0);
      expect(await prune(expiresAt)).toBe(2);
      expect(await prune(expiresAt)).toBe(1);
      expect(await prune(expiresAt)).toBe(0);
    });
  });
}
