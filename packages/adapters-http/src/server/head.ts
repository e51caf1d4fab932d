import type { IncomingMessage } from 'node:http';
import { HttpError } from './problem.ts';

/** Clients send two dozen lines at most. */
const MAX_LINES = 100;

/** For a server of Node's: it cuts off the lines beyond in silence, so it has to show one more than may be there. */
export const MAX_HEADERS_COUNT = MAX_LINES + 1;

/** Node takes the first of several lines of these, and a proxy in front may have taken another. */
const SINGLE = new Set(['host', 'authorization', 'content-type']);

/** The refusal of a request whose head can be read in more than one way; undefined for any other. */
export function refusedHead({
  rawHeaders,
  headers,
  httpVersion,
}: IncomingMessage): HttpError | undefined {
  if (rawHeaders.length > 2 * MAX_LINES) {
    return new HttpError('headers_too_large', `there are more than ${MAX_LINES} headers`);
  }
  if (headers.host === undefined && httpVersion === '1.1') {
    return new HttpError('bad_request', 'the Host header is missing');
  }
  const seen = new Set<string>();
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]?.toLowerCase() ?? '';
    if (!SINGLE.has(name)) continue;
    if (seen.has(name)) return new HttpError('bad_request', `there are two ${name} headers`);
    seen.add(name);
  }
  return undefined;
}
