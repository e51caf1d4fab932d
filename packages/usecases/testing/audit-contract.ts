import type { AuditEntry, Id } from '@rekey/domain';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AuditFilter, AuditPlace, Database, Stores } from '../src/ports.ts';
import { PruneAudit } from '../src/prune-audit.ts';
import { type Recorded, record } from '../src/record.ts';
import { VerifyAudit } from '../src/verify-audit.ts';
import type { OpenDatabase } from './contracts.ts';
import { fakeClock, fakeMacs, sequentialIds } from './fakes.ts';
import { aChain, anAuditEntry, aService, ORIGIN, START } from './fixtures.ts';
import { gate } from './gate.ts';

/** What every database must do for the audit. */
export function auditContract(name: string, open: () => Promise<OpenDatabase>): void {
  describe(`the audit in ${name}`, () => {
    let opened: OpenDatabase;
    let database: Database;
    beforeAll(async () => {
      opened = await open();
      database = opened.database;
    });
    afterAll(() => opened.close());

    const write = <T>(work: (stores: Stores) => Promise<T>) => database.transact(work);
    const read = <T>(work: (stores: Stores) => Promise<T>) => database.read(work);
    const clock = fakeClock(START);
    const macs = fakeMacs();
    const ports = { macs, clock, ids: sequentialIds(5) };

    const seed = async (): Promise<Id> => {
      const service = aService();
      await write(async (stores) => {
        await stores.services.insert(service);
        await record(ports, stores, { action: 'service_create', serviceId: service.id });
      });
      return service.id;
    };
    const append = (event: Partial<Recorded> & Pick<Recorded, 'serviceId'>) =>
      write((stores) => record(ports, stores, { action: 'login', ...event }));
    const follow = (serviceId: Id | null, sequence = 0, limit = 1000) =>
      read(({ audit }) => audit.follow(serviceId, sequence, limit));
    const chainOf = (serviceId: Id | null) => read(({ audit }) => audit.chain(serviceId));
    const list = (filter: Partial<AuditFilter>, limit = 1000) =>
      read(({ audit }) =>
        audit.list({ from: 0, before: { createdAt: START * 2, id: '' }, ...filter }, limit),
      );
    const verify = async (serviceId: Id | null) => {
      const reports = await new VerifyAudit({ database, macs }).execute();
      return reports.find((report) => report.serviceId === serviceId);
    };

    test('an entry comes back as it went in, by id and in its chain', async () => {
      const serviceId = await seed();
      const full = anAuditEntry({
        serviceId,
        sequence: 2,
        action: 'totp',
        outcome: 'failure',
        origin: { address: '2001:db8::1', client: 'Ünïcode 🦉 "\\' },
        previousHash: 'before',
      });
      const bare = anAuditEntry({
        serviceId,
        sequence: 3,
        userId: null,
        subjectId: null,
        origin: null,
      });
      const chain = aChain({ serviceId, length: 3, hash: 'h3', seal: 's3' });
      await write(async ({ audit }) => {
        await audit.hold(serviceId);
        await audit.append(full, chain);
        await audit.append(bare, chain);
      });
      for (const entry of [full, bare]) {
        expect(await read(({ audit }) => audit.get(entry.id))).toEqual(entry);
      }
      expect(await follow(serviceId, 1)).toEqual([full, bare]);
      expect(await chainOf(serviceId)).toEqual(chain);
      const unnamed = anAuditEntry({ serviceId, sequence: 4, origin: { ...ORIGIN, client: null } });
      await write(({ audit }) => audit.append(unnamed, chain));
      expect(await follow(serviceId, 3)).toEqual([unnamed]);
    });

    test('the operator has a chain like every service', async () => {
      const event = { action: 'root_key_create', serviceId: null } as const;
      const id = await append(event);
      expect(await read(({ audit }) => audit.get(id))).toMatchObject(event);
      expect((await follow(null)).at(-1)?.id).toBe(id);
      expect(await verify(null)).toMatchObject({ fault: null });
    });

    test('unknown ids and chains are null, and a chain that is held for the first time is empty', async () => {
      const { id } = aService();
      expect(await read(({ audit }) => audit.get(id))).toBeNull();
      expect(await chainOf(id)).toBeNull();
      expect(await follow(id)).toEqual([]);
      const empty = { length: 0, hash: null, pruned: 0, prunedHash: null, seal: '' };
      expect(await write(({ audit }) => audit.hold(id))).toEqual({ serviceId: id, ...empty });
    });

    test('each chain is known by its owner, and each service by its id', async () => {
      const serviceId = await seed();
      expect(await read(({ audit }) => audit.owners())).toContain(serviceId);
      expect(await read(({ services }) => services.ids())).toContain(serviceId);
    });

    test('each entry holds the hash of the one before it', async () => {
      const serviceId = await seed();
      for (let i = 0; i < 3; i += 1) await append({ serviceId });
      const entries = await follow(serviceId);
      expect(entries.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4]);
      const hashes = entries.map(({ hash }) => hash);
      expect(entries.map(({ previousHash }) => previousHash)).toEqual([
        null,
        ...hashes.slice(0, 3),
      ]);
      const end = { length: 4, hash: hashes[3] };
      expect(await chainOf(serviceId)).toMatchObject({ ...end, pruned: 0, prunedHash: null });
      expect(await verify(serviceId)).toMatchObject({ ...end, fault: null });
    });

    test('a chain is followed a few entries at a time', async () => {
      const serviceId = await seed();
      for (let i = 0; i < 4; i += 1) await append({ serviceId });
      const sequences = async (after: number, limit: number) =>
        (await follow(serviceId, after, limit)).map(({ sequence }) => sequence);
      expect(await sequences(0, 2)).toEqual([1, 2]);
      expect(await sequences(2, 2)).toEqual([3, 4]);
      expect(await sequences(4, 2)).toEqual([5]);
      expect(await sequences(5, 2)).toEqual([]);
    });

    test('a transaction that fails leaves no entry and no gap', async () => {
      const serviceId = await seed();
      const failing = write(async (stores) => {
        await record(ports, stores, { action: 'login', serviceId });
        await record(ports, stores, { action: 'login', serviceId });
        throw new Error('planted');
      });
      await expect(failing).rejects.toThrow('planted');
      await append({ serviceId });
      expect((await follow(serviceId)).map(({ sequence }) => sequence)).toEqual([1, 2]);
      expect(await verify(serviceId)).toMatchObject({ length: 2, fault: null });
    });

    test('one that fails before its chain ever was leaves none', async () => {
      const { id } = aService();
      const failing = write(async (stores) => {
        await record(ports, stores, { action: 'login', serviceId: id });
        throw new Error('planted');
      });
      await expect(failing).rejects.toThrow('planted');
      expect(await chainOf(id)).toBeNull();
    });

    test('of many that append at once each has its place, and the chain is whole', async () => {
      const first = aService().id;
      const second = await seed();
      for (const serviceId of [first, second]) {
        const before = (await follow(serviceId)).length;
        const racers = 32;
        const allIn = gate(Math.min(racers, opened.concurrency));
        const ids = await Promise.all(
          Array.from({ length: racers }, (_, racer) =>
            write(async (stores) => {
              await allIn();
              // The first entry of a chain that is not there yet is raced for, too.
              const action = before === 0 ? 'service_create' : 'login';
              await record(ports, stores, { action, serviceId });
              if (racer % 4 === 0) return record(ports, stores, { action: 'totp', serviceId });
              return null;
            }),
          ),
        );
        const length = before + racers + racers / 4;
        const entries = await follow(serviceId);
        expect(entries.map(({ sequence }) => sequence)).toEqual(
          Array.from({ length }, (_, index) => index + 1),
        );
        // What one transaction appends is not torn apart.
        for (const id of ids.filter((each) => each !== null)) {
          const index = entries.findIndex((entry) => entry.id === id);
          expect([entries[index - 1]?.action, entries[index]?.action]).toEqual([
            before === 0 ? 'service_create' : 'login',
            'totp',
          ]);
        }
        expect(await verify(serviceId)).toMatchObject({ length, fault: null });
      }
    });

    describe('a list', () => {
      const users = [aService().id, aService().id] as const;
      /** Ten entries of a service, a second apart but for two pairs. */
      async function seedEntries() {
        const serviceId = await seed();
        const ids: Id[] = [];
        for (let i = 0; i < 10; i += 1) {
          clock.set(START + 1000 * (i === 4 || i === 8 ? i - 1 : i) + 1000);
          const action = i % 3 === 0 ? 'totp' : 'login';
          ids.unshift(await append({ serviceId, action, userId: users[i % 2] ?? null }));
        }
        clock.set(START);
        const [created] = await follow(serviceId, 0, 1);
        return { serviceId, ids: [...ids, created?.id ?? ''] };
      }
      const idsOf = (entries: AuditEntry[]) => entries.map(({ id }) => id);

      test('has the latest first, and of one instant the higher id', async () => {
        const { serviceId, ids } = await seedEntries();
        expect(idsOf(await list({ serviceId }))).toEqual(ids);
        expect(idsOf(await list({ serviceId }, 3))).toEqual(ids.slice(0, 3));
      });

      test('goes on where a page ended, and misses and repeats nothing while entries are added', async () => {
        const { serviceId, ids } = await seedEntries();
        const seen: Id[] = [];
        let before: AuditPlace = { createdAt: START * 2, id: '' };
        for (;;) {
          const page = await list({ serviceId, before }, 2);
          seen.push(...idsOf(page));
          const last = page.at(-1);
          if (!last) break;
          before = last;
          clock.set(START + 60_000);
          await append({ serviceId });
          clock.set(START);
        }
        expect(seen).toEqual(ids);
      });

      test('has what the filter lets through', async () => {
        const { serviceId, ids } = await seedEntries();
        await seedEntries();
        const all = await list({ serviceId });
        const only = (test: (entry: AuditEntry) => boolean) => idsOf(all.filter(test));
        const [userId] = users;
        const from = START + 4000;
        const before = { createdAt: START + 8000, id: '' };
        expect(idsOf(await list({ serviceId, userId }))).toEqual(only((e) => e.userId === userId));
        expect(idsOf(await list({ serviceId, action: 'totp' }))).toEqual(
          only((entry) => entry.action === 'totp'),
        );
        expect(idsOf(await list({ serviceId, from }))).toEqual(only((e) => e.createdAt >= from));
        expect(idsOf(await list({ serviceId, before }))).toEqual(
          only(({ createdAt }) => createdAt < before.createdAt),
        );
        const some = { userId, action: 'totp', from, before } as const;
        const both = await list({ serviceId, ...some });
        expect(idsOf(both)).toEqual(
          only(
            (entry) =>
              entry.userId === userId &&
              entry.action === 'totp' &&
              entry.createdAt >= from &&
              entry.createdAt < before.createdAt,
          ),
        );
        expect(both.length).toBeGreaterThan(0);
        expect(ids).toHaveLength(11);
      });

      test('may be of all chains', async () => {
        const [one, two] = [await seedEntries(), await seedEntries()];
        const [userId] = users;
        const found = idsOf(await list({}));
        expect(found).toEqual(expect.arrayContaining([...one.ids, ...two.ids]));
        const totp = await list({ action: 'totp' });
        expect(new Set(totp.map(({ action }) => action))).toEqual(new Set(['totp']));
        const his = await list({ userId });
        expect(new Set(his.map(({ serviceId }) => serviceId))).toContain(one.serviceId);
        expect(new Set(his.map(({ serviceId }) => serviceId))).toContain(two.serviceId);
        expect(new Set(his.map((entry) => entry.userId))).toEqual(new Set([userId]));
      });
    });

    describe('a chain that is pruned', () => {
      const prune = (before: number) => new PruneAudit({ database, macs }).execute({ before });

      /** A chain with an entry each second. */
      async function seedChain(length: number, first = START) {
        clock.set(first);
        const serviceId = await seed();
        for (let i = 1; i < length; i += 1) {
          clock.set(first + 1000 * i);
          await append({ serviceId });
        }
        clock.set(START);
        return serviceId;
      }

      test('loses what is older, and can be verified and appended to as before', async () => {
        // Long before the entries of other tests.
        const first = START - 1e11;
        const serviceId = await seedChain(5, first);
        const entries = await follow(serviceId);
        expect(await prune(first + 3000)).toBe(3);
        expect(await follow(serviceId)).toEqual(entries.slice(3));
        const begin = { pruned: 3, prunedHash: entries[2]?.hash };
        expect(await chainOf(serviceId)).toMatchObject({ length: 5, ...begin });
        await append({ serviceId });
        expect(await verify(serviceId)).toMatchObject({ length: 6, pruned: 3, fault: null });
        expect(await prune(first + 3000)).toBe(0);
      });

      test('may lose all, and goes on where it was', async () => {
        const first = START - 2e11;
        const serviceId = await seedChain(3, first);
        expect(await prune(first + 9000)).toBe(3);
        expect(await verify(serviceId)).toMatchObject({ length: 3, pruned: 3, fault: null });
        await append({ serviceId });
        expect((await follow(serviceId)).map(({ sequence }) => sequence)).toEqual([4]);
        expect(await verify(serviceId)).toMatchObject({ length: 4, pruned: 3, fault: null });
      });

      test('keeps an old entry that comes after a young one', async () => {
        const first = START - 3e11;
        const serviceId = await seedChain(3, first);
        clock.set(first);
        await append({ serviceId });
        clock.set(START);
        expect(await prune(first + 1000)).toBe(1);
        expect(await follow(serviceId)).toHaveLength(3);
        expect(await verify(serviceId)).toMatchObject({ fault: null });
      });
    });
  });
}
