import { expect } from 'vitest';
import { type Answer, call, type Server } from '../../harness.ts';
import { faults, faultsOfRequest } from './check.ts';
import type { Expected } from './differences.ts';
import { type OperationId, operations, REFUSAL, statuses } from './swagger.ts';

type Message = Record<string, unknown>;

/** What the tests of mojzu/sso expect of a refusal. */
export const invalid: Expected = { status: 400, message: 'ValidationError' };
export const refused: Expected = { status: 400, message: 'RedactedError' };
export const unauthenticated: Expected = { status: 401, message: 'RedactedError' };
export const forbidden: Expected = { status: 403, message: 'RedactedError' };
/** Where they look at the status alone. */
export const badRequest: Expected = { status: 400 };
export const unauthorised: Expected = { status: 401 };
export const notFound: Expected = { status: 404 };

export type Client = {
  /** The body of a 200. */
  ok(operation: OperationId, message?: Message): Promise<Answer['body']>;
  /** The call must be answered as expected. */
  gets(expected: Expected, operation: OperationId, message?: Message): Promise<void>;
};

/**
 * A client with a service key or root key, and perhaps a user's.
 * Every message and every answer is checked against the document of mojzu/sso.
 */
export function clientOf(server: () => Server, key: string, userKey?: string): Client {
  async function send(operation: OperationId, message: Message): Promise<Answer> {
    const [method, path, request, reply] = operations[operation];
    expect(faultsOfRequest(message, request)).toEqual([]);
    const headers = {
      authorization: key,
      ...(userKey !== undefined && { 'user-authorization': userKey }),
    };
    const route = path.replace('{id}', String(message.id));
    const hasBody = method === 'POST' || method === 'PATCH';
    const query = hasBody ? '' : queryOf(message, route !== path);
    const answer = await call(server(), method, `${route}${query}`, {
      headers: { ...headers, ...(hasBody && { 'content-type': 'application/json' }) },
      ...(hasBody && { body: JSON.stringify(message) }),
    });
    const { status, body } = answer;
    expect(statuses, JSON.stringify(answer)).toContain(status);
    expect(faults(body, status === 200 ? reply : REFUSAL), JSON.stringify(answer)).toEqual([]);
    return answer;
  }

  return {
    async ok(operation, message = {}) {
      const answer = await send(operation, message);
      expect(answer.status, JSON.stringify(answer)).toBe(200);
      return answer.body;
    },
    async gets({ status, message }, operation, request = {}) {
      expect(await send(operation, request)).toMatchObject({
        status,
        ...(message !== undefined && { body: { error: message, message } }),
      });
    },
  };
}

/** The members of a message as a query. The id of one thing stands in its path. */
function queryOf(message: Message, isOfOne: boolean): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(message)) {
    if (isOfOne && name === 'id') continue;
    for (const each of [value].flat()) query.append(name, String(each));
  }
  return query.size === 0 ? '' : `?${query}`;
}
