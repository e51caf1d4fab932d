import { type Actor, type AuditType, HOUR_MS, type Id, nowhere } from '@rekey/domain';
import type { Stores } from '../ports/index.ts';
import { type Recorder, record } from './record.ts';
import { tellAll } from './tell-all.ts';

/** For so long a mail that was owed before may keep the address of a person who is deleted. */
const OWED_MS = 72 * HOUR_MS;

type Deletions = {
  /** Locked, and no others. */
  readonly ids: readonly Id[];
  readonly type: Extract<AuditType, 'sso:UserDelete' | 'rekey:UserExpire'>;
};

/**
 * Deletes users and everything personal with them: only ids stay, in the audit and in events. Each service that saw a user
 * is told. What others record of them meanwhile is erased when it gets its place. Comes last in a transaction.
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
  const known: { readonly serviceId: Id; readonly userId: Id }[] = [];
  const erased: Id[] = [];
  for (const userId of ids) {
    for (const serviceId of await services.knowing(userId)) known.push({ serviceId, userId });
    await tellAll(ports, stores, { type: 'user.deleted', serviceId: null, userId });
    erased.push(userId, ...(await audit.erase(userId)));
    await users.delete(userId, now, owedUntil);
  }

  // The request may come from the person's own browser: nothing of it may stay.
  const isOperator = actor.kind === 'root' || actor.kind === 'operator';
  const asker = isOperator ? actor : { ...actor, origin: nowhere };
  for (const of of known) {
    await record(ports, stores, asker, { ...of, type, subjectId: of.userId });
  }
  for (const userId of ids) {
    const isRecorded = known.some((each) => each.userId === userId);
    const entry = { type, serviceId: null, userId, subjectId: userId } as const;
    const isAsked = isOperator && type === 'sso:UserDelete';
    if (isAsked || !isRecorded) await record(ports, stores, asker, entry);
  }
  for (const subjectId of erased) {
    await record(ports, stores, asker, { type: 'rekey:AuditErase', serviceId: null, subjectId });
  }
}
