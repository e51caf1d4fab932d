import { type Id, type Key, noTries, type Service, type Session, type User } from '@rekey/domain';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Claim, Database, Stores } from '../src/ports.ts';
import { aChange, aKey, aService, aSession, aUser, START } from './fixtures.ts';
import { gate } from './gate.ts';

export type OpenDatabase = {
  readonly database: Database;
  /** How many transactions can be open at once: 1 where they wait for each other. */
  readonly concurrency: number;
  close(): Promise<void>;
};

/** What every database must do; a sentence of the port's documentation is a case here. */
export function databaseContract(name: string, open: () => Promise<OpenDatabase>): void {
  describe(`the database in ${name}`, () => {
    let opened: OpenDatabase;
    let database: Database;
    beforeAll(async () => {
      opened = await open();
      database = opened.database;
    });
    afterAll(() => opened.close());

    const write = <T>(work: (stores: Stores) => Promise<T>) => database.transact(work);
    const read = <T>(work: (stores: Stores) => Promise<T>) => database.read(work);

    /** Runs the same work in `racers` transactions, as many at once as the database can hold open. */
    const race = <T>(racers: number, work: (stores: Stores, racer: number) => Promise<T>) => {
      const allIn = gate(Math.min(racers, opened.concurrency));
      return Promise.all(
        Array.from({ length: racers }, (_, racer) =>
          database.transact(async (stores) => {
            await allIn();
            return work(stores, racer);
          }),
        ),
      );
    };
    const wins = (answers: boolean[]) => answers.filter(Boolean).length;

    async function seed(details: Partial<User> = {}): Promise<{ service: Service; user: User }> {
      const service = aService();
      const user = aUser({ createdBy: service.id, ...details });
      await write(async ({ services, users }) => {
        await services.insert(service);
        await users.insert(user, 'hash-1');
      });
      return { service, user };
    }

    async function seedChange(details: { expiresAt?: number } = {}) {
      const { service, user } = await seed();
      const change = aChange({ userId: user.id, serviceId: service.id, ...details });
      await write(({ changes }) => changes.insert(change));
      return { service, user, change };
    }

    describe('a transaction', () => {
      test('keeps what it did, and answers what its work returns', async () => {
        const service = aService();
        const answer = await write(async ({ services }) => {
          await services.insert(service);
          return 'done';
        });
        expect(answer).toBe('done');
        expect(await read(({ services }) => services.get(service.id))).toEqual(service);
      });

      test('sees its own writes', async () => {
        const service = aService();
        const seen = await write(async ({ services }) => {
          await services.insert(service);
          return services.get(service.id);
        });
        expect(seen).toEqual(service);
      });

      test('undoes all of it when its work throws, and throws the same error', async () => {
        const { user } = await seed();
        const service = aService();
        const planted = new Error('planted');
        const failing = write(async ({ services, users }) => {
          await services.insert(service);
          await users.shut(user.id, START);
          throw planted;
        });
        await expect(failing).rejects.toBe(planted);
        expect(await read(({ services }) => services.get(service.id))).toBeNull();
        expect(await read(({ users }) => users.get(user.id))).toEqual(user);
      });

      test('cannot be opened inside another one', async () => {
        await expect(write(() => write(async () => 'inner'))).rejects.toThrow(/transaction/);
        await expect(write(() => read(async () => 'inner'))).rejects.toThrow(/transaction/);
        expect(await write(async () => 'still usable')).toBe('still usable');
      });

      test('closes its stores when it ends', async () => {
        const kept = await write(async (stores) => stores);
        await expect(kept.users.get('x')).rejects.toThrow(/ended/);
        await expect(kept.services.insert(aService())).rejects.toThrow(/ended/);
      });
    });

    describe('services', () => {
      test('come back as they went in', async () => {
        const full = aService({ emailText: 'Call 555.\nOr write.', allowRegister: false });
        const bare = aService({ localUrl: null });
        const answers = await write(async ({ services }) => [
          await services.insert(full),
          await services.insert(bare),
        ]);
        expect(answers).toEqual([true, true]);
        expect(await read(({ services }) => services.get(full.id))).toEqual(full);
        expect(await read(({ services }) => services.get(bare.id))).toEqual(bare);
      });

      test('an id that is taken is refused, and the first one stays', async () => {
        const service = aService();
        await write(({ services }) => services.insert(service));
        const again = { ...service, name: 'Other' };
        expect(await write(({ services }) => services.insert(again))).toBe(false);
        expect(await read(({ services }) => services.get(service.id))).toEqual(service);
      });

      test('an unknown id is null', async () => {
        expect(await read(({ services }) => services.get(aService().id))).toBeNull();
      });
    });

    describe('users', () => {
      const details: Partial<User> = {
        name: 'Ñandú 🦉 O’Neill',
        locale: 'ja-JP',
        timezone: 'Asia/Tokyo',
        isEnabled: false,
        passwordAllowReset: false,
        passwordRequireUpdate: true,
      };

      test('come back as they went in', async () => {
        const { user } = await seed(details);
        expect(user).toMatchObject(details);
        expect(await read(({ users }) => users.get(user.id))).toEqual(user);
        expect(await read(({ users }) => users.findByEmail(user.email))).toEqual({
          user,
          credential: { passwordHash: 'hash-1', version: 1, sealedQuality: null },
        });
      });

      test('may have no password', async () => {
        const { service } = await seed();
        const user = aUser({ createdBy: service.id });
        await write(({ users }) => users.insert(user, null));
        const found = await read(({ users }) => users.findByEmail(user.email));
        expect(found?.credential.passwordHash).toBeNull();
      });

      test('an address that is taken is refused, and the first user stays', async () => {
        const { service, user } = await seed();
        const second = aUser({ createdBy: service.id, email: user.email });
        expect(await write(({ users }) => users.insert(second, 'hash-2'))).toBe(false);
        expect(await read(({ users }) => users.get(second.id))).toBeNull();
        expect(await read(({ users }) => users.findByEmail(user.email))).toMatchObject({ user });
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
        const email = aUser({ createdBy: service.id }).email;
        const answers = await race(16, ({ users }) =>
          users.insert(aUser({ createdBy: service.id, email }), null),
        );
        expect(wins(answers)).toBe(1);
      });

      test('exist once there is one', async () => {
        const fresh = await open();
        const exist = () => fresh.database.read(({ users }) => users.exist());
        expect(await exist()).toBe(false);
        const service = aService();
        await fresh.database.transact(async ({ services, users }) => {
          await services.insert(service);
          await users.insert(aUser({ createdBy: service.id }), null);
        });
        expect(await exist()).toBe(true);
        await fresh.close();
      });

      test('unknown ids and addresses are null', async () => {
        const ghost = aUser({ createdBy: aService().id });
        expect(await read(({ users }) => users.get(ghost.id))).toBeNull();
        expect(await read(({ users }) => users.findByEmail(ghost.email))).toBeNull();
        expect(await write(({ users }) => users.hold(ghost.id))).toBeNull();
      });
    });

    describe('a changed password', () => {
      test('has the new hash and a higher version, and need not be changed again', async () => {
        const { user } = await seed({ passwordRequireUpdate: true });
        const now = START + 5;
        expect(await write(({ users }) => users.changePassword(user.id, 1, 'hash-2', now))).toBe(
          true,
        );
        expect(await read(({ users }) => users.findByEmail(user.email))).toEqual({
          user: { ...user, updatedAt: now, passwordRequireUpdate: false },
          credential: { passwordHash: 'hash-2', version: 2, sealedQuality: null },
        });
      });

      test('is refused at another version, for disabled and for unknown users', async () => {
        const { user } = await seed();
        const { user: disabled } = await seed({ isEnabled: false });
        for (const [id, version] of [
          [user.id, 2],
          [user.id, 0],
          [disabled.id, 1],
          [aService().id, 1],
        ] as const) {
          expect(
            await write(({ users }) => users.changePassword(id, version, 'hash-2', START)),
          ).toBe(false);
        }
        const found = await read(({ users }) => users.findByEmail(user.email));
        expect(found?.credential).toEqual({
          passwordHash: 'hash-1',
          version: 1,
          sealedQuality: null,
        });
      });

      test('of many changes that race at one version one wins', async () => {
        const { user } = await seed();
        const answers = await race(16, ({ users }, racer) =>
          users.changePassword(user.id, 1, `hash-of-${racer}`, START),
        );
        expect(wins(answers)).toBe(1);
        const found = await read(({ users }) => users.findByEmail(user.email));
        expect(found?.credential).toMatchObject({
          passwordHash: `hash-of-${answers.indexOf(true)}`,
          version: 2,
        });
      });
    });

    describe('what is known of a password', () => {
      test('is kept, with whatever happens to the user', async () => {
        const { user } = await seed();
        const found = async () =>
          (await read(({ users }) => users.findByEmail(user.email)))?.credential;
        for (const sealed of ['sealed-1', 'sealed-2']) {
          await write(({ users }) => users.keepQuality(user.id, sealed));
          expect(await found()).toEqual({
            passwordHash: 'hash-1',
            version: 1,
            sealedQuality: sealed,
          });
        }
        await write(({ users }) => users.shut(user.id, START));
        expect(await found()).toEqual({
          passwordHash: null,
          version: 2,
          sealedQuality: 'sealed-2',
        });
      });
    });

    describe('an upgraded hash', () => {
      test('replaces the one it was made from, and the version stays', async () => {
        const { user } = await seed();
        expect(await write(({ users }) => users.upgradeHash(user.id, 'hash-1', 'better'))).toBe(
          true,
        );
        const found = await read(({ users }) => users.findByEmail(user.email));
        expect(found?.credential).toEqual({
          passwordHash: 'better',
          version: 1,
          sealedQuality: null,
        });
      });

      test('does not replace any other hash', async () => {
        const { user } = await seed();
        expect(await write(({ users }) => users.upgradeHash(user.id, 'stale', 'better'))).toBe(
          false,
        );
        const found = await read(({ users }) => users.findByEmail(user.email));
        expect(found?.credential.passwordHash).toBe('hash-1');
      });
    });

    describe('a held user', () => {
      test('is shown as it is', async () => {
        const { user } = await seed({ isEnabled: false });
        expect(await write(({ users }) => users.hold(user.id))).toEqual({
          user,
          credential: { passwordHash: 'hash-1', version: 1, sealedQuality: null },
        });
      });

      test('does not change until the transaction that holds it ends', async () => {
        const { user } = await seed();
        const order: string[] = [];
        const held = Promise.withResolvers<void>();
        const rival = held.promise
          .then(() => write(({ users }) => users.changePassword(user.id, 1, 'hash-2', START)))
          .then(() => order.push('rival'));
        await write(async ({ users }) => {
          await users.hold(user.id);
          held.resolve();
          // Time enough for a rival that nothing holds back.
          for (let i = 0; i < 50; i += 1) await users.get(user.id);
          const found = await users.findByEmail(user.email);
          expect(found?.credential.version).toBe(1);
          order.push('holder');
        });
        await rival;
        expect(order).toEqual(['holder', 'rival']);
      });
    });

    describe('a user that is shut', () => {
      test('is disabled, has no password and a higher version', async () => {
        const { user } = await seed();
        const now = START + 9;
        await write(({ users }) => users.shut(user.id, now));
        expect(await read(({ users }) => users.findByEmail(user.email))).toEqual({
          user: { ...user, updatedAt: now, isEnabled: false },
          credential: { passwordHash: null, version: 2, sealedQuality: null },
        });
      });
    });

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
        expect(await read(({ keys }) => keys.get(aService().id))).toBeNull();
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
        expect(await revoke(aService().id)).toBe(false);
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
        expect(await spend(aService().id, 59_000_001)).toBe(false);
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

    describe('sessions', () => {
      async function seedSessions(details: Partial<Session> = {}) {
        const { service, user } = await seed();
        const key = aKey({ serviceId: service.id, userId: user.id });
        const of = { serviceId: service.id, userId: user.id, keyId: key.id, ...details };
        const open = [aSession(of), aSession(of), aSession(of)] as const;
        await write(async ({ keys, sessions }) => {
          await keys.insert(key, { digest: `digest-${key.id}` });
          for (const session of open) await sessions.insert(session);
        });
        return { service, user, key, open };
      }
      const addRefresh = async (sessionId: Id) => {
        const token = { sessionId, createdAt: START, expiresAt: START + 1000 };
        const digest = `digest-${aService().id}`;
        await write(({ sessions }) => sessions.insertRefresh({ ...token, digest }));
        return digest;
      };
      const findRefresh = (digest: string) => read(({ sessions }) => sessions.findRefresh(digest));
      const findOpen = async (id: Id) =>
        (await read(({ sessions }) => sessions.findOpen(id)))?.session ?? null;

      test('come back as they went in while they are open, with their user and key', async () => {
        const { user, key, open } = await seedSessions();
        expect(await read(({ sessions }) => sessions.findOpen(open[0].id))).toEqual({
          session: open[0],
          user,
          key,
        });
        expect(await findOpen(aService().id)).toBeNull();
      });

      test('of a user end together', async () => {
        const { user, open } = await seedSessions();
        const { open: foreign } = await seedSessions();
        await write(({ sessions }) => sessions.endAllOf(user.id, START));
        for (const { id } of open) expect(await findOpen(id)).toBeNull();
        for (const session of foreign) expect(await findOpen(session.id)).toEqual(session);
      });

      test('one may be spared', async () => {
        const { user, open } = await seedSessions();
        await write(({ sessions }) => sessions.endAllOf(user.id, START, open[1].id));
        expect(await findOpen(open[0].id)).toBeNull();
        expect(await findOpen(open[1].id)).toEqual(open[1]);
        expect(await findOpen(open[2].id)).toBeNull();
      });

      test('take refresh tokens, each digest once', async () => {
        const { open } = await seedSessions();
        const token = {
          digest: `digest-${open[0].id}`,
          sessionId: open[0].id,
          createdAt: START,
          expiresAt: START + 1000,
        };
        await write(({ sessions }) => sessions.insertRefresh(token));
        await expect(write(({ sessions }) => sessions.insertRefresh(token))).rejects.toThrow();
      });

      test('end one by one', async () => {
        const { open } = await seedSessions();
        const end = (id: Id) => write(({ sessions }) => sessions.end(id, START));
        await end(open[1].id);
        await end(open[1].id);
        await end(aService().id);
        expect(await findOpen(open[0].id)).toEqual(open[0]);
        expect(await findOpen(open[1].id)).toBeNull();
        expect(await findOpen(open[2].id)).toEqual(open[2]);
      });

      test('that rest on one key end together, and no others', async () => {
        const { service, user, key, open } = await seedSessions();
        const second = aKey({ serviceId: service.id, userId: user.id, isRevoked: true });
        const other = aSession({ serviceId: service.id, userId: user.id, keyId: second.id });
        await write(async ({ keys, sessions }) => {
          await keys.insert(second, { digest: `digest-${second.id}` });
          await sessions.insert(other);
          await sessions.endAllOn({ id: key.id, userId: user.id }, START);
        });
        for (const { id } of open) expect(await findOpen(id)).toBeNull();
        expect(await findOpen(other.id)).toEqual(other);
      });

      test('have refresh tokens that are found, and spent once', async () => {
        const { open } = await seedSessions();
        const digest = await addRefresh(open[0].id);
        const token = { sessionId: open[0].id, expiresAt: START + 1000, isSpent: false };
        expect(await findRefresh(digest)).toEqual(token);
        const spend = (of: string) => write(({ sessions }) => sessions.spendRefresh(of, START));
        expect(await spend(digest)).toBe(true);
        expect(await spend(digest)).toBe(false);
        expect(await findRefresh(digest)).toEqual({ ...token, isSpent: true });
        expect(await findRefresh('no such digest')).toBeNull();
        expect(await spend('no such digest')).toBe(false);
      });

      test('of sixteen that race to spend one refresh token one wins', async () => {
        const { open } = await seedSessions();
        const digest = await addRefresh(open[0].id);
        const answers = await race(16, ({ sessions }) => sessions.spendRefresh(digest, START));
        expect(wins(answers)).toBe(1);
      });

      test('have refresh tokens that are unspent again when their transaction fails', async () => {
        const { open } = await seedSessions();
        const digest = await addRefresh(open[0].id);
        const failing = write(async ({ sessions }) => {
          await sessions.spendRefresh(digest, START);
          throw new Error('planted');
        });
        await expect(failing).rejects.toThrow('planted');
        expect(await findRefresh(digest)).toMatchObject({ isSpent: false });
      });

      // Long before the sessions of other tests.
      const past = START - 1e12;
      const prune = (limit: number) => write(({ sessions }) => sessions.prune(past, limit));

      test('are pruned with their refresh tokens when they expired long ago, or ended', async () => {
        const { open: expired } = await seedSessions({ expiresAt: past - 1 });
        const { user, open: ended } = await seedSessions();
        await write(({ sessions }) => sessions.endAllOf(user.id, past - 1));
        const digests = await Promise.all(
          [expired[0], expired[0], ended[1]].map(({ id }) => addRefresh(id)),
        );
        expect(await prune(100)).toBe(6 + 3);
        for (const digest of digests) expect(await findRefresh(digest)).toBeNull();
        for (const { id } of expired) expect(await findOpen(id)).toBeNull();
        expect(await prune(100)).toBe(0);
      });

      test('are not pruned before, whatever else was', async () => {
        const { open: recent } = await seedSessions({ expiresAt: past });
        const { open } = await seedSessions();
        const { user, open: endedLate } = await seedSessions({ expiresAt: past - 1 });
        await write(({ sessions }) => sessions.endAllOf(user.id, past));
        const digests = await Promise.all(
          [recent[0], open[0], endedLate[0]].map(({ id }) => addRefresh(id)),
        );
        expect(await prune(100)).toBe(0);
        expect(await findOpen(recent[0].id)).toEqual(recent[0]);
        expect(await findOpen(open[0].id)).toEqual(open[0]);
        for (const digest of digests) expect(await findRefresh(digest)).not.toBeNull();
      });

      test('are pruned a few at a time', async () => {
        const { open } = await seedSessions({ expiresAt: past - 1 });
        for (const { id } of [...open, open[0], open[0]]) await addRefresh(id);
        const counts: number[] = [];
        do counts.push(await prune(2));
        while (counts.at(-1) !== 0);
        expect(Math.max(...counts)).toBeLessThanOrEqual(4);
        expect(counts.reduce((total, count) => total + count)).toBe(5 + 3);
      });
    });

    describe('password changes', () => {
      test('come back as they went in', async () => {
        const { change } = await seedChange();
        expect(await read(({ changes }) => changes.get(change.id))).toEqual(change);
        const { service, user } = await seed();
        const anonymous = aChange({
          userId: user.id,
          serviceId: service.id,
          origin: { address: '2001:db8::1', client: null },
        });
        await write(({ changes }) => changes.insert(anonymous));
        expect(await read(({ changes }) => changes.get(anonymous.id))).toEqual(anonymous);
      });

      test('are spent once, and not when unknown', async () => {
        const { change } = await seedChange();
        const spend = (id: Id) => write(({ changes }) => changes.spend(id, START));
        expect(await spend(change.id)).toBe(true);
        expect(await spend(change.id)).toBe(false);
        expect(await spend(aService().id)).toBe(false);
      });

      test('are spent with all others of their user, and nobody else’s', async () => {
        const { change, user } = await seedChange();
        const { change: foreign } = await seedChange();
        const second = aChange({ userId: user.id, serviceId: change.serviceId });
        const expired = aChange({ ...second, id: aService().id, expiresAt: START - 1 });
        await write(async ({ changes }) => {
          for (const other of [second, expired]) await changes.insert(other);
        });
        const spend = (id: Id) => write(({ changes }) => changes.spend(id, START));
        expect(await spend(expired.id)).toBe(false);
        expect(await spend(second.id)).toBe(true);
        expect(await spend(change.id)).toBe(false);
        expect(await spend(foreign.id)).toBe(true);
      });

      test('can be spent until they expire, and not at that instant', async () => {
        const { change: early } = await seedChange({ expiresAt: START + 1000 });
        const { change: late } = await seedChange({ expiresAt: START + 1000 });
        expect(await write(({ changes }) => changes.spend(early.id, START + 999))).toBe(true);
        expect(await write(({ changes }) => changes.spend(late.id, START + 1000))).toBe(false);
      });

      test('are found as revocable as long as they can be spent', async () => {
        const { change } = await seedChange({ expiresAt: START + 1000 });
        const find = (now: number, id = change.id) =>
          read(({ changes }) => changes.findRevocable(id, now));
        expect(await find(START + 999)).toEqual(change);
        expect(await find(START + 1000)).toBeNull();
        expect(await find(START, aService().id)).toBeNull();
        await write(({ changes }) => changes.spend(change.id, START));
        expect(await find(START)).toBeNull();
      });

      test('of a user are counted from the latest back, and nobody else’s', async () => {
        const { service, user } = await seed();
        const { user: stranger } = await seed();
        const of = { userId: user.id, serviceId: service.id };
        await write(async ({ changes }) => {
          await changes.insert(aChange({ ...of, createdAt: START + 5 }));
          await changes.insert(aChange({ ...of, createdAt: START + 9 }));
          await changes.insert(aChange({ ...of, createdAt: START + 7 }));
          await changes.insert(aChange({ ...of, userId: stranger.id, createdAt: START + 8 }));
        });
        const nth = (n: number) => read(({ changes }) => changes.nthLatest(user.id, n));
        expect([await nth(1), await nth(2), await nth(3), await nth(4)]).toEqual([
          START + 9,
          START + 7,
          START + 5,
          null,
        ]);
      });

      test('of sixteen that race to spend one, one wins', async () => {
        const { change } = await seedChange();
        expect(wins(await race(16, ({ changes }) => changes.spend(change.id, START)))).toBe(1);
      });

      test('are unspent again when the transaction that spent them fails', async () => {
        const { change } = await seedChange();
        const failing = write(async ({ changes }) => {
          await changes.spend(change.id, START);
          throw new Error('planted');
        });
        await expect(failing).rejects.toThrow('planted');
        expect(await write(({ changes }) => changes.spend(change.id, START))).toBe(true);
      });

      test('of a user are spent together, and nobody else’s', async () => {
        const { change, user } = await seedChange();
        const { change: foreign } = await seedChange();
        const second = aChange({ userId: user.id, serviceId: change.serviceId });
        await write(async ({ changes }) => {
          await changes.insert(second);
          await changes.spendAllOf(user.id, START);
        });
        expect(await write(({ changes }) => changes.spend(change.id, START))).toBe(false);
        expect(await write(({ changes }) => changes.spend(second.id, START))).toBe(false);
        expect(await write(({ changes }) => changes.spend(foreign.id, START))).toBe(true);
      });

      describe('are pruned', () => {
        // Long before the changes of other tests.
        const past = START - 1e12;
        const prune = (limit: number) => write(({ changes }) => changes.prune(past, limit));
        const get = (id: Id) => read(({ changes }) => changes.get(id));
        /** An expired change, and what `close` leaves of its mail. */
        const seedExpired = async (
          close: (stores: Stores, claim: Claim) => Promise<boolean>,
          expiresAt = past - 1,
        ) => {
          const { change } = await seedChange({ expiresAt });
          await write(async (stores) => {
            await stores.outbox.add(change.id, past);
            const [claim] = await stores.outbox.claim(past, past, 1);
            await close(stores, claim!);
          });
          return change;
        };
        const sent = (stores: Stores, claim: Claim) => stores.outbox.markSent(claim, past);
        const buried = (stores: Stores, claim: Claim) => stores.outbox.bury(claim, past, 'late');
        const waiting = (stores: Stores, claim: Claim) =>
          stores.outbox.putOff(claim, START + 2e12, 'busy');

        test('when their link expired long ago and nothing is owed', async () => {
          const gone = [await seedExpired(sent), await seedExpired(buried)];
          const { change: mailless } = await seedChange({ expiresAt: past - 1 });
          expect(await prune(100)).toBe(5);
          for (const { id } of [...gone, mailless]) expect(await get(id)).toBeNull();
        });

        test('never while a link is good, or a mail is waiting', async () => {
          const kept = [
            await seedExpired(waiting),
            await seedExpired(sent, past),
            await seedExpired(sent, START + 1000),
          ];
          expect(await prune(100)).toBe(0);
          for (const change of kept) expect(await get(change.id)).toEqual(change);
        });

        test('a few at a time', async () => {
          for (let i = 0; i < 3; i += 1) await seedExpired(sent);
          const counts: number[] = [];
          do counts.push(await prune(2));
          while (counts.at(-1) !== 0);
          expect(Math.max(...counts)).toBeLessThanOrEqual(4);
          expect(counts.reduce((total, count) => total + count)).toBe(6);
        });
      });

      test('racing shutdowns of one user by different changes leave one winner', async () => {
        const { change, user } = await seedChange();
        const second = aChange({ userId: user.id, serviceId: change.serviceId });
        await write(({ changes }) => changes.insert(second));
        const both = [change, second];
        const answers = await race(2, async ({ users, changes }, racer) => {
          const isMine = await changes.spend(both[racer]!.id, START);
          await users.shut(user.id, START);
          await changes.spendAllOf(user.id, START);
          return isMine;
        });
        expect(wins(answers)).toBe(1);
      });
    });

    describe('tallies', () => {
      const tally = { since: START, tries: 3, freeAt: START + 1000, knownUntil: START + 9 };
      const aDigest = () => `tally of ${aService().id}`;
      const put = (key: string, forgetAt = START + 1e12) =>
        write(({ throttles }) => throttles.put([{ key, tally, forgetAt }]));
      const get = (key: string) => read(({ throttles }) => throttles.get(key));

      test('come back as they went in, and are replaced', async () => {
        const [key, other] = [aDigest(), aDigest()];
        expect(await get(key)).toEqual(noTries);
        await put(key);
        expect(await get(key)).toEqual(tally);
        const next = { since: START + 1, tries: 4, freeAt: START + 2, knownUntil: START + 3 };
        const forgetAt = START + 1e12;
        await write(({ throttles }) =>
          throttles.put([
            { key, tally: next, forgetAt },
            { key: other, tally, forgetAt },
          ]),
        );
        expect(await get(key)).toEqual(next);
        expect(await get(other)).toEqual(tally);
      });

      test('are held in the order of their keys, whether or not there are any', async () => {
        const [known, unknown, second] = [aDigest(), aDigest(), aDigest()];
        await put(known);
        await put(second);
        const hold = (...keys: string[]) => write(({ throttles }) => throttles.hold(keys));
        expect(await hold(known, unknown, second)).toEqual([tally, noTries, tally]);
        expect(await hold(unknown, second)).toEqual([noTries, tally]);
      });

      test('that are held change for nobody else: of 32 that race for five tries five win', async () => {
        const key = aDigest();
        const answers = await race(32, async ({ throttles }) => {
          const [held = noTries] = await throttles.hold([key]);
          if (held.tries >= 5) return false;
          const next = { ...held, tries: held.tries + 1 };
          await throttles.put([{ key, tally: next, forgetAt: START + 1e12 }]);
          return true;
        });
        expect(wins(answers)).toBe(5);
        expect((await get(key)).tries).toBe(5);
      });

      test('are as they were when the transaction fails', async () => {
        const key = aDigest();
        const failing = write(async ({ throttles }) => {
          await throttles.hold([key]);
          await throttles.put([{ key, tally, forgetAt: START }]);
          throw new Error('planted');
        });
        await expect(failing).rejects.toThrow('planted');
        expect(await get(key)).toEqual(noTries);
      });

      test('may be forgotten from then on, a few at a time', async () => {
        // Long before those of other tests.
        const then = START - 1e12;
        const keys = [aDigest(), aDigest(), aDigest()];
        for (const key of keys) await put(key, then);
        const kept = aDigest();
        await put(kept, then + 1);
        const prune = (now: number, limit: number) =>
          write(({ throttles }) => throttles.prune(now, limit));
        // What was held and never put.
        await prune(then - 1, 10);
        expect(await prune(then - 1, 10)).toBe(0);
        expect(await prune(then, 2)).toBe(2);
        expect(await prune(then, 2)).toBe(1);
        expect(await prune(then, 2)).toBe(0);
        for (const key of keys) expect(await get(key)).toEqual(noTries);
        expect(await get(kept)).toEqual(tally);
      });
    });

    describe('the outbox', () => {
      // Mails of other tests lie far in the future: each test has a span of its own.
      let now = START + 1e12;
      const anHour = 3_600_000;

      async function seedMail() {
        now -= 1e9;
        const { change } = await seedChange();
        await write(({ outbox }) => outbox.add(change.id, now));
        return { changeId: change.id, dueAt: now };
      }
      const claim = (at: number, limit = 100) =>
        write(({ outbox }) => outbox.claim(at, at + 60_000, limit));
      const hasDue = (at: number) => read(({ outbox }) => outbox.hasDue(at));

      test('a mail is due at once, and claimed with its first attempt', async () => {
        const { changeId, dueAt } = await seedMail();
        expect(await hasDue(dueAt - 1)).toBe(false);
        expect(await hasDue(dueAt)).toBe(true);
        expect(await claim(dueAt)).toEqual([{ changeId, attempt: 1 }]);
      });

      test('a mail that was not committed is not owed', async () => {
        const { changeId, dueAt } = await seedMail();
        const [first] = await claim(dueAt);
        await write(({ outbox }) => outbox.markSent(first!, dueAt));
        const { change } = await seedChange();
        const failing = write(async ({ outbox }) => {
          await outbox.add(change.id, dueAt);
          throw new Error('planted');
        });
        await expect(failing).rejects.toThrow('planted');
        expect(first).toMatchObject({ changeId });
        expect(await hasDue(dueAt)).toBe(false);
      });

      test('a claimed mail is nobody else’s until its lease ends, then the next attempt’s', async () => {
        const { changeId, dueAt } = await seedMail();
        await claim(dueAt);
        expect(await hasDue(dueAt + 59_999)).toBe(false);
        expect(await claim(dueAt + 59_999)).toEqual([]);
        expect(await hasDue(dueAt + 60_000)).toBe(true);
        expect(await claim(dueAt + 60_000)).toEqual([{ changeId, attempt: 2 }]);
      });

      test('what is put off or leased beyond an instant is recalled, and nothing else', async () => {
        const [sent, near, leased, far] = [
          await seedMail(),
          await seedMail(),
          await seedMail(),
          await seedMail(),
        ];
        const at = sent.dueAt;
        const claims = await claim(at);
        const claimOn = ({ changeId }: { changeId: string }) =>
          claims.find((each) => each.changeId === changeId)!;
        const beyond = at + 60_000;
        await write(async ({ outbox }) => {
          await outbox.markSent(claimOn(sent), at);
          await outbox.putOff(claimOn(near), beyond, 'reason');
          await outbox.putOff(claimOn(leased), at, 'reason');
          await outbox.putOff(claimOn(far), beyond + 1, 'reason');
          await outbox.claim(at, beyond + 1, 100);
        });

        expect(await hasDue(at)).toBe(false);
        // Mails of other tests are among them.
        expect(await write(({ outbox }) => outbox.recall(beyond, at))).toBeGreaterThanOrEqual(2);
        const recalled = (await claim(at)).map(({ changeId }) => changeId);
        expect(recalled).toEqual(expect.arrayContaining([leased.changeId, far.changeId]));
        expect(recalled).not.toContain(sent.changeId);
        expect(recalled).not.toContain(near.changeId);
      });

      test('the longest due come first, up to the limit', async () => {
        const late = await seedMail();
        const early = await seedMail();
        const earliest = await seedMail();
        const claims = await claim(late.dueAt, 2);
        expect(new Set(claims.map(({ changeId }) => changeId))).toEqual(
          new Set([early.changeId, earliest.changeId]),
        );
        expect(await claim(late.dueAt)).toEqual([{ changeId: late.changeId, attempt: 1 }]);
      });

      test('of many that race for the same mails each gets its own', async () => {
        const mails: Id[] = [];
        for (let i = 0; i < 8; i += 1) mails.push((await seedMail()).changeId);
        const at = now + 7e9;
        const claims = await race(16, ({ outbox }) => outbox.claim(at, at + 60_000, 3));
        const rest = await claim(at);
        const all = [...claims.flat(), ...rest].map(({ changeId }) => changeId);
        expect(all.sort()).toEqual(mails.sort());
      });

      test('a sent mail is never due again', async () => {
        const { dueAt } = await seedMail();
        const [mine] = await claim(dueAt);
        expect(await write(({ outbox }) => outbox.markSent(mine!, dueAt))).toBe(true);
        expect(await hasDue(dueAt + anHour)).toBe(false);
        expect(await claim(dueAt + anHour)).toEqual([]);
      });

      test('a mail that is put off is due again then', async () => {
        const { changeId, dueAt } = await seedMail();
        const [mine] = await claim(dueAt);
        const at = dueAt + 1000;
        expect(await write(({ outbox }) => outbox.putOff(mine!, at, 'SMTP 451'))).toBe(true);
        expect(await hasDue(at - 1)).toBe(false);
        expect(await claim(at)).toEqual([{ changeId, attempt: 2 }]);
      });

      test('a buried mail is not due', async () => {
        const { dueAt } = await seedMail();
        const [mine] = await claim(dueAt);
        expect(await write(({ outbox }) => outbox.bury(mine!, dueAt, 'SMTP 550'))).toBe(true);
        expect(await hasDue(dueAt + anHour)).toBe(false);
      });

      test('who lost the claim cannot close it', async () => {
        const { changeId, dueAt } = await seedMail();
        const [stale] = await claim(dueAt);
        const [fresh] = await claim(dueAt + 60_000);
        const closers: ((claim: Claim) => Promise<boolean>)[] = [
          (claim) => write(({ outbox }) => outbox.markSent(claim, dueAt)),
          (claim) => write(({ outbox }) => outbox.putOff(claim, dueAt, 'late')),
          (claim) => write(({ outbox }) => outbox.bury(claim, dueAt, 'late')),
        ];
        for (const close of closers) expect(await close(stale!)).toBe(false);
        expect(await hasDue(dueAt + 60_000)).toBe(false);
        expect(await claim(dueAt + 120_000)).toEqual([{ changeId, attempt: 3 }]);
        expect(fresh).toEqual({ changeId, attempt: 2 });
      });

      describe('as an operator sees it', () => {
        const list = (...args: Parameters<Stores['outbox']['list']>) =>
          read(({ outbox }) => outbox.list(...args));
        const requeue = (changeId: Id, at: number) =>
          write(({ outbox }) => outbox.requeue(changeId, at));

        async function bury({ dueAt }: { dueAt: number }): Promise<void> {
          const [mine] = await claim(dueAt);
          await write(({ outbox }) => outbox.bury(mine!, dueAt + 1, 'SMTP 550'));
        }
        /** A dead letter whose link is good until then. */
        async function seedDead(expiresAt: number) {
          now -= 1e9;
          const { change } = await seedChange({ expiresAt });
          await write(({ outbox }) => outbox.add(change.id, now));
          const mail = { changeId: change.id, dueAt: now };
          await bury(mail);
          return mail;
        }

        test('a mail says whose it is, and what became of it', async () => {
          now -= 1e9;
          const { change } = await seedChange();
          const { id: changeId, email, createdAt, expiresAt: linkExpiresAt } = change;
          const find = async () => (await list(null, 1000)).find((m) => m.changeId === changeId);
          await write(({ outbox }) => outbox.add(changeId, now));
          const waiting = { changeId, email, createdAt, linkExpiresAt, state: 'waiting' };
          const fresh = { ...waiting, attempts: 0, dueAt: now, closedAt: null, reason: null };
          expect(await find()).toEqual(fresh);

          const [first] = await claim(now);
          await write(({ outbox }) => outbox.putOff(first!, now + 1, 'SMTP 451'));
          const putOff = { ...fresh, attempts: 1, dueAt: now + 1, reason: 'SMTP 451' };
          expect(await find()).toEqual(putOff);

          const [second] = await claim(now + 1);
          await write(({ outbox }) => outbox.markSent(second!, now + 2));
          const dueAt = now + 60_001;
          const sent = { ...putOff, state: 'sent', attempts: 2, dueAt, closedAt: now + 2 };
          expect(await find()).toEqual(sent);
        });

        test('a dead letter says when it was given up, and why', async () => {
          const mail = await seedMail();
          await bury(mail);
          const dead = await list('dead', 1000);
          expect(dead.find(({ changeId }) => changeId === mail.changeId)).toMatchObject({
            state: 'dead',
            closedAt: mail.dueAt + 1,
            reason: 'SMTP 550',
          });
        });

        test('mails are listed by state, the latest change first, up to the limit, and counted', async () => {
          const fresh = await open();
          const of = <T>(work: (stores: Stores) => Promise<T>) => fresh.database.transact(work);
          const backlog = () => fresh.database.read(({ outbox }) => outbox.backlog());
          const none = { waiting: 0, dead: 0, oldestAt: null, firstDueAt: null };
          expect(await backlog()).toEqual(none);
          const mails: Id[] = [];
          for (let i = 0; i < 6; i += 1) {
            const service = aService();
            const user = aUser({ createdBy: service.id });
            const createdAt = START - 100 * i;
            const change = aChange({ userId: user.id, serviceId: service.id, createdAt });
            mails.push(change.id);
            await of(async ({ services, users, changes, outbox }) => {
              await services.insert(service);
              await users.insert(user, null);
              await changes.insert(change);
              await outbox.add(change.id, START + i);
            });
          }
          const [sent, dead, ...waiting] = mails;
          await of(async ({ outbox }) => {
            const [first] = await outbox.claim(START, START + anHour, 1);
            await outbox.markSent(first!, START);
            const [second] = await outbox.claim(START + 1, START + anHour, 1);
            await outbox.bury(second!, START, 'SMTP 550');
          });
          const ids = async (...args: Parameters<Stores['outbox']['list']>) =>
            (await fresh.database.read(({ outbox }) => outbox.list(...args))).map(
              ({ changeId }) => changeId,
            );
          expect(await ids('sent', 10)).toEqual([sent]);
          expect(await ids('dead', 10)).toEqual([dead]);
          expect(await ids('waiting', 10)).toEqual(waiting.toReversed());
          expect(await ids('waiting', 3)).toEqual(waiting.toReversed().slice(0, 3));
          expect(await ids(null, 10)).toEqual(mails.toReversed());

          const counted = { waiting: 4, dead: 1, oldestAt: START - 500, firstDueAt: START + 2 };
          expect(await backlog()).toEqual(counted);
          await of(({ outbox }) => outbox.claim(START + 2, START + anHour, 1));
          expect(await backlog()).toEqual({ ...counted, firstDueAt: START + 3 });
          await fresh.close();
        });

        test('a dead letter that is requeued is due at once, and counts its attempts on', async () => {
          const { changeId, dueAt } = await seedDead(now + 1e12);
          const at = dueAt + anHour;
          expect(await requeue(changeId, at)).toBe(true);
          expect(await hasDue(at - 1)).toBe(false);
          expect(await claim(at)).toEqual([{ changeId, attempt: 2 }]);
          expect(await requeue(changeId, at)).toBe(false);
        });

        test('only a dead letter whose link is good can be requeued', async () => {
          const waiting = await seedMail();
          expect(await requeue(waiting.changeId, waiting.dueAt)).toBe(false);
          const [mine] = await claim(waiting.dueAt);
          await write(({ outbox }) => outbox.markSent(mine!, waiting.dueAt));
          expect(await requeue(waiting.changeId, waiting.dueAt)).toBe(false);
          expect(await requeue(aService().id, waiting.dueAt)).toBe(false);

          const { changeId, dueAt } = await seedDead(now);
          const expiresAt = dueAt + 1e9;
          expect(await requeue(changeId, expiresAt)).toBe(false);
          expect(await hasDue(expiresAt)).toBe(false);
          expect(await requeue(changeId, expiresAt - 1)).toBe(true);
          await claim(expiresAt);
        });

        test('dead letters can be requeued a few at a time, but for those whose link has expired', async () => {
          const requeueDead = (at: number) => write(({ outbox }) => outbox.requeueDead(at, 2));
          const expired = await seedDead(START + 1);
          const young = await seedDead(now + 1e12);
          const dead = [
            await seedDead(now + 1e12),
            await seedDead(now + 1e12),
            await seedDead(now + 1e12),
          ];
          const at = dead[0]!.dueAt + anHour;
          const requeued = [await requeueDead(at), await requeueDead(at), await requeueDead(at)];
          expect(requeued.map((ids) => ids.length)).toEqual([2, 1, 0]);
          expect(requeued.flat().sort()).toEqual(dead.map(({ changeId }) => changeId).sort());
          const due = (await claim(at)).map(({ changeId }) => changeId);
          expect(due.sort()).toEqual(dead.map(({ changeId }) => changeId).sort());
          for (const { changeId } of [expired, young]) {
            expect(await requeue(changeId, START)).toBe(true);
          }
          await claim(at);
        });
      });

      test('a closed mail cannot be closed again', async () => {
        const { dueAt } = await seedMail();
        const [mine] = await claim(dueAt);
        await write(({ outbox }) => outbox.markSent(mine!, dueAt));
        expect(await write(({ outbox }) => outbox.bury(mine!, dueAt, 'late'))).toBe(false);
        expect(await write(({ outbox }) => outbox.putOff(mine!, dueAt, 'late'))).toBe(false);
        expect(await hasDue(dueAt)).toBe(false);
      });
    });
  });
}
