import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type AuditEntry, parseCustomType } from '@rekey/domain';
import { anAuditEntry, anId, ORIGIN, skips } from '@rekey/usecases/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { freshPostgres } from '../../test/postgres.ts';
import { openDialect } from '../open.ts';
import { asRow } from '../stores/audit-rows.ts';
import { databaseOn } from '../transact.ts';
import { migrate, migrations } from './index.ts';
import { packedAudit } from './packed-audit.ts';

const isMissing = (await freshPostgres()) === null;

/** Entries of before are read, found and erased as if they had been written in octets. */
async function expectEntries(url: string): Promise<void> {
  const dialect = await openDialect({ url });
  onTestFinished(() => dialect.close());
  await migrate(dialect, migrations.slice(0, migrations.indexOf(packedAudit)));

  const [one, other, userId] = [anId(), anId(), anId()];
  const entries: AuditEntry[] = [];
  const add = (details: Parameters<typeof anAuditEntry>[0]) => {
    const before = entries.filter(({ serviceId }) => serviceId === details.serviceId).at(-1);
    const place = { sequence: (before?.sequence ?? 0) + 1, previousHash: before?.hash ?? null };
    const entry = anAuditEntry({ ...place, ...details });
    entries.push(entry);
    return entry;
  };
  add({ serviceId: one, origin: { ...ORIGIN, client: 'Ünïcode 🦉', forwarded: '192.0.2.1, x' } });
  const type = parseCustomType('shop:Order');
  add({ serviceId: one, userId, type, subjectId: null, subject: 'Order 7', data: { total: 25 } });
  add({ serviceId: one, outcome: 'failure', statusCode: null, count: 4_000_000_000 });
  add({ serviceId: null, origin: null, salt: null, textDigest: null, userId: null });
  add({ serviceId: null, origin: null, salt: null, textDigest: 'of what was erased' });
  // What came before was pruned.
  add({ serviceId: other, sequence: 8, previousHash: 'pruned' });
  for (let n = 0; n < 1200; n += 1) add({ serviceId: other, userId });

  await dialect.transact(async (on) => {
    for (const chain of [one, other, 'operator']) {
      const [pruned, hash] = chain === other ? [7, `'pruned'`] : [0, 'null'];
      const sql = `insert into audit_chains (chain, length, hash, pruned, pruned_hash, seal)
        values ('${chain}', 2000, 'hash', ${pruned}, ${hash}, 'seal')`;
      await on.changes({ sql }, []);
    }
    for (const entry of entries) {
      const row = Object.entries(asRow(entry));
      const columns = row.map(([name]) => name).join();
      const values = row.map(([, value]) =>
        typeof value === 'string' ? `'${value}'` : String(value),
      );
      await on.changes({ sql: `insert into audit_entries (${columns}) values (${values})` }, []);
    }
  });

  expect(await migrate(dialect)).toContain('packed audit');
  const { read, transact } = databaseOn(dialect);
  for (const serviceId of [one, other, null]) {
    const found = await read(({ audit }) => audit.follow(serviceId, 0, 2000));
    expect(found).toEqual(entries.filter((entry) => entry.serviceId === serviceId));
  }
  for (const entry of entries.slice(0, 6)) {
    expect(await read(({ audit }) => audit.get(entry.id))).toEqual(entry);
  }
  const all = { from: 0, to: 8e15, isDescending: false };
  const found = await read(({ audit }) => audit.list({ ...all, subjects: ['Order 7'] }, 10));
  expect(found).toEqual([{ createdAt: entries[1]?.createdAt, id: entries[1]?.id }]);
  await transact(({ audit }) => audit.erase(userId));
  const erased = await read(({ audit }) => audit.follow(one, 1, 1));
  const bare = { origin: null, subject: null, data: null, salt: null };
  expect(erased).toEqual([{ ...entries[1], ...bare }]);
  // A chain that begins now has a number of its own.
  const fresh = anAuditEntry({ serviceId: anId() });
  const chain = { length: 1, hash: fresh.hash, pruned: 0, prunedHash: null, prunedUntil: null };
  await transact(({ audit }) =>
    audit.append([fresh], [{ ...chain, serviceId: fresh.serviceId, seal: 'seal' }]),
  );
  expect(await read(({ audit }) => audit.follow(fresh.serviceId, 0, 10))).toEqual([fresh]);
}

describe('entries of the audit of before', () => {
  test('are all there in octets on SQLite', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'rekey-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    await expectEntries(`sqlite:${folder}/rekey.db`);
  });

  test.skipIf(skips(isMissing, 'PostgreSQL cannot run here'))(
    'are all there in octets on PostgreSQL',
    async () => {
      await expectEntries((await freshPostgres()) ?? '');
    },
  );
});
