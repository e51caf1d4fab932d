import { createServer, type RequestListener, type Server, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Log } from './deps.ts';
import { MAX_HEADERS_COUNT } from './head.ts';
import { type ProblemCode, problem } from './problem.ts';
import { requestIdOf } from './request-id.ts';

const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 15_000;
/** How long a reader may take not a byte of an answer that is there for it. */
const PROGRESS_TIMEOUT_MS = 15_000;
/** Longer than most proxies keep an idle connection, so that the proxy closes it. */
const KEEP_ALIVE_TIMEOUT_MS = 65_000;

/** A server of Node's with limits of time. It answers a request that is no HTTP as Rekey answers any other fault. */
export function listener(
  handler: RequestListener,
  log: Log,
  headers: Readonly<Record<string, string>>,
  keepAliveTimeoutMs = KEEP_ALIVE_TIMEOUT_MS,
): Server {
  const server = createServer(
    {
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: keepAliveTimeoutMs,
      // The timeouts are only as good as the watch over them: Node's looks every 30 s.
      connectionsCheckingInterval: 1000,
      // Refused with an answer of ours instead.
      requireHostHeader: false,
    },
    handler,
  );
  server.timeout = PROGRESS_TIMEOUT_MS;
  // On a busy machine an answer may take longer to be made: nothing waits for the reader then.
  server.on('timeout', (socket: Socket) => {
    if (socket.writableLength > 0) socket.destroy();
  });
  server.maxHeadersCount = MAX_HEADERS_COUNT;
  // An expectation that is not known may be ignored (RFC 9110, 10.1.1); Node's answer would lack our headers.
  server.on('checkExpectation', handler);
  server.on('clientError', (error, socket) => refuse(error, socket as Socket));
  return server;

  function refuse(error: Error & { code?: string }, socket: Socket): void {
    // A client that never sent a byte, or hung up in the middle of a request, waits for no answer.
    const hasLeft = socket.bytesRead === 0 || error.code === 'HPE_INVALID_EOF_STATE';
    if (hasLeft || !socket.writable) {
      socket.destroy();
      return;
    }
    const body = problem(...(clientErrors[error.code ?? ''] ?? MALFORMED));
    const requestId = requestIdOf({ headers: {} });
    log.info({ requestId, status: body.status }, 'request unreadable');
    const text = JSON.stringify(body);
    const lines = Object.entries({
      ...headers,
      'x-request-id': requestId,
      connection: 'close',
      'content-length': String(Buffer.byteLength(text)),
      'content-type': 'application/problem+json; charset=utf-8',
    }).map(([name, value]) => `${name}: ${value}\r\n`);
    const status = `HTTP/1.1 ${body.status} ${STATUS_CODES[body.status]}\r\n`;
    socket.end(`${status}${lines.join('')}\r\n${text}`, () => socket.destroy());
  }
}

const MALFORMED: [ProblemCode, string] = ['bad_request', 'this is not valid HTTP'];

const clientErrors: Record<string, [ProblemCode, string]> = {
  ERR_HTTP_REQUEST_TIMEOUT: ['request_timeout', 'the request did not arrive in time'],
  HPE_HEADER_OVERFLOW: ['headers_too_large', 'the headers are larger than 16 KiB'],
};
