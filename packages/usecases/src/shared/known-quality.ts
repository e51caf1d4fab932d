import type { PasswordQuality, User } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { sealOwners } from './seals.ts';

type Needs = Pick<Ports, 'secrets'>;

/** The user whose password it is, and the version of the credential. */
type Of = { readonly user: Pick<User, 'id'>; readonly version: number };

/** The quality of a password as `sealQuality` kept it; null where it did not, or the password was changed since. */
export function knownQuality(
  { secrets }: Needs,
  { user, version, sealedQuality }: Of & { readonly sealedQuality: string | null },
): PasswordQuality | null {
  if (sealedQuality === null) return null;
  try {
    return JSON.parse(secrets.unseal(sealedQuality, sealOwners.quality(user.id, version)));
  } catch {
    // Of another version, or sealed with a key that is gone: the password is judged anew.
    return null;
  }
}

/** Sealed, for the database alone must not tell whose password is worth guessing. */
export const sealQuality = (
  { secrets }: Needs,
  { user, version }: Of,
  { strength, isPwned }: PasswordQuality,
): string =>
  secrets.seal(JSON.stringify({ strength, isPwned }), sealOwners.quality(user.id, version));
