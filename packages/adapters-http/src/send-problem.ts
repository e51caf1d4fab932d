import { TooManyRequests } from '@rekey/domain';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { HttpDeps } from './deps.ts';
import { logFailure } from './log.ts';
import { answerTo, type Wording } from './problem.ts';

/** An error handler: what went wrong as application/problem+json. */
export function sendProblem({ log, watch }: Pick<HttpDeps, 'log' | 'watch'>, wording?: Wording) {
  return (error: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    const { problem, headers } = answerTo(error, request, wording);
    if (error instanceof TooManyRequests) watch?.throttled(error.limit.name);
    if (problem.status >= 500) logFailure(log, request, error);
    reply.code(problem.status).headers(headers).type('application/problem+json').send(problem);
  };
}
