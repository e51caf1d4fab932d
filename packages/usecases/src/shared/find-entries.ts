import { type AmendedEntry, type AuditEntry, amendedBy, type Id, isCustom } from '@rekey/domain';
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
