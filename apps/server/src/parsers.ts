import { readFileSync } from 'node:fs';
import { BlockList, isIP, isIPv6 } from 'node:net';
import path from 'node:path';
import { isSafe } from '@rekey/adapters-providers';
import { parseNetworks } from '@rekey/adapters-webhooks';
import { IllegalArgument, parseName } from '@rekey/domain';

/** A value is not usable. The message never repeats it: it may be secret. */
class UnusableValue extends Error {
  override readonly name = 'UnusableValue';
}

export const text = (value: string): string => value;

/** A path as it is: nobody fills it in. */
export function place(value: string): string {
  if (/^~(?:[/\\]|$)|\$\{?[A-Za-z_]/.test(value)) {
    throw new UnusableValue('must be a path as it is: only a shell knows ~ and $');
  }
  return value;
}

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

/** The name of an issuer of tokens: a URL, or any word. */
export function issuer(value: string): string {
  if (!/^[\x21-\x7e]{1,255}$/.test(value)) {
    throw new UnusableValue('must be 1 to 255 letters, digits and signs without spaces');
  }
  return value;
}

/** A text that another parser accepts: it is kept as it is. */
export const textFor = (parse: (value: string) => unknown) => (value: string) => {
  parse(value);
  return value;
};

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

/** The base of a provider, which secrets are sent to. Without a slash at its end. */
export function providerUrl(value: string): string {
  const url = baseUrl(value);
  if (isSafe(new URL(url))) return url;
  throw new UnusableValue('must be an https URL; plain http is for this machine alone');
}

const GUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/;

/** Ids of tenants of Microsoft with commas between them. */
export function tenants(value: string): readonly string[] {
  const list = value.split(',').flatMap((text) => text.trim().toLowerCase() || []);
  if (!list.every((text) => GUID.test(text))) {
    throw new UnusableValue('must be ids of tenants, with commas between them, and no names');
  }
  return list;
}

/** Origins with commas between them, each as browsers write it. */
export function origins(value: string): readonly string[] {
  const list = value.split(',').flatMap((text) => text.trim() || []);
  const isOrigin = (text: string) =>
    /^https?:[^*]+$/.test(text) && URL.canParse(text) && new URL(text).origin === text;
  if (!list.every(isOrigin)) {
    throw new UnusableValue(
      'must be origins like https://app.example.com, with commas between them: no path, no slash at the end, no *',
    );
  }
  return list;
}

/** The origins of URLs with commas between them, each once, and one at least. */
export function originsOfUrls(value: string): readonly [string, ...string[]] {
  const urls = value.split(',').flatMap((text) => text.trim() || []);
  const [first, ...others] = new Set(urls.map((url) => new URL(baseUrl(url)).origin));
  if (first === undefined) throw new UnusableValue('must be an origin like https://example.com');
  return [first, ...others];
}

/** A value that the domain has rules for. */
export const checkedBy =
  (parse: (text: string) => string) =>
  (value: string): string => {
    try {
      return parse(value);
    } catch (error) {
      if (!(error instanceof IllegalArgument)) throw error;
      throw new UnusableValue(error.violations.map(({ message }) => message).join(', '));
    }
  };

export const brandName = checkedBy(parseName);

/** Networks in CIDR notation, with commas between them. */
export function networks(value: string): readonly string[] {
  try {
    return parseNetworks(value);
  } catch {
    throw new UnusableValue('must be networks like 10.0.0.0/8, with commas between them');
  }
}

/** `#rrggbb` */
export function color(value: string): string {
  if (!/^#[\da-f]{6}$/i.test(value)) throw new UnusableValue('must be a colour like #2457a6');
  return value.toLowerCase();
}

type Logo = { readonly type: 'image/svg+xml' | 'image/png'; readonly content: Buffer };

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

type Family = 'ipv4' | 'ipv6';
type Range = {
  readonly text: string;
  readonly address: string;
  readonly family: Family;
  readonly bits: number;
};

const LONGEST = { ipv4: 32, ipv6: 128 };

/** Of a range that is not an operator's own: networks of proxies are narrower, and in wider ones are strangers. */
const LEAST_BITS = { ipv4: 8, ipv6: 24 };

const rangesOf = (...texts: string[]): Range[] => texts.flatMap((text) => parseRange(text) ?? []);

/** Addresses that nobody has outside: unique local ones, and those of a link (RFC 4193, RFC 4291). */
const INSIDE = rangesOf('fc00::/7', 'fe80::/10');

/** Each stands for all IPv4 addresses: mapped, compatible, NAT64 (two), 6to4, and Teredo. */
const IPV4_IN_IPV6 = rangesOf(
  '::ffff:0:0/96',
  '::/96',
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '2002::/16',
  '2001::/32',
);

/**
 * Addresses, or ranges in CIDR notation, with commas between them. A range that a stranger can be in is refused, and
 * named: an address is no secret.
 */
export function addresses(value: string): readonly string[] {
  const list = value.split(',').flatMap((text) => text.trim() || []);
  const ranges = rangesOf(...list);
  const open = ranges.flatMap((range) => {
    const reason = opennessOf(range);
    return reason === null ? [] : `${range.text} (${reason})`;
  });
  const problems = [
    ...(ranges.length < list.length ? ['must be IP addresses, or ranges like 10.0.0.0/8'] : []),
    ...(open.length > 0 ? [`must not trust ${open.join(', ')}`] : []),
  ];
  if (problems.length > 0) throw new UnusableValue(problems.join('; '));
  return list;
}

function parseRange(text: string): Range | null {
  const [address = '', bits, ...more] = text.split('/');
  if (isIP(address) === 0 || more.length > 0) return null;
  const family = isIPv6(address) ? 'ipv6' : 'ipv4';
  const range = { text, address, family, bits: Number(bits ?? LONGEST[family]) } as const;
  const isRange = bits === undefined || /^\d{1,3}$/.test(bits);
  return isRange && range.bits <= LONGEST[family] ? range : null;
}

/** Why anybody can be in a range, and name any address then; null where not. */
function opennessOf(range: Range): string | null {
  const { family, bits } = range;
  if (bits === LONGEST[family] || INSIDE.some((each) => holds(each, range))) return null;
  if (bits < LEAST_BITS[family]) return `wider than /${LEAST_BITS[family]}`;
  const isOfIpv4 = IPV4_IN_IPV6.some((each) => holds(each, range) || holds(range, each));
  return isOfIpv4 ? 'IPv4 addresses, to be written as such' : null;
}

/** Whether all of a range is in another. */
function holds(outer: Range, { address, family, bits }: Range): boolean {
  const list = new BlockList();
  list.addSubnet(bare(outer), outer.bits, outer.family);
  return outer.family === family && outer.bits <= bits && list.check(bare({ address }), family);
}

/** An address without the zone of its link. */
const bare = ({ address }: Pick<Range, 'address'>): string => address.replace(/%.*$/, '');
