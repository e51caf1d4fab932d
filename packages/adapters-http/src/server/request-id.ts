import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** A text that is safe in a log, in a header and on a screen; any other is not taken over. */
const REQUEST_ID = /^[\w.-]{1,64}$/;

/** W3C Trace Context, 3.2.2: a version, the ids of the trace and of the caller's span, flags; additions of later versions are passed over. */
const TRACEPARENT =
  /^(?:00(?=.{53}$)|(?!00|ff)[\da-f]{2})-(?!0{32})([\da-f]{32})-(?!0{16})[\da-f]{16}-[\da-f]{2}(?:-|$)/;

/** The id that the caller gave the request in `X-Request-Id`, or else a new UUID. */
export function requestIdOf({ headers }: Pick<IncomingMessage, 'headers'>): string {
  const id = headers['x-request-id'];
  return typeof id === 'string' && REQUEST_ID.test(id) ? id : randomUUID();
}

/** The id of the trace that the caller says the request belongs to (`traceparent`), 32 hexadecimal digits. */
export function traceIdOf({ headers }: Pick<IncomingMessage, 'headers'>): string | undefined {
  const { traceparent } = headers;
  return typeof traceparent === 'string' ? TRACEPARENT.exec(traceparent)?.[1] : undefined;
}
