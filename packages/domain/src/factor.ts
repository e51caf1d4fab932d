import type { Id, Instant } from './ids.ts';
import type { ProofMethod } from './session.ts';

/** What can prove a person beside the password. Recovery codes are one kind, however many of them there are. */
export const factorKinds = [
  'totp',
  'passkey',
  'recovery_codes',
  'google',
  'github',
  'microsoft',
] as const;
export type FactorKind = (typeof factorKinds)[number];

/** The second factors of a user, and where a login takes one. */
export type SecondFactors = {
  /** Whether there is a confirmed seed of one-time codes. */
  readonly hasTotp: boolean;
  readonly hasPasskey: boolean;
  /** Whether a login with the password takes a second factor. */
  readonly atPassword: boolean;
  /** Whether a login with a provider takes one. */
  readonly atProvider: boolean;
};

export const noFactors: SecondFactors = {
  hasTotp: false,
  hasPasskey: false,
  atPassword: false,
  atProvider: false,
};

/** The levels of an authentication, as NIST SP 800-63B-4 counts them: one factor, or two. */
export const assuranceLevels = ['aal1', 'aal2'] as const;
export type AssuranceLevel = (typeof assuranceLevels)[number];

const providers: readonly ProofMethod[] = ['google', 'github', 'microsoft'];
const possession: readonly ProofMethod[] = ['otp', 'recovery_code'];

/** Whether a code of a second factor is among what was proven. */
export const hasCode = (amr: readonly ProofMethod[]): boolean =>
  amr.some((method) => possession.includes(method));

/**
 * The level of what was proven. A passkey is two factors by itself: the device, and the person whom it verified. Codes of
 * one device, however many, are one factor.
 */
export function assuranceOf(amr: readonly ProofMethod[]): AssuranceLevel {
  if (amr.includes('passkey')) return 'aal2';
  return hasCode(amr) && amr.some((method) => !possession.includes(method)) ? 'aal2' : 'aal1';
}

/**
 * What a login with these proofs still lacks: a second factor of a user who has one, or of a user who first has to get
 * one; null for nothing.
 */
export function missingFactor(
  { hasTotp, hasPasskey, atPassword, atProvider }: SecondFactors,
  { requireFactor }: { readonly requireFactor: boolean },
  amr: readonly ProofMethod[],
): 'second_factor_required' | 'factor_enrolment_required' | null {
  if (assuranceOf(amr) === 'aal2') return null;
  const isByProvider = amr.some((method) => providers.includes(method));
  const isDemanded = isByProvider ? atProvider : atPassword;
  if (!isDemanded && !requireFactor) return null;
  return hasTotp || hasPasskey ? 'second_factor_required' : 'factor_enrolment_required';
}

/** A seed of one-time codes, which a user's device shares. */
export type TotpSeed = {
  readonly id: Id;
  readonly userId: Id;
  readonly createdAt: Instant;
  /** Until when the seed may be confirmed; null for one that is. */
  readonly expiresAt: Instant | null;
  /** Sealed for its id. */
  readonly sealed: string;
  /** The last step of time of which a code was taken, and when that was; null for none. */
  readonly step: number | null;
  readonly lastUsedAt: Instant | null;
};

/** What a challenge is good for: to go on with a login, or to get a factor without a session. */
export type ChallengeKind = 'login' | 'enrolment';

/** A proof that waits for a second factor, once. By itself it opens nothing. */
export type Challenge = {
  /** Of the text that was handed out. */
  readonly digest: string;
  readonly kind: ChallengeKind;
  readonly userId: Id;
  readonly serviceId: Id;
  /** Of the credential: a change of it voids the challenge. */
  readonly version: number;
  /** What was proven. */
  readonly amr: readonly ProofMethod[];
  /** Of the address that the proof came from: says nothing of it to a reader of the database. */
  readonly mark: string;
  /** The device that the account knew; null where it came from no known one. */
  readonly deviceId: Id | null;
  readonly createdAt: Instant;
  readonly expiresAt: Instant;
};

/** What an app needs for the codes of a seed, as it reads it from a QR code (Key Uri Format of Google Authenticator). */
export function otpauthUri(of: {
  /** The name that people know the service by. */
  readonly issuer: string;
  /** The address of the account. */
  readonly account: string;
  /** In base32. */
  readonly secret: string;
}): string {
  // A colon parts the two in the label.
  const issuer = of.issuer.replaceAll(':', ' ');
  const label = `${encodeURIComponent(issuer)}:${encodeURIComponent(of.account)}`;
  return `otpauth://totp/${label}?secret=${of.secret}&issuer=${encodeURIComponent(issuer)}&algorithm=SHA1&digits=6&period=30`;
}
