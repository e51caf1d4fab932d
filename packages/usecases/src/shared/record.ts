import {
  type Actor,
  type AuditChain,
  type AuditEntry,
  type AuditOutcome,
  type AuditType,
  auditChainText,
  auditEntryText,
  auditOrigin,
  auditStatusOf,
  auditText,
  type ErrorCode,
  type Id,
  type Origin,
} from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';
import { inChainOrder } from './chain-order.ts';

export type Recorder = Pick<Ports, 'macs' | 'clock' | 'ids'>;

/** The party that an entry names: an actor, or nobody but a place in the network. */
export type Asker = Actor | { readonly kind: 'unnamed'; readonly origin: Origin | null };

/**
 * Why nobody can prove an account at a service, whatever the password: states that the service sees of its users anyway.
 * A password that is wrong has no such cause.
 */
export type AuditCause = 'user_locked' | 'user_disabled' | 'no_password' | 'no_token_key';

/** An entry of Rekey's own: a success, unless something else is said. */
type Recorded = Pick<AuditEntry, 'serviceId'> &
  Partial<Pick<AuditEntry, 'createdAt' | 'userId' | 'subjectId' | 'count' | 'data'>> & {
    readonly type: AuditType;
    readonly outcome?: AuditOutcome;
    /** Of a failure, as callers see it. */
    readonly code?: ErrorCode | undefined;
    /** Behind the code, where the state of the account is it. */
    readonly cause?: AuditCause | null;
  };

/**
 * Adds an entry to the audit chain of its service, and answers the id of the entry. The chain is the last lock that a
 * transaction takes, so this comes last. Where the entry names no user, it names the one whom the request proved.
 */
export async function record(
  ports: Recorder,
  stores: Pick<Stores, 'audit'>,
  actor: Asker,
  { outcome = 'success', code, cause = null, ...entry }: Recorded,
): Promise<Id> {
  const { id } = await append(ports, stores, actor, {
    outcome,
    statusCode: outcome === 'success' ? 0 : code === undefined ? 3 : auditStatusOf(code),
    data: code === undefined ? null : { type: 'error', data: code, ...(cause && { cause }) },
    ...entry,
  });
  return id;
}

/** An entry as it is to be written. */
type Appended = Pick<AuditEntry, 'type' | 'serviceId' | 'outcome' | 'statusCode'> &
  Partial<
    Pick<
      AuditEntry,
      'createdAt' | 'userId' | 'userKeyId' | 'subjectId' | 'subject' | 'count' | 'data'
    >
  >;

/** Adds an entry of any type to its chain. */
export async function append(
  ports: Recorder,
  { audit }: Pick<Stores, 'audit'>,
  actor: Asker,
  entry: Appended,
): Promise<AuditEntry> {
  const { appended, end } = linked(ports, actor, entry, await audit.lock(entry.serviceId));
  await audit.append(appended, end);
  return appended;
}

/**
 * Adds entries of what the operator did to so many things that each entry by itself would take too long: their chains in
 * the order in which all transactions lock them, and the entries of a chain in the order given.
 */
export async function recordMany(
  ports: Recorder,
  { audit, imports }: Pick<Stores, 'audit' | 'imports'>,
  actor: Asker,
  entries: readonly (Omit<Recorded, 'outcome' | 'code' | 'cause'> & { readonly type: AuditType })[],
): Promise<void> {
  const owners = new Set(inChainOrder(entries).map(({ serviceId }) => serviceId));
  for (const owner of owners) {
    let chain = await audit.lock(owner);
    const all: AuditEntry[] = [];
    for (const entry of entries) {
      if (entry.serviceId !== owner) continue;
      const { appended, end } = linked(
        ports,
        actor,
        { outcome: 'success', statusCode: 0, ...entry },
        chain,
      );
      all.push(appended);
      chain = end;
    }
    await imports.appendEntries(all, chain);
  }
}

/** An entry as the next one of a chain, and the chain with it. */
function linked(
  { macs, clock, ids }: Recorder,
  actor: Asker,
  entry: Appended,
  chain: AuditChain,
): { readonly appended: AuditEntry; readonly end: AuditChain } {
  const { keyId, user } = proofsOf(actor, entry.serviceId);
  const text = {
    origin: actor.origin && auditOrigin(actor.origin),
    subject: entry.subject ?? null,
    data: entry.data ?? null,
  };
  const spelled = auditText(text);
  const salt = spelled === null ? null : macs.salt();
  const textDigest = spelled === null || salt === null ? null : macs.digest(salt, spelled);

  const complete = {
    type: entry.type,
    outcome: entry.outcome,
    statusCode: entry.statusCode,
    serviceId: entry.serviceId,
    userId: entry.userId ?? user?.userId ?? null,
    keyId,
    userKeyId: entry.userKeyId ?? user?.keyId ?? null,
    subjectId: entry.subjectId ?? null,
    count: entry.count ?? 1,
    textDigest,
    id: ids.next(),
    createdAt: entry.createdAt ?? clock.now(),
    sequence: chain.length + 1,
    previousHash: chain.hash,
  };
  const hash = macs.make(auditEntryText(complete));
  const end = { ...chain, length: complete.sequence, hash };
  // A chain whose end somebody moved keeps its broken seal: a new one would hide that for ever.
  const seal = isSealed(macs, chain) ? macs.make(auditChainText(end)) : chain.seal;
  return { appended: { ...complete, ...text, salt, hash }, end: { ...end, seal } };
}

/** The key that asked and the user whom it proved besides, as far as the service of the entry may know of them. */
function proofsOf(actor: Asker, serviceId: Id | null) {
  const isOwn = actor.kind === 'service' && actor.service.id === serviceId;
  const keyId = isOwn || actor.kind === 'root' ? actor.keyId : null;
  return { keyId, user: isOwn ? actor.user : null };
}

/** Whether beginning and end of a chain are as they were written; one that nothing was appended to has none. */
export const isSealed = (macs: Ports['macs'], chain: AuditChain): boolean =>
  isEmpty(chain) || macs.verify(auditChainText(chain), chain.seal);

const isEmpty = ({ length, pruned }: AuditChain): boolean => length === 0 && pruned === 0;
