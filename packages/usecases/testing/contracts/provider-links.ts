import type { ProviderLink } from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import { anId, aProviderLink, START } from '../fixtures.ts';
import { type Opened, wins } from './opened.ts';

export function providerLinksContract({ read, write, race, seed }: Opened): void {
  describe('links with providers', () => {
    const insert = (link: ProviderLink) => write(({ providerLinks }) => providerLinks.insert(link));
    const find = (link: Pick<ProviderLink, 'provider' | 'issuer' | 'subject'>) =>
      read(({ providerLinks }) => providerLinks.find(link));
    const ofUser = (id: string) => read(({ providerLinks }) => providerLinks.ofUser(id));
    const add = async (details: Partial<ProviderLink> = {}) => {
      const { user } = await seed();
      const link = aProviderLink({ userId: user.id, ...details });
      await insert(link);
      return link;
    };

    test('are found as they were made, by provider, issuer and subject together', async () => {
      const link = await add({ provider: 'github', lastUsedAt: START + 1 });
      expect(await find(link)).toEqual(link);
      expect(await find({ ...link, provider: 'google' })).toBeNull();
      expect(await find({ ...link, issuer: 'https://elsewhere.example' })).toBeNull();
      expect(await find({ ...link, subject: `${link.subject} ` })).toBeNull();
    });

    test('are one for each account at a provider: a second one changes nothing', async () => {
      const link = await add();
      const { user } = await seed();
      expect(await insert({ ...link, id: anId(), userId: user.id })).toBe(false);
      expect(await find(link)).toEqual(link);
      expect(await ofUser(user.id)).toEqual([]);
    });

    test('are one for each user and provider: a second one changes nothing', async () => {
      const link = await add();
      const other = aProviderLink({ userId: link.userId });
      expect(await insert(other)).toBe(false);
      expect(await find(other)).toBeNull();
      const elsewhere = aProviderLink({ userId: link.userId, provider: 'github' });
      expect(await insert(elsewhere)).toBe(true);
      expect(await ofUser(link.userId)).toEqual([link, elsewhere]);
    });

    test('have one winner of eight users who race for an account at a provider', async () => {
      const { subject } = aProviderLink({ userId: anId() });
      const users = await Promise.all(Array.from({ length: 8 }, () => seed()));
      const answers = await race(8, ({ providerLinks }, racer) =>
        providerLinks.insert(aProviderLink({ userId: users[racer]?.user.id ?? '', subject })),
      );
      expect(wins(answers)).toBe(1);
    });

    test('show when they were used last', async () => {
      const link = await add();
      await write(({ providerLinks }) => providerLinks.touch(link.id, START + 5));
      expect(await find(link)).toEqual({ ...link, lastUsedAt: START + 5 });
    });

    test('are removed for their user alone, and once', async () => {
      const link = await add({ provider: 'microsoft' });
      const remove = (userId: string) =>
        write(({ providerLinks }) => providerLinks.remove(link.id, userId));
      expect(await remove(anId())).toBeNull();
      expect(await find(link)).toEqual(link);
      expect(await remove(link.userId)).toBe('microsoft');
      expect(await remove(link.userId)).toBeNull();
      expect(await find(link)).toBeNull();
    });

    test('are removed all at once, those of one user', async () => {
      const [link, kept] = [await add(), await add()];
      const second = aProviderLink({ userId: link.userId, provider: 'github' });
      await insert(second);
      const removeAll = () => write(({ providerLinks }) => providerLinks.removeAllOf(link.userId));
      const removed = await removeAll();
      expect(removed.toSorted((a, b) => (a.id < b.id ? -1 : 1))).toEqual([link, second]);
      expect(await removeAll()).toEqual([]);
      expect(await ofUser(kept.userId)).toEqual([kept]);
    });

    test('are there again when the transaction fails that removed them', async () => {
      const link = await add();
      const failing = write(async ({ providerLinks }) => {
        await providerLinks.removeAllOf(link.userId);
        throw new Error('planted');
      });
      await expect(failing).rejects.toThrow('planted');
      expect(await find(link)).toEqual(link);
    });

    test('go with their user', async () => {
      const link = await add();
      await write(async ({ users }) => {
        await users.lock(link.userId);
        await users.delete(link.userId, START, START);
      });
      expect(await find(link)).toBeNull();
    });
  });
}
