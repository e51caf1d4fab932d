/** Three times as long as the longest token that Rekey issues. */
const MAX_LENGTH = 4096;

/** RFC 9110, 11.2: the characters of a token. */
const TOKEN = String.raw`([\w.~+/-]+=*)`;
const KEY = new RegExp(`^(?:(?:key|bearer) +)?${TOKEN}$`, 'i');
const BEARER = new RegExp(`^bearer +${TOKEN}$`, 'i');
const OF_USER = new RegExp(`^(?:(key|token|bearer) +)?${TOKEN}$`, 'i');

const matched = (pattern: RegExp, header: unknown): RegExpExecArray | null =>
  typeof header === 'string' && header.length <= MAX_LENGTH ? pattern.exec(header) : null;

/** The key in a header: it alone, or after `key` or `Bearer`. Null for anything else. */
export const keyIn = (header: unknown): string | null => matched(KEY, header)?.[1] ?? null;

/** The token in a header after `Bearer`. Null for anything else. */
export const bearerIn = (header: unknown): string | null => matched(BEARER, header)?.[1] ?? null;

/**
 * The credential of a user in a header: a key alone or after `key`, an access token after `token`, and either of them
 * after `Bearer`. Null for anything else.
 */
export function userCredentialIn(
  header: unknown,
): { readonly kind: 'key' | 'token' | 'either'; readonly value: string } | null {
  const [, scheme = 'key', value] = matched(OF_USER, header) ?? [];
  if (value === undefined) return null;
  return { kind: kinds[scheme.toLowerCase()] ?? 'key', value };
}

const kinds: Readonly<Record<string, 'token' | 'either'>> = { token: 'token', bearer: 'either' };
