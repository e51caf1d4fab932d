import type { Actor, AuditEntry, Id } from '@rekey/domain';
import type { Stores } from '../ports/index.ts';
import { inChainOrder } from './chain-order.ts';
import { type Recorder, record } from './record.ts';

type Shared = Pick<AuditEntry, 'type' | 'userId' | 'subjectId'> & { readonly serviceId: Id };

/**
 * Records what happened to a user through one service and is felt at all: each other service that may know of the user
 * gets an entry as well, which says no more than what happened to whom. Answers the id of the entry of the one service.
 */
export async function recordAtAll(
  ports: Recorder,
  stores: Pick<Stores, 'audit' | 'services'>,
  actor: Pick<Actor, 'origin'>,
  entry: Shared,
): Promise<Id> {
  const { type, userId } = entry;
  const knowing = userId === null ? [] : await stores.services.knowing(userId);
  const others = knowing
    .filter((serviceId) => serviceId !== entry.serviceId)
    .map((serviceId) => ({ type, userId, subjectId: null, serviceId }));
  let entryId = '';
  for (const each of inChainOrder<Shared>([entry, ...others])) {
    const { origin } = each === entry ? actor : { origin: null };
    const id = await record(ports, stores, { origin }, each);
    if (each === entry) entryId = id;
  }
  return entryId;
}
