import type { Source } from '@rekey/usecases';
import type { Found } from '../fields.ts';
import { type Fields, flagOf, idOf, leftOf, seedOf, textOf, usersOf } from '../fields.ts';
import { linesOf } from '../lines.ts';

const READ = new Set([
  'hash',
  'name',
  'email',
  'emailValid',
  'password',
  'isUsing2FA',
  'secret2FA',
  'roles',
]);

/** Users of orion-services/users, as the query of docs/moving.md writes them: one a line, in the words of its entity. */
export const orionUsers: Source = {
  description: 'orion users: JSON lines of the query in the documentation',
  read: (octets) => usersOf(linesOf(octets), userOf),
};

function userOf(fields: Fields): Found {
  const { name, email, password } = fields;
  const roles: readonly unknown[] = Array.isArray(fields.roles)
    ? fields.roles
    : (textOf(fields.roles)?.split(',') ?? []);
  const uses2FA = flagOf(fields.isUsing2FA) === true;
  const seed = uses2FA ? seedOf(fields.secret2FA) : undefined;
  return {
    user: {
      ...idOf('orion', fields.hash),
      name,
      email,
      email_valid: flagOf(fields.emailValid),
      // SHA-256 over the password alone, in hex.
      ...(password !== null && { password_hash: password, password_hash_format: 'sha256-hex' }),
      roles: roles.filter((role) => role === 'admin' || role === 'user'),
      totp_secret: seed,
      // Who has a TOKEN key of the built-in service logs in by its forms.
      keys: [{ type: 'TOKEN', service: 'users' }],
    },
    left: [
      ...leftOf(fields, READ),
      ...(roles.some((role) => role !== 'admin' && role !== 'user') ? ['roles'] : []),
      ...(uses2FA && seed === undefined ? ['secret2FA'] : []),
    ],
  };
}
