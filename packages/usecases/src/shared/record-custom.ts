import type { Actor, CustomAuditType, Id, JsonObject, UnchainedEntry } from '@rekey/domain';
import type { Stores } from '../ports/index.ts';
import { append, type Recorder } from './record.ts';

/** An entry of a service's own. */
export type AskedEntry = {
  readonly type: CustomAuditType;
  readonly subject?: string | undefined;
  readonly data?: JsonObject | undefined;
};

/** Adds the entry that a call asks for besides, and answers its id; null where it asks for none. */
export async function recordAsked(
  ports: Recorder,
  stores: Pick<Stores, 'audit'>,
  actor: Actor,
  type: CustomAuditType | undefined,
  of: Parameters<typeof recordCustom>[4],
): Promise<Id | null> {
  if (type === undefined) return null;
  return (await recordCustom(ports, stores, actor, { type }, of)).id;
}

/** Adds an entry of a type of the service that asks to its chain, or one of the operator to the operator's. */
export async function recordCustom(
  ports: Recorder,
  stores: Pick<Stores, 'audit'>,
  actor: Actor,
  { type, subject, data }: AskedEntry,
  { userId, userKeyId }: { readonly userId?: Id | null; readonly userKeyId?: Id | null } = {},
): Promise<UnchainedEntry> {
  const serviceId = actor.kind === 'service' ? actor.service.id : null;
  return append(ports, stores, actor, {
    type,
    serviceId,
    outcome: 'success',
    statusCode: null,
    subject: subject ?? null,
    data: data ?? null,
    userId: userId ?? null,
    userKeyId: userKeyId ?? null,
  });
}
