import type { Actor, Id } from '@rekey/domain';
import type { Stores } from '../ports/index.ts';
import { type Recorder, record } from './record.ts';

/**
 * Begins the chain of a new service, and announces it in the operator's: a chain that is missing as a whole is missed
 * by that. `subjectId`: the key that the service is known by.
 */
export async function beginChain(
  ports: Recorder,
  stores: Stores,
  actor: Actor,
  { serviceId, subjectId }: { readonly serviceId: Id; readonly subjectId: Id | null },
): Promise<void> {
  await record(ports, stores, actor, { type: 'sso:ServiceCreate', serviceId, subjectId });
  await announce(ports, stores, actor, serviceId);
}

/** Says in the operator's chain that the service has one. */
export async function announce(
  ports: Recorder,
  stores: Pick<Stores, 'audit'>,
  actor: Actor,
  serviceId: Id,
): Promise<void> {
  const entry = { type: 'rekey:ChainBegin', serviceId: null, subjectId: serviceId } as const;
  await record(ports, stores, actor, entry);
}
