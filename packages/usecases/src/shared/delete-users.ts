import { type Actor, type AuditType, HOUR_MS, type Id, nowhere } from '@rekey/domain';
import type { Stores } from '../ports/index.ts';
import { inChainOrder } from './chain-order.ts';
import { type Recorder, record } from './record.ts';
import { tell } from './tell.ts';

/** For so long a mail that was owed before may keep the address of a person who is deleted. */
const OWED_MS = 72 * HOUR_MS;

type Deletions = {
  /** Locked, and no others. */
  readonly ids: readonly Id[];
  readonly type: Extract<AuditType, 'sso:UserDelete' | 'rekey:UserExpire'>;
};

/**
 * Deletes users and everything personal with them: only ids stay, in the audit and in events. Each service that saw a user
 * is told. Comes last in a transaction, for it locks chains of the audit.
 */
export async function deleteUsers(
  ports: Recorder,
  stores: Stores,
  actor: Actor,
  { ids, type }: Deletions,
): Promise<void> {
  const { services, users, audit } = stores;
  const now = ports.clock.now();
  const owedUntil = now + OWED_MS;
  const seen: { readonly serviceId: Id; readonly userId: Id }[] = [];
  const erased: Id[] = [];
  for (const userId of ids) {
    for (const serviceId of await services.knowing(userId)) seen.push({ serviceId, userId });
    erased.push(userId, ...(await audit.erase(userId)));
    await users.delete(userId, now, owedUntil);
    // Once more: what others recorded until they let go of a row of the user.
    await audit.erase(userId);
  }
  for (const of of seen) await tell(ports, stores, { ...of, type: 'user.deleted' });

  // The request may come from the person's own browser: nothing of it may stay.
  const isOperator = actor.kind === 'root' || actor.kind === 'operator';
  const asker = isOperator ? actor : { ...actor, origin: nowhere };
  for (const of of inChainOrder(seen)) {
    await record(ports, stores, asker, { ...of, type, subjectId: of.userId });
  }
  for (const userId of ids) {
    const isRecorded = seen.some((each) => each.userId === userId);
    const entry = { type, serviceId: null, userId, subjectId: userId } as const;
    const isAsked = isOperator && type === 'sso:UserDelete';
    if (isAsked || !isRecorded) await record(ports, stores, asker, entry);
  }
  for (const subjectId of erased) {
    await record(ports, stores, asker, { type: 'rekey:AuditErase', serviceId: null, subjectId });
  }
}
