import { MINUTE_MS } from './durations.ts';
import { IllegalArgument } from './errors.ts';
import type { Id, Instant } from './ids.ts';
import { parseName } from './text.ts';

/** A person has so many passkeys at most. */
export const MAX_PASSKEYS = 20;

/** The time that a person has to answer a challenge. */
export const PASSKEY_CHALLENGE_MS = 5 * MINUTE_MS;

/**
 * A passkey (W3C Web Authentication, Level 3): a key pair whose private half stays with the person, in a device, a security
 * key or a password manager, which is called its authenticator.
 */
export type Passkey = {
  readonly id: Id;
  readonly userId: Id;
  readonly createdAt: Instant;
  /** Null until the first login with it. */
  readonly lastUsedAt: Instant | null;
  /** As its owner calls it. */
  readonly name: string;
  /** The id that its authenticator gave it, in base64url. No other passkey has it. */
  readonly credentialId: string;
  /** The public half in COSE form (RFC 9052), in base64url. */
  readonly publicKey: string;
  /** The domain that it works at. */
  readonly rpId: string;
  /** How often its authenticator has signed, as far as that counts; 0 for one that does not, as those that are synced. */
  readonly counter: number;
  /** The ways to reach its authenticator, as the browser named them: `internal`, `hybrid`, `usb`, … */
  readonly transports: readonly string[];
  /** Whether it can be synced to other devices; that never changes. */
  readonly isBackupEligible: boolean;
  /** Whether it was synced when it was used last. */
  readonly isBackedUp: boolean;
  /**
   * Whether its authenticator verified the person, by a PIN or a fingerprint, when the passkey was made. Only then does a
   * login with it count as two factors: whoever finds a security key without a PIN could give it one.
   */
  readonly isUserVerified: boolean;
};

/** A passkey as a browser is told of it. */
export type PasskeyReference = Pick<Passkey, 'credentialId' | 'transports'>;

/** Whether the counter of a use goes on from the one that is kept: one that went back belongs to a copy (WebAuthn, 6.1.1). */
export const goesOn = (kept: number, used: number): boolean =>
  used > kept || (used === 0 && kept === 0);

const UNNAMED = 'Passkey';

/** What a person calls a passkey, which need not have a name. Throws `IllegalArgument` like `parseName`. */
export const parsePasskeyName = (text: string | undefined, field: string): string =>
  text === undefined || text.trim() === '' ? UNNAMED : parseName(text, field);

/**
 * The origin of a page, as browsers write it (RFC 6454, section 6.2), such as `https://example.com`. Throws
 * `IllegalArgument` for anything else.
 */
export function parseWebOrigin(text: string, field = 'origin'): string {
  if (URL.canParse(text) && new URL(text).origin === text) return text;
  const message = 'must be an origin, such as https://example.com';
  throw new IllegalArgument([{ field, message, code: 'malformed' }]);
}
