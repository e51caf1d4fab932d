import { type AuditEntry, auditEntryText, type Id } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';

/** A fault of a chain. */
export type AuditFault = {
  /** Of the entry that it is about; null where it is about none. */
  readonly sequence: number | null;
  /** Of the entry that is there. */
  readonly id: Id | null;
  readonly reason: string;
};

/** An entry, as far as the next one rests on it; also the last one that was pruned. */
export type Link = { readonly sequence: number; readonly hash: string | null };

/** The fault of an entry, or of a gap before it; null where there is none. */
export function faultOf(
  macs: Ports['macs'],
  before: Link,
  { hash, ...entry }: AuditEntry,
): AuditFault | null {
  const sequence = before.sequence + 1;
  const fault = (reason: string) => ({ sequence, id: entry.id, reason });
  if (entry.sequence !== sequence) return { sequence, id: null, reason: 'is missing' };
  if (!macs.verify(auditEntryText(entry), hash)) return fault('is not as it was written');
  if (entry.previousHash !== before.hash) return fault('does not follow the one before it');
  // Else somebody could delete a whole chain, and let it begin anew.
  if (sequence === 1 && !isBeginning(entry)) return fault('is not how a chain begins');
  return null;
}

const isBeginning = ({ serviceId, type, subjectId }: Omit<AuditEntry, 'hash'>): boolean =>
  serviceId === null
    ? type === 'rekey:ChainBegin' && subjectId === null
    : type === 'sso:ServiceCreate';

/** The service whose chain an entry of the operator's chain announces; null for any other entry. */
export const announcedBy = ({ serviceId, type, subjectId }: AuditEntry): Id | null =>
  serviceId === null && type === 'rekey:ChainBegin' ? subjectId : null;
