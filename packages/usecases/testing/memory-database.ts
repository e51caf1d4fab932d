import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type AuditChain,
  type AuditEntry,
  type Credential,
  emptyAuditChain,
  type Id,
  type Instant,
  isUsable,
  type Key,
  noTries,
  type PasswordChange,
  type Service,
  type Session,
  type User,
} from '@rekey/domain';
import type {
  AuditPlace,
  Claim,
  Database,
  KeySecret,
  OutboxMail,
  StoredTally,
  Stores,
} from '../src/ports.ts';

type State = {
  services: Map<Id, Service>;
  users: Map<Id, { user: User; credential: Credential }>;
  keys: Map<Id, { key: Key; secret: KeySecret; totpStep: number | null }>;
  sessions: Map<Id, { session: Session; endedAt: Instant | null }>;
  refreshTokens: Map<
    string,
    { sessionId: Id; createdAt: Instant; expiresAt: Instant; isSpent: boolean }
  >;
  changes: Map<Id, { change: PasswordChange; spentAt: Instant | null }>;
  outbox: Map<Id, MailRow>;
  throttles: Map<string, StoredTally>;
  audit: Map<Id | null, { chain: AuditChain; entries: AuditEntry[] }>;
};

type MailRow = {
  attempts: number;
  dueAt: Instant;
  sentAt: Instant | null;
  buriedAt: Instant | null;
  reason: string | null;
};

/** `snapshot` shows all that is committed, but for some tables, to be compared or searched as a whole. */
export type MemoryDatabase = Database & { snapshot(...except: (keyof State)[]): unknown };

/** A database in memory, with real transactions: one at a time, on a copy that is kept or thrown away. */
export function memoryDatabase(): MemoryDatabase {
  let state: State = {
    services: new Map(),
    users: new Map(),
    keys: new Map(),
    sessions: new Map(),
    refreshTokens: new Map(),
    changes: new Map(),
    outbox: new Map(),
    throttles: new Map(),
    audit: new Map(),
  };
  let last: Promise<unknown> = Promise.resolve();
  const inside = new AsyncLocalStorage<true>();

  const run = async <T>(work: (stores: Stores) => Promise<T>): Promise<T> => {
    const draft = structuredClone(state);
    const door = { isOpen: true };
    try {
      const result = await inside.run(true, () => work(memoryStores(draft, door)));
      state = draft;
      return result;
    } finally {
      door.isOpen = false;
    }
  };
  const oneAtATime = async <T>(work: (stores: Stores) => Promise<T>): Promise<T> => {
    if (inside.getStore()) throw new Error('a transaction is open already: use its stores');
    const turn = last.then(() => run(work));
    last = turn.catch(() => undefined);
    return turn;
  };
  const snapshot: MemoryDatabase['snapshot'] = (...except) => {
    const tables = Object.entries(state).filter(
      ([table]) => !except.some((each) => each === table),
    );
    return structuredClone(Object.fromEntries(tables.map(([table, rows]) => [table, [...rows]])));
  };
  return { transact: oneAtATime, read: oneAtATime, snapshot };
}

