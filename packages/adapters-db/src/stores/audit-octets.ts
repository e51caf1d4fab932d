import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { FREQUENT_WORDS } from './audit-dictionary.ts';
import { numbersOfTypes } from './audit-types.ts';

/*
 * How entries of the audit spell texts in few octets. Whatever text goes in comes out again: one that has not the form
 * that a shorter spelling is for keeps its own.
 */

type Spelling = { encode(text: string): Buffer; decode(octets: Buffer): string };

/** No text in UTF-8 has this octet. */
export const NO_TEXT = 0xff;

/**
 * Texts of a form that takes one of these numbers of octets; any other in UTF-8, made longer where it has such a number, or
 * none. `parse` answers null for a text that is not printed as it is.
 */
function spelling(
  sizes: readonly number[],
  parse: (text: string) => Buffer | null,
  print: (octets: Buffer) => string,
): Spelling {
  return {
    encode(text) {
      const octets = parse(text);
      if (octets !== null) return octets;
      const plain = Buffer.from(text);
      const isPlain = plain.length > 0 && !sizes.includes(plain.length);
      return isPlain ? plain : Buffer.concat([plain, Buffer.of(NO_TEXT)]);
    },
    decode(octets) {
      if (sizes.includes(octets.length)) return print(octets);
      return octets.toString('utf8', 0, octets.length - Number(octets.at(-1) === NO_TEXT));
    },
  };
}

const ID = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/;

/** UUIDs, and the subjects of services, which may be any texts. */
export const ids = spelling(
  [16],
  (text) => (ID.test(text) ? Buffer.from(text.replaceAll('-', ''), 'hex') : null),
  (octets) => idOf(octets.toString('hex')),
);

/** The UUID of 32 digits. */
export const idOf = (hex: string): string =>
  `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;

function base64url(size: number): Spelling {
  const print = (octets: Buffer) => octets.toString('base64url');
  const parse = (text: string) => {
    const octets = Buffer.from(text, 'base64url');
    return octets.length === size && print(octets) === text ? octets : null;
  };
  return spelling([size], parse, print);
}

export const salts = base64url(16);
export const digests = base64url(32);

const MAC = /^([\w-]{1,64})\.([\w-]{43})$/;

/** A hash as the id of its key, and 32 octets; the id is null for a text of another form, as which it is kept. */
export const hashes = {
  encode(text: string): { readonly kid: string | null; readonly octets: Buffer } {
    const [, kid = null, mac = ''] = MAC.exec(text) ?? [];
    const octets = Buffer.from(mac, 'base64url');
    const isExact = kid !== null && octets.toString('base64url') === mac;
    return isExact ? { kid, octets } : { kid: null, octets: Buffer.from(text) };
  },
  decode: (kid: string | null, octets: Buffer): string =>
    kid === null ? octets.toString() : `${kid}.${octets.toString('base64url')}`,
};

/** Addresses of IPv4 and IPv6. */
export const addresses = spelling([4, 16], parseAddress, printAddress);

function parseAddress(text: string): Buffer | null {
  const isLong = text.includes(':');
  const octets = isLong ? parseIpv6(text) : Buffer.from(text.split('.').map(Number));
  return octets.length === (isLong ? 16 : 4) && printAddress(octets) === text ? octets : null;
}

function printAddress(octets: Buffer): string {
  return octets.length === 4 ? octets.join('.') : printIpv6(octets);
}

function parseIpv6(text: string): Buffer {
  const [head = [], tail = []] = text.split('::').map((part) => (part ? part.split(':') : []));
  const zeros = Array.from({ length: Math.max(0, 8 - head.length - tail.length) }, () => '0');
  const groups = [...head, ...zeros, ...tail];
  return Buffer.from(groups.map((group) => group.padStart(4, '0')).join(''), 'hex');
}

/** As RFC 5952 has it: without the first of the longest runs of zeros. */
function printIpv6(octets: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, n) => octets.readUInt16BE(2 * n).toString(16));
  // A single zero is written.
  let longest = { from: 0, to: 1 };
  for (let from = 0; from < 8; from += 1) {
    let to = from;
    while (groups[to] === '0') to += 1;
    if (to - from > longest.to - longest.from) longest = { from, to };
    from = to;
  }
  const { from, to } = longest;
  if (to - from === 1) return groups.join(':');
  return `${groups.slice(0, from).join(':')}::${groups.slice(to).join(':')}`;
}

const octetsOfTypes = new Map<string, Buffer>();
const typesOfOctets = new Map<number, string>();
for (const [type, number] of Object.entries(numbersOfTypes)) {
  const octets = Buffer.of(NO_TEXT, number);
  octetsOfTypes.set(type, octets);
  typesOfOctets.set(number, type);
}

/** Types: numbers for those of Rekey's own, texts for all others. */
export const types: Spelling = {
  encode: (type) => octetsOfTypes.get(type) ?? Buffer.from(type),
  decode(octets) {
    const [first, number = 0] = octets;
    const known = first === NO_TEXT ? typesOfOctets.get(number) : undefined;
    return known ?? octets.toString();
  },
};

const dictionary = Buffer.from(FREQUENT_WORDS);

/** Words, packed. Octets that unpack to nothing were not written here: they are shown to be verified. */
export const words: Spelling = {
  encode: (text) => deflateRawSync(text, { dictionary }),
  decode(octets) {
    try {
      return inflateRawSync(octets, { dictionary }).toString();
    } catch {
      return octets.toString('latin1');
    }
  },
};

/** Browsers that are known, and then all are forgotten. */
const MAX_KNOWN = 1000;

/** What is made of a text, made once: the same browsers come again and again, and packing takes longer than all else. */
function remembered<Made>(make: (text: string) => Made): (text: string) => Made {
  const known = new Map<string, Made>();
  return (text) => {
    const found = known.get(text);
    if (found !== undefined) return found;
    const made = make(text);
    if (known.size === MAX_KNOWN) known.clear();
    known.set(text, made);
    return made;
  };
}

const unpackClient = remembered((octets) => words.decode(Buffer.from(octets, 'latin1')));

/** What browsers and other clients call themselves, as words. */
export const clients: Spelling = {
  encode: remembered(words.encode),
  decode: (octets) => unpackClient(octets.toString('latin1')),
};
