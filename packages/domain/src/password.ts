import { IllegalArgument, type Violation } from './errors.ts';
import { isFarTooLong } from './text.ts';

export const passwordPolicies = ['compat', 'standard', 'nist'] as const;
export type PasswordPolicy = (typeof passwordPolicies)[number];

/** Code points (NIST SP 800-63B-4, 3.1.1.2; the seed's eight for `compat`). */
export const minPasswordLength: Readonly<Record<PasswordPolicy, number>> = {
  compat: 8,
  standard: 8,
  nist: 15,
};
const MAX_LENGTH = 128;

/** How well a password withstands guessing. */
export type PasswordQuality = {
  /** 0 (guessed at once) to 4 (very hard to guess). */
  readonly strength: 0 | 1 | 2 | 3 | 4;
  /** Whether it is known from a list of common passwords; null where that could not be found out. */
  readonly isPwned: boolean | null;
};

/**
 * The one form of a password that is hashed: NFC (NIST SP 800-63B-4, 3.1.1.2), nothing trimmed, folded or cut.
 * Refuses what `typedPassword` does.
 */
export const normalizePassword = (text: string, field: string): string =>
  typedPassword(text, field).normalize('NFC');

/**
 * A password that is to be proven, as it was typed: other systems hashed it in no other form. A lone surrogate has no form
 * in UTF-8, so text with one is refused, and so is text that no account can have as its password because it is far too
 * long.
 */
export function typedPassword(text: string, field: string): string {
  if (isFarTooLong(text, MAX_LENGTH)) {
    refuse({ field, message: `must have at most ${MAX_LENGTH} characters`, code: 'too_long' });
  }
  if (!text.isWellFormed()) {
    refuse({ field, message: 'must be well-formed Unicode', code: 'malformed' });
  }
  return text;
}

/** The length that a policy asks for, checked when a password is set and never when one is proven. */
export function checkPasswordLength(password: string, policy: PasswordPolicy, field: string): void {
  const length = [...password].length;
  const min = minPasswordLength[policy];
  const message = `must have ${min} to ${MAX_LENGTH} characters`;
  if (length < min) refuse({ field, message, code: 'too_short' });
  if (length > MAX_LENGTH) refuse({ field, message, code: 'too_long' });
}

/** A change must change something. Both are as they were sent: a text that cannot be a password is refused for that. */
export function checkPasswordDiffers(password: string, current: string, field: string): void {
  const [next, now] = [password, current].map((text) =>
    isFarTooLong(text, MAX_LENGTH) ? text : text.normalize('NFC'),
  );
  if (next === now) throw refusedAsCurrent(field);
}

/** The refusal of a password that changes nothing. */
export const refusedAsCurrent = (field: string): IllegalArgument =>
  new IllegalArgument([
    { field, message: 'must differ from the current one', code: 'same_as_current' },
  ]);

/** The further rules of `standard` and `nist`: no common password, and none with a name in it that an attacker knows. */
export function checkPasswordQuality(
  password: string,
  quality: PasswordQuality,
  context: { readonly email: string; readonly serviceName: string },
  policy: PasswordPolicy,
  field: string,
): void {
  if (policy === 'compat') return;
  const violations: Violation[] = [];
  if (quality.isPwned === true) {
    const message = 'must not be commonly used, or known from a breach';
    violations.push({ field, message, code: 'common' });
  }
  if (holdsName(password, mailName(context.email))) {
    const message = 'must not hold the name of the e-mail address';
    violations.push({ field, message, code: 'contains_email' });
  }
  if (holdsName(password, context.serviceName)) {
    const message = 'must not hold the name of the service';
    violations.push({ field, message, code: 'contains_service' });
  }
  if (violations.length > 0) throw new IllegalArgument(violations);
}

function refuse(violation: Violation): never {
  throw new IllegalArgument([violation]);
}

/** The part before the `@`, without a tag (RFC 5233): `ada` of `ada+shop@example.com`. */
const mailName = (email: string): string => /^.[^+@]*/u.exec(email)?.[0] ?? '';

/** Names of so many characters are in many words, and count only as words: `ann` forbids no `annoying`. Shorter ones mean nothing. */
const SHORT_NAME = 3;

/** Whether a text holds a name, whatever the case of both and whatever stands between their letters and digits. */
function holdsName(text: string, name: string): boolean {
  const wanted = squeeze(fold(name));
  const length = [...wanted].length;
  if (length < SHORT_NAME) return false;
  const folded = fold(text);
  return length > SHORT_NAME
    ? squeeze(folded).includes(wanted)
    : wordsOf(folded).some((word) => word.replaceAll(wanted, '') === '');
}

/** Upper case, not lower: it makes one of `ß` and `ss`, and of the two small sigmas. */
const fold = (text: string): string => text.toUpperCase().normalize('NFC');

/** Only letters and digits: `blue-shop` and `Blue Shop` are one name. */
const squeeze = (text: string): string => text.replaceAll(/[^\p{L}\p{M}\p{N}]/gu, '');

/** Every run of letters, and of letters and digits: `ann2024` is a word, and begins with one. */
const wordsOf = (text: string): string[] =>
  [/[\p{L}\p{M}]+/gu, /[\p{L}\p{M}\p{N}]+/gu].flatMap((run) => text.match(run) ?? []);
