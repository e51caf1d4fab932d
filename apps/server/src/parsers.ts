import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import path from 'node:path';
import { IllegalArgument, parseName } from '@rekey/domain';

/** A value is not usable. The message never repeats it: it may be secret. */
class UnusableValue extends Error {
  override readonly name = 'UnusableValue';
}

export const text = (value: string): string => value;

export const integer = (min: number, max: number) => (value: string) => {
  const number = Number(value);
  if (/^\d{1,10}$/.test(value) && number >= min && number <= max) return number;
  throw new UnusableValue(`must be a whole number from ${min} to ${max}`);
};

export const oneOf =
  <const T extends string>(values: readonly T[]) =>
  (value: string): T => {
    const known = values.find((each) => each === value);
    if (known === undefined) throw new UnusableValue(`must be one of ${values.join(', ')}`);
    return known;
  };

export const boolean = (value: string): boolean => oneOf(['true', 'false'])(value) === 'true';

/** A text that another parser accepts: it is kept as it is. */
export const textFor = (parse: (value: string) => unknown) => (value: string) => {
  parse(value);
  return value;
};

export function databaseUrl(value: string): string {
  const isKnown = /^sqlite:./.test(value) || /^postgres(?:ql)?:\/\/./.test(value);
  if (!isKnown) throw new UnusableValue('must be sqlite:PATH or postgres://…');
  return value;
}

/** Without a slash at its end. */
export function baseUrl(value: string): string {
  const url = URL.canParse(value) ? new URL(value) : null;
  const isBase =
    (url?.protocol === 'http:' || url?.protocol === 'https:') &&
    `${url.username}${url.password}${url.search}${url.hash}` === '';
  if (!url || !isBase) {
    throw new UnusableValue('must be an http or https URL without user, query and fragment');
  }
  return url.href.replace(/\/+$/, '');
}

export function brandName(value: string): string {
  try {
    return parseName(value);
  } catch (error) {
    if (!(error instanceof IllegalArgument)) throw error;
    throw new UnusableValue(error.violations.map(({ message }) => message).join(', '));
  }
}

/** `#rrggbb` */
export function color(value: string): string {
  if (!/^#[\da-f]{6}$/i.test(value)) throw new UnusableValue('must be a colour like #2457a6');
  return value.toLowerCase();
}

export type Logo = { readonly type: 'image/svg+xml' | 'image/png'; readonly content: Buffer };

/** Every page of every visitor may ask for the logo. */
const MAX_LOGO_BYTES = 256 * 1024;
const PNG = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');

/** The image in a file. */
export function logo(file: string): Logo {
  const content = contentOf(file);
  if (content.length > MAX_LOGO_BYTES) throw new UnusableValue('must be 256 KiB at most');
  const isSvg = path.extname(file).toLowerCase() === '.svg' && /<svg[\s>]/.test(content.toString());
  if (isSvg) return { type: 'image/svg+xml', content };
  const isPng = content.subarray(0, PNG.length).equals(PNG);
  if (!isPng) throw new UnusableValue('must be an SVG or PNG image');
  return { type: 'image/png', content };
}

function contentOf(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch {
    throw new UnusableValue('must be a file that can be read');
  }
}

/** Addresses, or ranges in CIDR notation, with commas between them. */
export function addresses(value: string): readonly string[] {
  const list = value.split(',').flatMap((address) => address.trim() || []);
  const isRange = (item: string) => {
    const [address = '', bits = '0', ...more] = item.split('/');
    const longest = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
    return more.length === 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= longest;
  };
  if (!list.every(isRange)) {
    throw new UnusableValue('must be IP addresses, or ranges like 10.0.0.0/8');
  }
  return list;
}
