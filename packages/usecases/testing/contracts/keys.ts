import type { Id, Key } from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import { aKey, anId, START } from '../fixtures.ts';
import { type Opened, wins } from './opened.ts';

export function keysContract({ write, read, race, seed }: Opened): void {
  describe('keys', () => {
    test('come back as they went in, by id and by digest', async () => {
      const { service, user } = await seed();
      const key = aKey({ serviceId: service.id, userId: user.id, type: 'KEY', isEnabled: false });
      const digest = `digest-${key.id}`;
      expect(await write(({ keys }) => keys.insert(key, { digest }))).toBe(true);
      expect(await read(({ keys }) => keys.get(key.id))).toEqual(key);
      expect(await read(({ keys }) => keys.findByDigest(digest))).toEqual({
        key,
        service,
        user,
      });
    });

    test('may belong to no user, or to nobody at all', async () => {
      const { service } = await seed();
      const serviceKey = aKey({ serviceId: service.id, userId: null, type: 'KEY' });
      const rootKey = aKey({ serviceId: null, userId: null, type: 'KEY' });
      await write(async ({ keys }) => {
        await keys.insert(serviceKey, { digest: `digest-${serviceKey.id}` });
        await keys.insert(rootKey, { digest: `digest-${rootKey.id}` });
      });
      expect(await read(({ keys }) => keys.get(serviceKey.id))).toEqual(serviceKey);
      expect(await read(({ keys }) => keys.get(rootKey.id))).toEqual(rootKey);
      const find = (key: Key) => read(({ keys }) => keys.findByDigest(`digest-${key.id}`));
      expect(await find(serviceKey)).toEqual({ key: serviceKey, service, user: null });
      expect(await find(rootKey)).toEqual({ key: rootKey, service: null, user: null });
    });

    test('with a sealed value are found by id, and there may be many', async () => {
      const { service, user } = await seed();
      const totp = () => aKey({ serviceId: service.id, userId: user.id, type: 'TOTP' });
      const [first, second] = [totp(), totp()];
      await write(async ({ keys }) => {
        await keys.insert(first, { sealed: 'sealed-1' });
        await keys.insert(second, { sealed: 'sealed-2' });
      });
      expect(await read(({ keys }) => keys.get(second.id))).toEqual(second);
    });

    test('unknown ids and digests are null', async () => {
      expect(await read(({ keys }) => keys.get(anId()))).toBeNull();
      expect(await read(({ keys }) => keys.findByDigest('no such digest'))).toBeNull();
    });

    test('a second usable TOKEN key of a user at a service is refused', async () => {
      const { service, user } = await seed();
      const token = () => aKey({ serviceId: service.id, userId: user.id });
      const [first, second] = [token(), token()];
      const insert = (key: typeof first) =>
        write(({ keys }) => keys.insert(key, { digest: `digest-${key.id}` }));
      expect(await insert(first)).toBe(true);
      expect(await insert(second)).toBe(false);
      expect(await read(({ keys }) => keys.get(second.id))).toBeNull();
      expect(await read(({ keys }) => keys.findToken(user.id, service.id))).toEqual(first);
    });

    test('of many TOKEN keys that race one wins', async () => {
      const { service, user } = await seed();
      const answers = await race(16, ({ keys }) => {
        const key = aKey({ serviceId: service.id, userId: user.id });
        return keys.insert(key, { digest: `digest-${key.id}` });
      });
      expect(wins(answers)).toBe(1);
    });

    test('other keys, other services and unusable TOKEN keys are no second one', async () => {
      const { service, user } = await seed();
      const { service: other } = await seed();
      const of = { serviceId: service.id, userId: user.id };
      const all = [
        aKey(of),
        aKey({ ...of, isEnabled: false }),
        aKey({ ...of, isRevoked: true }),
        aKey({ ...of, type: 'KEY' }),
        aKey({ ...of, serviceId: other.id }),
      ];
      for (const key of all) {
        const secret = { digest: `digest-${key.id}` };
        expect(await write(({ keys }) => keys.insert(key, secret))).toBe(true);
      }
      expect(await read(({ keys }) => keys.findToken(user.id, service.id))).toEqual(all[0]);
    });

    test('the TOKEN key that is found is usable, and of that user and service', async () => {
      const { service, user } = await seed();
      const { service: other, user: stranger } = await seed();
      const of = { serviceId: service.id, userId: user.id };
      await write(async ({ keys }) => {
        for (const key of [
          aKey({ ...of, isEnabled: false }),
          aKey({ ...of, isRevoked: true }),
          aKey({ ...of, type: 'KEY' }),
          aKey({ ...of, serviceId: other.id }),
          aKey({ ...of, userId: stranger.id }),
        ]) {
          await keys.insert(key, { digest: `digest-${key.id}` });
        }
      });
      expect(await read(({ keys }) => keys.findToken(user.id, service.id))).toBeNull();
    });

    test('link a user to the service, whatever their state', async () => {
      const { service, user } = await seed();
      const { service: other } = await seed();
      const links = (id: Id) => read(({ keys }) => keys.linksUser(user.id, id));
      expect(await links(service.id)).toBe(false);
      const key = aKey({ serviceId: service.id, userId: user.id, isRevoked: true });
      await write(({ keys }) => keys.insert(key, { digest: `digest-${key.id}` }));
      expect(await links(service.id)).toBe(true);
      expect(await links(other.id)).toBe(false);
    });

    test('of a user are revoked together, for all services, and nobody else’s', async () => {
      const { service, user } = await seed();
      const { service: other, user: stranger } = await seed();
      const own = [
        aKey({ serviceId: service.id, userId: user.id }),
        aKey({ serviceId: service.id, userId: user.id, type: 'KEY' }),
        aKey({ serviceId: other.id, userId: user.id }),
      ];
      const foreign = [
        aKey({ serviceId: service.id, userId: stranger.id }),
        aKey({ serviceId: service.id, userId: null, type: 'KEY' }),
      ];
      const now = START + 3;
      await write(async ({ keys }) => {
        for (const key of [...own, ...foreign]) {
          await keys.insert(key, { digest: `digest-${key.id}` });
        }
        await keys.revokeAllOf(user.id, now);
      });
      for (const key of own) {
        expect(await read(({ keys }) => keys.get(key.id))).toEqual({
          ...key,
          updatedAt: now,
          isEnabled: false,
          isRevoked: true,
        });
      }
      for (const key of foreign) {
        expect(await read(({ keys }) => keys.get(key.id))).toEqual(key);
      }
    });

    test('are revoked one by one, each once, enabled or not', async () => {
      const { service, user } = await seed();
      const of = { serviceId: service.id, userId: user.id, type: 'KEY' as const };
      const [first, disabled, other] = [aKey(of), aKey({ ...of, isEnabled: false }), aKey(of)];
      await write(async ({ keys }) => {
        for (const key of [first, disabled, other]) {
          await keys.insert(key, { digest: `digest-${key.id}` });
        }
      });
      const now = START + 4;
      const revoke = (id: Id) => write(({ keys }) => keys.revoke(id, now));
      for (const key of [first, disabled]) {
        expect(await revoke(key.id)).toBe(true);
        expect(await revoke(key.id)).toBe(false);
        const after = { ...key, updatedAt: now, isEnabled: false, isRevoked: true };
        expect(await read(({ keys }) => keys.get(key.id))).toEqual(after);
      }
      expect(await revoke(anId())).toBe(false);
      expect(await read(({ keys }) => keys.get(other.id))).toEqual(other);
    });

    test('of sixteen that race to revoke one, one wins', async () => {
      const { service, user } = await seed();
      const key = aKey({ serviceId: service.id, userId: user.id });
      await write(({ keys }) => keys.insert(key, { digest: `digest-${key.id}` }));
      expect(wins(await race(16, ({ keys }) => keys.revoke(key.id, START)))).toBe(1);
    });
  });

  describe('TOTP keys', () => {
    async function seedTotp(details: Partial<Key> = {}) {
      const { service, user } = await seed();
      const of = { serviceId: service.id, userId: user.id, type: 'TOTP' as const };
      const key = aKey({ ...of, ...details });
      await write(({ keys }) => keys.insert(key, { sealed: `sealed-${key.id}` }));
      return { service, user, key, of };
    }
    const spend = (id: Id, step: number) => write(({ keys }) => keys.spendTotpStep(id, step));

    test('are found with their seed, the newest of a user at a service', async () => {
      const { service, user, key, of } = await seedTotp();
      const find = () => read(({ keys }) => keys.findTotp(user.id, service.id));
      expect(await find()).toEqual({ id: key.id, sealed: `sealed-${key.id}` });
      const newer = aKey(of);
      await write(({ keys }) => keys.insert(newer, { sealed: 'newer' }));
      expect(await find()).toEqual({ id: newer.id, sealed: 'newer' });
      await write(({ keys }) => keys.revoke(newer.id, START));
      expect(await find()).toMatchObject({ id: key.id });
    });

    test('are not found unless they are usable, and of that user and service', async () => {
      const { service, user, of } = await seedTotp({ isEnabled: false });
      const { service: other, user: stranger } = await seedTotp();
      await write(async ({ keys }) => {
        await keys.insert(aKey({ ...of, isRevoked: true }), { sealed: 'sealed' });
        await keys.insert(aKey({ ...of, serviceId: other.id }), { sealed: 'sealed' });
        await keys.insert(aKey({ ...of, userId: stranger.id }), { sealed: 'sealed' });
        const token = aKey({ ...of, type: 'KEY' });
        await keys.insert(token, { digest: `digest-${token.id}` });
      });
      expect(await read(({ keys }) => keys.findTotp(user.id, service.id))).toBeNull();
    });

    test('spend each step once, and none before one that is spent', async () => {
      const { key } = await seedTotp();
      const { key: other } = await seedTotp();
      expect(await spend(key.id, 59_000_002)).toBe(true);
      expect(await spend(key.id, 59_000_002)).toBe(false);
      expect(await spend(key.id, 59_000_001)).toBe(false);
      expect(await spend(key.id, 59_000_003)).toBe(true);
      expect(await spend(other.id, 59_000_001)).toBe(true);
      expect(await spend(anId(), 59_000_001)).toBe(false);
    });

    test('spend nothing unless they are usable', async () => {
      const { key: disabled } = await seedTotp({ isEnabled: false });
      const { key: revoked } = await seedTotp({ isRevoked: true });
      expect(await spend(disabled.id, 1)).toBe(false);
      expect(await spend(revoked.id, 1)).toBe(false);
    });

    test('of sixteen that race to spend one step one wins', async () => {
      const { key } = await seedTotp();
      expect(wins(await race(16, ({ keys }) => keys.spendTotpStep(key.id, 1)))).toBe(1);
    });
  });
}