function memoryStores(state: State, door: { isOpen: boolean }): Stores {
  return guard(door, {
    services: {
      insert: async (service) => {
        if (state.services.has(service.id)) return false;
        state.services.set(service.id, service);
        return true;
      },
      get: async (id) => state.services.get(id) ?? null,
      ids: async () => [...state.services.keys()],
    },

    users: {
      insert: async (user, passwordHash) => {
        if (find(state.users, (row) => row.user.email === user.email)) return false;
        state.users.set(user.id, {
          user,
          credential: { passwordHash, version: 1, sealedQuality: null },
        });
        return true;
      },
      get: async (id) => state.users.get(id)?.user ?? null,
      exist: async () => state.users.size > 0,
      findByEmail: async (email) => find(state.users, (row) => row.user.email === email),
      changePassword: async (id, version, passwordHash, now) => {
        const row = state.users.get(id);
        if (!row?.user.isEnabled || row.credential.version !== version) return false;
        row.user = { ...row.user, updatedAt: now, passwordRequireUpdate: false };
        row.credential = { ...row.credential, passwordHash, version: version + 1 };
        return true;
      },
      upgradeHash: async (id, oldHash, newHash) => {
        const row = state.users.get(id);
        if (row?.credential.passwordHash !== oldHash) return false;
        row.credential = { ...row.credential, passwordHash: newHash };
        return true;
      },
      keepQuality: async (id, sealed) => {
        const row = state.users.get(id);
        if (row) row.credential = { ...row.credential, sealedQuality: sealed };
      },
      hold: async (id) => state.users.get(id) ?? null,
      shut: async (id, now) => {
        const row = state.users.get(id);
        if (!row) return;
        row.user = { ...row.user, updatedAt: now, isEnabled: false };
        row.credential = {
          ...row.credential,
          passwordHash: null,
          version: row.credential.version + 1,
        };
      },
    },

    keys: {
      insert: async (key, secret) => {
        const { userId, serviceId } = key;
        if (isUsableToken(key) && userId && serviceId && findToken(state, userId, serviceId)) {
          return false;
        }
        state.keys.set(key.id, { key, secret, totpStep: null });
        return true;
      },
      get: async (id) => state.keys.get(id)?.key ?? null,
      findByDigest: async (digest) => {
        const row = find(
          state.keys,
          ({ secret }) => 'digest' in secret && secret.digest === digest,
        );
        if (!row) return null;
        const { key } = row;
        return {
          key,
          service: state.services.get(key.serviceId ?? '') ?? null,
          user: state.users.get(key.userId ?? '')?.user ?? null,
        };
      },
      findToken: async (userId, serviceId) => findToken(state, userId, serviceId),
      linksUser: async (userId, serviceId) =>
        find(state.keys, ({ key }) => key.userId === userId && key.serviceId === serviceId) !==
        null,
      revoke: async (id, now) => {
        const row = state.keys.get(id);
        if (!row || row.key.isRevoked) return false;
        row.key = { ...row.key, updatedAt: now, isEnabled: false, isRevoked: true };
        return true;
      },
      revokeAllOf: async (userId, now) => {
        for (const row of state.keys.values()) {
          if (row.key.userId !== userId) continue;
          row.key = { ...row.key, updatedAt: now, isEnabled: false, isRevoked: true };
        }
      },
      findTotp: async (userId, serviceId) => {
        const found = [...state.keys.values()]
          .filter(({ key }) => key.type === 'TOTP' && isUsable(key))
          .filter(({ key }) => key.userId === userId && key.serviceId === serviceId)
          .sort((a, b) => (a.key.id < b.key.id ? 1 : -1))[0];
        return found && 'sealed' in found.secret
          ? { id: found.key.id, sealed: found.secret.sealed }
          : null;
      },
      spendTotpStep: async (id, step) => {
        const row = state.keys.get(id);
        if (!row || !isUsable(row.key) || (row.totpStep ?? -1) >= step) return false;
        row.totpStep = step;
        return true;
      },
    },

    sessions: {
      insert: async (session) => {
        state.sessions.set(session.id, { session, endedAt: null });
      },
      findOpen: async (id) => {
        const row = state.sessions.get(id);
        if (row?.endedAt !== null) return null;
        const { session } = row;
        const user = state.users.get(session.userId)?.user;
        const key = state.keys.get(session.keyId)?.key;
        if (!user || !key) throw new Error('a session has its user and its key');
        return { session, user, key };
      },
      endAllOf: async (userId, now, except) => {
        for (const row of state.sessions.values()) {
          if (row.session.userId !== userId || row.session.id === except) continue;
          row.endedAt ??= now;
        }
      },
      end: async (id, now) => {
        const row = state.sessions.get(id);
        if (row) row.endedAt ??= now;
      },
      endAllOn: async (key, now) => {
        for (const row of state.sessions.values()) {
          if (row.session.keyId === key.id) row.endedAt ??= now;
        }
      },
      insertRefresh: async ({ digest, ...token }) => {
        if (state.refreshTokens.has(digest)) throw new Error('the digest is taken');
        state.refreshTokens.set(digest, { ...token, isSpent: false });
      },
      findRefresh: async (digest) => {
        const row = state.refreshTokens.get(digest);
        if (!row) return null;
        const { sessionId, expiresAt, isSpent } = row;
        return { sessionId, expiresAt, isSpent };
      },
      spendRefresh: async (digest) => {
        const row = state.refreshTokens.get(digest);
        if (!row || row.isSpent) return false;
        row.isSpent = true;
        return true;
      },
      prune: async (before, limit) => {
        const over = [...state.sessions]
          .filter(([, { session, endedAt }]) => (endedAt ?? session.expiresAt) < before)
          .map(([id]) => id);
        const tokens = [...state.refreshTokens]
          .filter(([, { sessionId }]) => over.includes(sessionId))
          .slice(0, limit);
        for (const [digest] of tokens) state.refreshTokens.delete(digest);
        const bare = over
          .filter((id) => !find(state.refreshTokens, ({ sessionId }) => sessionId === id))
          .slice(0, limit);
        for (const id of bare) state.sessions.delete(id);
        return tokens.length + bare.length;
      },
    },

    changes: {
      insert: async (change) => {
        state.changes.set(change.id, { change, spentAt: null });
      },
      get: async (id) => state.changes.get(id)?.change ?? null,
      findRevocable: async (id, now) => {
        const row = state.changes.get(id);
        return row && isRevocable(row, now) ? row.change : null;
      },
      spend: async (id, now) => {
        const row = state.changes.get(id);
        if (!row || !isRevocable(row, now)) return false;
        spendAll(state.changes, row.change.userId, now);
        return true;
      },
      spendAllOf: async (userId, now) => spendAll(state.changes, userId, now),
      nthLatest: async (userId, n) =>
        [...state.changes.values()]
          .filter(({ change }) => change.userId === userId)
          .map(({ change }) => change.createdAt)
          .sort((a, b) => b - a)[n - 1] ?? null,
      prune: async (before, limit) => {
        const over = [...state.changes]
          .filter(([, { change }]) => change.expiresAt < before)
          .map(([id]) => id);
        const mails = over.filter((id) => isClosed(state.outbox.get(id))).slice(0, limit);
        for (const id of mails) state.outbox.delete(id);
        const bare = over.filter((id) => !state.outbox.has(id)).slice(0, limit);
        for (const id of bare) state.changes.delete(id);
        return mails.length + bare.length;
      },
    },

    outbox: {
      add: async (changeId, now) => {
        state.outbox.set(changeId, {
          attempts: 0,
          dueAt: now,
          sentAt: null,
          buriedAt: null,
          reason: null,
        });
      },
      hasDue: async (now) => dueMails(state, now).length > 0,
      claim: async (now, until, limit) =>
        dueMails(state, now)
          .slice(0, limit)
          .map(([changeId, row]) => {
            row.attempts += 1;
            row.dueAt = until;
            return { changeId, attempt: row.attempts };
          }),
      recall: async (beyond, now) => {
        const far = [...state.outbox.values()].filter(
          (row) => !isClosed(row) && row.dueAt > beyond,
        );
        for (const row of far) row.dueAt = now;
        return far.length;
      },
      markSent: async (claim, now) => close(state, claim, { sentAt: now }),
      putOff: async (claim, at, reason) => close(state, claim, { dueAt: at, reason }),
      bury: async (claim, now, reason) => close(state, claim, { buriedAt: now, reason }),
      list: async (wanted, limit) =>
        [...state.outbox]
          .map(([changeId, row]) => mailOf(state, changeId, row))
          .filter((mail) => wanted === null || mail.state === wanted)
          .sort((a, b) => (a.changeId < b.changeId ? 1 : -1))
          .slice(0, limit),
      backlog: async () => {
        const mails = [...state.outbox].map(([changeId, row]) => mailOf(state, changeId, row));
        const waiting = mails.filter((mail) => mail.state === 'waiting');
        const least = (instants: Instant[]) =>
          instants.length === 0 ? null : Math.min(...instants);
        return {
          waiting: waiting.length,
          dead: mails.filter((mail) => mail.state === 'dead').length,
          oldestAt: least(waiting.map(({ createdAt }) => createdAt)),
          firstDueAt: least(waiting.map(({ dueAt }) => dueAt)),
        };
      },
      requeue: async (changeId, now) => requeue(state, changeId, now),
      requeueDead: async (now, limit) =>
        [...state.outbox]
          .filter(([, { buriedAt }]) => buriedAt !== null && buriedAt <= now)
          .map(([changeId]) => changeId)
          .filter((changeId) => hasGoodLink(state, changeId, now))
          .slice(0, limit)
          .filter((changeId) => requeue(state, changeId, now)),
    },

    throttles: {
      get: async (key) => state.throttles.get(key)?.tally ?? noTries,
      hold: async (keys) => keys.map((key) => state.throttles.get(key)?.tally ?? noTries),
      put: async (tallies) => {
        for (const stored of tallies) state.throttles.set(stored.key, stored);
      },
      prune: async (now, limit) => {
        const over = [...state.throttles.values()].filter(({ forgetAt }) => forgetAt <= now);
        for (const { key } of over.slice(0, limit)) state.throttles.delete(key);
        return Math.min(over.length, limit);
      },
    },

    audit: {
      hold: async (serviceId) => {
        const fresh = { chain: emptyAuditChain(serviceId), entries: [] };
        const row = state.audit.get(serviceId) ?? fresh;
        state.audit.set(serviceId, row);
        return row.chain;
      },
      append: async (entry, chain) => {
        const row = state.audit.get(chain.serviceId);
        if (!row) throw new Error('a chain is held before it is appended to');
        row.entries.push(entry);
        row.chain = chain;
      },
      get: async (id) => auditEntries(state).find((entry) => entry.id === id) ?? null,
      list: async ({ serviceId, userId, action, from, before }, limit) =>
        auditEntries(state)
          .filter((entry) => serviceId === undefined || entry.serviceId === serviceId)
          .filter((entry) => userId === undefined || entry.userId === userId)
          .filter((entry) => action === undefined || entry.action === action)
          .filter((entry) => entry.createdAt >= from && comesAfter(before, entry))
          .sort((a, b) => (comesAfter(a, b) ? -1 : 1))
          .slice(0, limit),
      owners: async () => [...state.audit.keys()],
      chain: async (serviceId) => state.audit.get(serviceId)?.chain ?? null,
      follow: async (serviceId, sequence, limit) =>
        (state.audit.get(serviceId)?.entries ?? [])
          .filter((entry) => entry.sequence > sequence)
          .slice(0, limit),
      prune: async (chain) => {
        const row = state.audit.get(chain.serviceId);
        if (!row) throw new Error('a chain is held before it is pruned');
        row.entries = row.entries.filter(({ sequence }) => sequence > chain.pruned);
        row.chain = chain;
      },
    },
  });
}

