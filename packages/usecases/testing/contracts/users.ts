import {
  type Attributes,
  folded,
  type Id,
  type KeyType,
  type Session,
  type User,
} from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import type { UserQuery } from '../../src/ports/index.ts';
import {
  aDelivery,
  aKey,
  anId,
  aOneTimeToken,
  aService,
  aSession,
  aUser,
  START,
} from '../fixtures.ts';
import { type Opened, wins } from './opened.ts';

export function usersContract({ write, read, race, alone, seed }: Opened): void {
  const accountOf = ({ email }: User) => read(({ users }) => users.findByEmail(email));
  const fresh = { sealedQuality: null, deviceEpoch: 1, networks: null };
  const untouched = { passwordHash: 'hash-1', version: 1, ...fresh };

  describe('users', () => {
    const details: Partial<User> = {
      name: 'Ñandú 🦉 O’Neill',
      locale: 'ja-JP',
      timezone: 'Asia/Tokyo',
      isEnabled: false,
      isLocked: true,
      isDisabledByOperator: true,
      emailValid: true,
      emailProven: true,
      emailChanged: true,
      lastLoginAt: START + 5,
      isAdmin: true,
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

  describe('the address', () => {
    test('is valid after a visit, and proven after a proof, which stays', async () => {
      const { user } = await seed();
      const mark = (isProven: boolean, now: number) =>
        write(({ users }) => users.markValid(user.id, isProven, now));
      await mark(false, START + 1);
      const visited = { ...user, emailValid: true, updatedAt: START + 1 };
      expect(await accountOf(user)).toEqual({ user: visited, credential: untouched });
      await mark(true, START + 2);
      await mark(false, START + 3);
      expect(await accountOf(user)).toEqual({
        user: { ...visited, emailProven: true, updatedAt: START + 3 },
        credential: untouched,
      });
      await write(({ users }) => users.markValid(anId(), true, START));
    });

    test('once proven keeps an account that nobody uses, and a visit does not', async () => {
      await alone(async (database) => {
        const { service } = await seed({}, database);
        const [visited, proven] = [
          aUser({ createdBy: service.id }),
          aUser({ createdBy: service.id }),
        ];
        await database.transact(async ({ users }) => {
          for (const user of [visited, proven]) await users.insert(user, null, START);
          await users.markValid(visited.id, false, START);
          await users.markValid(proven.id, true, START);
        });
        const idle = await database.transact(({ users }) => users.lockIdle(START + 1, 10));
        expect(idle).toEqual([visited.id]);
      });
    });
  });

  describe('an account that is made as new', () => {
    test('has nothing from before but its id and address', async () => {
      const { service: maker, user } = await seed({ isAdmin: true, lastLoginAt: START });
      const [holder, other] = [aService(), aService()];
      const now = START + 5;
      const fresh = {
        ...user,
        updatedAt: now,
        name: 'Grace',
        locale: 'de',
        timezone: 'Europe/Berlin',
        isAdmin: false,
        emailValid: true,
        emailProven: true,
        passwordAllowReset: false,
        lastLoginAt: null,
        createdBy: other.id,
      };
      await write(async ({ services, users, keys }) => {
        for (const service of [holder, other]) await services.insert(service);
        await users.changePassword(user.id, 1, 'hash-2', START);
        await users.keepQuality(user.id, 'sealed');
        await users.setAttributes(user.id, maker.id, { plan: 'pro' });
        await users.setIdle(user.id, START);
        const key = aKey({ userId: user.id, serviceId: holder.id });
        await keys.insert(key, { digest: key.id });
        await users.remake(fresh, 'hash-3');
      });
      expect(await accountOf(user)).toEqual({
        user: fresh,
        credential: { ...untouched, passwordHash: 'hash-3', version: 3, deviceEpoch: 2 },
      });
      const left = await read(async ({ users }) => ({
        attributes: await users.attributesOf(user.id),
        past: await users.pastPasswords(user.id, { from: 'latest', limit: 10 }),
      }));
      expect(left).toEqual({ attributes: [], past: [] });
      for (const [service, isVisible] of [
        [maker, false],
        [holder, true],
        [other, true],
      ] as const) {
        const page = { by: 'id', limit: 1, beginsAtEnd: false } as const;
        const query = { page, seenBy: service.id, attributesOf: service.id, ids: [user.id] };
        const found = await read(({ users }) => users.list({ ...query, search: undefined }));
        expect(found.map(({ name }) => name)).toEqual(isVisible ? ['Grace'] : []);
        expect((await read(({ users }) => users.see(user.id, service.id)))?.isVisible).toBe(
          isVisible,
        );
      }
      expect(await write(({ users }) => users.lockIdle(now, 1000))).not.toContain(user.id);
    });
  });

  describe('the role of an admin', () => {
    test('is given and taken, and nothing else changes', async () => {
      const { user } = await seed();
      const now = START + 5;
      await write(({ users }) => users.setAdmin(user.id, true, now));
      expect(await accountOf(user)).toEqual({
        user: { ...user, isAdmin: true, updatedAt: now },
        credential: untouched,
      });
      await write(({ users }) => users.setAdmin(user.id, false, now + 1));
      expect(await accountOf(user)).toMatchObject({ user: { isAdmin: false, updatedAt: now + 1 } });
      await write(({ users }) => users.setAdmin(anId(), true, now));
    });

    test('finds those who have it, by their ids, enabled or not', async () => {
      await alone(async (database) => {
        const lockAdmins = () => database.transact(({ users }) => users.lockAdmins());
        expect(await lockAdmins()).toEqual([]);
        const { user: first } = await seed({ isAdmin: true }, database);
        await seed({}, database);
        const { user: second } = await seed({ isAdmin: true, isEnabled: false }, database);
        expect(await lockAdmins()).toEqual([first, second].sort((a, b) => (a.id < b.id ? -1 : 1)));
      });
    });

    test('is taken by one of two admins who take it from each other at once, as the other is locked', async () => {
      await alone(async (database) => {
        const both = [
          (await seed({ isAdmin: true }, database)).user,
          (await seed({ isAdmin: true }, database)).user,
        ];
        const answers = await Promise.all(
          both.map(({ id }) =>
            database.transact(async ({ users }) => {
              const admins = await users.lockAdmins();
              if (admins.length < 2) return false;
              await users.setAdmin(id, false, START);
              return true;
            }),
          ),
        );
        expect(wins(answers)).toBe(1);
      });
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
        networks: null,
      });
    });
  });

  describe('the networks of a user', () => {
    test('are none at first, are replaced, and stay whatever happens to the user', async () => {
      const { user } = await seed();
      const other = await seed();
      for (const networks of ['["home"]', '["cafe"]']) {
        await write(({ users }) => users.keepNetworks(user.id, networks));
        expect(await accountOf(user)).toEqual({ user, credential: { ...untouched, networks } });
      }
      await write(({ users }) => users.changePassword(user.id, 1, 'hash-2', START));
      await write(({ users }) => users.forgetDevices(user.id));
      const locked = await write(({ users }) => users.noteLogin(user.id, START, anId()));
      expect(locked?.credential).toMatchObject({ networks: '["cafe"]', deviceEpoch: 2 });
      expect((await accountOf(other.user))?.credential).toEqual(untouched);
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
        credential: { ...fresh, passwordHash: null, version: 2, deviceEpoch: 2 },
      });
      expect(await accountOf(stranger)).toEqual({ user: stranger, credential: untouched });
    });

    test('has a higher version and device epoch again when it is locked out again', async () => {
      const { user } = await seed();
      for (const now of [START, START + 1]) await write(({ users }) => users.lockOut(user.id, now));
      expect((await accountOf(user))?.credential).toMatchObject({ version: 3, deviceEpoch: 3 });
    });
  });

  describe('the way back', () => {
    const lockOf = ({ id }: User) => read(({ users }) => users.lockOf(id));
    const recoverTo = 'before@example.com';
    /** A user whose account is locked at START, at version 2. */
    const seedLocked = async (details: Partial<User> = {}) => {
      const { user, service } = await seed(details);
      const by = { serviceId: service.id, recoverTo };
      await write(({ users }) => users.lockOut(user.id, START, by));
      return { user, service };
    };
    const unlock = ({ id }: User, version = 2, email = `${anId()}@example.com`) =>
      write(({ users }) =>
        users.unlock(id, version, { passwordHash: 'hash-2', email, now: START + 9 }),
      );

    test('is that of the first lock, through the service of the last one', async () => {
      const { user, service } = await seed();
      const { service: other } = await seed();
      expect(await lockOf(user)).toBeNull();
      await write(async ({ users }) => {
        await users.lockOut(user.id, START, { serviceId: service.id, recoverTo });
        const later = { serviceId: other.id, recoverTo: 'later@example.com' };
        await users.lockOut(user.id, START + 5, later);
      });
      expect(await lockOf(user)).toEqual({ at: START, serviceId: other.id, recoverTo });
    });

    test('is known to be nowhere where no link locked the account', async () => {
      const { user } = await seed();
      await write(({ users }) => users.lockOut(user.id, START));
      expect(await lockOf(user)).toEqual({ at: START, serviceId: null, recoverTo: null });
      expect(await lockOf(aUser({ createdBy: null }))).toBeNull();
    });

    test('ends the lock, with a new password and the proven address', async () => {
      const { user } = await seedLocked({ passwordRequireUpdate: true });
      const email = `${anId()}@example.com`;
      expect(await unlock(user, 2, email)).toBe(true);
      expect(await read(({ users }) => users.findByEmail(email))).toEqual({
        user: {
          ...user,
          email,
          emailValid: true,
          emailProven: true,
          updatedAt: START + 9,
          passwordRequireUpdate: false,
        },
        credential: { ...fresh, passwordHash: 'hash-2', version: 3, deviceEpoch: 2 },
      });
      expect(await lockOf(user)).toBeNull();
      const view = { attributesOf: null, seenBy: null, isEnabled: true, emails: [email] };
      const page = { by: 'id', limit: 1, beginsAtEnd: false } as const;
      expect(await read(({ users }) => users.list({ ...view, page }))).toHaveLength(1);
    });

    test('enables nobody who was disabled before, by whomever', async () => {
      const disabled = await seedLocked({ isEnabled: false });
      const byOperator = await seedLocked({ isDisabledByOperator: true });
      const meanwhile = await seedLocked();
      const keepDisabled = () => write(({ users }) => users.keepDisabled(meanwhile.user.id));
      expect([await keepDisabled(), await keepDisabled()]).toEqual([true, false]);
      await write(({ users }) => users.lockOut(disabled.user.id, START + 1));
      for (const [{ user }, version] of [
        [disabled, 3],
        [byOperator, 2],
        [meanwhile, 2],
      ] as const) {
        expect(await unlock(user, version)).toBe(true);
        const now = await read(({ users }) => users.get(user.id));
        expect(now).toMatchObject({ isLocked: false, isEnabled: false });
      }
    });

    test('is closed at another version, for accounts that are not locked, and to an address that is taken', async () => {
      const { user } = await seedLocked();
      const { user: other } = await seed();
      expect(await unlock(user, 1)).toBe(false);
      expect(await unlock(other, 1)).toBe(false);
      expect(await unlock(user, 2, other.email)).toBe(false);
      expect(await lockOf(user)).not.toBeNull();
      await write(({ users }) => users.keepDisabled(other.id));
      expect(await accountOf(other)).toEqual({ user: other, credential: untouched });
    });

    test('has one winner of many that take it at once', async () => {
      const { user } = await seedLocked();
      const answers = await race(8, ({ users }, racer) =>
        users.unlock(user.id, 2, {
          passwordHash: `hash-${racer}`,
          email: user.email,
          now: START,
        }),
      );
      expect(wins(answers)).toBe(1);
    });

    test('gives an address back, but for one that somebody else has', async () => {
      const { user } = await seedLocked();
      const { user: other } = await seed();
      const back = (email: string) =>
        write(({ users }) => users.giveBackAddress(user.id, email, START + 3));
      const email = `${anId()}@example.com`;
      expect(await back(email)).toBe(true);
      expect(await read(({ users }) => users.get(user.id))).toMatchObject({
        email,
        emailValid: true,
        isLocked: true,
        updatedAt: START + 3,
      });
      const seen = await read(({ users }) =>
        users.list({
          seenBy: null,
          attributesOf: null,
          search: { name: email, email },
          page: { by: 'id', limit: 5, beginsAtEnd: false },
        }),
      );
      expect(seen.map(({ id }) => id)).toEqual([user.id]);
      expect(await back(other.email)).toBe(false);
    });
  });

  describe('another address', () => {
    const move = (id: Id, email: string) =>
      write(({ users }) => users.changeEmail(id, email, START + 3));

    test('is neither valid nor proven, and finds the user, whose credential stays', async () => {
      const { user } = await seed({ emailValid: true, emailProven: true });
      const email = `${anId()}@example.com`;
      expect(await move(user.id, email)).toBe(true);
      const unproven = { emailValid: false, emailProven: false, emailChanged: true };
      const moved = { ...user, email, ...unproven, updatedAt: START + 3 };
      expect(await accountOf(moved)).toEqual({ user: moved, credential: untouched });
      expect(await read(({ users }) => users.findByEmail(user.email))).toBeNull();
      const seen = await read(({ users }) =>
        users.list({
          seenBy: null,
          attributesOf: null,
          search: { name: email, email },
          page: { by: 'id', limit: 5, beginsAtEnd: false },
        }),
      );
      expect(seen.map(({ id }) => id)).toEqual([user.id]);
    });

    test('is none that somebody else has', async () => {
      const { user } = await seed();
      const { user: other } = await seed();
      expect(await move(user.id, other.email)).toBe(false);
      expect(await accountOf(user)).toEqual({ user, credential: untouched });
      expect(await move(anId(), `${anId()}@example.com`)).toBe(false);
    });

    test('goes to one of many that take it at once', async () => {
      const people: User[] = [];
      for (let n = 0; n < 8; n += 1) people.push((await seed()).user);
      const email = `${anId()}@example.com`;
      const answers = await race(8, ({ users }, racer) =>
        users.changeEmail(people[racer]!.id, email, START),
      );
      expect(wins(answers)).toBe(1);
    });

    test('is free for somebody new once it was left', async () => {
      const { user } = await seed();
      await move(user.id, `${anId()}@example.com`);
      const next = aUser({ email: user.email, createdBy: user.createdBy });
      expect(await write(({ users }) => users.insert(next, null))).toBe(true);
    });
  });

  describe('past passwords', () => {
    // Long before the passwords of other tests.
    const past = START - 1e12;
    /** A user with five passwords of the past, each replaced a second after the one before. */
    const seedPast = async () => {
      const { user } = await seed();
      await write(async ({ users }) => {
        for (let n = 1; n <= 5; n += 1) {
          await users.changePassword(user.id, n, `hash-${n + 1}`, past + 1000 * n);
        }
      });
      return user;
    };
    const found = ({ id }: User, which = {}) =>
      read(({ users }) => users.pastPasswords(id, { from: 'latest', limit: 9, ...which }));
    const prune = (before: number, history: number, limit = 100) =>
      write(({ users }) => users.prunePastPasswords(before, history, limit));

    test('are those that were replaced, from either end', async () => {
      const user = await seedPast();
      const { user: stranger } = await seed();
      expect(await found(user)).toEqual(['hash-5', 'hash-4', 'hash-3', 'hash-2', 'hash-1']);
      expect(await found(user, { limit: 2 })).toEqual(['hash-5', 'hash-4']);
      const early = { from: 'earliest', limit: 2, since: past + 2000 };
      expect(await found(user, early)).toEqual(['hash-2', 'hash-3']);
      expect(await found(stranger)).toEqual([]);
      await prune(past + 6000, 0);
    });

    test('are those that a lock forgot, and no others', async () => {
      const { user } = await seed();
      const change = (version: number, hash: string) =>
        write(({ users }) => users.changePassword(user.id, version, hash, START + version));
      expect(await change(2, 'refused')).toBe(false);
      expect(await found(user)).toEqual([]);
      await write(({ users }) => users.upgradeHash(user.id, 'hash-1', 'better'));
      await write(({ users }) => users.lockOut(user.id, START));
      expect(await found(user)).toEqual(['better']);
      await write(({ users }) => users.lockOut(user.id, START + 1));
      expect(await change(3, 'refused')).toBe(false);
      expect(await found(user)).toEqual(['better']);
    });

    test('are forgotten when they are old, but for the latest of the history', async () => {
      const user = await seedPast();
      expect(await prune(past + 3001, 2)).toBe(3);
      expect(await found(user)).toEqual(['hash-5', 'hash-4']);
      expect(await prune(past + 6000, 1)).toBe(2);
      expect(await found(user)).toEqual(['hash-5']);
      expect(await prune(past + 6000, 1)).toBe(0);
    });

    test('are forgotten a few at a time', async () => {
      const user = await seedPast();
      expect([await prune(past + 6000, 0, 3), await prune(past + 6000, 0, 3)]).toEqual([3, 2]);
      expect(await found(user)).toEqual([]);
    });

    test('stay as long as an account is locked', async () => {
      const user = await seedPast();
      await write(({ users }) => users.lockOut(user.id, past + 9000));
      expect(await prune(past + 10_000, 0)).toBe(0);
      expect(await found(user)).toHaveLength(6);
      const to = { passwordHash: 'new', email: user.email, now: past + 9500 };
      await write(({ users }) => users.unlock(user.id, 7, to));
      expect(await prune(past + 10_000, 0)).toBe(6);
    });
  });

  describe('idle users', () => {
    // Long before the users of other tests.
    const past = START - 1e12;
    const lockIdle = (before: number, limit = 100) =>
      write(({ users }) => users.lockIdle(before, limit));
    const seedIdle = async (...instants: (number | null)[]) => {
      const { service } = await seed();
      const idle = instants.map(() => aUser({ createdBy: service.id }));
      await write(async ({ users }) => {
        for (const [index, user] of idle.entries()) await users.insert(user, null, instants[index]);
      });
      return idle.map(({ id }) => id);
    };
    const forget = (...ids: Id[]) =>
      write(async ({ users }) => {
        for (const id of ids) await users.setIdle(id, null);
      });

    test('are found from the longest idle on, up to a limit, and none that is never idle', async () => {
      const [late, first, second, never] = await seedIdle(past, past - 9, past - 5, null);
      expect(await lockIdle(past)).toEqual([first, second]);
      expect(await lockIdle(past, 1)).toEqual([first]);
      expect(await lockIdle(past + 1)).toEqual([first, second, late]);
      await write(({ users }) => users.setIdle(first!, past + 7));
      expect(await lockIdle(past + 1)).toEqual([second, late]);
      await forget(first!, second!, late!, never!);
      expect(await lockIdle(past + 99)).toEqual([]);
    });

    test('are locked for one of several who look for them at once', async () => {
      const ids = await seedIdle(...Array.from({ length: 8 }, (_, index) => past - 100 + index));
      const found = await race(8, async ({ users }) => {
        const [id = ''] = await users.lockIdle(past, 1);
        await users.setIdle(id, null);
        return id;
      });
      expect(found.toSorted()).toEqual(ids.toSorted());
    });
  });

  describe('the use of an account', () => {
    const useOf = (id: Id) => read(({ users }) => users.useOf(id));

    test('is its last change, while nothing else is known', async () => {
      const { user } = await seed({ updatedAt: START + 5 });
      expect(await useOf(user.id)).toEqual({
        lastAt: START + 5,
        linkUntil: null,
        isShared: false,
      });
    });

    test('is the end of its last session, if that is later, or when one that goes on expires', async () => {
      const { user, key, addSession } = await seedWhole();
      await addSession({ expiresAt: user.updatedAt - 1 });
      expect((await useOf(user.id)).lastAt).toBe(user.updatedAt);
      const open = await addSession({ expiresAt: START + 50 });
      await addSession({ expiresAt: START + 40 });
      expect((await useOf(user.id)).lastAt).toBe(START + 50);
      await write(({ sessions }) => sessions.end(open.id, START + 20));
      expect((await useOf(user.id)).lastAt).toBe(START + 40);
      await write(({ sessions }) => sessions.endAllOn({ id: key.id, userId: user.id }, START + 30));
      expect((await useOf(user.id)).lastAt).toBe(START + 30);
    });

    test('has the latest instant at which a link expires, and none of one that is spent', async () => {
      const { user, service } = await seed();
      const of = { userId: user.id, serviceId: service.id, email: user.email };
      const [early, late] = [START + 10, START + 20].map((expiresAt) =>
        aOneTimeToken({ ...of, expiresAt }),
      );
      await write(async ({ oneTimeTokens }) => {
        for (const token of [early!, late!]) await oneTimeTokens.insert(token);
      });
      expect((await useOf(user.id)).linkUntil).toBe(START + 20);
      await write(({ oneTimeTokens }) => oneTimeTokens.spend(late!.id, START));
      expect((await useOf(user.id)).linkUntil).toBeNull();
    });

    test('is shared once another service has, or had, a key of it', async () => {
      const { user, service } = await seed();
      const { service: other } = await seed();
      const addKey = async (serviceId: Id) => {
        const key = aKey({ userId: user.id, serviceId, type: 'KEY' });
        await write(({ keys }) => keys.insert(key, { digest: `digest-of-${key.id}` }));
        return key;
      };
      await addKey(service.id);
      expect((await useOf(user.id)).isShared).toBe(false);
      const { id } = await addKey(other.id);
      expect((await useOf(user.id)).isShared).toBe(true);
      await write(({ keys }) => keys.revoke(id, START));
      expect((await useOf(user.id)).isShared).toBe(true);
    });
  });

  describe('a login that is noted', () => {
    test('shows in the user, as the last one, and changes nothing else', async () => {
      const { user, service } = await seed();
      const note = (now: number) => write(({ users }) => users.noteLogin(user.id, now, service.id));
      await note(START + 3);
      const lastLoginAt = START + 9;
      expect(await note(lastLoginAt)).toEqual({
        user: { ...user, lastLoginAt, attributes: {} },
        credential: untouched,
      });
      expect(await accountOf(user)).toEqual({
        user: { ...user, lastLoginAt },
        credential: untouched,
      });
    });

    test('answers what the service keeps with the user', async () => {
      const { user, service } = await seed();
      const { service: other } = await seed();
      const attributes = { plan: 'pro' };
      await write(({ users }) => users.setAttributes(user.id, service.id, attributes));
      const noted = (at: string) =>
        write(async ({ users }) => (await users.noteLogin(user.id, START, at))?.user.attributes);
      expect([await noted(service.id), await noted(other.id)]).toEqual([attributes, {}]);
    });

    test('of nobody is null', async () => {
      const noted = write(({ users }) => users.noteLogin(anId(), START, anId()));
      expect(await noted).toBeNull();
    });

    test('locks the user', async () => {
      const { user, service } = await seed();
      const order: string[] = [];
      const locked = Promise.withResolvers<void>();
      const rival = locked.promise
        .then(() => write(({ users }) => users.update({ ...user, name: 'Eve' })))
        .then(() => order.push('rival'));
      await write(async ({ users }) => {
        await users.noteLogin(user.id, START, service.id);
        locked.resolve();
        for (let i = 0; i < 50; i += 1) await users.get(user.id);
        order.push('owner of the lock');
      });
      await rival;
      expect(order).toEqual(['owner of the lock', 'rival']);
    });
  });

  describe('a user that is changed', () => {
    test('has the fields that it was given, and address and credential as before', async () => {
      const { user } = await seed();
      const changed: User = {
        ...user,
        updatedAt: START + 7,
        isEnabled: false,
        isDisabledByOperator: true,
        name: 'Countess',
        locale: 'de',
        timezone: 'Europe/Berlin',
        passwordAllowReset: false,
        passwordRequireUpdate: true,
      };
      await write(({ users }) => users.update({ ...changed, email: 'other@example.com' }));
      expect(await accountOf(user)).toEqual({ user: changed, credential: untouched });
    });
  });

  describe('what a service keeps with a user', () => {
    const see = (user: User, by: Id | null) =>
      read(async ({ users }) => (await users.see(user.id, by))?.user.attributes);
    const keep = (user: User, by: Id | null, attributes: Attributes) =>
      write(({ users }) => users.setAttributes(user.id, by, attributes));

    test('is nothing at first, and what was set last then', async () => {
      const { user, service } = await seed();
      expect(await see(user, service.id)).toEqual({});
      const values = { text: 'a "b" \u0000 \u{1f989}', number: -1.5, flag: true, none: null };
      for (const attributes of [{ a: 1, b: 2 }, values, {}]) {
        await keep(user, service.id, attributes);
        expect(await see(user, service.id)).toEqual(attributes);
      }
    });

    test('is its own: the operator has that of the service that made the user', async () => {
      const { user, service } = await seed();
      const { service: other } = await seed();
      await keep(user, service.id, { of: 'maker' });
      await keep(user, other.id, { of: 'other' });
      expect(await see(user, service.id)).toEqual({ of: 'maker' });
      expect(await see(user, other.id)).toEqual({ of: 'other' });
      expect(await see(user, null)).toEqual({ of: 'maker' });
      await keep(user, null, { of: 'operator' });
      expect(await see(user, service.id)).toEqual({ of: 'operator' });
      const all = await read(({ users }) => users.attributesOf(user.id));
      expect(all).toHaveLength(2);
      expect(all).toContainEqual({ serviceId: service.id, attributes: { of: 'operator' } });
      expect(all).toContainEqual({ serviceId: other.id, attributes: { of: 'other' } });
    });

    test('is the operator’s own with a user that no service made', async () => {
      const user = aUser({ createdBy: null });
      await write(({ users }) => users.insert(user, null));
      await keep(user, null, { of: 'operator' });
      expect(await see(user, null)).toEqual({ of: 'operator' });
      expect(await read(({ users }) => users.attributesOf(user.id))).toEqual([
        { serviceId: null, attributes: { of: 'operator' } },
      ]);
    });

    test('comes along with a session and with a key of the service', async () => {
      const { user, key, addSession, service } = await seedWhole();
      const session = await addSession();
      await keep(user, service.id, { plan: 'pro' });
      await read(async ({ sessions, keys }) => {
        const open = await sessions.findOpen(session.id);
        const found = await keys.findByDigest(`digest-of-${key.id}`, START);
        expect(open?.user).toEqual({ ...user, attributes: { plan: 'pro' } });
        expect(found?.user).toEqual({ ...user, attributes: { plan: 'pro' } });
      });
    });
  });

  describe('a user as a service sees it', () => {
    const isVisible = (user: User, by: Id | null) =>
      read(async ({ users }) => (await users.see(user.id, by))?.isVisible);
    const addKey = async (user: User, serviceId: Id, type: KeyType) => {
      const key = aKey({ userId: user.id, serviceId, type });
      await write(({ keys }) => keys.insert(key, { digest: `digest-of-${key.id}` }));
      return key;
    };

    test('is visible to the service that made it, and to the operator', async () => {
      const { user, service } = await seed();
      const { service: other } = await seed();
      const seen = await read(({ users }) => users.see(user.id, service.id));
      expect(seen).toEqual({ user: { ...user, attributes: {} }, isVisible: true });
      expect([await isVisible(user, null), await isVisible(user, other.id)]).toEqual([true, false]);
      expect(await read(({ users }) => users.see(anId(), null))).toBeNull();
    });

    test.each(['KEY', 'TOKEN'] as const)(
      'is visible as long as there is a %s of it, whatever became of the key',
      async (type) => {
        const { user } = await seed();
        const { service } = await seed();
        const first = await addKey(user, service.id, type);
        const second = await addKey(user, service.id, 'KEY');
        await write(({ keys }) => keys.revoke(first.id, START));
        await write(({ keys }) => keys.delete(second.id));
        expect(await isVisible(user, service.id)).toBe(true);
        await write(({ keys }) => keys.delete(first.id));
        expect(await isVisible(user, service.id)).toBe(false);
      },
    );

    test('is visible to its maker whatever keys are deleted, and to nobody by a TOTP key', async () => {
      const { user, service } = await seed();
      const { service: other } = await seed();
      const { id } = await addKey(user, service.id, 'KEY');
      await write(({ keys }) => keys.delete(id));
      await addKey(user, other.id, 'TOTP');
      expect(await isVisible(user, service.id)).toBe(true);
      expect(await isVisible(user, other.id)).toBe(false);
    });

    test('is kept by those other services that have a key of it which is not revoked', async () => {
      const { user, service } = await seed();
      const { service: other } = await seed();
      const isKept = () => read(({ users }) => users.isKeptBeside(user.id, service.id));
      await addKey(user, service.id, 'KEY');
      expect(await isKept()).toBe(false);
      const { id } = await addKey(user, other.id, 'TOTP');
      expect(await isKept()).toBe(true);
      await write(({ keys }) => keys.revoke(id, START));
      expect(await isKept()).toBe(false);
    });
  });

  describe('a list of users', () => {
    const byId = { by: 'id', limit: 100, beginsAtEnd: false } as const;
    const byName = { by: 'name', limit: 100, beginsAtEnd: false } as const;
    const list = (query: Partial<UserQuery> & Pick<UserQuery, 'seenBy'>) =>
      read(({ users }) => users.list({ page: byId, attributesOf: query.seenBy, ...query }));
    const namesOf = (users: readonly User[]) => users.map(({ name }) => name);
    const idsOf = (users: readonly User[]) => users.map(({ id }) => id);

    /** A service with users of such names, made in this order. */
    const seedNames = async (...names: string[]) => {
      const service = aService();
      const made = names.map((name, n) =>
        aUser({ createdBy: service.id, name, email: `${n}.${anId()}@example.com` }),
      );
      await write(async ({ services, users }) => {
        await services.insert(service);
        for (const user of made) await users.insert(user, null);
      });
      return { seenBy: service.id, made };
    };

    test('has those that a service sees, with what it keeps with each, by id', async () => {
      const { seenBy, made } = await seedNames('b', 'a');
      const [first, second] = made;
      await write(({ users }) => users.setAttributes(second!.id, seenBy, { n: 1 }));
      expect(await list({ seenBy })).toEqual([
        { ...first, attributes: {} },
        { ...second, attributes: { n: 1 } },
      ]);
      const { service: other } = await seed();
      const key = aKey({ userId: first!.id, serviceId: other.id });
      await write(({ keys }) => keys.insert(key, { digest: `digest-of-${key.id}` }));
      expect(idsOf(await list({ seenBy: other.id }))).toContain(first!.id);
      expect(idsOf(await list({ seenBy: other.id }))).not.toContain(second!.id);
    });

    test('has all for those who see all', async () => {
      const { made } = await seedNames('a');
      const ids = idsOf([...made, aUser({ createdBy: null })]);
      expect(idsOf(await list({ seenBy: null, ids }))).toEqual(idsOf(made));
    });

    test('is paged by id, from either end', async () => {
      const { seenBy, made } = await seedNames('a', 'b', 'c', 'd', 'e');
      const page = async (details: object) =>
        namesOf(await list({ seenBy, page: { ...byId, limit: 2, ...details } }));
      const id = (n: number) => made[n]!.id;
      expect(await page({})).toEqual(['a', 'b']);
      expect(await page({ after: id(1) })).toEqual(['c', 'd']);
      expect(await page({ beginsAtEnd: true })).toEqual(['e', 'd']);
      expect(await page({ before: id(3), beginsAtEnd: true })).toEqual(['c', 'b']);
      expect(await page({ after: id(1), before: id(3) })).toEqual(['c']);
    });

    test('is paged by name and id, from either end, whatever is of one name', async () => {
      const names = ['Bea', 'ada', 'ada', 'Ada', 'ben', 'ada'];
      const { seenBy, made } = await seedNames(...names);
      const inOrder = [1, 2, 3, 5, 0, 4].map((n) => made[n]!);
      for (const beginsAtEnd of [false, true]) {
        const walked: User[] = [];
        for (let isLast = false; !isLast; ) {
          const last = walked.at(-1);
          const place = last && { name: folded(last.name), id: last.id };
          const from = beginsAtEnd ? { before: place } : { after: place };
          const page = await list({ seenBy, page: { ...byName, limit: 2, beginsAtEnd, ...from } });
          walked.push(...page);
          isLast = page.length < 2;
        }
        expect(idsOf(walked)).toEqual(idsOf(beginsAtEnd ? inOrder.toReversed() : inOrder));
      }
    });

    test('goes by the code points of folded names', async () => {
      const names = ['_', 'Ä', 'Z', 'a', 'é', '9', '\u{1f989}', '\ufffd', 'я'];
      const { seenBy } = await seedNames(...names);
      const found = namesOf(await list({ seenBy, page: byName }));
      expect(found).toEqual(['9', '_', 'a', 'Z', 'Ä', 'é', 'я', '\ufffd', '\u{1f989}']);
    });

    test('is of those ids, addresses and states that are asked for, all of them together', async () => {
      const { seenBy, made } = await seedNames('a', 'b', 'c');
      const [a, b, c] = [made[0]!, made[1]!, made[2]!];
      await write(({ users }) => users.update({ ...b, isEnabled: false }));
      const found = async (query: Partial<UserQuery>) => namesOf(await list({ seenBy, ...query }));
      const fromTheEnd = { ...byName, beginsAtEnd: true };
      expect(await found({ ids: [c.id, a.id, anId()] })).toEqual(['a', 'c']);
      expect(await found({ emails: [b.email, a.email, 'x@example.com'] })).toEqual(['a', 'b']);
      expect(await found({ isEnabled: false })).toEqual(['b']);
      expect(await found({ isEnabled: true })).toEqual(['a', 'c']);
      expect(await found({ isEnabled: true, page: fromTheEnd })).toEqual(['c', 'a']);
      expect(await found({ ids: [a.id, b.id], emails: [b.email, c.email] })).toEqual(['b']);
      expect(await found({ ids: [a.id, b.id], isEnabled: false })).toEqual(['b']);
      expect(await found({ ids: [a.id, b.id], page: { ...byId, after: a.id } })).toEqual(['b']);
      expect(await found({ ids: [] })).toEqual([]);
      expect(await found({ emails: [] })).toEqual([]);
    });

    test('can be searched by the beginning of names and addresses, in either order', async () => {
      const { seenBy, made } = await seedNames('Straße', 'Ada', 'strand', 'x');
      const [ada, x] = [made[1]!, made[3]!];
      const email = `str.${anId()}@example.com`;
      const zoe = aUser({ createdBy: seenBy, name: 'Zoë', email });
      await write(({ users }) => users.insert(zoe, null));
      const found = async (text: string, query: Partial<UserQuery> = {}) => {
        const search = { name: folded(text), email: folded(text) };
        return namesOf(await list({ seenBy, search, ...query }));
      };
      const fromTheEnd = { ...byName, beginsAtEnd: true };
      expect(await found('STR')).toEqual(['Straße', 'strand', 'Zoë']);
      expect(await found('STR', { page: fromTheEnd })).toEqual(['Zoë', 'Straße', 'strand']);
      expect(await found('STR', { page: { ...byId, limit: 1 } })).toEqual(['Straße']);
      expect(await found('strass')).toEqual(['Straße']);
      expect(await found('tr')).toEqual([]);
      expect(await found(email)).toEqual(['Zoë']);
      expect(await found('ada', { ids: [ada.id, x.id] })).toEqual(['Ada']);
      await write(({ users }) => users.lockOut(ada.id, START));
      expect(await found('ada', { isEnabled: true })).toEqual([]);
      expect(await found('ada', { isEnabled: false })).toEqual(['Ada']);
    });

    test('has a user under the name that it has now, for every service that sees it', async () => {
      const { seenBy, made } = await seedNames('a', 'b');
      const { service: other } = await seed();
      const key = aKey({ userId: made[0]!.id, serviceId: other.id });
      await write(async ({ keys, users }) => {
        await keys.insert(key, { digest: `digest-of-${key.id}` });
        await users.update({ ...made[0]!, name: 'c' });
      });
      expect(namesOf(await list({ seenBy, page: byName }))).toEqual(['b', 'c']);
      for (const viewer of [seenBy, other.id]) {
        const search = { name: 'c', email: 'c' };
        expect(namesOf(await list({ seenBy: viewer, search }))).toEqual(['c']);
      }
    });

    test('of thousands that a search finds is a page in its order, wherever they are', async () => {
      await alone(async (database) => {
        const service = aService();
        const seedMany = async (count: number, name: string) => {
          const many = Array.from({ length: count }, (_, n) =>
            aUser({
              createdBy: service.id,
              name: `${name} ${n}`,
              email: `${name}${n}@example.com`.toLowerCase(),
            }),
          );
          await database.transact(async ({ users }) => {
            for (const user of many) await users.insert(user, null);
          });
          return many;
        };
        await database.transact(({ services }) => services.insert(service));
        const all = [
          ...(await seedMany(2100, 'Ada')),
          ...(await seedMany(5100, 'Bea')),
          ...(await seedMany(300, 'Cleo')),
        ];
        const byName = all.toSorted((a, b) => (folded(a.name) < folded(b.name) ? -1 : 1));
        for (const text of ['ada', 'bea', 'cleo', 'cleo 29']) {
          for (const by of ['id', 'name'] as const) {
            for (const beginsAtEnd of [false, true]) {
              const page = { by, beginsAtEnd, limit: 100 };
              const found = await database.read(({ users }) =>
                users.list({
                  page,
                  seenBy: service.id,
                  attributesOf: service.id,
                  search: { name: text, email: text },
                }),
              );
              const inOrder = (by === 'id' ? all : byName).filter(({ name }) =>
                folded(name).startsWith(text),
              );
              const expected = beginsAtEnd ? inOrder.toReversed() : inOrder;
              expect(idsOf(found)).toEqual(idsOf(expected.slice(0, 100)));
            }
          }
        }
      });
    });
  });

  describe('a user that is there', () => {
    test('is known to be, and nobody else is', async () => {
      const { user } = await seed();
      const isThere = (id: Id) => write(({ users }) => users.isThere(id));
      expect([await isThere(user.id), await isThere(anId())]).toEqual([true, false]);
    });

    test('is not deleted before the transaction ends that saw it there', async () => {
      const { user } = await seed();
      const order: string[] = [];
      const seen = Promise.withResolvers<void>();
      const rival = seen.promise
        .then(() => write(({ users }) => users.delete(user.id, START, START)))
        .then(() => order.push('deletion'));
      await write(async ({ users }) => {
        await users.isThere(user.id);
        seen.resolve();
        for (let i = 0; i < 50; i += 1) await users.get(user.id);
        expect(await users.get(user.id)).not.toBeNull();
        order.push('transaction that saw it');
      });
      await rival;
      expect(order).toEqual(['transaction that saw it', 'deletion']);
    });
  });

  describe('a user that is deleted', () => {
    test('is gone with all that was there for it, and nothing else is', async () => {
      const [gone, kept] = [await seedWhole(), await seedWhole()];
      for (const each of [gone, kept]) await each.addAll();
      await write(({ users }) => users.delete(gone.user.id, START, START));
      expect(await gone.found()).toEqual([null, null, null, null, null, null, []]);
      expect(await kept.found()).not.toContain(null);
      const again = { ...gone.user, id: anId() };
      expect(await write(({ users }) => users.insert(again, null))).toBe(true);
    });

    test('is there again when the transaction that deleted it fails', async () => {
      const whole = await seedWhole();
      await whole.addAll();
      const failing = write(async ({ users }) => {
        await users.delete(whole.user.id, START, START);
        throw new Error('planted');
      });
      await expect(failing).rejects.toThrow('planted');
      expect(await whole.found()).not.toContain(null);
    });
  });

  /** A user with a key, and what else a user can have. */
  async function seedWhole() {
    const { user, service } = await seed();
    const of = { userId: user.id, serviceId: service.id };
    const key = aKey(of);
    await write(({ keys }) => keys.insert(key, { digest: `digest-of-${key.id}` }));
    const addSession = async (details: Partial<Session> = {}) => {
      const session = aSession({ ...of, keyId: key.id, ...details });
      await write(({ sessions }) => sessions.insert(session));
      return session;
    };
    const token = aOneTimeToken(of);
    const delivery = aDelivery(token);
    const digest = `refresh-of-${user.id}`;
    let session: Session | undefined;
    const addAll = async () => {
      session = await addSession();
      const { id: sessionId } = session;
      await write(async ({ sessions, oneTimeTokens, deliveries }) => {
        await sessions.insertRefresh({ digest, sessionId, createdAt: START, expiresAt: START });
        await oneTimeTokens.insert(token);
        await deliveries.insert(delivery);
        await deliveries.lease([delivery.id], START, START, START);
        await deliveries.markSent({ id: delivery.id, attempt: 1 }, START);
      });
      await write(({ users }) => users.setAttributes(user.id, service.id, { plan: 'pro' }));
    };
    const found = () =>
      read(async ({ users, keys, sessions, oneTimeTokens, deliveries }) => [
        await users.get(user.id),
        await keys.get(key.id),
        await sessions.findOpen(session?.id ?? ''),
        await sessions.findRefresh(digest),
        await oneTimeTokens.findGood(token.id, START),
        await deliveries.get(delivery.id),
        await users.attributesOf(user.id),
      ]);
    return { user, service, key, addSession, addAll, found };
  }
}
