import type { FastifyInstance, onRequestHookHandler } from 'fastify';
import { HttpError } from './problem.ts';

/** A kind of body. */
export type BodyKind = {
  readonly mediaType: string;
  /** The encodings that it may be in, in lower case. Where none is named, it is UTF-8. */
  readonly charsets: readonly string[];
  /** Gives a scope the parser of such bodies. */
  readonly addParser: (app: FastifyInstance) => void;
};

/**
 * Refuses any body but one of this kind, in one of its encodings and not compressed, before it is read: Fastify itself
 * lets requests without a body pass, and any type that it has a parser for. `mayLack`: whether none is fine as well.
 */
export function consumes(
  { mediaType, charsets }: BodyKind,
  { mayLack }: { readonly mayLack: boolean },
): onRequestHookHandler {
  const named = charsets.map((charset) => charset.toUpperCase()).join(', ');
  return ({ headers }, _reply, done) => {
    const { 'content-type': type = '', 'content-encoding': encoding = 'identity' } = headers;
    const { 'content-length': length = '0', 'transfer-encoding': transfer } = headers;
    const isAbsent = mayLack && type === '' && length === '0' && transfer === undefined;
    const isAccepted = isOfType(type, mediaType, charsets) && encoding === 'identity';
    const detail = `the body must be ${mediaType} in ${named}, not compressed`;
    done(isAbsent || isAccepted ? undefined : new HttpError('unsupported_media_type', detail));
  };
}

const MAX_TYPE_LENGTH = 200;

function isOfType(header: string, mediaType: string, charsets: readonly string[]): boolean {
  if (header === mediaType) return true;
  if (header.length > MAX_TYPE_LENGTH) return false;
  const [type, ...named] = partsOf(header);
  // Of two that disagree, each reader may believe another one.
  return type === mediaType && new Set(named).size <= 1 && named.every(isIn(charsets));
}

const isIn = (charsets: readonly string[]) => (charset: string) => charsets.includes(charset);

/** The encoding that a header names; undefined where it names none. */
export const charsetOf = (header = ''): string | undefined => partsOf(header)[1];

/** The media type of a header, and the encodings that it names. */
function partsOf(header: string): string[] {
  const [type = '', ...parameters] = header.split(';').map((part) => part.trim().toLowerCase());
  const charsets = parameters.flatMap((text) => {
    const [, quoted, plain] = /^charset=(?:"(.*)"|(.*))$/.exec(text) ?? [];
    return quoted ?? plain ?? [];
  });
  return [type, ...charsets];
}
