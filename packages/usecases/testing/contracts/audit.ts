import {
  type AuditEntry,
  type AuditPlace,
  type AuditSum,
  auditTypes,
  emptyAuditChain,
  endOfMinute,
  type Id,
  type Key,
  keyMakingTypes,
} from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import type { AuditFilter, Stores } from '../../src/ports/index.ts';
import { aChain, aKey, anAuditEntry, anId, ORIGIN, START } from '../fixtures.ts';
import type { Opened } from './opened.ts';

export function auditContract({ write, read, race, alone, seed }: Opened): void {
  /** Appends an entry to its chain, as a use case does. */
  async function appendTo(
    { audit }: Stores,
    details: Partial<AuditEntry> & Pick<AuditEntry, 'serviceId'>,
  ): Promise<AuditEntry> {
    const end = await audit.lock(details.serviceId);
    const sequence = end.length + 1;
    const entry = anAuditEntry({ sequence, previousHash: end.hash, ...details });
    await audit.append(entry, { ...end, length: sequence, hash: entry.hash, seal: entry.hash });
    return entry;
  }
  const append = (details: Parameters<typeof appendTo>[1]) =>
    write((stores) => appendTo(stores, details));
  const follow = (serviceId: Id | null, sequence = 0, limit = 1000) =>
    read(({ audit }) => audit.follow(serviceId, sequence, limit));
  const chainOf = (serviceId: Id | null) => read(({ audit }) => audit.chain(serviceId));
  const list = (filter: Partial<AuditFilter>, limit = 1000) =>
    read(({ audit }) =>
      audit.list({ from: 0, before: { createdAt: START * 2, id: '' }, ...filter }, limit),
    );
  const sequencesOf = (entries: AuditEntry[]) => entries.map(({ sequence }) => sequence);

  describe('the audit', () => {
    test('has entries that come back as they went in, by id and in their chain', async () => {
      const serviceId = (await seed()).service.id;
      const full = anAuditEntry({
        serviceId,
        type: 'sso:AuthTotp',
        outcome: 'failure',
        origin: { address: '2001:db8::1', client: 'Ünïcode 🦉 "\\' },
        previousHash: 'before',
      });
      const bare = anAuditEntry({
        serviceId,
        sequence: 2,
        userId: null,
        subjectId: null,
        origin: null,
        count: 4_000_000_000,
      });
      const unnamed = anAuditEntry({ serviceId, sequence: 3, origin: { ...ORIGIN, client: null } });
      const chain = aChain({ serviceId, length: 3, hash: 'h3', seal: 's3' });
      await write(async ({ audit }) => {
        await audit.lock(serviceId);
        for (const entry of [full, bare, unnamed]) await audit.append(entry, chain);
      });
      for (const entry of [full, bare, unnamed]) {
        expect(await read(({ audit }) => audit.get(entry.id))).toEqual(entry);
      }
      expect(await follow(serviceId)).toEqual([full, bare, unnamed]);
      expect(await chainOf(serviceId)).toEqual(chain);
      expect(await write(({ audit }) => audit.lock(serviceId))).toEqual(chain);
    });

    test.each(auditTypes)('keeps entries of type %s', async (type) => {
      const entry = await append({ serviceId: (await seed()).service.id, type });
      expect(await read(({ audit }) => audit.get(entry.id))).toEqual(entry);
    });

    test('has a chain of the operator like those of services', async () => {
      const entry = await append({ serviceId: null, type: 'rekey:RootKeyCreate' });
      expect(await read(({ audit }) => audit.get(entry.id))).toEqual(entry);
      expect((await follow(null)).at(-1)).toEqual(entry);
      expect(await chainOf(null)).toMatchObject({ serviceId: null, hash: entry.hash });
      expect(await read(({ audit }) => audit.owners())).toContain(null);
    });

    test('has no unknown entry and chain, and a chain that is locked for the first time is empty', async () => {
      const id = anId();
      expect(await read(({ audit }) => audit.get(id))).toBeNull();
      expect(await chainOf(id)).toBeNull();
      expect(await follow(id)).toEqual([]);
      expect(await write(({ audit }) => audit.lock(id))).toEqual(emptyAuditChain(id));
    });

    test('names the owner of each chain', async () => {
      const serviceId = (await seed()).service.id;
      await append({ serviceId });
      await append({ serviceId });
      const owners = await read(({ audit }) => audit.owners());
      expect(owners.filter((owner) => owner === serviceId)).toHaveLength(1);
    });

    test('has chains that are followed a few entries at a time', async () => {
      const serviceId = (await seed()).service.id;
      for (let i = 0; i < 5; i += 1) await append({ serviceId });
      await append({ serviceId: (await seed()).service.id });
      const sequences = async (after: number) => sequencesOf(await follow(serviceId, after, 2));
      expect(await sequences(0)).toEqual([1, 2]);
      expect(await sequences(2)).toEqual([3, 4]);
      expect(await sequences(4)).toEqual([5]);
      expect(await sequences(5)).toEqual([]);
    });

    test('keeps no entry of a transaction that fails, and no gap', async () => {
      const serviceId = (await seed()).service.id;
      await append({ serviceId });
      const before = await chainOf(serviceId);
      const failing = write(async (stores) => {
        await appendTo(stores, { serviceId });
        await appendTo(stores, { serviceId });
        throw new Error('planted');
      });
      await expect(failing).rejects.toThrow('planted');
      expect(await chainOf(serviceId)).toEqual(before);
      await append({ serviceId });
      expect(sequencesOf(await follow(serviceId))).toEqual([1, 2]);
    });

    test('has no chain of which nothing was ever committed', async () => {
      const id = anId();
      const failing = write(async (stores) => {
        await appendTo(stores, { serviceId: id });
        throw new Error('planted');
      });
      await expect(failing).rejects.toThrow('planted');
      expect(await chainOf(id)).toBeNull();
    });

    test('gives each of many that append at once its place, and tears no transaction apart', async () => {
      // The first entry of a chain that is not there yet is raced for, too.
      const fresh = anId();
      const known = (await seed()).service.id;
      await append({ serviceId: known });
      for (const serviceId of [fresh, known]) {
        const before = (await follow(serviceId)).length;
        const pairs = await race(32, async (stores, racer) => {
          const first = await appendTo(stores, { serviceId });
          return racer % 4 === 0 ? [first, await appendTo(stores, { serviceId })] : [first];
        });
        const entries = await follow(serviceId);
        const length = before + 32 + 8;
        expect(sequencesOf(entries)).toEqual(Array.from({ length }, (_, index) => index + 1));
        expect(entries.slice(1).map(({ previousHash }) => previousHash)).toEqual(
          entries.slice(0, -1).map(({ hash }) => hash),
        );
        expect(await chainOf(serviceId)).toMatchObject({ length, hash: entries.at(-1)?.hash });
        for (const [first, second] of pairs) {
          if (second) expect(second.sequence).toBe(first!.sequence + 1);
        }
      }
    });
  });

  describe('a list of the audit', () => {
    const users = [anId(), anId()] as const;
    /** Ten entries of a service, a second apart but for two pairs, the latest first. */
    async function seedEntries() {
      const serviceId = (await seed()).service.id;
      const ids: Id[] = [];
      for (let i = 0; i < 10; i += 1) {
        const createdAt = START + 1000 * (i === 4 || i === 8 ? i - 1 : i);
        const type = i % 3 === 0 ? 'sso:AuthTotp' : 'sso:AuthLocalLogin';
        const { id } = await append({ serviceId, createdAt, type, userId: users[i % 2] ?? null });
        ids.unshift(id);
      }
      return { serviceId, ids };
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
        await append({ serviceId, createdAt: START + 60_000 });
      }
      expect(seen).toEqual(ids);
    });

    test('has what the filter lets through', async () => {
      const { serviceId } = await seedEntries();
      await seedEntries();
      const all = await list({ serviceId });
      const only = (test: (entry: AuditEntry) => boolean) => idsOf(all.filter(test));
      const [userId] = users;
      const type = 'sso:AuthTotp';
      const from = START + 3000;
      const before = { createdAt: START + 7000, id: '' };
      expect(idsOf(await list({ serviceId, userId }))).toEqual(only((e) => e.userId === userId));
      expect(idsOf(await list({ serviceId, type }))).toEqual(only((e) => e.type === type));
      expect(idsOf(await list({ serviceId, from }))).toEqual(only((e) => e.createdAt >= from));
      expect(idsOf(await list({ serviceId, before }))).toEqual(
        only(({ createdAt }) => createdAt < before.createdAt),
      );
      const both = await list({ serviceId, userId, type, from, before });
      expect(idsOf(both)).toEqual(
        only(
          (entry) =>
            entry.userId === userId &&
            entry.type === type &&
            entry.createdAt >= from &&
            entry.createdAt < before.createdAt,
        ),
      );
      expect(both.length).toBeGreaterThan(0);
      expect(all).toHaveLength(10);
    });

    test('may be of all chains, the operator’s as well', async () => {
      const [one, two] = [await seedEntries(), await seedEntries()];
      const own = await append({ serviceId: null, userId: users[0] });
      const found = idsOf(await list({}));
      expect(found).toEqual(expect.arrayContaining([...one.ids, ...two.ids, own.id]));
      const codes = await list({ type: 'sso:AuthTotp' });
      expect(new Set(codes.map(({ type }) => type))).toEqual(new Set(['sso:AuthTotp']));
      const [userId] = users;
      const ofUser = await list({ userId });
      const owners = new Set(ofUser.map(({ serviceId }) => serviceId));
      for (const owner of [one.serviceId, two.serviceId, null]) expect(owners).toContain(owner);
      expect(new Set(ofUser.map((entry) => entry.userId))).toEqual(new Set([userId]));
    });
  });

  describe('a chain of the audit that is pruned', () => {
    const pruneTo = (serviceId: Id | null, pruned: number) =>
      write(async ({ audit }) => {
        const chain = await audit.lock(serviceId);
        const begin = {
          ...chain,
          pruned,
          prunedHash: `hash-${pruned}`,
          prunedUntil: START + pruned,
          seal: `seal-${pruned}`,
        };
        await audit.prune(begin);
        return begin;
      });

    test('loses what is older than its new beginning, and is appended to as before', async () => {
      const serviceId = (await seed()).service.id;
      const entries: AuditEntry[] = [];
      for (let i = 0; i < 5; i += 1) entries.push(await append({ serviceId }));
      const neighbour = await append({ serviceId: (await seed()).service.id });
      const begin = await pruneTo(serviceId, 3);
      expect(begin.length).toBe(5);
      expect(await chainOf(serviceId)).toEqual(begin);
      expect(await follow(serviceId)).toEqual(entries.slice(3));
      expect(await read(({ audit }) => audit.get(entries[2]!.id))).toBeNull();
      expect(await follow(neighbour.serviceId)).toEqual([neighbour]);
      const next = await append({ serviceId });
      expect(next).toMatchObject({ sequence: 6, previousHash: entries[4]!.hash });
      expect(await chainOf(serviceId)).toMatchObject({
        length: 6,
        pruned: 3,
        prunedHash: 'hash-3',
        prunedUntil: START + 3,
      });
    });

    test('may lose all, and goes on where it was', async () => {
      const serviceId = (await seed()).service.id;
      for (let i = 0; i < 3; i += 1) await append({ serviceId });
      await pruneTo(serviceId, 3);
      expect(await follow(serviceId)).toEqual([]);
      expect(await read(({ audit }) => audit.owners())).toContain(serviceId);
      await append({ serviceId });
      expect(sequencesOf(await follow(serviceId))).toEqual([4]);
    });

    test('may be the operator’s', async () => {
      await append({ serviceId: null });
      const { length } = (await chainOf(null))!;
      await pruneTo(null, length);
      expect(await follow(null)).toEqual([]);
    });

    test('is whole again when the transaction fails', async () => {
      const serviceId = (await seed()).service.id;
      const entry = await append({ serviceId });
      const before = await chainOf(serviceId);
      const failing = write(async ({ audit }) => {
        const chain = await audit.lock(serviceId);
        await audit.prune({ ...chain, pruned: 1, prunedHash: entry.hash });
        throw new Error('planted');
      });
      await expect(failing).rejects.toThrow('planted');
      expect(await follow(serviceId)).toEqual([entry]);
      expect(await chainOf(serviceId)).toEqual(before);
    });
  });

  test('the audit counts the entries of all chains, but for those that were pruned', async () => {
    await alone(async ({ transact, read }) => {
      const count = () => read(({ audit }) => audit.count());
      expect(await count()).toBe(0);
      const [one, other] = [anId(), anId()];
      await transact(async (stores) => {
        for (const serviceId of [one, one, one, other, null]) await appendTo(stores, { serviceId });
      });
      expect(await count()).toBe(5);
      await transact(async ({ audit }) => {
        const chain = await audit.lock(one);
        await audit.prune({ ...chain, pruned: 2, prunedHash: 'hash', prunedUntil: START });
      });
      expect(await count()).toBe(3);
    });
  });

  describe('the keys that the audit must know', () => {
    const add = (key: Key) => write(({ keys }) => keys.insert(key, { digest: `digest-${key.id}` }));
    const found = async ({ id }: Key) => {
      const all = await read(({ audit }) => audit.keys('', 10_000));
      return all.find((each) => each.id === id);
    };
    const asFound = ({ id, createdAt, serviceId }: Key, isRecorded: boolean) => {
      return { id, createdAt, serviceId, isRecorded };
    };

    test.each(keyMakingTypes)('are recorded by %s in the chain of their service', async (type) => {
      const { service, user } = await seed();
      const key = aKey({ serviceId: service.id, userId: user.id, createdAt: START + 7 });
      await add(key);
      expect(await found(key)).toEqual(asFound(key, false));
      await append({ serviceId: service.id, type: 'sso:AuthKeyRevoke', subjectId: key.id });
      await append({ serviceId: service.id, type, subjectId: anId() });
      const { service: other } = await seed();
      for (const serviceId of [other.id, null])
        await append({ serviceId, type, subjectId: key.id });
      expect(await found(key)).toEqual(asFound(key, false));
      await append({ serviceId: service.id, type, subjectId: key.id });
      expect(await found(key)).toEqual(asFound(key, true));
    });

    test('are those of services and of the operator as well', async () => {
      const { service } = await seed();
      for (const serviceId of [service.id, null]) {
        const key = aKey({ serviceId, userId: null, type: 'KEY' });
        await add(key);
        expect(await found(key)).toEqual(asFound(key, false));
        await append({ serviceId, type: 'rekey:RootKeyCreate', subjectId: key.id });
        expect(await found(key)).toEqual(asFound(key, true));
      }
    });

    test('come by their ids, a few at a time', async () => {
      for (let i = 0; i < 5; i += 1)
        await add(aKey({ serviceId: null, userId: null, type: 'KEY' }));
      const ids: Id[] = [];
      for (;;) {
        const page = await read(({ audit }) => audit.keys(ids.at(-1) ?? '', 2));
        ids.push(...page.map(({ id }) => id));
        if (page.length < 2) break;
      }
      expect(ids.length).toBeGreaterThan(4);
      expect(ids).toEqual([...new Set(ids)].sort());
      expect(await read(({ audit }) => audit.keys(ids.at(-1) ?? '', 2))).toEqual([]);
    });
  });

  describe('the sums of the audit', () => {
    const MINUTE_MS = 60_000;
    const endsAt = endOfMinute(START);
    const aSum = (details: Partial<AuditSum> = {}): AuditSum => ({
      endsAt,
      serviceId: null,
      type: 'sso:AuthLocalLogin',
      network: '192.0.2.7',
      count: 1,
      ...details,
    });
    const byNetwork = (sums: AuditSum[]) =>
      sums.toSorted((a, b) => ((a.network ?? '') < (b.network ?? '') ? -1 : 1));

    test('grow by minute, chain, type and network, and are taken once, by minute, chain and type', async () => {
      await alone(async ({ transact }) => {
        const serviceId = anId();
        const groups = [
          [
            aSum({ count: 3 }),
            aSum({ network: null, count: 2 }),
            aSum({ network: '2001:db8::/64' }),
          ],
          [aSum({ type: 'sso:AuthTotp' })],
          [aSum({ serviceId, count: 4_000_000_000 })],
          [aSum({ endsAt: endsAt + MINUTE_MS, serviceId })],
        ];
        for (const { count, ...sum } of groups.flat()) {
          const [first, ...rest] = count > 9 ? [count] : Array.from({ length: count }, () => 1);
          for (const part of [first ?? 0, ...rest]) {
            await transact(({ audit }) => audit.addToSum({ ...sum, count: part }));
          }
        }
        const take = (now: number) => transact(({ audit }) => audit.takeSums(now, 1000));
        expect(await take(endsAt - 1)).toEqual([]);
        const taken = [];
        for (let i = 0; i < 3; i += 1) taken.push(byNetwork(await take(endsAt)));
        for (const group of groups.slice(0, 3)) expect(taken).toContainEqual(byNetwork(group));
        expect(await take(endsAt)).toEqual([]);
        expect(await take(endsAt + MINUTE_MS)).toEqual(groups[3]);
        expect(await take(endsAt + MINUTE_MS)).toEqual([]);
      });
    });

    test('are there again when the transaction that took them fails', async () => {
      await alone(async ({ transact }) => {
        await transact(({ audit }) => audit.addToSum(aSum()));
        const failing = transact(async ({ audit }) => {
          expect(await audit.takeSums(endsAt, 10)).toEqual([aSum()]);
          throw new Error('planted');
        });
        await expect(failing).rejects.toThrow('planted');
        expect(await transact(({ audit }) => audit.takeSums(endsAt, 10))).toEqual([aSum()]);
      });
    });

    test('lose nothing that many add at once, and nothing is taken twice', async () => {
      const network = anId();
      const others = Array.from({ length: 40 }, (_, i) => `${network} ${i}`);
      await race(32, async ({ audit }, racer) => {
        await audit.addToSum(aSum({ network }));
        await audit.addToSum(aSum({ network: others[racer] ?? null }));
      });
      const takers = await race(16, ({ audit }) => audit.takeSums(endsAt, 3));
      const taken = takers.flat();
      expect(Math.max(...takers.map(({ length }) => length))).toBeLessThanOrEqual(3);
      for (;;) {
        const rest = await write(({ audit }) => audit.takeSums(endsAt, 3));
        if (rest.length === 0) break;
        taken.push(...rest);
      }
      const own = taken.filter((sum) => sum.network?.startsWith(network));
      expect(own.find((sum) => sum.network === network)?.count).toBe(32);
      expect(own).toHaveLength(1 + 32);
      expect(new Set(own.map((sum) => sum.network)).size).toBe(own.length);
    });
  });
}
