import { IllegalArgument, type Violation } from './errors.ts';

export const passwordPolicies = ['compat', 'standard', 'nist'] as const;
export type PasswordPolicy = (typeof passwordPolicies)[number];

/** Code points (NIST SP 800-63B-4, 3.1.1.2; the seed's eight for `compat`). */
const MIN_LENGTH: Record<PasswordPolicy, number> = { compat: 8, standard: 8, nist: 15 };
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
 * A lone surrogate has no form in UTF-8, so text with one is refused.
 */
export function normalizePassword(text: string, field: string): string {
  if (!text.isWellFormed())
    throw new IllegalArgument([{ field, message: 'must be well-formed Unicode' }]);
  return text.normalize('NFC');
}

/** The length that a policy asks for, checked when a password is set and never when one is proven. */
export function checkPasswordLength(password: string, policy: PasswordPolicy, field: string): void {
  const length = [...password].length;
  const min = MIN_LENGTH[policy];
  if (length < min || length > MAX_LENGTH) {
    throw new IllegalArgument([{ field, message: `must have ${min} to ${MAX_LENGTH} characters` }]);
  }
}

/** What `standard` and `nist` refuse besides: common passwords, and ones that hold a name the attacker knows. */
export function checkPasswordQuality(
  password: string,
  quality: PasswordQuality,
  context: { readonly email: string; readonly serviceName: string },
  policy: PasswordPolicy,
  field: string,
): void {
  if (policy === 'compat') return;
  const folded = password.toLowerCase();
  const mailName = context.email.slice(0, context.email.indexOf('@'));
  const holds = (name: string) => [...name].length >= 3 && folded.includes(name.toLowerCase());
  const violations: Violation[] = [];
  if (quality.isPwned === true)
    violations.push({ field, message: 'must not be a commonly used password' });
  if (holds(mailName))
    violations.push({ field, message: 'must not hold the name of the e-mail address' });
  if (holds(context.serviceName))
    violations.push({ field, message: 'must not hold the name of the service' });
  if (violations.length > 0) throw new IllegalArgument(violations);
}
