import type { Violation } from '@rekey/domain';
import type { FastifyRequest } from 'fastify';
import { type BodyKind, charsetOf } from './body.ts';
import { decodeUtf8 } from './json.ts';
import { FaultyFields, MAX_FIELDS, violation } from './validation.ts';

const MEDIA_TYPE = 'application/x-www-form-urlencoded';

/** Answers null for bytes that mean nothing. */
type Decode = (bytes: Buffer) => string | null;

/** The encodings of a form; `iso-8859-1` to the letter, and not the windows-1252 that browsers take it for. */
const decoders = {
  'utf-8': decodePercentUtf8,
  'us-ascii': percentDecoder((bytes) =>
    bytes.every((byte) => byte < 0x80) ? bytes.toString('latin1') : null,
  ),
  'iso-8859-1': percentDecoder((bytes) => bytes.toString('latin1')),
  'windows-1252': percentDecoder((bytes) => windows1252.decode(bytes)),
} as const;
type Charset = keyof typeof decoders;

const windows1252 = new TextDecoder('windows-1252');

export const formBody: BodyKind = {
  mediaType: MEDIA_TYPE,
  charsets: Object.keys(decoders),
  addParser(app) {
    app.addContentTypeParser(
      MEDIA_TYPE,
      { parseAs: 'buffer' },
      async ({ headers }: FastifyRequest, bytes: Buffer) => {
        const charset = (charsetOf(headers['content-type']) ?? 'utf-8') as Charset;
        // In the other encodings each byte is one character.
        const text = charset === 'utf-8' ? decodeUtf8(bytes) : bytes.toString('latin1');
        return parseForm(text, decoders[charset]);
      },
    );
  },
};

/**
 * The fields of a form or a query, or `FaultyFields`: a field is faulty that comes twice (a query may mean a list), or
 * whose percent-encoding means nothing.
 */
export function parseForm(
  text: string,
  decode: (text: string) => string | null = decodePercentUtf8,
): Record<string, unknown> {
  // The query of nearly every request.
  if (text === '') return {};
  const fields = new Map<string, [string, ...string[]]>();
  const faults = new Map<string, Violation>();
  const refuse = (name: string, message: string, code: Violation['code']) =>
    faults.set(name, violation(name, message, code));

  // Without a `=` nobody can tell a name from a value, and a value is never repeated.
  const nameIn = (pair: string) =>
    pair.includes('=') ? decode(pair.slice(0, pair.indexOf('='))) : null;

  const pairs = text.split('&', MAX_FIELDS + 1);
  const [beyond] = pairs.slice(MAX_FIELDS);
  if (beyond !== undefined) {
    refuse(nameIn(beyond) ?? '', `is one of more than ${MAX_FIELDS} fields`, 'unknown');
  }
  for (const pair of pairs.slice(0, MAX_FIELDS).filter(Boolean)) {
    const end = pair.indexOf('=');
    const name = nameIn(pair);
    const value = decode(pair.slice(end + 1));
    if (name === null) refuse('', 'must be name=value, percent-encoded', 'malformed');
    else if (value === null) refuse(name, 'is not properly percent-encoded', 'malformed');
    else if (!fields.has(name)) fields.set(name, [value]);
    else {
      fields.get(name)?.push(value);
      if (!faults.has(name)) refuse(name, 'is given more than once', 'repeated');
    }
  }
  const first = Object.fromEntries([...fields].map(([name, [value]]) => [name, value]));
  if (faults.size === 0) return first;
  const repeated = [...fields].filter(([name]) => faults.get(name)?.code === 'repeated');
  const lists = Object.fromEntries(repeated);
  return new FaultyFields(first, [...faults.values()], lists) as object as Record<string, unknown>;
}

/** Null for `%` without two hexadecimal digits, and for bytes that are not UTF-8. */
function decodePercentUtf8(text: string): string | null {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return null;
  }
}

/** A decoder of texts whose characters are bytes. Answers null for `%` without two hexadecimal digits. */
function percentDecoder(decode: Decode) {
  return (text: string): string | null => {
    if (/%(?![\dA-Fa-f]{2})/.test(text)) return null;
    const bytes = text
      .replaceAll('+', ' ')
      .replaceAll(/%(..)/g, (_, digits) => String.fromCharCode(Number.parseInt(digits, 16)));
    return decode(Buffer.from(bytes, 'latin1'));
  };
}
