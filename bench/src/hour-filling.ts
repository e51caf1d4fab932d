import { macs as macsOf } from '@rekey/adapters-crypto';
import { openDatabase } from '@rekey/adapters-db';
import {
  type AuditChain,
  type AuditEntry,
  type AuditType,
  auditText,
  emptyAuditChain,
  type Id,
  type PendingEntry,
  pendingEntryText,
} from '../../packages/domain/src/index.ts';
import { chained, resealed } from '../../packages/usecases/src/shared/chain.ts';
import { id, openBehind } from './filling.ts';
import { type Data, KNOWN } from './rekey.ts';

/** Entries that one transaction appends. */
const BATCH = 1000;

/**
 * Gives the service of `data` an audit of so many entries that verifies: its chain is announced, each key has an entry of
 * its making, and the rest are logins. `tell` is told how many there are now and then.
 */
export async function fillAudit(
  { databaseUrl, keys, users }: Data,
  count: number,
  tell: (entries: number) => void,
): Promise<void> {
  const macs = macsOf(() => keys.audit);
  const behind = await openBehind(databaseUrl);
  const indexes = (await behind.rows<{ name: string; sql: string }>(behind.indexes)).filter(
    ({ sql }) => / on (?:public\.)?audit_entries /i.test(sql),
  );
  for (const { name } of indexes) await behind.run(`drop index ${name}`);
  const opened = await openDatabase({ url: databaseUrl, isBulk: true });
  const service = id('service', 1);
  let made = 0;

  const pendingOf = (entry: Made): PendingEntry => {
    made += 1;
    const text = { origin: { address: '192.0.2.1', client: null }, subject: null, data: null };
    const salt = macs.salt();
    const spelled = auditText(text) ?? '';
    const pending = {
      entry: {
        ...text,
        type: entry.type,
        outcome: 'success',
        statusCode: 0,
        serviceId: entry.serviceId,
        userId: entry.userId ?? null,
        keyId: null,
        userKeyId: null,
        subjectId: entry.subjectId,
        count: 1,
        salt,
        textDigest: macs.digest(salt, spelled),
        id: id('audit', made),
        createdAt: begin + made,
      },
      proverId: null,
    } as const;
    return { ...pending, mac: macs.make(pendingEntryText(pending)) };
  };
  // A year ago.
  const begin = Date.now() - 365 * 86_400_000;

  const append = (entries: readonly PendingEntry[]) =>
    opened.database.transact(async (stores) => {
      await stores.pending.takeTurn({ isPatient: true });
      const owners = [...new Set(entries.map(({ entry }) => entry.serviceId))];
      const found = await stores.audit.chains(owners);
      const before = new Map<Id | null, AuditChain>(found.map((chain) => [chain.serviceId, chain]));
      const ends = new Map<Id | null, AuditChain>();
      const appended: AuditEntry[] = [];
      for (const pending of entries) {
        const { serviceId } = pending.entry;
        const chain = ends.get(serviceId) ?? before.get(serviceId) ?? emptyAuditChain(serviceId);
        const { entry, end } = chained(macs, pending, chain);
        appended.push(entry);
        ends.set(serviceId, end);
      }
      const chains = [...ends.values()].map((end) => {
        const from = before.get(end.serviceId) ?? emptyAuditChain(end.serviceId);
        return resealed(macs, from, end);
      });
      await stores.audit.append(appended, chains);
    });

  let batch: PendingEntry[] = [];
  for (const entry of entriesOf(service, users, count)) {
    batch.push(pendingOf(entry));
    if (batch.length < BATCH) continue;
    await append(batch);
    batch = [];
    if (made % 100_000 === 0) tell(made);
  }
  if (batch.length > 0) await append(batch);
  tell(made);
  await opened.close();
  for (const { sql } of indexes) await behind.run(sql);
  for (const statement of behind.settled) await behind.run(statement);
  await behind.close();
}

type Made = Pick<AuditEntry, 'serviceId' | 'subjectId'> & {
  readonly type: AuditType;
  readonly userId?: Id;
};

function* entriesOf(serviceId: Id, users: number, count: number): Generator<Made> {
  yield { type: 'rekey:ChainBegin', serviceId: null, subjectId: null };
  yield { type: 'sso:ServiceCreate', serviceId, subjectId: id('service', 2) };
  yield { type: 'rekey:ChainBegin', serviceId: null, subjectId: serviceId };
  for (let n = 1; n <= users; n += 1) {
    yield { type: 'sso:KeyCreate', serviceId, subjectId: id('token', n), userId: id('user', n) };
  }
  const known = Math.min(users, KNOWN);
  for (let n = 1; n <= known; n += 1) {
    yield { type: 'sso:KeyCreate', serviceId, subjectId: id('key', n), userId: id('user', n) };
  }
  for (let n = users + known + 3; n < count; n += 1) {
    const of = (n % users) + 1;
    const ids = { subjectId: id('session', of), userId: id('user', of) };
    yield { type: 'sso:AuthLocalLogin', serviceId, ...ids };
  }
}
