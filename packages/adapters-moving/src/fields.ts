import type { SourceRow, UserRow } from '@rekey/usecases';
import type { Line } from './lines.ts';

/** An object of an export. */
export type Fields = Readonly<Record<string, unknown>>;

export const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** An object within another one; an empty one where there is none. */
export const within = (value: unknown): Fields => (isFields(value) ? value : {});

/** The objects of an array; none where it is no array. */
export const allWithin = (value: unknown): readonly Fields[] =>
  Array.isArray(value) ? value.filter(isFields) : [];

/** The first of some values that is a text with something in it. */
export const textOf = (...values: readonly unknown[]): string | undefined =>
  values
    .map((value) => (typeof value === 'string' ? value.trim() : ''))
    .find((text) => text !== '');

/** Texts one after another, without those that are missing. */
export const joined = (...values: readonly unknown[]): string | undefined =>
  textOf(values.map((value) => textOf(value) ?? '').join(' '));

/** Whether somebody has another name than the address: here people log in with the address alone. */
export const hasOtherName = (name: unknown, email: unknown): boolean =>
  textOf(name) !== undefined && textOf(name)?.toLowerCase() !== textOf(email)?.toLowerCase();

/** A language tag that is one: a user need not stay behind for a bad one. */
export function localeOf(value: unknown): string | undefined {
  const tag = textOf(value)?.replaceAll('_', '-') ?? '';
  // `und` is the language that nobody named.
  if (tag === '' || tag === 'und' || tag.length > MAX_LOCALE_LENGTH) return undefined;
  try {
    return Intl.getCanonicalLocales(tag)[0];
  } catch {
    return undefined;
  }
}

const MAX_LOCALE_LENGTH = 35;

/** A flag as databases write it into JSON and tables. Undefined where it is none. */
export function flagOf(value: unknown): boolean | undefined {
  if (value === true || value === 1 || value === 'true' || value === 't' || value === '1')
    return true;
  if (value === false || value === 0 || value === 'false' || value === 'f' || value === '0')
    return false;
  return undefined;
}

/** An instant as a time of RFC 3339: of milliseconds since 1970, and of the forms that databases print. */
export function timeOf(value: unknown): string | undefined {
  const text = typeof value === 'number' ? String(value) : textOf(value);
  if (text === undefined) return undefined;
  const isCount = /^\d{1,15}$/.test(text);
  // PostgreSQL prints a space for the T, and an offset of hours alone.
  const written = text.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00');
  const zoned = /(?:Z|[+-]\d\d:\d\d)$/.test(written) ? written : `${written}Z`;
  const instant = isCount ? Number(text) : Date.parse(zoned);
  return Math.abs(instant) <= MAX_INSTANT ? new Date(instant).toISOString() : undefined;
}

/** Whether an instant has passed. What is no time has not. */
export function isOver(value: unknown): boolean {
  const end = timeOf(value);
  return end !== undefined && !(Date.parse(end) > Date.now());
}

/** The end of the year 9999. */
const MAX_INSTANT = 253_402_300_799_999;

const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;

/** The id of a user: a UUID is kept as such, and any other one as the attribute `<system>_id`. */
export function idOf(system: string, id: unknown): Pick<UserRow, 'id' | 'attributes'> {
  if (typeof id === 'string' && UUID.test(id)) return { id: id.toLowerCase() };
  if (typeof id !== 'string' && typeof id !== 'number') return {};
  return { attributes: { [`${system}_id`]: id } };
}

/** Of 80 bits and more, as the import takes them. */
const SEED = /^[A-Z2-7]{16,128}$/;

/** A seed in base32 as authenticators show it, or undefined. */
export function seedOf(value: unknown): string | undefined {
  const seed = textOf(value)?.replaceAll(/[\s-]/g, '').replace(/=+$/, '').toUpperCase();
  return seed !== undefined && SEED.test(seed) ? seed : undefined;
}

/** The seed of an `otpauth:` URL whose codes are those of Rekey: SHA-1, six digits, thirty seconds. */
export function seedOfUrl(value: unknown): string | undefined {
  const text = textOf(value) ?? '';
  if (!/^otpauth:\/\/totp\//i.test(text) || !URL.canParse(text)) return undefined;
  const { searchParams } = new URL(text);
  const read = (name: string, usual: string) => searchParams.get(name) ?? usual;
  const isUsual =
    /^(?:hmac)?-?sha-?1$/i.test(read('algorithm', 'SHA1')) &&
    read('digits', '6') === '6' &&
    read('period', '30') === '30';
  return isUsual ? seedOf(searchParams.get('secret')) : undefined;
}

/** What stands in a field where there is nothing: to leave it out loses nothing. */
function isNothing(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === false || value === 0)
    return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

/** A name that can be told: anything else may be a value that somebody made a name of. */
const NAME = /^[\w.$:-]{1,64}$/;

/** The names of fields that hold something and are not among those that a source reads. */
export const leftOf = (fields: Fields, read: ReadonlySet<string>, prefix = ''): string[] =>
  Object.keys(fields)
    .filter((name) => !read.has(name) && !isNothing(fields[name]))
    .map((name) => `${prefix}${NAME.test(name) ? name : '(other fields)'}`);

/** A user as a source understands an entry: what is wrong with it is told instead of importing it. */
export type Found = {
  readonly user: UserRow;
  readonly left?: readonly string[];
  readonly faults?: readonly string[];
};

/** What an entry is, by what a source makes of its fields. */
export async function* usersOf(
  lines: AsyncIterable<Line>,
  userOf: (fields: Fields) => Found,
): AsyncGenerator<SourceRow> {
  for await (const read of lines) {
    const { line } = read;
    if ('faults' in read) yield read;
    else if (isFields(read.value)) yield { line, ...rowOf(userOf(read.value)) };
    else yield { line, faults: ['is not an object'] };
  }
}

/** The row of a user, if nothing is wrong with it: who has no address cannot log in here. */
export function rowOf({
  user,
  left = [],
  faults = [],
}: Found): { readonly leftOut: readonly string[] } & (
  | { readonly user: UserRow }
  | { readonly faults: readonly string[] }
) {
  const email = textOf(user.email);
  const all = email === undefined ? [...faults, 'has no e-mail address'] : faults;
  const leftOut = [...new Set(left)];
  if (all.length > 0) return { leftOut, faults: all };
  return { leftOut, user: { ...user, name: textOf(user.name, email?.split('@')[0]), email } };
}
