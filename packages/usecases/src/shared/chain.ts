import {
  type AuditChain,
  type AuditEntry,
  auditChainText,
  auditEntryText,
  type PendingEntry,
  pendingEntryText,
} from '@rekey/domain';
import type { Ports } from '../ports/index.ts';

type Macs = Pick<Ports, 'macs'>['macs'];

/** Whether beginning and end of a chain are as they were written; one that nothing was appended to has none. */
export const isSealed = (macs: Macs, chain: AuditChain): boolean =>
  isEmpty(chain) || macs.verify(auditChainText(chain), chain.seal);

const isEmpty = ({ length, pruned }: AuditChain): boolean => length === 0 && pruned === 0;

/** An entry as the next one of a chain, and the chain with it, which is to be sealed. */
export function chained(
  macs: Macs,
  pending: PendingEntry,
  chain: AuditChain,
): { readonly entry: AuditEntry; readonly end: AuditChain } {
  const placed = { ...pending.entry, sequence: chain.length + 1, previousHash: chain.hash };
  const text = auditEntryText(placed);
  // What somebody changed while it was pending never gets a hash that is good.
  const isAsWritten = macs.verify(pendingEntryText(pending), pending.mac);
  const hash = macs.make(isAsWritten ? text : `not as it was written: ${text}`);
  return { entry: { ...placed, hash }, end: { ...chain, length: placed.sequence, hash } };
}

/** A chain that goes on, sealed where it was. One whose end somebody moved keeps its broken seal: a new one would hide that for ever. */
export const resealed = (macs: Macs, before: AuditChain, end: AuditChain): AuditChain => ({
  ...end,
  seal: isSealed(macs, before) ? macs.make(auditChainText(end)) : before.seal,
});
