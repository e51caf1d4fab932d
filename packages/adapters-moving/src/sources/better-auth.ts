import type { Source } from '@rekey/usecases';
import {
  allWithin,
  type Fields,
  type Found,
  flagOf,
  idOf,
  isOver,
  leftOf,
  textOf,
  timeOf,
  usersOf,
  within,
} from '../fields.ts';
import { linesOf } from '../lines.ts';

const READ = new Set([
  ...['id', 'name', 'email', 'emailVerified', 'createdAt', 'updatedAt'],
  ...['banned', 'banReason', 'banExpires'],
]);

/** The provider of the accounts that have a password. */
const PASSWORD = 'credential';

/** Users of better-auth with their accounts, as the query of docs/moving.md writes them. */
export const betterAuth: Source = {
  description: 'better-auth: JSON lines of the query in the documentation',
  read: (octets) =>
    usersOf(linesOf(octets), ({ user, accounts }) => userOf(within(user), allWithin(accounts))),
};

function userOf(user: Fields, accounts: readonly Fields[]): Found {
  const hash = accounts.find(({ providerId }) => providerId === PASSWORD)?.password;
  return {
    user: {
      ...idOf('better_auth', user.id),
      name: user.name,
      email: user.email,
      email_valid: flagOf(user.emailVerified),
      is_enabled: !isBanned(user),
      ...(textOf(hash) !== undefined && {
        password_hash: hash,
        password_hash_format: 'better-auth',
      }),
      created_at: timeOf(user.createdAt),
    },
    left: [
      ...leftOf(user, READ, 'user.'),
      ...accounts
        .filter(({ providerId }) => providerId !== PASSWORD)
        .map(({ providerId }) => `account of ${providerId}`),
    ],
  };
}

/** A ban may have an end. */
const isBanned = ({ banned, banExpires }: Fields): boolean =>
  flagOf(banned) === true && !isOver(banExpires);
