import { describe, expect, test } from 'vitest';
import { aKey, anId, aService, aUser } from '../fixtures.ts';
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

    test('know a user whom they made, or have or had a key of', async () => {
      const [maker, holder, former, stranger] = [aService(), aService(), aService(), aService()];
      const user = aUser({ createdBy: maker.id });
      const neighbour = aUser({ createdBy: stranger.id });
      await write(async ({ services, users, keys }) => {
        for (const service of [maker, holder, former, stranger]) await services.insert(service);
        for (const each of [user, neighbour]) await users.insert(each, null);
        for (const key of [
          aKey({ serviceId: maker.id, userId: user.id }),
          aKey({ serviceId: holder.id, userId: user.id, type: 'TOTP' }),
          aKey({ serviceId: holder.id, userId: user.id, type: 'KEY' }),
          aKey({ serviceId: former.id, userId: user.id, isRevoked: true }),
          aKey({ serviceId: stranger.id, userId: null, type: 'KEY' }),
          aKey({ serviceId: stranger.id, userId: neighbour.id }),
        ]) {
          await keys.insert(key, { digest: `digest-${key.id}` });
        }
      });
      const knowing = await read(({ services }) => services.knowing(user.id));
      expect(knowing.toSorted()).toEqual([maker.id, holder.id, former.id].sort());
      expect(await read(({ services }) => services.knowing(neighbour.id))).toEqual([stranger.id]);
      expect(await read(({ services }) => services.knowing(anId()))).toEqual([]);
    });
  });
}
