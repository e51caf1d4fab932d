import {
  type Actor,
  type AuditEntry,
  type AuditOutcome,
  type AuditType,
  auditOrigin,
  auditStatusOf,
  auditText,
  type ErrorCode,
  type Id,
  type Origin,
  type PendingEntry,
  pendingEntryText,
  type UnchainedEntry,
} from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';

export type Recorder = Pick<Ports, 'macs' | 'clock' | 'ids'>;

/** The party that an entry names: an actor, or nobody but a place in the network. */
export type Asker = Actor | { readonly kind: 'unnamed'; readonly origin: Origin | null };

/**
 * Why nobody can prove an account at a service, whatever the password: states that the service sees of its users anyway.
 * A password that is wrong has no such cause. `passkey_copied`: its counter went back, so there are two of it.
 */
export type AuditCause =
  | 'user_locked'
  | 'user_disabled'
  | 'no_password'
  | 'no_token_key'
  | 'passkey_copied';

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
 * Adds an entry to the audit of its service, and answers the id of the entry. It gets its place in the chain when the
 * transaction is committed: the entries of changes that wait for each other stand in the order of the changes. Where the entry names no user, it names the one whom the request proved.
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
): Promise<UnchainedEntry> {
  const pending = pendingOf(ports, actor, entry);
  await audit.insert([pending]);
  return pending.entry;
}

/** Adds entries of what the operator did to so many things that each entry by itself would take too long. */
export async function recordMany(
  ports: Recorder,
  { audit }: Pick<Stores, 'audit'>,
  actor: Asker,
  entries: readonly (Omit<Recorded, 'outcome' | 'code' | 'cause'> & { readonly type: AuditType })[],
): Promise<void> {
  await audit.insert(
    entries.map((entry) =>
      pendingOf(ports, actor, { outcome: 'success', statusCode: 0, ...entry }),
    ),
  );
}

/** An entry that waits for its place. */
function pendingOf({ macs, clock, ids }: Recorder, actor: Asker, entry: Appended): PendingEntry {
  const { keyId, user } = proofsOf(actor, entry.serviceId);
  const text = {
    origin: actor.origin && auditOrigin(actor.origin),
    subject: entry.subject ?? null,
    data: entry.data ?? null,
  };
  const spelled = auditText(text);
  const salt = spelled === null ? null : macs.salt();
  const pending = {
    entry: {
      ...text,
      type: entry.type,
      outcome: entry.outcome,
      statusCode: entry.statusCode,
      serviceId: entry.serviceId,
      userId: entry.userId ?? user?.userId ?? null,
      keyId,
      userKeyId: entry.userKeyId ?? user?.keyId ?? null,
      subjectId: entry.subjectId ?? null,
      count: entry.count ?? 1,
      salt,
      textDigest: spelled === null || salt === null ? null : macs.digest(salt, spelled),
      id: ids.next(),
      createdAt: entry.createdAt ?? clock.now(),
    },
    proverId: user?.userId ?? null,
  };
  return { ...pending, mac: macs.make(pendingEntryText(pending)) };
}

/** The key that asked and the user whom it proved besides, as far as the service of the entry may know of them. */
function proofsOf(actor: Asker, serviceId: Id | null) {
  const isOwn = actor.kind === 'service' && actor.service.id === serviceId;
  const keyId = isOwn || actor.kind === 'root' ? actor.keyId : null;
  return { keyId, user: isOwn ? actor.user : null };
}
