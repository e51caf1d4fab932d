import { TooManyRequests } from '@rekey/domain';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { HttpDeps } from './deps.ts';
import { logFailure } from './log.ts';
import { answerTo, type DialectProblem, Problem } from './problem.ts';

/** How a dialect words its problems. */
export type Wording = {
  /** The dialect's name of a field of the domain. */
  readonly fieldName?: (name: string) => string;
  readonly problem: DialectProblem;
};

/** An error handler that answers with application/problem+json. */
export function sendProblem(
  { log, watch }: Pick<HttpDeps, 'log' | 'watch'>,
  { fieldName, problem: { members } }: Wording = { problem: Problem },
) {
  return (error: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    const { problem, headers } = answerTo(error, request, fieldName);
    if (error instanceof TooManyRequests) watch?.throttled(error.limit.name);
    if (problem.status >= 500) logFailure(log, request, error);
    reply
      .code(problem.status)
      .headers(headers)
      .type('application/problem+json')
      .send({ ...problem, ...members?.(problem) });
  };
}
