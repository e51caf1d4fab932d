import { IllegalArgument, type Violation } from './errors.ts';

const MAX_NAME_LENGTH = 100;
/** RFC 5646, 4.4.1 asks for room for 35 characters at least. */
const MAX_LOCALE_LENGTH = 64;
/** The longest names of zones have about half as many. */
const MAX_TIMEZONE_LENGTH = 64;
const MAX_URL_LENGTH = 2000;
const MAX_MAIL_TEXT_LENGTH = 1000;

/**
 * Whether a text has more than so many code points in NFC for certain. Its length alone tells, so that no time is
 * spent on a text that is refused anyway: NFC makes one code point of at most four UTF-16 units (UAX #15).
 */
export const isFarTooLong = (text: string, maxCodePoints: number): boolean =>
  text.length > 4 * maxCodePoints;

/** Octets of a text in UTF-8. */
export function utf8Length(text: string): number {
  let length = 0;
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    length += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return length;
}

/** Some characters are many in their compatible form, and an index has room for some hundred octets. */
const MAX_FOLDED_LENGTH = 254;

/**
 * The form of a name or address that lists go by, and that is searched: of all texts that differ in case alone, or in
 * compatible characters such as ligatures and full-width letters, it is one.
 */
export function folded(text: string): string {
  // Upper case first: it joins letters that lower case keeps apart. A sigma has two small forms.
  const small = text.normalize('NFKC').toUpperCase().toLowerCase().replaceAll('ς', 'σ');
  return [...small.normalize('NFKC')].slice(0, MAX_FOLDED_LENGTH).join('');
}

/**
 * No control, format or line characters, but for the joiners that Persian words and emoji are spelled with, and the marks
 * that keyboards for Arabic and Hebrew write beside a Latin letter. Marks reorder nothing around a text, as overrides do.
 */
const ONE_LINE = /^(?:[^\p{C}\p{Zl}\p{Zp}]|[\u200c-\u200f\u061c])+$/u;

/** Something that can be seen. */
const VISIBLE = /[\p{L}\p{N}\p{P}\p{S}]/u;

/**
 * Scheme and host spelled out, no user before the host, printable ASCII throughout:
 * the URL parser forgives much that a link in a mail would not survive.
 */
const WEB_URL = /^https?:\/\/[^/?#\\@]+(?:[/?#].*)?$/i;
const PRINTABLE = /^[\x21-\x7e]+$/;

/** Whether a text is 1 to so many characters on one line, as it is. */
export const isOneLine = (text: string, maxCodePoints: number): boolean =>
  text.length <= 2 * maxCodePoints && ONE_LINE.test(text) && [...text].length <= maxCodePoints;

/** A name of a user, service or key: 1 to 100 characters on one line, kept as given but for NFC and outer spaces. */
export function parseName(text: string, field = 'name'): string {
  const name = isFarTooLong(text, MAX_NAME_LENGTH) ? '' : text.normalize('NFC').trim();
  const isSeen = ONE_LINE.test(name) && VISIBLE.test(name);
  if (!isSeen || [...name].length > MAX_NAME_LENGTH) {
    throw refused(field, `must be 1 to ${MAX_NAME_LENGTH} characters on one line`);
  }
  return name;
}

/** Six digits, and what may stand between and around them. */
const MAX_CODE_LENGTH = 32;

/**
 * A one-time code without what devices show and people type between its digits, and in the half width; whatever else it
 * is, it stays.
 */
export const typedCode = (text: string): string =>
  text.length > MAX_CODE_LENGTH ? text : text.normalize('NFKC').replaceAll(/[\s-]/g, '');

/** `en_US.UTF-8`, as POSIX and Java write it: the encoding and the modifier say nothing of a language. */
const POSIX_LOCALE = /^([a-z]{2,3}(?:_[a-z\d]{2,8})*)(?:\.[\w-]+)?(?:@\w+)?$/i;

/** A BCP 47 language tag in its canonical spelling; one with underscores is understood. */
export function parseLocale(text: string, field = 'locale'): string {
  try {
    const tag = text.length > MAX_LOCALE_LENGTH ? '' : text;
    const plain = POSIX_LOCALE.exec(tag)?.[1]?.replaceAll('_', '-') ?? tag;
    const [locale] = Intl.getCanonicalLocales(plain);
    if (locale !== undefined && locale.length <= MAX_LOCALE_LENGTH) return locale;
  } catch {
    // Not a language tag: refused below.
  }
  throw refused(field, 'must be a BCP 47 language tag');
}

/** A name of the IANA time zone database. */
export function parseTimezone(text: string, field = 'timezone'): string {
  try {
    // Offsets such as +02:00 are accepted by Intl but name no zone.
    if (text.length <= MAX_TIMEZONE_LENGTH && /^[A-Za-z]/.test(text)) {
      new Intl.DateTimeFormat('en', { timeZone: text });
      return text;
    }
  } catch {
    // Not a zone: refused below.
  }
  throw refused(field, 'must be a name of the IANA time zone database');
}

/** Whether a text is an absolute http or https URL without credentials. */
export const isUrl = (text: string): boolean =>
  text.length <= MAX_URL_LENGTH && WEB_URL.test(text) && PRINTABLE.test(text) && URL.canParse(text);

/** An absolute http or https URL without credentials, kept as given. */
export function parseUrl(text: string, field = 'url'): string {
  if (!isUrl(text)) {
    throw refused(field, 'must be an absolute http or https URL without user and password');
  }
  return text;
}

/** Text of several lines for mails: at most 1000 characters, no control characters but line breaks. */
export function parseMailText(text: string, field: string): string {
  // Half of what a name may have for each character: no mail is written in accents alone.
  const isRead = text.length <= 2 * MAX_MAIL_TEXT_LENGTH;
  const lines = isRead ? text.normalize('NFC').replaceAll('\r\n', '\n') : '';
  const isPrintable = /^[^\p{C}]+$/u.test(lines.replaceAll('\n', ' '));
  if (!isPrintable || [...lines].length > MAX_MAIL_TEXT_LENGTH) {
    throw refused(
      field,
      `must be 1 to ${MAX_MAIL_TEXT_LENGTH} characters without control characters`,
    );
  }
  return lines;
}

/** Runs every parser, and reports all that they refuse at once. */
export function parseAll<T extends Record<string, () => unknown>>(
  parsers: T,
): { [K in keyof T]: ReturnType<T[K]> } {
  const violations: Violation[] = [];
  const parsed: Record<string, unknown> = {};
  for (const name in parsers) {
    try {
      parsed[name] = parsers[name]?.();
    } catch (error) {
      if (!(error instanceof IllegalArgument)) throw error;
      violations.push(...error.violations);
    }
  }
  if (violations.length > 0) throw new IllegalArgument(violations);
  return parsed as { [K in keyof T]: ReturnType<T[K]> };
}

function refused(field: string, message: string): IllegalArgument {
  return new IllegalArgument([{ field, message, code: 'malformed' }]);
}
