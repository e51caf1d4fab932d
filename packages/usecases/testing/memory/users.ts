import {
  type Account,
  type Credential,
  folded,
  type Id,
  type Instant,
  onUserPage,
  type User,
} from '@rekey/domain';
import { noLink, type Users } from '../../src/ports/index.ts';
import { attributesPlace, seenUser } from './seen-user.ts';
import type { Table } from './table.ts';
import {
  isClosed,
  NOBODY,
  newUserRow,
  type PastPasswordRow,
  type Tables,
  type UserRow,
} from './tables.ts';

export function users(tables: Tables): Users {
  const {
    users,
    pastPasswords,
    userAttributes,
    keys,
    providerLinks,
    providerStates,
    sessions,
    refreshTokens,
    oneTimeTokens,
    totpSeeds,
    recoveryCodes,
    challenges,
    deliveries,
    passkeys,
  } = tables;
  const change = (id: Id, user: Partial<User>, credential: Partial<Credential>) => {
    const row = users.get(id);
    if (!row) return;
    users.put(id, {
      ...row,
      user: { ...row.user, ...user },
      credential: { ...row.credential, ...credential },
    });
  };

  const putPast = (row: PastPasswordRow) =>
    pastPasswords.put(JSON.stringify([row.userId, row.hash]), row);
  const remember = (userId: Id, replacedAt: Instant) => {
    const hash = users.get(userId)?.credential.passwordHash ?? null;
    if (hash !== null) putPast({ userId, hash, replacedAt, isRecent: true });
  };
  const isFree = (id: Id, email: string) =>
    !users.find(({ user }) => user.email === email && user.id !== id);

  const isVisible = ({ id, createdBy }: User, by: Id | null) =>
    by === null ||
    createdBy === by ||
    keys.rows().some(({ key }) => key.userId === id && key.serviceId === by && key.type !== 'TOTP');

  return {
    insert: async (user, passwordHash, idleSince = null) => {
      if (users.find((row) => row.user.email === user.email)) return false;
      users.put(user.id, newUserRow(user, passwordHash, idleSince));
      return true;
    },
    get: async (id) => users.get(id)?.user ?? null,
    see: async (id, by) => {
      const user = users.get(id)?.user;
      return user ? { user: seenUser(tables, user, by), isVisible: isVisible(user, by) } : null;
    },
    list: async ({ page, seenBy, attributesOf, ids, emails, isEnabled, search }) => {
      const fitting = users
        .rows()
        .map(({ user }) => user)
        .filter(
          (user) =>
            isVisible(user, seenBy) &&
            (ids?.includes(user.id) ?? true) &&
            (emails?.includes(user.email) ?? true) &&
            (isEnabled ?? user.isEnabled) === user.isEnabled &&
            (search === undefined ||
              folded(user.name).startsWith(search.name) ||
              folded(user.email).startsWith(search.email)),
        )
        .map((user) => ({ id: user.id, name: folded(user.name), user }));
      return onUserPage(fitting, page).map(({ user }) => seenUser(tables, user, attributesOf));
    },
    isThere: async (id) => users.has(id),
    exist: async () => users.size > 0,
    findByEmail: async (email) => accountOf(users.find(({ user }) => user.email === email)),
    changePassword: async (id, version, passwordHash, now) => {
      const row = users.get(id);
      if (!row?.user.isEnabled || row.credential.version !== version) return false;
      remember(id, now);
      const user = { updatedAt: now, passwordRequireUpdate: false };
      change(id, user, { passwordHash, version: version + 1 });
      return true;
    },
    pastPasswords: async (userId, { from, limit, since = 0 }) => {
      const all = pastPasswords
        .rows()
        .filter((row) => row.userId === userId && row.replacedAt >= since)
        .sort((a, b) => a.replacedAt - b.replacedAt);
      const found = from === 'latest' ? all.toReversed() : all;
      return found.slice(0, limit).map(({ hash }) => hash);
    },
    prunePastPasswords: async (before, history, limit) => {
      const aged = pastPasswords
        .rows()
        .filter((row) => row.isRecent && row.replacedAt < before)
        .filter(({ userId }) => users.get(userId)?.user.isLocked === false)
        .slice(0, limit);
      for (const row of aged) putPast({ ...row, isRecent: false });
      for (const userId of new Set(aged.map((row) => row.userId))) {
        const kept = pastPasswords
          .rows()
          .filter((row) => row.userId === userId)
          .sort((a, b) => b.replacedAt - a.replacedAt)
          .slice(0, history);
        deleteWhere(
          pastPasswords,
          (row) => row.userId === userId && !row.isRecent && !kept.includes(row),
        );
      }
      return aged.length;
    },
    remake: async (user, passwordHash) => {
      const row = users.get(user.id);
      if (!row) return;
      const { version, deviceEpoch } = row.credential;
      users.put(user.id, { ...row, idleSince: null });
      const { isEnabled, isLocked, isDisabledByOperator, email, createdAt } = row.user;
      const kept = { isEnabled, isLocked, isDisabledByOperator, email, createdAt };
      const fresh = { isAdmin: false, emailValid: true, emailProven: true, lastLoginAt: null };
      change(
        user.id,
        { ...user, ...kept, ...fresh },
        {
          passwordHash,
          version: version + 1,
          deviceEpoch: deviceEpoch + 1,
          sealedQuality: null,
          networks: null,
        },
      );
      deleteWhere(userAttributes, ({ userId }) => userId === user.id);
      deleteWhere(pastPasswords, ({ userId }) => userId === user.id);
      deleteWhere(passkeys, ({ userId }) => userId === user.id);
    },
    upgradeHash: async (id, oldHash, newHash) => {
      if (users.get(id)?.credential.passwordHash !== oldHash) return false;
      change(id, {}, { passwordHash: newHash });
      return true;
    },
    keepQuality: async (id, sealed) => change(id, {}, { sealedQuality: sealed }),
    keepNetworks: async (id, networks) => change(id, {}, { networks }),
    lock: async (id) => accountOf(users.get(id)),
    noteLogin: async (id, now, serviceId) => {
      change(id, { lastLoginAt: now }, {});
      const account = accountOf(users.get(id));
      return account && { ...account, user: seenUser(tables, account.user, serviceId) };
    },
    update: async ({
      id,
      updatedAt,
      isEnabled,
      isDisabledByOperator,
      name,
      locale,
      timezone,
      passwordAllowReset,
      passwordRequireUpdate,
    }) =>
      change(
        id,
        {
          updatedAt,
          isEnabled,
          isDisabledByOperator,
          name,
          locale,
          timezone,
          passwordAllowReset,
          passwordRequireUpdate,
        },
        {},
      ),
    markValid: async (id, isProven, updatedAt) => {
      const row = users.get(id);
      if (!row) return;
      if (isProven) users.put(id, { ...row, idleSince: null });
      const proof = isProven ? { emailProven: true } : {};
      change(id, { emailValid: true, ...proof, updatedAt }, {});
    },
    setAttributes: async (id, by, attributes) => {
      const user = users.get(id)?.user;
      if (!user) return;
      const serviceId = by ?? user.createdBy;
      userAttributes.put(attributesPlace(user, by), { userId: id, serviceId, attributes });
    },
    attributesOf: async (id) =>
      userAttributes
        .rows()
        .filter(({ userId }) => userId === id)
        .map(({ serviceId, attributes }) => ({ serviceId, attributes })),
    isKeptBeside: async (id, serviceId) =>
      keys
        .rows()
        .some(({ key }) => key.userId === id && key.serviceId !== serviceId && !key.isRevoked),
    lockOut: async (id, now, by = noLink) => {
      const row = users.get(id);
      if (!row) return;
      const { version, deviceEpoch } = row.credential;
      remember(id, now);
      const lock = row.lock ?? { at: now, wasEnabled: row.user.isEnabled, ...by };
      users.put(id, { ...row, lock: { ...lock, serviceId: by.serviceId ?? lock.serviceId } });
      const user = { updatedAt: now, isEnabled: false, isLocked: true };
      change(id, user, {
        passwordHash: null,
        version: version + 1,
        deviceEpoch: deviceEpoch + 1,
      });
    },
    lockOf: async (id) => {
      const lock = users.get(id)?.lock;
      return lock ? { at: lock.at, serviceId: lock.serviceId, recoverTo: lock.recoverTo } : null;
    },
    keepDisabled: async (id) => {
      const row = users.get(id);
      if (!row?.lock?.wasEnabled) return false;
      users.put(id, { ...row, lock: { ...row.lock, wasEnabled: false } });
      return true;
    },
    changeEmail: async (id, email, updatedAt) => {
      if (!users.has(id) || !isFree(id, email)) return false;
      change(
        id,
        { email, emailValid: false, emailProven: false, emailChanged: true, updatedAt },
        {},
      );
      return true;
    },
    giveBackAddress: async (id, email, updatedAt) => {
      if (!isFree(id, email)) return false;
      change(id, { email, emailValid: true, emailProven: true, updatedAt }, {});
      return true;
    },
    unlock: async (id, version, { passwordHash, email, now }) => {
      const row = users.get(id);
      if (!row?.lock || row.credential.version !== version || !isFree(id, email)) return false;
      const user = {
        email,
        emailValid: true,
        emailProven: true,
        isLocked: false,
        isEnabled: row.lock.wasEnabled && !row.user.isDisabledByOperator,
        passwordRequireUpdate: false,
        updatedAt: now,
      };
      users.put(id, { ...row, lock: null, idleSince: null });
      change(id, user, { passwordHash, version: version + 1 });
      return true;
    },
    setFactors: async (id, factors, updatedAt) => change(id, { factors, updatedAt }, {}),
    forgetDevices: async (id) => {
      const { deviceEpoch = 0 } = users.get(id)?.credential ?? {};
      change(id, {}, { deviceEpoch: deviceEpoch + 1 });
    },
    setAdmin: async (id, isAdmin, now) => change(id, { isAdmin, updatedAt: now }, {}),
    lockAdmins: async () =>
      users
        .rows()
        .map(({ user }) => user)
        .filter(({ isAdmin }) => isAdmin)
        .sort((a, b) => (a.id < b.id ? -1 : 1)),
    lockIdle: async (before, limit) =>
      users
        .rows()
        .filter(({ idleSince }) => idleSince !== null && idleSince < before)
        .sort((a, b) => (a.idleSince ?? 0) - (b.idleSince ?? 0))
        .slice(0, limit)
        .map(({ user }) => user.id),
    useOf: async (id) => {
      const user = users.get(id)?.user;
      if (!user) throw new Error('there is no such account');
      const ends = sessions
        .rows()
        .filter(({ session }) => session.userId === id)
        .map(({ session, endedAt }) => endedAt ?? session.expiresAt);
      const links = oneTimeTokens
        .rows()
        .filter(({ token, spentAt }) => token.userId === id && spentAt === null)
        .map(({ token }) => token.expiresAt);
      return {
        lastAt: Math.max(user.updatedAt, ...ends),
        linkUntil: links.length === 0 ? null : Math.max(...links),
        isShared: keys
          .rows()
          .some(({ key }) => key.userId === id && key.serviceId !== user.createdBy),
      };
    },
    setIdle: async (id, since) => {
      const row = users.get(id);
      if (row) users.put(id, { ...row, idleSince: since });
    },
    delete: async (id, now, owedUntil) => {
      deleteWhere(refreshTokens, (token) => sessions.get(token.sessionId)?.session.userId === id);
      deleteWhere(sessions, ({ session }) => session.userId === id);
      deleteWhere(keys, ({ key }) => key.userId === id);
      deleteWhere(totpSeeds, ({ userId }) => userId === id);
      deleteWhere(recoveryCodes, ({ userId }) => userId === id);
      deleteWhere(challenges, ({ userId }) => userId === id);
      deleteWhere(pastPasswords, ({ userId }) => userId === id);
      deleteWhere(passkeys, ({ userId }) => userId === id);
      deleteWhere(userAttributes, ({ userId }) => userId === id);
      deleteWhere(providerLinks, ({ userId }) => userId === id);
      deleteWhere(providerStates, ({ userId }) => userId === id);
      deleteWhere(deliveries, (row) => row.delivery.userId === id && isClosed(row));
      const email = users.get(id)?.user.email;
      for (const row of oneTimeTokens.rows()) {
        const { token, spentAt } = row;
        if (token.purpose !== 'register' || token.email !== email) continue;
        oneTimeTokens.put(token.id, {
          ...row,
          token: { ...token, ...NOBODY },
          spentAt: spentAt ?? now,
        });
        deleteWhere(deliveries, ({ delivery }) => delivery.tokenId === token.id);
      }
      const owed = new Set<Id>();
      for (const row of deliveries.rows()) {
        const { delivery } = row;
        if (delivery.userId !== id) continue;
        const deadline = Math.min(delivery.deadline, owedUntil);
        deliveries.put(delivery.id, { ...row, delivery: { ...delivery, userId: null, deadline } });
        owed.add(delivery.tokenId);
      }
      for (const row of oneTimeTokens.rows()) {
        if (row.token.userId !== id) continue;
        const token = { ...row.token, userId: null };
        oneTimeTokens.put(token.id, {
          ...row,
          token: owed.has(token.id) ? token : { ...token, ...NOBODY },
          spentAt: row.spentAt ?? now,
        });
      }
      users.delete(id);
    },
  };
}

const accountOf = (row: UserRow | undefined): Account | null =>
  row ? { user: row.user, credential: row.credential } : null;

function deleteWhere<Key, Row>(table: Table<Key, Row>, isGone: (row: Row) => boolean): void {
  for (const [key, row] of table.entries()) if (isGone(row)) table.delete(key);
}
