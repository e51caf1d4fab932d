import { type Id, type IdPage, type Key, keyTypes } from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import type { KeyFilter } from '../../src/ports/index.ts';
import { aKey, anId, aSession, START } from '../fixtures.ts';
import { type Opened, wins } from './opened.ts';

export function keysContract({ write, read, race, seed }: Opened): void {
  const insert = (key: Key) =>
    write(({ keys }) =>
      keys.insert(key, {
        digest: `digest-${key.id}`,
        ...(key.type === 'TOTP' && { sealed: `sealed-${key.id}` }),
      }),
    );
  const get = (id: Id) => read(({ keys }) => keys.get(id));

  describe('keys that are about to expire', () => {
    const find = async (users: readonly (Id | null)[], now = START, until = START + 100) => {
      const found = await read(({ keys }) => keys.expiring(now, until, 1000));
      return found.filter(({ userId }) => users.includes(userId)).map(({ id }) => id);
    };

    test('are found in the order in which they do, from after now and up to the instant', async () => {
      const { service, user } = await seed();
      const of = { serviceId: service.id, userId: user.id, type: 'KEY' } as const;
      const instants = [100, 1, 101, 0, 50];
      const made = instants.map((after) => aKey({ ...of, expiresAt: START + after }));
      for (const key of [...made, aKey(of)]) await insert(key);
      const [last, first, , , middle] = made.map(({ id }) => id);
      expect(await find([user.id])).toEqual([first, middle, last]);
      expect(await read(({ keys }) => keys.expiring(START, START + 100, 1))).toHaveLength(1);
    });

    test('are usable keys of the type KEY, of users who are enabled', async () => {
      const { service, user } = await seed();
      const disabled = await seed({ isEnabled: false });
      const of = {
        serviceId: service.id,
        userId: user.id,
        type: 'KEY',
        expiresAt: START + 9,
      } as const;
      const found = aKey(of);
      const others = [
        aKey({ ...of, isEnabled: false }),
        aKey({ ...of, isEnabled: false, isRevoked: true }),
        aKey({ ...of, type: 'TOKEN' }),
        aKey({ ...of, type: 'TOTP', prefix: null }),
        aKey({ ...of, userId: null }),
        aKey({ ...of, userId: disabled.user.id }),
      ];
      for (const key of [found, ...others]) await insert(key);
      expect(await find([user.id, disabled.user.id, null])).toEqual([found.id]);
    });

    test('are found until their expiry was told of, and again with another expiry', async () => {
      const { service, user } = await seed();
      const of = {
        serviceId: service.id,
        userId: user.id,
        type: 'KEY',
        expiresAt: START + 9,
      } as const;
      const [told, other] = [aKey(of), aKey({ ...of, expiresAt: START + 10 })];
      for (const key of [told, other]) await insert(key);
      await write(({ keys }) => keys.noteExpiryTold(told.id));
      expect(await find([user.id])).toEqual([other.id]);
      await write(({ keys }) => keys.update({ ...told, name: 'renamed' }));
      expect(await find([user.id])).toEqual([other.id]);
      await write(({ keys }) => keys.update({ ...told, expiresAt: START + 11 }));
      expect(await find([user.id])).toEqual([other.id, told.id]);
    });
  });

  describe('keys', () => {
    test('come back as they went in, by id and by digest', async () => {
      const { service, user } = await seed();
      const key = aKey({
        serviceId: service.id,
        userId: user.id,
        type: 'KEY',
        isEnabled: false,
        prefix: 'abcdefgh',
        scopes: ['write', 'read:all'],
        expiresAt: START + 5,
        lastUsedAt: START - 5,
      });
      const digest = `digest-${key.id}`;
      expect(await write(({ keys }) => keys.insert(key, { digest }))).toBe(true);
      expect(await read(({ keys }) => keys.get(key.id))).toEqual(key);
      expect(await read(({ keys }) => keys.findByDigest(digest, START))).toEqual({
        key,
        service,
        user: { ...user, attributes: {} },
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
      const find = (key: Key) => read(({ keys }) => keys.findByDigest(`digest-${key.id}`, START));
      expect(await find(serviceKey)).toEqual({ key: serviceKey, service, user: null });
      expect(await find(rootKey)).toEqual({ key: rootKey, service: null, user: null });
    });

    test('with a sealed value are found by their index like others by a digest', async () => {
      const { service, user } = await seed();
      const key = aKey({ serviceId: service.id, userId: user.id, type: 'TOTP', prefix: null });
      const digest = `digest-${key.id}`;
      await write(({ keys }) => keys.insert(key, { digest, sealed: 'sealed' }));
      expect(await read(({ keys }) => keys.get(key.id))).toEqual(key);
      expect(await read(({ keys }) => keys.findByDigest(digest, START))).toMatchObject({ key });
    });

    test('unknown ids and digests are null', async () => {
      expect(await read(({ keys }) => keys.get(anId()))).toBeNull();
      expect(await read(({ keys }) => keys.findByDigest('no such digest', START))).toBeNull();
    });

    test.each(['TOKEN', 'TOTP'] as const)(
      'a second usable %s key of a user at a service is refused',
      async (type) => {
        const { service, user } = await seed();
        const [first, second] = [1, 2].map(() =>
          aKey({ serviceId: service.id, userId: user.id, type }),
        ) as [Key, Key];
        expect(await insert(first)).toBe(true);
        expect(await insert(second)).toBe(false);
        expect(await read(({ keys }) => keys.get(second.id))).toBeNull();
        expect(await read(({ keys }) => keys.get(first.id))).toEqual(first);
      },
    );

    test.each(['TOKEN', 'TOTP'] as const)(
      'a %s key that has expired gives way to another one',
      async (type) => {
        const { service, user } = await seed();
        const of = { serviceId: service.id, userId: user.id, type };
        const [expired, next] = [aKey({ ...of, expiresAt: START }), aKey(of)];
        expect([await insert(expired), await insert(next)]).toEqual([true, true]);
        expect(await read(({ keys }) => keys.get(expired.id))).toEqual({
          ...expired,
          isEnabled: false,
        });
        expect(await read(({ keys }) => keys.get(next.id))).toEqual(next);
      },
    );

    test('a key that has not expired yet gives way to none', async () => {
      const { service, user } = await seed();
      const of = { serviceId: service.id, userId: user.id };
      const first = aKey({ ...of, expiresAt: START + 1 });
      expect([await insert(first), await insert(aKey(of))]).toEqual([true, false]);
      expect(await read(({ keys }) => keys.get(first.id))).toEqual(first);
    });

    test.each(['TOKEN', 'TOTP'] as const)('of many %s keys that race one wins', async (type) => {
      const { service, user } = await seed();
      const answers = await race(16, ({ keys }) => {
        const key = aKey({ serviceId: service.id, userId: user.id, type });
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
        aKey({ ...of, type: 'TOTP' }),
        aKey({ ...of, serviceId: other.id }),
      ];
      for (const key of all) expect(await insert(key)).toBe(true);
      expect(await read(({ keys }) => keys.findToken(user.id, service.id, START))).toEqual(all[0]);
    });

    test('the TOKEN key that is found is usable, and of that user and service', async () => {
      const { service, user } = await seed();
      const { service: other, user: stranger } = await seed();
      const of = { serviceId: service.id, userId: user.id };
      await write(async ({ keys }) => {
        for (const key of [
          aKey({ ...of, isEnabled: false }),
          aKey({ ...of, isRevoked: true }),
          aKey({ ...of, expiresAt: START }),
          aKey({ ...of, type: 'KEY' }),
          aKey({ ...of, serviceId: other.id }),
          aKey({ ...of, userId: stranger.id }),
        ]) {
          await keys.insert(key, { digest: `digest-${key.id}` });
        }
      });
      expect(await read(({ keys }) => keys.findToken(user.id, service.id, START))).toBeNull();
    });

    test('link a user to the service, whatever their state, but for TOTP keys', async () => {
      const { service, user } = await seed();
      const { service: other } = await seed();
      const links = (id: Id) => read(({ keys }) => keys.linksUser(user.id, id));
      const of = { serviceId: service.id, userId: user.id };
      await insert(aKey({ ...of, type: 'TOTP' }));
      expect(await links(service.id)).toBe(false);
      const key = aKey({ ...of, isRevoked: true });
      await insert(key);
      expect(await links(service.id)).toBe(true);
      expect(await links(other.id)).toBe(false);
      await write(({ keys }) => keys.delete(key.id));
      expect(await links(service.id)).toBe(false);
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
      });
      const revokeAll = (at: number) => write(({ keys }) => keys.revokeAllOf(user.id, at));
      const revoked = own.map((key) => ({
        ...key,
        updatedAt: now,
        isEnabled: false,
        isRevoked: true,
      }));
      expect((await revokeAll(now)).toSorted((a, b) => (a.id < b.id ? -1 : 1))).toEqual(revoked);
      expect(await revokeAll(now + 1)).toEqual([]);
      for (const key of revoked) {
        expect(await read(({ keys }) => keys.get(key.id))).toEqual(key);
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

  describe('the value of a key that is rotated', () => {
    const find = (digest: string, now = START) =>
      read(({ keys }) => keys.findByDigest(digest, now)).then((found) => found?.key.id ?? null);
    const rotate = (id: Id, digest: string, overlapEndsAt: number | null, now = START) =>
      write(({ keys }) =>
        keys.rotate(id, { secret: { digest }, prefix: digest.slice(0, 8), overlapEndsAt }, now),
      );

    async function aRotated(overlapEndsAt: number | null) {
      const { service, user } = await seed();
      const key = aKey({ serviceId: service.id, userId: user.id, type: 'KEY' });
      await insert(key);
      const [old, next] = [`digest-${key.id}`, `next-${key.id}`];
      await rotate(key.id, next, overlapEndsAt, START + 1);
      return { key, old, next };
    }

    test('is another one at once, and the key is the one that it was', async () => {
      const { key, old, next } = await aRotated(null);
      expect(await get(key.id)).toEqual({ ...key, prefix: next.slice(0, 8), updatedAt: START + 1 });
      expect([await find(old), await find(next)]).toEqual([null, key.id]);
    });

    test('is good until the end of the overlap, with the service and the user', async () => {
      const { key, old, next } = await aRotated(START + 10);
      expect([await find(old, START + 9), await find(next, START + 9)]).toEqual([key.id, key.id]);
      const [first, second] = await Promise.all(
        [old, next].map((digest) => read(({ keys }) => keys.findByDigest(digest, START))),
      );
      expect(first).toEqual(second);
      expect([await find(old, START + 10), await find(next, START + 10)]).toEqual([null, key.id]);
    });

    test('from two rotations ago is good no more, whatever its overlap was', async () => {
      const { key, old, next } = await aRotated(START + 10);
      await rotate(key.id, `last-${key.id}`, START + 20);
      expect([await find(old), await find(next)]).toEqual([null, key.id]);
      await rotate(key.id, `very-last-${key.id}`, null);
      expect([await find(next), await find(`last-${key.id}`)]).toEqual([null, null]);
      expect(await find(`very-last-${key.id}`)).toBe(key.id);
    });

    test('is a seed of which every step is unspent', async () => {
      const { service, user } = await seed();
      const key = aKey({ serviceId: service.id, userId: user.id, type: 'TOTP', prefix: null });
      await insert(key);
      await write(({ keys }) => keys.spendTotpStep(key.id, 7));
      const secret = { digest: `next-${key.id}`, sealed: 'next' };
      await write(({ keys }) =>
        keys.rotate(key.id, { secret, prefix: null, overlapEndsAt: null }, START),
      );
      expect(await read(({ keys }) => keys.findTotp(user.id, service.id, START))).toEqual({
        id: key.id,
        sealed: 'next',
      });
      expect(await write(({ keys }) => keys.spendTotpStep(key.id, 7))).toBe(true);
    });
  });

  describe('a key that is changed', () => {
    const update = (key: Key) => write(({ keys }) => keys.update(key));

    test('has what it was given, and its value', async () => {
      const { service, user } = await seed();
      const key = aKey({ serviceId: service.id, userId: user.id, type: 'KEY' });
      await insert(key);
      const after = {
        ...key,
        updatedAt: START + 1,
        isEnabled: false,
        name: 'cron',
        scopes: ['a', 'b'],
        expiresAt: START + 9,
      };
      expect(await update(after)).toBe(true);
      expect(await get(key.id)).toEqual(after);
      const { key: found } =
        (await read(({ keys }) => keys.findByDigest(`digest-${key.id}`, START))) ?? {};
      expect(found).toEqual(after);
      expect(await update({ ...after, scopes: [], expiresAt: null })).toBe(true);
      expect(await get(key.id)).toEqual({ ...after, scopes: [], expiresAt: null });
    });

    test('is not enabled where the user has a usable one of which there is one at most', async () => {
      const { service, user } = await seed();
      for (const type of ['TOKEN', 'TOTP'] as const) {
        const of = { serviceId: service.id, userId: user.id, type };
        const [disabled, usable] = [aKey({ ...of, isEnabled: false }), aKey(of)];
        await insert(disabled);
        await insert(usable);
        expect(await update({ ...disabled, isEnabled: true })).toBe(false);
        expect(await get(disabled.id)).toEqual(disabled);
        expect(await update({ ...usable, name: 'other' })).toBe(true);
        await update({ ...usable, isEnabled: false });
        expect(await update({ ...disabled, isEnabled: true })).toBe(true);
        expect(await get(disabled.id)).toMatchObject({ isEnabled: true });
      }
    });

    test('is enabled where the other one has expired, which gives way', async () => {
      const { service, user } = await seed();
      const of = { serviceId: service.id, userId: user.id };
      const [disabled, expiring] = [
        aKey({ ...of, isEnabled: false }),
        aKey({ ...of, expiresAt: START + 5 }),
      ];
      await insert(disabled);
      await insert(expiring);
      const enabled = { ...disabled, isEnabled: true };
      expect(await update({ ...enabled, updatedAt: START + 4 })).toBe(false);
      expect(await update({ ...enabled, updatedAt: START + 5 })).toBe(true);
      expect(await get(expiring.id)).toMatchObject({ isEnabled: false });
    });

    test('waits for the one who has locked it', async () => {
      const { service } = await seed();
      const key = aKey({ serviceId: service.id, userId: null, type: 'KEY', scopes: [] });
      await insert(key);
      await race(8, async ({ keys }, racer) => {
        const locked = await keys.lock(key.id);
        if (!locked) throw new Error('the key is there');
        await keys.update({ ...locked, scopes: [...locked.scopes, `s${racer}`] });
        return true;
      });
      expect((await get(key.id))?.scopes.toSorted()).toEqual(
        Array.from({ length: 8 }, (_, racer) => `s${racer}`),
      );
      expect(await write(({ keys }) => keys.lock(anId()))).toBeNull();
    });
  });

  test('the keys of a service itself are locked, and no others', async () => {
    const { service, user } = await seed();
    const { service: other } = await seed();
    const own = { serviceId: service.id, userId: null, type: 'KEY' as const };
    const [first, second] = [aKey(own), aKey({ ...own, isEnabled: false })];
    const root = aKey({ ...own, serviceId: null });
    for (const key of [
      second,
      first,
      aKey({ serviceId: service.id, userId: user.id }),
      aKey({ ...own, serviceId: other.id }),
      root,
    ]) {
      await insert(key);
    }
    expect(await write(({ keys }) => keys.lockOwn(service.id))).toEqual([first, second]);
    const roots = await write(({ keys }) => keys.lockOwn(null));
    expect(roots).toContainEqual(root);
    for (const key of roots) expect(key).toMatchObject({ serviceId: null, userId: null });
  });

  test('a key that is deleted is gone, with the sessions that rest on it and no others', async () => {
    const { service, user } = await seed();
    const of = { serviceId: service.id, userId: user.id };
    const [gone, stays] = [aKey({ ...of, isEnabled: false }), aKey(of)];
    const sessions = [gone, stays].map((key) => aSession({ ...of, keyId: key.id }));
    await insert(gone);
    await insert(stays);
    await write(async (stores) => {
      for (const session of sessions) {
        await stores.sessions.insert(session);
        const { id: sessionId, createdAt, expiresAt } = session;
        const token = { digest: `refresh-${sessionId}`, sessionId, createdAt, expiresAt };
        await stores.sessions.insertRefresh(token);
      }
      await stores.keys.delete(gone.id);
    });
    expect(await get(gone.id)).toBeNull();
    expect(await read(({ keys }) => keys.findByDigest(`digest-${gone.id}`, START))).toBeNull();
    expect(await get(stays.id)).toEqual(stays);
    const found = await read(async (stores) =>
      Promise.all(
        sessions.flatMap(({ id }) => [
          stores.sessions.findOpen(id),
          stores.sessions.findRefresh(`refresh-${id}`),
        ]),
      ),
    );
    expect(found.map((row) => row !== null)).toEqual([false, false, true, true]);
    await write(({ keys }) => keys.delete(anId()));
  });

  test('the last use of a key is written down, and never goes back', async () => {
    const { service } = await seed();
    const [key, other] = [1, 2].map(() =>
      aKey({ serviceId: service.id, userId: null, type: 'KEY' }),
    ) as [Key, Key];
    await insert(key);
    await insert(other);
    const touch = (...uses: [Key | { id: Id }, number][]) =>
      write(({ keys }) => keys.touch(uses.map(([{ id }, at]) => ({ id, at }))));
    await touch([key, START + 7], [{ id: anId() }, START]);
    expect(await get(key.id)).toEqual({ ...key, lastUsedAt: START + 7 });
    await touch([key, START + 6], [other, START + 1]);
    expect(await get(key.id)).toEqual({ ...key, lastUsedAt: START + 7 });
    expect(await get(other.id)).toEqual({ ...other, lastUsedAt: START + 1 });
    await touch([key, START + 9]);
    expect(await get(key.id)).toMatchObject({ lastUsedAt: START + 9 });
    await touch();
  });

  describe('a list of keys', () => {
    /** Two services with keys in all states, of two users and of none. */
    async function seedMany() {
      const { service, user } = await seed();
      const { service: other, user: second } = await seed();
      const keys: Key[] = [];
      for (const serviceId of [service.id, other.id]) {
        for (const userId of [user.id, second.id, null]) {
          for (const type of userId === null ? (['KEY'] as const) : keyTypes) {
            const of = { serviceId, userId, type };
            keys.push(
              aKey(of),
              aKey({ ...of, isEnabled: false }),
              aKey({ ...of, isEnabled: false, isRevoked: true }),
            );
          }
        }
      }
      keys.push(aKey({ serviceId: null, userId: null, type: 'KEY' }));
      for (const key of keys) expect(await insert(key)).toBe(true);
      return { service, other, user, second, keys };
    }
    const list = (filter: KeyFilter, page: Partial<IdPage> = {}) =>
      read(({ keys }) => keys.list(filter, { limit: 1000, ...page }));

    test('has what the filter lets through: one of each part, and all parts', async () => {
      const { service, other, user, second, keys } = await seedMany();
      const some = keys.filter((_, place) => place % 3 === 1).map(({ id }) => id);
      const orNone = <T>(...values: T[]) => [undefined, ...values];
      for (const userIds of [[user.id], [user.id, second.id], [anId()], undefined]) {
        for (const serviceIds of [[service.id], [service.id, other.id], [anId()]]) {
          for (const types of orNone<Key['type'][]>(['KEY'], ['TOKEN', 'TOTP'], [])) {
            for (const isEnabled of orNone(true, false)) {
              for (const isRevoked of orNone(true, false)) {
                for (const ids of orNone<Id[]>(some, [])) {
                  const filter = { ids, userIds, serviceIds, types, isEnabled, isRevoked };
                  const expected = keys.filter(
                    (key) =>
                      (ids?.includes(key.id) ?? true) &&
                      (userIds?.includes(key.userId ?? '') ?? true) &&
                      serviceIds.includes(key.serviceId ?? '') &&
                      (types?.includes(key.type) ?? true) &&
                      key.isEnabled === (isEnabled ?? key.isEnabled) &&
                      key.isRevoked === (isRevoked ?? key.isRevoked),
                  );
                  expect(await list(filter), JSON.stringify(filter)).toEqual(expected);
                }
              }
            }
          }
        }
      }
    });

    test('may be of all services, root keys as well', async () => {
      const { user, second, keys } = await seedMany();
      const all = await list({});
      for (const key of keys) expect(all).toContainEqual(key);
      expect(all.map(({ id }) => id)).toEqual(all.map(({ id }) => id).toSorted());
      expect(await list({ userIds: [user.id] })).toEqual(
        keys.filter(({ userId }) => userId === user.id),
      );
      const codes = await list({ types: ['TOTP'], isEnabled: true });
      expect(codes).toEqual(all.filter(({ type, isEnabled }) => type === 'TOTP' && isEnabled));
      const ids = [keys[0]!, keys.at(-1)!].map(({ id }) => id);
      expect(await list({ ids })).toEqual([keys[0], keys.at(-1)]);
      expect(await list({ ids, userIds: [second.id] })).toEqual([]);
    });

    test('is read page by page in both directions, no key twice and none left out', async () => {
      const { service, other, user, second, keys } = await seedMany();
      const filters: KeyFilter[] = [
        { serviceIds: [service.id] },
        { serviceIds: [service.id, other.id], types: ['KEY', 'TOTP'] },
        { userIds: [user.id, second.id] },
        { userIds: [user.id], isRevoked: false },
        { ids: keys.map(({ id }) => id) },
      ];
      for (const filter of filters) {
        const whole = await list(filter);
        expect(whole.length).toBeGreaterThan(5);
        const forward: Key[] = [];
        for (;;) {
          const page = await list(filter, { limit: 4, after: forward.at(-1)?.id });
          forward.push(...page);
          if (page.length < 4) break;
        }
        expect(forward).toEqual(whole);
        let back: Key[] = await list(filter, { limit: 4, before: 'g' });
        for (;;) {
          const page = await list(filter, { limit: 4, before: back[0]?.id });
          back = [...page, ...back];
          if (page.length < 4) break;
        }
        expect(back).toEqual(whole);
        const [first, ...rest] = whole;
        const bounds = { after: first?.id, before: rest.at(-1)?.id };
        expect(await list(filter, bounds)).toEqual(rest.slice(0, -1));
        expect(await list(filter, { ...bounds, limit: 2 })).toEqual(rest.slice(0, 2));
      }
    });
  });

  describe('TOTP keys', () => {
    async function seedTotp(details: Partial<Key> = {}) {
      const { service, user } = await seed();
      const of = { serviceId: service.id, userId: user.id, type: 'TOTP' as const };
      const key = aKey({ ...of, ...details });
      await insert(key);
      return { service, user, key, of };
    }
    const spend = (id: Id, step: number) => write(({ keys }) => keys.spendTotpStep(id, step));

    test('are found with their seed, by a user and a service', async () => {
      const { service, user, key } = await seedTotp();
      const find = () => read(({ keys }) => keys.findTotp(user.id, service.id, START));
      expect(await find()).toEqual({ id: key.id, sealed: `sealed-${key.id}` });
      await write(({ keys }) => keys.revoke(key.id, START));
      expect(await find()).toBeNull();
    });

    test('are not found unless they are usable, and of that user and service', async () => {
      const { service, user, of } = await seedTotp({ isEnabled: false });
      const { service: other, user: stranger } = await seedTotp();
      for (const key of [
        aKey({ ...of, isRevoked: true }),
        aKey({ ...of, expiresAt: START }),
        aKey({ ...of, serviceId: other.id }),
        aKey({ ...of, userId: stranger.id }),
        aKey({ ...of, type: 'KEY' }),
      ]) {
        await insert(key);
      }
      expect(await read(({ keys }) => keys.findTotp(user.id, service.id, START))).toBeNull();
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
