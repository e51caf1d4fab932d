import type { onRequestHookHandler } from 'fastify';
import { HttpError } from './problem.ts';

/**
 * Refuses any body but one of this media type, in UTF-8 and not compressed, before it is read:
 * Fastify itself lets requests without a body pass, and any type that it has a parser for.
 */
export function consumes(mediaType: string): onRequestHookHandler {
  return (request, _reply, done) => {
    const { 'content-type': type = '', 'content-encoding': encoding = 'identity' } =
      request.headers;
    const isAccepted = isOfType(type, mediaType) && encoding === 'identity';
    const detail = `the body must be ${mediaType} in UTF-8, not compressed`;
    done(isAccepted ? undefined : new HttpError('unsupported_media_type', detail));
  };
}

const MAX_TYPE_LENGTH = 200;

function isOfType(header: string, mediaType: string): boolean {
  if (header === mediaType) return true;
  if (header.length > MAX_TYPE_LENGTH) return false;
  const [type = '', ...parameters] = header.split(';').map((part) => part.trim().toLowerCase());
  const charsets = parameters.filter((parameter) => parameter.startsWith('charset='));
  // All of them: of two that disagree, each reader may believe another one.
  return type === mediaType && charsets.every((text) => /^charset=(?:utf-8|"utf-8")$/.test(text));
}
