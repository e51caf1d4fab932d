import type { Credential, PasswordQuality } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';

type Needs = Pick<Ports, 'secrets'>;

/** The quality of a password as `sealQuality` kept it; null where it did not, or the password was changed since. */
export function knownQuality(
  { secrets }: Needs,
  { sealedQuality, version }: Pick<Credential, 'sealedQuality' | 'version'>,
): PasswordQuality | null {
  if (sealedQuality === null) return null;
  try {
    const kept = JSON.parse(secrets.unseal(sealedQuality));
    return kept.version === version ? { strength: kept.strength, isPwned: kept.isPwned } : null;
  } catch {
    // Sealed with a key that is gone: the password is judged anew.
    return null;
  }
}

/** Sealed, for the database alone must not tell whose password is worth guessing. */
export const sealQuality = (
  { secrets }: Needs,
  version: number,
  { strength, isPwned }: PasswordQuality,
): string => secrets.seal(JSON.stringify({ version, strength, isPwned }));
