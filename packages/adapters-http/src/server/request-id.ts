import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/**
 * A UUID, a ULID, or the 32 digits of a trace: nothing else is taken over. An id is logged and echoed, and a caller may
 * send a secret by mistake; no key, token, password or seed of Rekey's has one of these forms.
 */
const REQUEST_ID =
  /^(?:[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}|[0-7][\da-hjkmnp-tv-z]{25}|[\da-f]{32})$/i;

/** W3C Trace Context, 3.2.2: a version, the ids of the trace and of the caller's span, flags; additions of later versions are passed over. */
const TRACEPARENT =
  /^(?:00(?=.{53}$)|(?!00|ff)[\da-f]{2})-(?!0{32})([\da-f]{32})-(?!0{16})[\da-f]{16}-[\da-f]{2}(?:-|$)/;

/** The id that the caller gave the request in `X-Request-Id`, where it has the form of one, or else a new UUID. */
export function requestIdOf({ headers }: Pick<IncomingMessage, 'headers'>): string {
  const id = headers['x-request-id'];
  return typeof id === 'string' && REQUEST_ID.test(id) ? id : randomUUID();
}

/** The id of the trace that the caller says the request belongs to (`traceparent`), 32 hexadecimal digits. */
export function traceIdOf({ headers }: Pick<IncomingMessage, 'headers'>): string | undefined {
  const { traceparent } = headers;
  return typeof traceparent === 'string' ? TRACEPARENT.exec(traceparent)?.[1] : undefined;
}