/** Copies what goes in and what comes out, and closes the stores when their transaction ends. */
function guard(door: { isOpen: boolean }, stores: Stores): Stores {
  type Verbs = Record<string, (...args: unknown[]) => Promise<unknown>>;
  const guarded = Object.entries(stores).map(([name, store]) => [
    name,
    Object.fromEntries(
      Object.entries(store as unknown as Verbs).map(([verb, run]) => [
        verb,
        async (...args: unknown[]) => {
          if (!door.isOpen) throw new Error('the transaction of these stores has ended');
          return structuredClone(await run(...structuredClone(args)));
        },
      ]),
    ),
  ]);
  return Object.fromEntries(guarded);
}

function find<T>(rows: Map<unknown, T>, test: (row: T) => boolean): T | null {
  return [...rows.values()].find(test) ?? null;
}

const isUsableToken = (key: Key): boolean => key.type === 'TOKEN' && isUsable(key);

function findToken(state: State, userId: Id, serviceId: Id): Key | null {
  const row = find(
    state.keys,
    ({ key }) => isUsableToken(key) && key.userId === userId && key.serviceId === serviceId,
  );
  return row?.key ?? null;
}

function dueMails(state: State, now: Instant) {
  return [...state.outbox]
    .filter(([, row]) => !isClosed(row) && row.dueAt <= now)
    .sort(([, a], [, b]) => a.dueAt - b.dueAt);
}

