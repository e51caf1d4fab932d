import type { Imports } from '../../src/ports/index.ts';
import { addPending } from './pending.ts';
import { attributesPlace } from './seen-user.ts';
import { newUserRow, type Tables } from './tables.ts';

export function imports(tables: Tables): Imports {
  const { users, userAttributes, keys, oneTimeTokens, imports } = tables;
  return {
    usersWith: async (ids, emails) =>
      users
        .rows()
        .map(({ user: { id, email } }) => ({ id, email }))
        .filter(({ id, email }) => ids.includes(id) || emails.includes(email)),
    reserved: async (emails, now) =>
      [
        ...oneTimeTokens
          .rows()
          .filter(
            ({ token, spentAt }) =>
              token.purpose === 'update_email' && spentAt === null && token.expiresAt > now,
          )
          .map(({ token }) => token.email),
        ...users.rows().map(({ lock }) => lock?.recoverTo ?? ''),
      ].filter((email) => emails.includes(email)),
    keysWith: async (ids, digests) =>
      keys
        .rows()
        .map(({ key, secret, previous }) => ({
          id: key.id,
          digest: secret.digest,
          previousDigest: previous?.digest ?? null,
        }))
        .filter(({ id, digest, previousDigest }) =>
          [
            ids.includes(id),
            digests.includes(digest),
            previousDigest !== null && digests.includes(previousDigest),
          ].some(Boolean),
        ),
    insertUsers: async (rows) => {
      for (const { user, passwordHash, idleSince, attributes } of rows) {
        const isTaken = users.find((row) => row.user.email === user.email) || users.has(user.id);
        if (isTaken) throw new Error('the id or the address of the user is taken');
        users.put(user.id, newUserRow(user, passwordHash, idleSince));
        if (Object.keys(attributes).length === 0) continue;
        const serviceId = user.createdBy;
        userAttributes.put(attributesPlace(user, null), { userId: user.id, serviceId, attributes });
      }
    },
    insertKeys: async (rows) => {
      for (const { key, secret } of rows) {
        const isTaken = keys.find((row) => row.secret.digest === secret.digest) || keys.has(key.id);
        if (isTaken) throw new Error('the id or the value of the key is taken');
        keys.put(key.id, { key, secret, totpStep: null, expiryTold: null, previous: null });
      }
    },
    insertEvents: async (rows) => {
      addPending(
        tables,
        rows.map((event) => ({ event })),
      );
    },
    unfinished: async (source) => imports.get(source) ?? null,
    keepState: async (state) => imports.put(state.source, state),
    forget: async (source) => imports.delete(source),
  };
}
