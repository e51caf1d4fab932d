import { Overloaded, stackOf } from '@rekey/domain';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { HttpDeps, Log } from './deps.ts';
import { HttpError } from './problem.ts';
import { traceIdOf } from './request-id.ts';
import { FaultyFields } from './validation.ts';

/**
 * One line for each request, written when it is over. Fastify itself is given no logger:
 * its lines hold the URL, and a URL may hold a token.
 */
export function tellWhenDone(
  { log, watch }: Pick<HttpDeps, 'log' | 'watch'>,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  const start = performance.now();
  reply.raw.once('close', () => {
    const ms = Math.round((performance.now() - start) * 10) / 10;
    // Without a status where the client left before there was one.
    const status = reply.raw.writableEnded ? reply.statusCode : null;
    const name = nameOf(request);
    log.info({ ...name, status, ms }, 'request');
    watch?.answered({ method: name.method, route: name.route, status, ms });
  });
}

/** Logs a failure with its stack, from which every value of the request is removed. */
export function logFailure(log: Log, request: FastifyRequest, error: unknown): void {
  // Load that is shed and refusals of our own are no failures, and have their line already.
  if (error instanceof Overloaded || error instanceof HttpError) return;
  log.error({ ...nameOf(request), error: redact(stackOf(error), request) }, 'request failed');
}

function nameOf(request: FastifyRequest) {
  const traceId = traceIdOf(request);
  return {
    requestId: request.id,
    ...(traceId !== undefined && { traceId }),
    method: request.method,
    route: request.routeOptions.url ?? null,
  };
}

/** Shorter values would blot out the stack and are no secrets. */
const MIN_SECRET = 4;

function redact(text: string, { body, params, query, headers }: FastifyRequest): string {
  // After the name of their scheme.
  const credentials = Object.entries(headers).flatMap(([name, value]) =>
    name.endsWith('authorization') ? String(value).split(' ') : [],
  );
  const sent = [body, params, query, headers, credentials]
    .flatMap((part) => Object.values((part instanceof FaultyFields ? part.fields : part) ?? {}))
    .flat()
    .filter((value) => typeof value === 'string' && value.length >= MIN_SECRET)
    .sort((a, b) => b.length - a.length)
    .map((value) => value.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return sent.length === 0 ? text : text.replaceAll(new RegExp(sent.join('|'), 'giu'), '[sent]');
}
