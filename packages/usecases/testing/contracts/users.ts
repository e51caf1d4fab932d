import type { User } from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import { anId, aService, aUser, START } from '../fixtures.ts';
import { type Opened, wins } from './opened.ts';

export function usersContract({ write, read, race, alone, seed }: Opened): void {
  const accountOf = ({ email }: User) => read(({ users }) => users.findByEmail(email));
  const untouched = { passwordHash: 'hash-1', version: 1, sealedQuality: null, deviceEpoch: 1 };

  describe('users', () => {
    const details: Partial<User> = {
      name: 'Ñandú 🦉 O’Neill',
      locale: 'ja-JP',
      timezone: 'Asia/Tokyo',
      isEnabled: false,
      isLocked: true,
      passwordAllowReset: false,
      passwordRequireUpdate: true,
    };

    test('come back as they went in', async () => {
      const { user } = await seed(details);
      expect(user).toMatchObject(details);
      expect(await read(({ users }) => users.get(user.id))).toEqual(user);
      expect(await accountOf(user)).toEqual({ user, credential: untouched });
    });

    test('may have no password, and no service that made them', async () => {
      const user = aUser({ createdBy: null });
      await write(({ users }) => users.insert(user, null));
      expect(await accountOf(user)).toEqual({
        user,
        credential: { ...untouched, passwordHash: null },
      });
    });

    test('an address that is taken is refused, and the first user stays', async () => {
      const { service, user } = await seed();
      const second = aUser({ createdBy: service.id, email: user.email });
      expect(await write(({ users }) => users.insert(second, 'hash-2'))).toBe(false);
      expect(await read(({ users }) => users.get(second.id))).toBeNull();
      expect(await accountOf(user)).toMatchObject({ user });
    });

    test('a refused address leaves the transaction usable', async () => {
      const { service, user } = await seed();
      const other = aService();
      await write(async ({ users, services }) => {
        await users.insert(aUser({ createdBy: service.id, email: user.email }), null);
        await services.insert(other);
      });
      expect(await read(({ services }) => services.get(other.id))).toEqual(other);
    });

    test('of many that race for one address one wins', async () => {
      const { service } = await seed();
      const { email } = aUser({ createdBy: service.id });
      const answers = await race(16, ({ users }) =>
        users.insert(aUser({ createdBy: service.id, email }), null),
      );
      expect(wins(answers)).toBe(1);
    });

    test('exist once there is one', async () => {
      await alone(async (database) => {
        const exist = () => database.read(({ users }) => users.exist());
        expect(await exist()).toBe(false);
        await seed({}, database);
        expect(await exist()).toBe(true);
      });
    });

    test('unknown ids and addresses are null', async () => {
      const ghost = aUser({ createdBy: null });
      expect(await read(({ users }) => users.get(ghost.id))).toBeNull();
      expect(await accountOf(ghost)).toBeNull();
      expect(await write(({ users }) => users.lock(ghost.id))).toBeNull();
    });
  });

  describe('a changed password', () => {
    test('has the new hash and a higher version, and need not be changed again', async () => {
      const { user } = await seed({ passwordRequireUpdate: true });
      const now = START + 5;
      const change = write(({ users }) => users.changePassword(user.id, 1, 'hash-2', now));
      expect(await change).toBe(true);
      expect(await accountOf(user)).toEqual({
        user: { ...user, updatedAt: now, passwordRequireUpdate: false },
        credential: { ...untouched, passwordHash: 'hash-2', version: 2 },
      });
    });

    test('is refused at another version, for disabled and for unknown users', async () => {
      const { user } = await seed();
      const { user: disabled } = await seed({ isEnabled: false });
      for (const [id, version] of [
        [user.id, 2],
        [user.id, 0],
        [disabled.id, 1],
        [anId(), 1],
      ] as const) {
        const change = write(({ users }) => users.changePassword(id, version, 'hash-2', START));
        expect(await change).toBe(false);
      }
      expect(await accountOf(user)).toEqual({ user, credential: untouched });
    });

    test('of many changes that race at one version one wins', async () => {
      const { user } = await seed();
      const answers = await race(16, ({ users }, racer) =>
        users.changePassword(user.id, 1, `hash-of-${racer}`, START),
      );
      expect(wins(answers)).toBe(1);
      expect((await accountOf(user))?.credential).toMatchObject({
        passwordHash: `hash-of-${answers.indexOf(true)}`,
        version: 2,
      });
    });
  });

  describe('the quality of a password', () => {
    test('is kept sealed, whatever happens to the user', async () => {
      const { user } = await seed();
      for (const sealedQuality of ['sealed-1', 'sealed-2']) {
        await write(({ users }) => users.keepQuality(user.id, sealedQuality));
        expect(await accountOf(user)).toEqual({
          user,
          credential: { ...untouched, sealedQuality },
        });
      }
      await write(({ users }) => users.changePassword(user.id, 1, 'hash-2', START));
      await write(({ users }) => users.upgradeHash(user.id, 'hash-2', 'hash-3'));
      await write(({ users }) => users.lockOut(user.id, START));
      expect((await accountOf(user))?.credential).toEqual({
        passwordHash: null,
        version: 3,
        sealedQuality: 'sealed-2',
        deviceEpoch: 2,
      });
    });
  });

  describe('an upgraded hash', () => {
    test('replaces the one it was made from, and the version stays', async () => {
      const { user } = await seed();
      const upgrade = write(({ users }) => users.upgradeHash(user.id, 'hash-1', 'better'));
      expect(await upgrade).toBe(true);
      expect(await accountOf(user)).toEqual({
        user,
        credential: { ...untouched, passwordHash: 'better' },
      });
    });

    test('does not replace any other hash', async () => {
      const { user } = await seed();
      const upgrade = (id: string, oldHash: string) =>
        write(({ users }) => users.upgradeHash(id, oldHash, 'better'));
      expect(await upgrade(user.id, 'stale')).toBe(false);
      expect(await upgrade(anId(), 'hash-1')).toBe(false);
      expect(await accountOf(user)).toEqual({ user, credential: untouched });
    });
  });

  describe('a user whose row is locked', () => {
    test('is found as it is', async () => {
      const { user } = await seed({ isEnabled: false });
      const account = await write(({ users }) => users.lock(user.id));
      expect(account).toEqual({ user, credential: untouched });
    });

    test('does not change until the transaction that locked it ends', async () => {
      const { user } = await seed();
      const order: string[] = [];
      const locked = Promise.withResolvers<void>();
      const rival = locked.promise
        .then(() => write(({ users }) => users.changePassword(user.id, 1, 'hash-2', START)))
        .then(() => order.push('rival'));
      await write(async ({ users }) => {
        await users.lock(user.id);
        locked.resolve();
        // Time enough for a rival that no lock keeps waiting.
        for (let i = 0; i < 50; i += 1) await users.get(user.id);
        const found = await users.findByEmail(user.email);
        expect(found?.credential.version).toBe(1);
        order.push('owner of the lock');
      });
      await rival;
      expect(order).toEqual(['owner of the lock', 'rival']);
    });
  });

  describe('a user that is locked out', () => {
    test('is marked as locked, disabled, has no password, a higher version and a higher device epoch', async () => {
      const { user } = await seed();
      const { user: stranger } = await seed();
      const now = START + 9;
      await write(({ users }) => users.lockOut(user.id, now));
      expect(await accountOf(user)).toEqual({
        user: { ...user, updatedAt: now, isEnabled: false, isLocked: true },
        credential: { passwordHash: null, version: 2, sealedQuality: null, deviceEpoch: 2 },
      });
      expect(await accountOf(stranger)).toEqual({ user: stranger, credential: untouched });
    });

    test('has a higher version and device epoch again when it is locked out again', async () => {
      const { user } = await seed();
      for (const now of [START, START + 1]) await write(({ users }) => users.lockOut(user.id, now));
      expect((await accountOf(user))?.credential).toMatchObject({ version: 3, deviceEpoch: 3 });
    });
  });
}
