import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Log } from './deps.ts';
import { logFailure } from './log.ts';
import { answerTo, type Wording } from './problem.ts';

/** An error handler: what went wrong as application/problem+json. */
export function sendProblem(log: Log, wording?: Wording) {
  return (error: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    const { problem, headers } = answerTo(error, request, wording);
    if (problem.status >= 500) logFailure(log, request, error);
    reply.code(problem.status).headers(headers).type('application/problem+json').send(problem);
  };
}
