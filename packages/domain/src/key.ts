import { IllegalArgument, type ViolationCode } from './errors.ts';
import type { Id, Instant } from './ids.ts';

export const keyTypes = ['KEY', 'TOKEN', 'TOTP'] as const;
export type KeyType = (typeof keyTypes)[number];

/**
 * A key of a service (no user), of a user at a service, or of the operator (neither: a root key).
 * A user needs a usable TOKEN key of a service to log in there or to change a password through it.
 */
export type Key = {
  readonly id: Id;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
  readonly isEnabled: boolean;
  readonly isRevoked: boolean;
  readonly type: KeyType;
  readonly name: string;
  readonly serviceId: Id | null;
  readonly userId: Id | null;
  /** The beginning of the value, by which people tell keys apart; null for a TOTP key, whose value is a seed. */
  readonly prefix: string | null;
  /** The rights that its maker gave it. Rekey asks for none of them by itself. */
  readonly scopes: readonly string[];
  /** From then on the key is not usable; null for never. */
  readonly expiresAt: Instant | null;
  /** As far as it was written down: a use shows within a minute. */
  readonly lastUsedAt: Instant | null;
};

/** Whether a key may be used now. */
export const isUsable = (
  key: Pick<Key, 'isEnabled' | 'isRevoked' | 'expiresAt'>,
  now: Instant,
): boolean => key.isEnabled && !key.isRevoked && !hasExpired(key, now);

export const hasExpired = ({ expiresAt }: Pick<Key, 'expiresAt'>, now: Instant): boolean =>
  expiresAt !== null && expiresAt <= now;

/** Whether one key outlives another: at no moment is the other good and this one is not. */
export const outlives = (
  { expiresAt: own }: Pick<Key, 'expiresAt'>,
  { expiresAt: other }: Pick<Key, 'expiresAt'>,
): boolean => own === null || (other !== null && own >= other);

const PREFIX_LENGTH = 8;

/** What a value shows of itself: the first characters after the letters that every value of its kind has. */
export const prefixOf = (value: string): string => value.slice(4, 4 + PREFIX_LENGTH);

export const MAX_SCOPES = 50;
export const MAX_SCOPE_LENGTH = 64;

/** Visible ASCII, as the scopes of OAuth (RFC 6749, 3.3). */
const SCOPE = new RegExp(String.raw`^[\x21-\x7e]{1,${MAX_SCOPE_LENGTH}}$`);

/** Scopes in the order that they were given in: none twice, none with a space. */
export function parseScopes(texts: readonly string[], field = 'scopes'): readonly string[] {
  if (texts.length > MAX_SCOPES) {
    throw refused(field, `must be ${MAX_SCOPES} at most`, 'out_of_range');
  }
  if (!texts.every((text) => SCOPE.test(text))) {
    const message = `must each be 1 to ${MAX_SCOPE_LENGTH} visible ASCII characters`;
    throw refused(field, message, 'malformed');
  }
  if (new Set(texts).size < texts.length) {
    throw refused(field, 'must each be given once', 'repeated');
  }
  return texts;
}

/** RFC 3339, 5.6, but for leap seconds, which are no instants of ours. */
const INSTANT =
  /^(\d{4}-\d\d-\d\d)[Tt]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)$/;

const LATEST = Date.parse('9999-12-31T23:59:59.999Z');

/** An instant as RFC 3339 writes it. */
export function parseInstant(text: string, field: string): Instant {
  const [, day] = INSTANT.exec(text) ?? [];
  // The parser forgives the 31st of February.
  const isDay = day !== undefined && new Date(`${day}T00:00:00Z`).toJSON()?.startsWith(day);
  if (!isDay) throw refused(field, 'must be a time as in RFC 3339', 'malformed');
  const instant = Date.parse(text.toUpperCase());
  if (instant > LATEST) throw refused(field, 'must be in a year of four digits', 'out_of_range');
  return instant;
}

/** The instant, which is to come, at which a key expires. */
export function parseExpiry(text: string, now: Instant, field = 'expiresAt'): Instant {
  const instant = parseInstant(text, field);
  if (instant <= now) throw refused(field, 'must be a time to come', 'past');
  return instant;
}

function refused(field: string, message: string, code: ViolationCode): IllegalArgument {
  return new IllegalArgument([{ field, message, code }]);
}
