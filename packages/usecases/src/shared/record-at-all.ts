import type { AuditEntry, AuditType, Id } from '@rekey/domain';
import type { Stores } from '../ports/index.ts';
import { type Asker, type Recorder, record } from './record.ts';

type Shared = Pick<AuditEntry, 'userId' | 'subjectId'> &
  Partial<Pick<AuditEntry, 'data'>> & { readonly type: AuditType; readonly serviceId: Id | null };

/**
 * Records what happened to a user through one service, or the operator, and is felt at all: each other service that may know of the user
 * gets an entry as well, which says no more than what happened to whom. Answers the id of the entry of the one service.
 * `knowing`: the services that may know of the user, where that can no longer be looked up.
 */
export async function recordAtAll(
  ports: Recorder,
  stores: Pick<Stores, 'audit' | 'services'>,
  actor: Asker,
  entry: Shared,
  knowing: readonly Id[] | null = null,
): Promise<Id> {
  const { type, userId } = entry;
  const all = knowing ?? (userId === null ? [] : await stores.services.knowing(userId));
  const id = await record(ports, stores, actor, entry);
  for (const serviceId of all) {
    if (serviceId === entry.serviceId) continue;
    const nobody = { kind: 'unnamed', origin: null } as const;
    await record(ports, stores, nobody, { type, userId, subjectId: null, serviceId });
  }
  return id;
}
