import { describe, expect, test } from 'vitest';
import { anId, aService } from '../fixtures.ts';
import { type Opened, wins } from './opened.ts';

export function servicesContract({ write, read, race }: Opened): void {
  describe('services', () => {
    test('come back as they went in', async () => {
      const full = aService({ userEmailText: 'Call 555.\nOr write.', userAllowRegister: false });
      const bare = aService({ providerLocalUrl: null });
      const answers = await write(async ({ services }) => [
        await services.insert(full),
        await services.insert(bare),
      ]);
      expect(answers).toEqual([true, true]);
      expect(await read(({ services }) => services.get(full.id))).toEqual(full);
      expect(await read(({ services }) => services.get(bare.id))).toEqual(bare);
    });

    test('an id that is taken is refused, and the first service stays', async () => {
      const service = aService();
      await write(({ services }) => services.insert(service));
      const again = { ...service, name: 'Other' };
      expect(await write(({ services }) => services.insert(again))).toBe(false);
      expect(await read(({ services }) => services.get(service.id))).toEqual(service);
    });

    test('of many that race for one id one wins', async () => {
      const service = aService();
      const answers = await race(16, ({ services }) => services.insert(service));
      expect(wins(answers)).toBe(1);
    });

    test('an unknown id is null', async () => {
      expect(await read(({ services }) => services.get(anId()))).toBeNull();
    });

    test('each is known by its id', async () => {
      const both = [aService(), aService()];
      await write(async ({ services }) => {
        for (const service of both) await services.insert(service);
      });
      const ids = await read(({ services }) => services.ids());
      expect(ids).toEqual(expect.arrayContaining(both.map(({ id }) => id)));
      expect(new Set(ids).size).toBe(ids.length);
    });
  });
}
