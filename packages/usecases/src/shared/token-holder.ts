import { rolesOf, type User } from '@rekey/domain';
import type { TokenHolder } from '../ports/index.ts';

/** What the token of a person says of its holder. */
export const holderOf = (user: User): TokenHolder => ({ email: user.email, roles: rolesOf(user) });
