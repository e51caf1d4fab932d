import {
  type Actor,
  type AuditChain,
  type AuditEntry,
  auditChainText,
  auditEntryText,
  auditOrigin,
  type Id,
} from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';

export type Recorder = Pick<Ports, 'macs' | 'clock' | 'ids'>;

/** A success, unless something else is said. */
type Recorded = Pick<AuditEntry, 'type' | 'serviceId'> &
  Partial<Pick<AuditEntry, 'createdAt' | 'outcome' | 'userId' | 'subjectId' | 'count'>>;

/**
 * Adds an entry to the audit chain of its service, and answers the id of the entry. The chain is the last lock that a
 * transaction takes, so this comes last.
 */
export async function record(
  { macs, clock, ids }: Recorder,
  { audit }: Pick<Stores, 'audit'>,
  { origin }: Pick<Actor, 'origin'>,
  entry: Recorded,
): Promise<Id> {
  const chain = await audit.lock(entry.serviceId);
  const complete = {
    type: entry.type,
    outcome: entry.outcome ?? 'success',
    serviceId: entry.serviceId,
    userId: entry.userId ?? null,
    subjectId: entry.subjectId ?? null,
    origin: origin && auditOrigin(origin),
    count: entry.count ?? 1,
    id: ids.next(),
    createdAt: entry.createdAt ?? clock.now(),
    sequence: chain.length + 1,
    previousHash: chain.hash,
  };
  const hash = macs.make(auditEntryText(complete));
  const end = { ...chain, length: complete.sequence, hash };
  // A chain whose end somebody moved keeps its broken seal: a new one would hide that for ever.
  const seal = isSealed(macs, chain) ? macs.make(auditChainText(end)) : chain.seal;
  await audit.append({ ...complete, hash }, { ...end, seal });
  return complete.id;
}

/** Whether beginning and end of a chain are as they were written; one that nothing was appended to has none. */
export const isSealed = (macs: Ports['macs'], chain: AuditChain): boolean =>
  isEmpty(chain) || macs.verify(auditChainText(chain), chain.seal);

const isEmpty = ({ length, pruned }: AuditChain): boolean => length === 0 && pruned === 0;
