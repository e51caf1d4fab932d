import { IllegalArgument, type Violation } from './errors.ts';

const MAX_NAME_LENGTH = 100;

/** Text for one line: no control, format or separator characters but the plain space. */
const ONE_LINE = /^[^\p{C}\p{Zl}\p{Zp}]+$/u;

/** A name of a user, service or key: 1 to 100 characters on one line, kept as given but for NFC and outer spaces. */
export function parseName(text: string, field = 'name'): string {
  const name = text.normalize('NFC').trim();
  if (!ONE_LINE.test(name) || [...name].length > MAX_NAME_LENGTH) {
    throw refused(field, `must be 1 to ${MAX_NAME_LENGTH} characters on one line`);
  }
  return name;
}

/** A BCP 47 language tag, in its canonical spelling. */
export function parseLocale(text: string, field = 'locale'): string {
  try {
    const [locale] = Intl.getCanonicalLocales(text);
    if (locale !== undefined) return locale;
  } catch {
    // Not a language tag: refused below.
  }
  throw refused(field, 'must be a BCP 47 language tag');
}

/** A name of the IANA time zone database. */
export function parseTimezone(text: string, field = 'timezone'): string {
  try {
    // Offsets such as +02:00 are accepted by Intl but name no zone.
    if (/^[A-Za-z]/.test(text)) {
      new Intl.DateTimeFormat('en', { timeZone: text });
      return text;
    }
  } catch {
    // Not a zone: refused below.
  }
  throw refused(field, 'must be a name of the IANA time zone database');
}

/** An absolute http or https URL without credentials, kept as given. */
export function parseUrl(text: string, field = 'url'): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isWeb = url !== null && (url.protocol === 'https:' || url.protocol === 'http:');
  // The parser forgives spaces and control characters; a link in a mail would not survive them.
  if (!isWeb || url.username !== '' || url.password !== '' || !/^[\x21-\x7e]{1,2000}$/.test(text)) {
    throw refused(field, 'must be an absolute http or https URL without user and password');
  }
  return text;
}

/** Text of several lines for mails: at most 1000 characters, no control characters but line breaks. */
export function parseMailText(text: string, field: string): string {
  if (!/^[^\p{C}]+$/u.test(text.replaceAll(/\r?\n/g, ' ')) || [...text].length > 1000) {
    throw refused(field, 'must be 1 to 1000 characters without control characters');
  }
  return text.normalize('NFC').replaceAll('\r\n', '\n');
}

/** Runs every parser, and reports all that they refuse at once. */
export function parseAll<T extends Record<string, () => unknown>>(
  parsers: T,
): { [K in keyof T]: ReturnType<T[K]> } {
  const violations: Violation[] = [];
  const parsed = Object.entries(parsers).map(([name, parse]) => {
    try {
      return [name, parse()];
    } catch (error) {
      if (!(error instanceof IllegalArgument)) throw error;
      violations.push(...error.violations);
      return [name, undefined];
    }
  });
  if (violations.length > 0) throw new IllegalArgument(violations);
  return Object.fromEntries(parsed);
}

function refused(field: string, message: string): IllegalArgument {
  return new IllegalArgument([{ field, message }]);
}