const isRevocable = (
  { change, spentAt }: { change: PasswordChange; spentAt: Instant | null },
  now: Instant,
) => spentAt === null && change.expiresAt > now;

function spendAll(changes: State['changes'], userId: Id, now: Instant): void {
  for (const row of changes.values()) if (row.change.userId === userId) row.spentAt ??= now;
}

const isClosed = (row: MailRow | undefined): boolean =>
  row !== undefined && (row.sentAt !== null || row.buriedAt !== null);

/** Changes a mail, only while the claim on it is the latest, and it is neither sent nor buried. */
function close(state: State, { changeId, attempt }: Claim, change: Partial<MailRow>): boolean {
  const row = state.outbox.get(changeId);
  if (row?.attempts !== attempt || isClosed(row)) return false;
  Object.assign(row, change);
  return true;
}

function requeue(state: State, changeId: Id, now: Instant): boolean {
  const row = state.outbox.get(changeId);
  if (!row || row.buriedAt === null || !hasGoodLink(state, changeId, now)) return false;
  Object.assign(row, { buriedAt: null, dueAt: now });
  return true;
}

const hasGoodLink = (state: State, changeId: Id, now: Instant): boolean =>
  (state.changes.get(changeId)?.change.expiresAt ?? 0) > now;

const auditEntries = (state: State): AuditEntry[] =>
  [...state.audit.values()].flatMap(({ entries }) => entries);

/** Whether `b` comes after `a` in a list with the latest first. */
const comesAfter = (a: AuditPlace, b: AuditPlace): boolean =>
  b.createdAt === a.createdAt ? b.id < a.id : b.createdAt < a.createdAt;

function mailOf(state: State, changeId: Id, row: MailRow): OutboxMail {
  const change = state.changes.get(changeId)?.change;
  if (!change) throw new Error('a mail has its change');
  const { attempts, dueAt, sentAt, buriedAt, reason } = row;
  const { email, createdAt, expiresAt } = change;
  const mail = { changeId, email, createdAt, attempts, dueAt, reason, linkExpiresAt: expiresAt };
  if (sentAt !== null) return { ...mail, state: 'sent', closedAt: sentAt };
  if (buriedAt !== null) return { ...mail, state: 'dead', closedAt: buriedAt };
  return { ...mail, state: 'waiting', closedAt: null };
}
