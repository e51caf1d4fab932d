import { type AuditType, type Id, operator } from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import { asService, endOf, ORIGIN, root, START, type World, world } from '../../testing/index.ts';
import type { PendingRow } from '../../testing/memory/tables.ts';
import { type Database, places, useCases } from '../index.ts';
import { record } from './record.ts';

/** A service with a chain, where nothing gets its place by itself. */
async function started() {
  const w = world();
  await w.useCases.audit.beginAudit.execute(operator);
  const made = { name: 'Shop', url: 'https://shop.example' };
  const { service } = await w.useCases.services.createServiceWithKey.execute(operator, made);
  const late = useCases({ ...w, database: w.bare });
  const by = asService(service);
  return { w, service, by, late, ...late };
}

const recordAt = ({ bare, ...w }: World, serviceId: Id | null, type: AuditType) =>
  bare.transact((stores) => record(w, stores, operator, { type, serviceId }));

const tampered = async (change: (row: PendingRow) => PendingRow | null) => {
  const all = await started();
  const { w, service, audit } = all;
  await recordAt(w, service.id, 'sso:AuthTotp');
  w.bare.tamper(({ pending }) => {
    for (const [position, row] of pending.entries()) {
      const changed = change(row);
      if (changed === null) pending.delete(position);
      else pending.put(position, changed);
    }
  });
  await recordAt(w, service.id, 'sso:AuthTotp');
  const reports = await audit.verifyAudit.execute(operator);
  return { ...all, fault: reports.find(({ serviceId }) => serviceId === service.id)?.fault };
};

describe('an entry that somebody changes while it is pending', () => {
  const entryWith = (details: object) => (row: PendingRow) =>
    'pending' in row
      ? { pending: { ...row.pending, entry: { ...row.pending.entry, ...details } } }
      : row;

  test.each([
    ['another user', entryWith({ userId: 'another' })],
    ['another instant', entryWith({ createdAt: START + 1 })],
    ['another outcome', entryWith({ outcome: 'failure' })],
    ['another type', entryWith({ type: 'sso:AuthLocalLogin' })],
    ['another origin', entryWith({ origin: { ...ORIGIN, address: '192.0.2.9' } })],
    ['words that it did not have', entryWith({ data: { planted: true } })],
    [
      'another prover',
      (row: PendingRow) =>
        'pending' in row ? { pending: { ...row.pending, proverId: 'another' } } : row,
    ],
    [
      'another MAC',
      (row: PendingRow) => ('pending' in row ? { pending: { ...row.pending, mac: 'mac' } } : row),
    ],
  ])('is found out in its chain for good: %s', async (_, change) => {
    const { fault, audit } = await tampered(change);
    expect(fault).toMatchObject({ sequence: 2, reason: 'is not as it was written' });
    const pruning = audit.pruneAudit.execute(operator, { before: START + 1e9 });
    await expect(pruning).rejects.toThrow('not as it was written');
  });

  test('is found out where it was made by nobody, and was one of another service', async () => {
    const { w, service, audit } = await started();
    const other = await w.addService();
    await recordAt(w, other.id, 'sso:AuthTotp');
    w.bare.tamper(({ pending }) => {
      for (const [position, row] of pending.entries()) {
        pending.put(position, entryWith({ serviceId: service.id })(row));
      }
    });
    const reports = await audit.verifyAudit.execute(operator);
    expect(reports.find(({ serviceId }) => serviceId === service.id)?.fault).toMatchObject({
      sequence: 2,
      reason: 'is not as it was written',
    });
  });

  test('is not missed where it is taken away: so much is said of the threats', async () => {
    const { fault } = await tampered(() => null);
    expect(fault).toBeNull();
  });
});

