import { type AuditEntry, auditEntryText, auditText, type Id, isErased } from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';

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
export function faultOf(macs: Ports['macs'], before: Link, entry: AuditEntry): AuditFault | null {
  const sequence = before.sequence + 1;
  const fault = (reason: string) => ({ sequence, id: entry.id, reason });
  if (entry.sequence !== sequence) return { sequence, id: null, reason: 'is missing' };
  const isAsWritten =
    isTextAsWritten(macs, entry) && macs.verify(auditEntryText(entry), entry.hash);
  if (!isAsWritten) return fault('is not as it was written');
  if (entry.previousHash !== before.hash) return fault('does not follow the one before it');
  // Else somebody could delete a whole chain, and let it begin anew.
  if (sequence === 1 && !isBeginning(entry)) return fault('is not how a chain begins');
  return null;
}

/** Whether the digest that the chain holds is that of the text; one that was erased is no longer there to be looked at. */
function isTextAsWritten(macs: Ports['macs'], entry: AuditEntry): boolean {
  const text = auditText(entry);
  if (text === null) return entry.salt === null;
  return entry.salt !== null && macs.digest(entry.salt, text) === entry.textDigest;
}

const isBeginning = ({ serviceId, type, subjectId }: AuditEntry): boolean =>
  serviceId === null
    ? type === 'rekey:ChainBegin' && subjectId === null
    : type === 'sso:ServiceCreate';

/** The service whose chain an entry of the operator's chain announces; null for any other entry. */
export const announcedBy = ({ serviceId, type, subjectId }: AuditEntry): Id | null =>
  serviceId === null && type === 'rekey:ChainBegin' ? subjectId : null;

/**
 * The first of these entries whose text is gone although the operator's chain does not say that it was erased; null where
 * there is none. A user or key that was erased so long ago that this was pruned erased nothing that is younger.
 */
export async function strayErasure(
  { audit }: Pick<Stores, 'audit'>,
  entries: readonly AuditEntry[],
): Promise<AuditFault | null> {
  const gone = entries.filter(isErased);
  if (gone.length === 0) return null;
  const reasons = ({ userId, userKeyId }: AuditEntry) => [userId ?? [], userKeyId ?? []].flat();
  const erased = new Set(await audit.erased(gone.flatMap(reasons)));
  const prunedUntil = (await audit.chain(null))?.prunedUntil ?? 0;
  const stray = gone.find(
    (entry) => entry.createdAt > prunedUntil && !reasons(entry).some((id) => erased.has(id)),
  );
  if (!stray) return null;
  return { sequence: stray.sequence, id: stray.id, reason: 'has lost its text' };
}
