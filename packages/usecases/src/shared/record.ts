import {
  type AuditChain,
  type AuditEvent,
  auditChainText,
  auditEntryText,
  auditOrigin,
  DomainError,
  type Id,
  Overloaded,
  Unavailable,
} from '@rekey/domain';
import type { Ports, Stores } from './ports.ts';
import type { Counted } from './throttle.ts';

export type Recorder = Pick<Ports, 'macs' | 'clock' | 'ids'>;

/** A success, unless something else is said. */
export type Recorded = Pick<AuditEvent, 'action' | 'serviceId'> &
  Partial<Pick<AuditEvent, 'outcome' | 'userId' | 'subjectId'>> & {
    readonly origin?: AuditEvent['origin'] | undefined;
  };

/** Adds an event to the chain of its service, and answers the id of its entry. The last thing that a transaction does. */
export async function record(
  { macs, clock, ids }: Recorder,
  { audit }: Pick<Stores, 'audit'>,
  event: Recorded,
): Promise<Id> {
  const chain = await audit.hold(event.serviceId);
  const entry = {
    action: event.action,
    outcome: event.outcome ?? 'success',
    serviceId: event.serviceId,
    userId: event.userId ?? null,
    subjectId: event.subjectId ?? null,
    origin: event.origin ? auditOrigin(event.origin) : null,
    id: ids.next(),
    createdAt: clock.now(),
    sequence: chain.length + 1,
    previousHash: chain.hash,
  };
  const hash = macs.make(auditEntryText(entry));
  const end = { ...chain, length: entry.sequence, hash };
  // A chain whose end somebody moved keeps its broken seal: a new one would hide that for ever.
  const seal = isSealed(macs, chain) ? macs.make(auditChainText(end)) : chain.seal;
  await audit.append({ ...entry, hash }, { ...end, seal });
  return entry.id;
}

/** Whether beginning and end of a chain are as they were written; those of an empty one always are. */
export const isSealed = (macs: Ports['macs'], chain: AuditChain): boolean =>
  chain.length === 0 || macs.verify(auditChainText(chain), chain.seal);

/** Records a try that came to nothing, and the wait that it brings where it does, in a transaction of their own. */
export async function recordFailure(
  ports: Recorder & Pick<Ports, 'database'>,
  event: Recorded,
  { bringsWait }: Counted,
): Promise<void> {
  await ports.database.transact(async (stores) => {
    await record(ports, stores, { ...event, outcome: 'failure' });
    if (bringsWait) {
      await record(ports, stores, { ...event, action: 'throttle', outcome: 'failure' });
    }
  });
}

/** Whether an error says no, and not that something is out of order. */
export const isRefusal = (error: unknown): boolean =>
  error instanceof DomainError && !(error instanceof Overloaded || error instanceof Unavailable);
