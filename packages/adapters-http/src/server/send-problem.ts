import { TooManyRequests } from '@rekey/domain';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { HttpDeps } from './deps.ts';
import { logFailure } from './log.ts';
import { answerTo } from './problem.ts';

/** An error handler that answers with application/problem+json. */
export function sendProblem(
  { log, watch }: Pick<HttpDeps, 'log' | 'watch'>,
  fieldName?: (name: string) => string,
) {
  return (error: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    const { problem, headers } = answerTo(error, request, fieldName);
    if (error instanceof TooManyRequests) watch?.throttled(error.limit.name);
    if (problem.status >= 500) logFailure(log, request, error);
    reply.code(problem.status).headers(headers).type('application/problem+json').send(problem);
  };
}
