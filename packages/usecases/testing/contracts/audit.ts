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
  parseCustomType,
} from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import type { AuditFilter, Stores } from '../../src/ports/index.ts';
import { aChain, aKey, anAuditEntry, anId, ORIGIN, START } from '../fixtures.ts';
import type { Opened } from './opened.ts';

export function auditContract({ write, read, race, alone, seed }: Opened): void {
  /** Appends an entry to its chain, as a use case does. */
  async function appendTo(
    { audit, pending }: Stores,
    details: Partial<AuditEntry> & Pick<AuditEntry, 'serviceId'>,
  ): Promise<AuditEntry> {
    const { serviceId } = details;
    await pending.takeTurn({ isPatient: true });
    const end = (await audit.chain(serviceId)) ?? emptyAuditChain(serviceId);
    const sequence = end.length + 1;
    const entry = anAuditEntry({ sequence, previousHash: end.hash, ...details });
    const { hash } = entry;
    await audit.append([entry], [{ ...end, length: sequence, hash, seal: hash }]);
    return entry;
  }
  const append = (details: Parameters<typeof appendTo>[1]) =>
    write((stores) => appendTo(stores, details));
  const follow = (serviceId: Id | null, sequence = 0, limit = 1000) =>
    read(({ audit }) => audit.follow(serviceId, sequence, limit));
  const chainOf = (serviceId: Id | null) => read(({ audit }) => audit.chain(serviceId));
  const list = (filter: Partial<AuditFilter>, limit = 1000) =>
    read(({ audit }) =>
      audit.list({ from: 0, to: START * 2, isDescending: false, ...filter }, limit),
    );
  const sequencesOf = (entries: AuditEntry[]) => entries.map(({ sequence }) => sequence);

  describe('the audit', () => {
    test('has entries that come back as they went in, by id and in their chain', async () => {
      const serviceId = (await seed()).service.id;
      const full = anAuditEntry({
        serviceId,
        type: 'sso:AuthTotp',
        outcome: 'failure',
        statusCode: 3,
        keyId: anId(),
        userKeyId: anId(),
        origin: { address: '2001:db8::1', client: 'Ünïcode 🦉 "\\', forwarded: '192.0.2.1, x' },
        data: JSON.parse('{"__proto__":{"a":[1,2.5,null,true]},"\\u0000":"\\ud800","1":"🦉"}'),
      });
      const bare = anAuditEntry({
        serviceId,
        sequence: 2,
        previousHash: full.hash,
        userId: null,
        subjectId: null,
        origin: null,
        statusCode: null,
        salt: null,
        textDigest: null,
        count: 4_000_000_000,
      });
      const unnamed = anAuditEntry({
        serviceId,
        sequence: 3,
        previousHash: bare.hash,
        type: parseCustomType('shop:CheckOut'),
        subjectId: null,
        subject: 'Ünïcode 🦉',
        origin: { ...ORIGIN, client: null },
      });
      const chain = aChain({ serviceId, length: 3, hash: 'h3', seal: 's3' });
      await write(async ({ audit }) => {
        await audit.append([full, bare], [{ ...chain, length: 2 }]);
        await audit.append([unnamed], [chain]);
      });
      for (const entry of [full, bare, unnamed]) {
        expect(await read(({ audit }) => audit.get(entry.id))).toEqual(entry);
      }
      expect(await follow(serviceId)).toEqual([full, bare, unnamed]);
      expect(await chainOf(serviceId)).toEqual(chain);
      expect(await read(({ audit }) => audit.chains([serviceId, null, anId()]))).toContainEqual(
        chain,
      );
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

    test('has no unknown entry and chain', async () => {
      const id = anId();
      expect(await read(({ audit }) => audit.get(id))).toBeNull();
      expect(await chainOf(id)).toBeNull();
      expect(await follow(id)).toEqual([]);
      expect(await write(({ audit }) => audit.lock(id))).toBeNull();
      expect(await read(({ audit }) => audit.chains([id]))).toEqual([]);
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
    /** Ten entries of a service, a second apart but for two pairs; the first comes first. */
    async function seedEntries() {
      const serviceId = (await seed()).service.id;
      const entries: AuditEntry[] = [];
      for (let i = 0; i < 10; i += 1) {
        const createdAt = START + 1000 * (i === 4 || i === 8 ? i - 1 : i);
        const type = i % 3 === 0 ? 'sso:AuthTotp' : 'sso:AuthLocalLogin';
        const of = { serviceId, createdAt, type, userId: users[i % 2] ?? null } as const;
        entries.push(await append(of));
      }
      return { serviceId, entries, ids: idsOf(entries) };
    }
    const idsOf = (places: readonly AuditPlace[]) => places.map(({ id }) => id);

    test('goes by time, and within an instant by id, in either direction', async () => {
      const { serviceId, ids, entries } = await seedEntries();
      const of = { serviceIds: [serviceId] };
      expect(idsOf(await list(of))).toEqual(ids);
      expect(idsOf(await list({ ...of, isDescending: true }))).toEqual(ids.toReversed());
      expect(idsOf(await list(of, 3))).toEqual(ids.slice(0, 3));
      const latest = await list({ ...of, isDescending: true }, 3);
      expect(idsOf(latest)).toEqual(ids.toReversed().slice(0, 3));
      const { createdAt, id } = entries.at(-1)!;
      expect(latest[0]).toEqual({ createdAt, id });
    });

    test.each([false, true])(
      'goes on where a page ended, and misses and repeats nothing while entries are added (the latest first: %s)',
      async (isDescending) => {
        const { serviceId, ids } = await seedEntries();
        const seen: Id[] = [];
        let after: AuditPlace | undefined;
        for (;;) {
          const of = { serviceIds: [serviceId], to: START + 9000, isDescending, after };
          const page = await list(of, 2);
          seen.push(...idsOf(page));
          const last = page.at(-1);
          if (!last) break;
          after = last;
          await append({ serviceId, createdAt: START + 60_000 });
        }
        expect(seen).toEqual(isDescending ? ids.toReversed() : ids);
      },
    );

    test('goes on from a place that no entry has', async () => {
      const { serviceId, ids } = await seedEntries();
      const of = { serviceIds: [serviceId] };
      const after = { createdAt: START + 1000, id: '' };
      expect(idsOf(await list({ ...of, after }))).toEqual(ids.slice(1));
      expect(idsOf(await list({ ...of, after, isDescending: true }))).toEqual([ids[0]]);
      const past = { createdAt: START + 1000, id: 'x' };
      expect(idsOf(await list({ ...of, after: past }))).toEqual(ids.slice(2));
    });

    test('has what every filter lets through, and of a filter any value fits', async () => {
      const { serviceId, entries } = await seedEntries();
      const { serviceId: other } = await seedEntries();
      const [userId, another] = users;
      const picked = [entries[2]!, entries[5]!, entries[8]!];
      const filters = {
        userIds: [[userId], [userId, another], [anId()], [userId, userId]],
        types: [['sso:AuthTotp'], ['sso:AuthTotp', 'sso:AuthLocalLogin'], ['none']],
        subjects: [
          picked.map(({ subjectId }) => subjectId ?? ''),
          [picked[0]?.subjectId ?? '', 'none'],
        ],
        ids: [idsOf(picked), [anId()], idsOf([...picked, ...picked])],
      };
      const withNone = Object.entries(filters).map(([name, all]) => [
        undefined,
        ...all.map((values) => [name, values]),
      ]);
      const combined = withNone.reduce<unknown[][]>(
        (sum, each) => sum.flatMap((one) => each.map((value) => [...one, value])),
        [[]],
      );
      for (const isDescending of [false, true]) {
        for (const parts of combined) {
          const filter: Partial<AuditFilter> = Object.fromEntries(
            parts.filter((part) => part !== undefined) as [string, string[]][],
          );
          const { userIds, types, subjects, ids } = filter;
          const from = START + 1000;
          const to = START + 7000;
          const fits = entries.filter(
            (entry) =>
              (userIds?.includes(entry.userId ?? '') ?? true) &&
              (types?.includes(entry.type) ?? true) &&
              (subjects?.includes(entry.subjectId ?? '') ?? true) &&
              (ids?.includes(entry.id) ?? true) &&
              entry.createdAt >= from &&
              entry.createdAt <= to,
          );
          const found = await list({ ...filter, serviceIds: [serviceId], from, to, isDescending });
          const expected = idsOf(fits);
          expect(idsOf(found), JSON.stringify(filter)).toEqual(
            isDescending ? expected.toReversed() : expected,
          );
          const more = await list({ ...filter, serviceIds: [serviceId, other], from, to });
          expect(idsOf(more)).toEqual(expect.arrayContaining(expected));
        }
      }
    });

    test('may be of all chains, the operator’s as well', async () => {
      const [one, two] = [await seedEntries(), await seedEntries()];
      const own = await append({ serviceId: null, userId: users[0] });
      const all = await read(({ audit }) => audit.owners());
      expect(all.length).toBeGreaterThan(2);
      const filters = [{ userIds: [users[0]!] }, { subjects: [own.subjectId!] }, {}];
      for (const filter of [{}, ...filters.map((each) => ({ ...each, serviceIds: all }))]) {
        expect(idsOf(await list(filter, 10_000))).toContain(own.id);
      }
      expect(idsOf(await list({ ids: [own.id], subjects: [own.subjectId!] }))).toEqual([own.id]);
      const found = idsOf(await list({}, 10_000));
      expect(found).toEqual(expect.arrayContaining([...one.ids, ...two.ids]));
      const ofUsers = idsOf(await list({ userIds: users, serviceIds: all }, 10_000));
      expect(ofUsers).toEqual(expect.arrayContaining([...one.ids, ...two.ids, own.id]));
      expect(ofUsers).toHaveLength(new Set(ofUsers).size);
      for (const none of ['serviceIds', 'ids', 'types', 'subjects', 'userIds']) {
        expect(await list({ serviceIds: all, [none]: [] })).toEqual([]);
      }
    });

    test('has what comes first of many chains together', async () => {
      const types = [parseCustomType(`t:${anId()}`)];
      const entries: AuditEntry[] = [];
      for (let i = 0; i < 120; i += 1) {
        const createdAt = START + ((i * 7) % 120);
        entries.push(await append({ serviceId: anId(), createdAt, type: types[0]! }));
      }
      const expected = idsOf(entries.toSorted((a, b) => a.createdAt - b.createdAt));
      const serviceIds = entries.map(({ serviceId }) => serviceId);
      expect(idsOf(await list({ serviceIds, types }, 30))).toEqual(expected.slice(0, 30));
      expect(idsOf(await list({ serviceIds, types, isDescending: true }, 30))).toEqual(
        expected.toReversed().slice(0, 30),
      );
    });

    test('finds an entry of a service by its words', async () => {
      const serviceId = (await seed()).service.id;
      const type = parseCustomType('shop:CheckOut');
      const of = { serviceId, type, subjectId: null };
      const entry = await append({ ...of, subject: 'Order 7' });
      await append({ ...of, subject: 'Order 8' });
      expect(await list({ serviceIds: [serviceId], types: [type] })).toHaveLength(2);
      const found = await list({ serviceIds: [serviceId], subjects: ['Order 7'] });
      expect(idsOf(found)).toEqual([entry.id]);
    });

    test('has amendments where their type is asked for alone; they are found by what they amend', async () => {
      const serviceId = (await seed()).service.id;
      const [one, other] = [await append({ serviceId }), await append({ serviceId })];
      const amend = ({ id: subjectId }: AuditEntry) =>
        append({ serviceId, type: 'sso:AuditUpdate', subjectId });
      const amendments = [await amend(one), await amend(other), await amend(one)];
      await append({ serviceId, subjectId: one.id });
      const of = { serviceIds: [serviceId] };
      expect(await list(of)).toHaveLength(3);
      expect(await list({ ...of, subjects: [one.id] })).toHaveLength(1);
      expect(idsOf(await list({ ...of, types: ['sso:AuditUpdate'] }))).toEqual(idsOf(amendments));
      const found = (ids: Id[]) => read(({ audit }) => audit.amendments(ids));
      expect(await found([one.id])).toEqual([amendments[0], amendments[2]]);
      expect(idsOf(await found([one.id, other.id])).toSorted()).toEqual(
        idsOf(amendments).toSorted(),
      );
      expect(await found([amendments[0]!.id])).toEqual([]);
      expect(await found([])).toEqual([]);
    });

    test('has entries that are read together', async () => {
      const { entries, ids } = await seedEntries();
      const found = await read(({ audit }) => audit.getAll([...ids, anId(), ids[0]!]));
      expect(found.toSorted((a, b) => a.sequence - b.sequence)).toEqual(entries);
      expect(await read(({ audit }) => audit.getAll([]))).toEqual([]);
      const many = Array.from({ length: 250 }, () => anId());
      expect(await read(({ audit }) => audit.getAll([...many, ids[1]!]))).toEqual([entries[1]]);
    });
  });

  describe('the words of the audit about a user', () => {
    const words = { origin: ORIGIN, data: { name: 'Ada' }, salt: 'salt', textDigest: 'digest' };
    const bare = { origin: null, data: null, salt: null, subject: null };
    const custom = parseCustomType('shop:CheckOut');

    test('are erased in every chain, with their salts, and the rest stays', async () => {
      const { service, user } = await seed();
      const { service: other } = await seed();
      const of = { ...words, userId: user.id };
      const own = await append({ ...of, serviceId: service.id });
      const told = { ...of, type: custom, subjectId: null, subject: 'Ada' };
      const theirs = await append({ ...told, serviceId: other.id });
      const operators = await append({ ...of, serviceId: null });
      const neighbour = await append({ ...words, serviceId: service.id });
      expect(await write(({ audit }) => audit.erase(user.id))).toEqual([]);
      for (const entry of [own, theirs, operators]) {
        const found = await read(({ audit }) => audit.get(entry.id));
        expect(found).toEqual({ ...entry, ...bare });
      }
      expect(await read(({ audit }) => audit.get(neighbour.id))).toEqual(neighbour);
    });

    test('are erased where a key of the user proved it, and the keys are named that did so for others', async () => {
      const { service, user } = await seed();
      const keys = [1, 2, 3].map(() =>
        aKey({ serviceId: service.id, userId: user.id, type: 'KEY' }),
      );
      const stranger = aKey({ serviceId: service.id, userId: (await seed()).user.id });
      await write(async (stores) => {
        for (const key of [...keys, stranger]) {
          await stores.keys.insert(key, { digest: `digest-${key.id}` } as never);
        }
      });
      const [one, other, unused] = keys.map(({ id }) => id);
      const of = { ...words, serviceId: service.id };
      const ofOthers = await append({ ...of, userKeyId: one! });
      const ofNobody = await append({ ...of, userId: null, userKeyId: one! });
      const own = await append({ ...of, userId: user.id, userKeyId: other! });
      const foreign = await append({ ...of, userKeyId: stranger.id });
      const proven = await write(({ audit }) => audit.erase(user.id));
      expect(proven).toEqual([one]);
      expect(proven).not.toContain(unused);
      for (const entry of [ofOthers, ofNobody, own]) {
        const found = await read(({ audit }) => audit.get(entry.id));
        expect(found).toEqual({ ...entry, ...bare });
      }
      expect(await read(({ audit }) => audit.get(foreign.id))).toEqual(foreign);
    });

    test('are erased again where they came late, and for nobody else', async () => {
      const { service, user } = await seed();
      const of = { ...words, serviceId: service.id };
      const keyId = anId();
      const late = [
        await append({ ...of, userId: user.id }),
        await append({ ...of, userKeyId: keyId }),
      ];
      const neighbour = await append({ ...of, userKeyId: anId() });
      const many = Array.from({ length: 150 }, () => anId());
      await write(({ audit }) => audit.eraseAgain([user.id, ...many, keyId]));
      for (const entry of late) {
        expect(await read(({ audit }) => audit.get(entry.id))).toEqual({ ...entry, ...bare });
      }
      expect(await read(({ audit }) => audit.get(neighbour.id))).toEqual(neighbour);
    });

    test('are there again where the transaction fails', async () => {
      const { service, user } = await seed();
      const entry = await append({ ...words, serviceId: service.id, userId: user.id });
      const failing = write(async ({ audit }) => {
        await audit.erase(user.id);
        throw new Error('planted');
      });
      await expect(failing).rejects.toThrow('planted');
      expect(await read(({ audit }) => audit.get(entry.id))).toEqual(entry);
    });

    test('are erased for those whom the operator’s chain names', async () => {
      const ids = Array.from({ length: 120 }, () => anId());
      const serviceId = (await seed()).service.id;
      const type = 'rekey:AuditErase';
      const named = [ids[0]!, ids[119]!];
      for (const subjectId of [...named, named[0]!]) {
        await append({ serviceId: null, type, subjectId });
      }
      await append({ serviceId, type, subjectId: ids[1]! });
      await append({ serviceId: null, type: 'rekey:RootKeyCreate', subjectId: ids[2]! });
      const found = await read(({ audit }) => audit.erased(ids));
      expect(found.toSorted()).toEqual(named.toSorted());
      expect(await read(({ audit }) => audit.erased([]))).toEqual([]);
    });
  });

  describe('a chain of the audit that is pruned', () => {
    const pruneTo = (serviceId: Id | null, pruned: number) =>
      write(async ({ audit }) => {
        const chain = (await audit.chain(serviceId))!;
        const [last] = await audit.follow(serviceId, pruned - 1, 1);
        const begin = {
          ...chain,
          pruned,
          prunedHash: last!.hash,
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
        prunedHash: entries[2]!.hash,
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
        const chain = (await audit.chain(serviceId))!;
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
        const chain = (await audit.chain(one))!;
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