describe('whoever reads the audit', () => {
  test('sees what was done before, though nobody gave it a place yet', async () => {
    const { w, service, by, audit, users } = await started();
    const { id } = await audit.createAuditEntry.execute(by, { type: 'shop:Step' });
    expect(await w.bare.read(({ audit }) => audit.get(id))).toBeNull();
    const listed = await audit.listAudit.execute(by, { limit: 1 });
    expect(listed.entries).toMatchObject([{ id, sequence: 2 }]);

    const made = await audit.createAuditEntry.execute(by, { type: 'shop:Step' });
    expect(made).toMatchObject({ sequence: null, previousHash: null, hash: null });
    const read = await audit.readAuditEntry.execute(by, { id: made.id });
    expect(read).toMatchObject({ sequence: 3, previousHash: expect.any(String) });
    const amended = await audit.createAuditEntry.execute(by, { type: 'shop:Step' });
    await audit.amendAuditEntry.execute(by, { id: amended.id, data: { a: 1 } });
    const twice = await audit.amendAuditEntry.execute(by, { id: amended.id, data: { b: 2 } });
    expect(twice.data).toEqual({ a: 1, b: 2 });
    expect((await audit.readAuditEntry.execute(by, { id: amended.id })).data).toEqual(twice.data);

    const input = { isEnabled: true, name: 'Eve', email: 'eve@example.com' };
    const { user } = await users.createUser.execute(by, input);
    const exported = await users.exportUser.execute(by, { id: user.id });
    const types = [];
    for await (const { type } of exported.audit) types.push(type);
    expect(types).toEqual(['sso:UserCreate']);

    await recordAt(w, service.id, 'sso:AuthTotp');
    const all = [];
    for await (const entry of audit.exportAudit.execute(operator, { serviceId: service.id })) {
      all.push(entry.type);
    }
    expect(all.at(-1)).toBe('sso:AuthTotp');
    await recordAt(w, service.id, 'sso:AuthTotp');
    const reports = await audit.verifyAudit.execute(operator);
    expect(reports.find(({ serviceId }) => serviceId === service.id)).toMatchObject({
      length: all.length + 1,
      fault: null,
    });
    await recordAt(w, null, 'rekey:Backup');
    expect((await audit.listAudit.execute(root, { limit: 1 })).entries).toMatchObject([
      { type: 'rekey:Backup' },
    ]);
  });

  test('is not waited for by what others do at other services', async () => {
    const { w, by, audit } = await started();
    const other = await w.addService();
    await recordAt(w, other.id, 'sso:AuthTotp');
    await audit.listAudit.execute(by, { limit: 1 });
    expect(await w.bare.read(({ pending }) => pending.isEmpty([other.id]))).toBe(false);
  });

  test('finds no key without an entry where both are from just now', async () => {
    const { w, by, users } = await started();
    // A key is committed right before the keys are looked at, when all that was pending has its place.
    const planted = new Error('planted');
    let isMade = false;
    const keys = () => Promise.reject(planted);
    const database: Database = {
      ...w.bare,
      read: async (work) => {
        if (isMade) return w.bare.read(work);
        try {
          return await w.bare.read(({ audit, ...stores }) =>
            work({ ...stores, audit: { ...audit, keys } }),
          );
        } catch (error) {
          if (error !== planted) throw error;
          isMade = true;
          const input = { isEnabled: true, name: 'Eve', email: 'eve@example.com', tokenKey: true };
          await users.createUser.execute(by, input);
          return w.bare.read(work);
        }
      },
    };
    const verifying = useCases({ ...w, database }).audit.verifyAudit;
    const reports = await verifying.execute(operator);
    expect(isMade).toBe(true);
    expect(reports.map(({ fault }) => fault)).toEqual(reports.map(() => null));
  });
});

describe('places in one process', () => {
  test('are given by one run to all who wait at the same time', async () => {
    const w = world();
    const service = await w.addService();
    await recordAt(w, service.id, 'sso:AuthTotp');
    let turns = 0;
    const database: Database = {
      ...w.bare,
      transact: (work) => {
        turns += 1;
        return w.bare.transact(work);
      },
    };
    const given = places({ ...w, database });
    await Promise.all(Array.from({ length: 20 }, () => given.caughtUp()));
    expect(turns).toBe(1);
    await recordAt(w, service.id, 'sso:AuthTotp');
    expect(await given.give({ isPatient: false })).toBe(START);
    expect(turns).toBe(2);
    expect(await given.give({ isPatient: true })).toBe(START);
    expect(turns).toBe(2);
  });

  test('are given after a run that failed as well', async () => {
    const w = world();
    const service = await w.addService();
    await recordAt(w, service.id, 'sso:AuthTotp');
    let isBroken = true;
    const planted = new Error('planted');
    const database: Database = {
      ...w.bare,
      transact: (work) => (isBroken ? Promise.reject(planted) : w.bare.transact(work)),
    };
    const given = places({ ...w, database });
    const ends = await Promise.all([endOf(given.caughtUp()), endOf(given.caughtUp())]);
    expect(ends).toEqual([planted, planted]);
    isBroken = false;
    await given.caughtUp();
    expect(await w.bare.read(({ pending }) => pending.isEmpty())).toBe(true);
  });

  test('were given by another process in the meantime: so whoever waits is told to look', async () => {
    const w = world();
    const looks: string[] = [];
    const news = { ...w.news, look: () => void looks.push('look') };
    const given = places({ ...w, database: w.bare, news });
    const service = await w.addService();
    await recordAt(w, service.id, 'sso:AuthTotp');
    await given.give({ isPatient: true });
    expect(looks).toEqual([]);
    await given.give({ isPatient: true });
    expect(looks).toEqual(['look']);
  });
});
