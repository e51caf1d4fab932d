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
