import type { Source } from '@rekey/usecases';
import {
  type Fields,
  type Found,
  flagOf,
  idOf,
  leftOf,
  textOf,
  timeOf,
  usersOf,
} from '../fields.ts';
import { linesOf } from '../lines.ts';

const READ = new Set([
  ...['id', 'username', 'password', 'locked', 'require_new_password', 'deleted_at'],
  ...['created_at', 'updated_at', 'last_login_at', 'password_changed_at'],
]);

/** Accounts of keratin/authn-server, as the query of docs/moving.md writes them: their names have to be addresses. */
export const authnServer: Source = {
  description: 'keratin/authn-server: JSON lines of the query in the documentation',
  read: (octets) => usersOf(linesOf(octets), userOf),
};

function userOf(fields: Fields): Found {
  return {
    user: {
      ...idOf('authn', fields.id),
      email: fields.username,
      is_enabled: flagOf(fields.locked) !== true,
      password_hash: textOf(fields.password),
      password_require_update: flagOf(fields.require_new_password),
      created_at: timeOf(fields.created_at),
      last_login_at: timeOf(fields.last_login_at),
    },
    left: leftOf(fields, READ),
    faults: textOf(fields.deleted_at) === undefined ? [] : ['was archived'],
  };
}
