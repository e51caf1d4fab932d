import {
  type AmendedEntry,
  type AuditEntry,
  amendedBy,
  type Id,
  isCustom,
  type UnchainedEntry,
} from '@rekey/domain';
import type { Stores } from '../ports/index.ts';

/** Entries by their ids, in the order of the ids, as they stand with their amendments. */
export async function findEntries(
  { audit }: Pick<Stores, 'audit'>,
  ids: readonly Id[],
): Promise<AmendedEntry[]> {
  const found = new Map((await audit.getAll(ids)).map((entry) => [entry.id, entry]));
  const custom = [...found.values()].filter(({ type }) => isCustom(type)).map(({ id }) => id);
  const amendments = custom.length === 0 ? [] : await audit.amendments(custom);
  const byEntry = Map.groupBy(amendments, ({ subjectId }) => subjectId);
  return ids.flatMap((id) => {
    const entry = found.get(id);
    return entry ? [amendedBy(entry, ownOf(entry, byEntry.get(id) ?? []))] : [];
  });
}

/** The amendments in the chain of the entry: no other service can add any. */
const ownOf = ({ serviceId }: AuditEntry, amendments: readonly AuditEntry[]): AuditEntry[] =>
  amendments.filter((each) => each.serviceId === serviceId);

/** The amendments of an entry, those too that have no place yet. */
export async function amendmentsOf(
  { audit, pending }: Pick<Stores, 'audit' | 'pending'>,
  { id, serviceId }: AuditEntry,
): Promise<UnchainedEntry[]> {
  // First: an amendment that gets its place meanwhile is in both, and none is in neither.
  const waiting = (await pending.entriesOf(serviceId))
    .map(({ entry }) => entry)
    .filter(({ type, subjectId }) => type === 'sso:AuditUpdate' && subjectId === id);
  const placed = (await audit.amendments([id])).filter((each) => each.serviceId === serviceId);
  const isPlaced = new Set(placed.map((each) => each.id));
  return [...placed, ...waiting.filter((each) => !isPlaced.has(each.id))];
}
