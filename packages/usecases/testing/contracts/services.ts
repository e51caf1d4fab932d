import { type Id, type IdPage, type Key, remainsOf, type Service } from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import type { ServiceFilter } from '../../src/ports/index.ts';
import { aKey, anId, aService, aUser, START } from '../fixtures.ts';
import { type Opened, wins } from './opened.ts';

/** No field has its default. */
const everyField = {
  isEnabled: false,
  name: 'Shop & Sons',
  url: 'https://sons.example',
  userAllowRegister: true,
  userEmailText: 'Call 555.\nOr write.',
  providerLocalUrl: 'https://sons.example/local',
  providerGithubOauth2Url: 'https://sons.example/github',
  providerMicrosoftOauth2Url: 'https://sons.example/microsoft',
  providerGoogleOauth2Url: 'https://sons.example/google',
  seesAllUsers: true,
  ownerRecovery: true,
  requireFactor: true,
  newDeviceMail: true,
  supportUrl: 'mailto:help@sons.example',
} as const satisfies Partial<Service>;

export function servicesContract({ write, read, race, alone, seed }: Opened): void {
  describe('services', () => {
    const get = (id: Id) => read(({ services }) => services.get(id));
    const find = (id: Id) => read(({ services }) => services.find(id));
    const added = async (details: Partial<Service> = {}) => {
      const service = aService(details);
      await write(({ services }) => services.insert(service));
      return service;
    };
    const remove = (remains: Service) =>
      write(async ({ services }) => {
        await services.lock(remains.id);
        await services.delete(remains);
      });

    test('come back as they went in', async () => {
      const full = aService(everyField);
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
      for (const verb of ['get', 'find', 'lock', 'keep'] as const) {
        expect(await write(({ services }) => services[verb](anId()))).toBeNull();
      }
    });

    test('are changed in every field, and each alone', async () => {
      const [service, other] = [await added(), await added()];
      const changed = { ...service, ...everyField, updatedAt: START + 1 };
      await write(async ({ services }) => {
        expect(await services.lock(service.id)).toEqual(service);
        await services.update(changed);
      });
      expect(await get(service.id)).toEqual(changed);
      expect(await get(other.id)).toEqual(other);
    });

    test('are locked by one transaction at a time: of changes that race none is lost', async () => {
      const service = await added({ name: '' });
      await race(16, async ({ services }, racer) => {
        const before = await services.lock(service.id);
        if (before) await services.update({ ...before, name: `${before.name}${racer},` });
      });
      const { name } = (await get(service.id)) ?? service;
      const racers = name.split(',').slice(0, -1);
      expect(racers.map(Number).sort((a, b) => a - b)).toEqual(
        Array.from({ length: 16 }, (_, n) => n),
      );
    });

    test('are listed by id, forward and back, as far as they fit', () =>
      alone(async (database) => {
        const all = Array.from({ length: 5 }, (_, n) => aService({ isEnabled: n % 2 === 0 }));
        await database.transact(async ({ services }) => {
          for (const service of all.toReversed()) await services.insert(service);
        });
        const [a, b, c, d, e] = all.map(({ id }) => id) as [Id, Id, Id, Id, Id];
        const list = async (filter: ServiceFilter, page: Partial<IdPage> = {}) => {
          const found = await database.read(({ services }) =>
            services.list(filter, { limit: 2, ...page }),
          );
          return found.map(({ id }) => id);
        };
        expect(await list({})).toEqual([a, b]);
        expect(await list({}, { after: b })).toEqual([c, d]);
        expect(await list({}, { after: e })).toEqual([]);
        expect(await list({}, { before: e })).toEqual([c, d]);
        expect(await list({}, { before: b })).toEqual([a]);
        expect(await list({}, { before: e, after: a })).toEqual([b, c]);
        expect(await list({ isEnabled: false })).toEqual([b, d]);
        expect(await list({ isEnabled: true }, { before: e })).toEqual([a, c]);
        expect(await list({ ids: [] })).toEqual([]);
        expect(await list({ ids: [e, anId(), a, e] })).toEqual([a, e]);
        expect(await list({ ids: [e, a], isEnabled: true }, { after: a })).toEqual([e]);
        const rows = await database.read(({ services }) => services.list({}, { limit: 9 }));
        expect(rows).toEqual(all);
      }));

    test('know whether a user has a key of them that was not revoked', async () => {
      const { service, user } = await seed();
      const has = () => read(({ services }) => services.hasUserKeys(service.id));
      const add = (details: Partial<Key>) => {
        const key = aKey({ serviceId: service.id, userId: user.id, ...details });
        return write(({ keys }) => keys.insert(key, { digest: `digest-${key.id}` }));
      };
      await add({ userId: null, type: 'KEY' });
      await add({ isEnabled: false, isRevoked: true });
      expect(await has()).toBe(false);
      await add({ isEnabled: false });
      expect(await has()).toBe(true);
    });

    test('are gone once they are deleted, but for what remains of them', async () => {
      const { service, user } = await seed();
      const other = await added();
      const keys = [
        aKey({ serviceId: service.id, userId: null, type: 'KEY' }),
        aKey({ serviceId: service.id, userId: null, type: 'KEY', isRevoked: true }),
        aKey({ serviceId: service.id, userId: user.id, isRevoked: true }),
        aKey({ serviceId: other.id, userId: null, type: 'KEY' }),
        aKey({ serviceId: null, userId: null, type: 'KEY' }),
      ];
      await write(async (stores) => {
        for (const key of keys) await stores.keys.insert(key, { digest: `digest-${key.id}` });
      });
      const remains = { ...service, ...everyField, isEnabled: false, name: 'Gone', updatedAt: 7 };
      await remove(remains);
      expect(await get(service.id)).toBeNull();
      expect(await write(({ services }) => services.lock(service.id))).toBeNull();
      expect(
        await read(({ services }) => services.list({ ids: [service.id] }, { limit: 9 })),
      ).toEqual([]);
      expect(await find(service.id)).toEqual(remains);
      expect(await read(({ services }) => services.ids())).toContain(service.id);
      expect(await write(({ services }) => services.insert(service))).toBe(false);
      const left = await read((stores) => Promise.all(keys.map(({ id }) => stores.keys.get(id))));
      expect(left.map((key) => key !== null)).toEqual([false, false, true, true, true]);
      expect(await get(other.id)).toEqual(other);
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
      const orphan = aUser({ createdBy: null });
      await write(({ users }) => users.insert(orphan, null));
      expect(await read(({ services }) => services.knowing(orphan.id))).toEqual([]);
    });

    test('see a user whom they may know of, and each once that is there and sees all', async () => {
      const [maker, wide, gone] = [
        aService({ seesAllUsers: true }),
        aService({ seesAllUsers: true }),
        aService({ seesAllUsers: true }),
      ];
      const [holder, stranger] = [aService(), aService()];
      const user = aUser({ createdBy: maker.id });
      const key = aKey({ serviceId: holder.id, userId: user.id });
      await write(async ({ services, users, keys }) => {
        for (const service of [maker, wide, gone, holder, stranger]) await services.insert(service);
        await users.insert(user, null);
        await keys.insert(key, { digest: `digest-${key.id}` });
        await services.lock(gone.id);
        await services.delete(remainsOf(gone, START));
      });
      const all = [maker, wide, gone, holder, stranger].map(({ id }) => id);
      const seeing = async (id: Id) =>
        (await read(({ services }) => services.seeing(id))).filter((each) => all.includes(each));
      expect((await seeing(user.id)).toSorted()).toEqual([maker.id, wide.id, holder.id].sort());
      expect((await seeing(anId())).toSorted()).toEqual([maker.id, wide.id].sort());
    });
  });
}
