import {
  type AuditEntry,
  type AuditType,
  codeOfSum,
  type ErrorCode,
  endOfMinute,
  networkOf,
} from '@rekey/domain';
import type { Stores } from '../ports/index.ts';
import { type Asker, type AuditCause, type Recorder, record } from './record.ts';
import { tell } from './tell.ts';

/**
 * Records what failed in one try: by an entry for each type, or else in the sums of this minute where it is about no
 * user whom the service may know of. Anybody can cause as many failures of that kind as there are names. `code`: as the
 * caller sees it; `cause`: what the caller is not told.
 */
export async function recordFailures(
  ports: Recorder,
  stores: Pick<Stores, 'audit' | 'events' | 'users'>,
  actor: Asker,
  types: readonly AuditType[],
  of: Pick<AuditEntry, 'serviceId' | 'userId'> & Partial<Pick<AuditEntry, 'subjectId'>>,
  code: ErrorCode,
  cause: AuditCause | null = null,
): Promise<void> {
  const { serviceId, userId } = of;
  // A user who was deleted since then is nobody: nothing that is about it may be written down any more.
  if (serviceId === null || userId === null || !(await stores.users.isThere(userId))) {
    const endsAt = endOfMinute(ports.clock.now());
    const network = actor.origin && networkOf(actor.origin.address);
    for (const type of types) {
      await stores.audit.addToSum({ endsAt, serviceId, type, network, count: 1 });
    }
    return;
  }
  if (types.includes('rekey:Throttle')) {
    await tell(ports, stores, { type: 'throttle.reached', serviceId, userId });
  }
  for (const type of types) {
    const own = type === 'rekey:Throttle' ? { code: codeOfSum(type) } : { code, cause };
    await record(ports, stores, actor, { ...of, type, outcome: 'failure', ...own });
  }
}
