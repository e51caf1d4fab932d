import { type Id, isId, parseEmail } from '@rekey/domain';
import type { UseCases } from '@rekey/usecases';
import type {
  FastifyReply,
  FastifyRequest,
  onSendHookHandler,
  preHandlerHookHandler,
  RouteOptions,
} from 'fastify';
import { actorOf } from './actor.ts';
import type { HttpDeps } from './deps.ts';
import { HttpError } from './problem.ts';

type Begun = ReturnType<UseCases['requests']['beginRequest']['execute']>;

/** An answer as it is kept. */
type Answer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
  /** A picture, for one. */
  readonly isBase64?: true;
};

const METHODS = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);
/** RFC 9110, 5.5: the visible characters of a field value. */
const KEY = /^[\x21-\x7e]{1,255}$/;
/** What a caller is to have besides the body. */
const KEPT_HEADERS = ['content-type', 'link', 'set-cookie'];
/** What an answer says for itself, which another one in its place does not. */
const OWN_HEADERS = [
  ...KEPT_HEADERS,
  'www-authenticate',
  'retry-after',
  'ratelimit',
  'ratelimit-policy',
];
/** More than any answer has: the largest body that is taken, and as much again. */
const MAX_KEPT_LENGTH = 256 * 1024;

declare module 'fastify' {
  interface FastifyRequest {
    /** Of a request that came with an idempotency key, until it is answered. */
    begun: Begun | null;
  }
}

/** Whether a route changes something, so that its requests may come with an idempotency key. */
export const isRepeatable = ({ method }: Pick<RouteOptions, 'method'>): boolean =>
  [method].flat().some((each) => METHODS.has(each));

/**
 * Answers a request that comes again with its `Idempotency-Key` as it was answered first, and does it once
 * (draft-ietf-httpapi-idempotency-key-header-07). A request without the header costs nothing.
 */
export function idempotency({ useCases, watch }: HttpDeps): {
  readonly preHandler: preHandlerHookHandler;
  readonly onSend: onSendHookHandler<unknown>;
} {
  return {
    preHandler(request, _reply, done) {
      const key = request.headers['idempotency-key'];
      if (key === undefined) {
        done();
        return;
      }
      try {
        request.begun = begin(request, String(key));
      } catch (error) {
        done(error as Error);
        return;
      }
      request.begun.run(done);
    },

    onSend(request, reply, payload, done) {
      const { begun } = request;
      if (begun === null) {
        done(null, payload);
        return;
      }
      request.begun = null;
      end(begun, reply, payload).then((sent) => done(null, sent), done);
    },
  };

  function begin(request: FastifyRequest, key: string): Begun {
    if (!KEY.test(key)) {
      const field = 'Idempotency-Key';
      const message = 'must be 1 to 255 visible characters';
      throw new HttpError(
        'invalid_argument',
        'one or more arguments are missing, malformed or refused',
        {
          errors: [{ field, message, code: 'malformed' }],
        },
      );
    }
    const { method, url, body } = request;
    return useCases.requests.beginRequest.execute(actorOf(request), {
      key,
      request: JSON.stringify([method, url, body]),
      account: accountIn(body),
      isVerdict: request.routeOptions.schema?.isVerdict === true,
    });
  }

  /** The payload that is sent, once all is committed. */
  async function end(begun: Begun, reply: FastifyReply, payload: unknown): Promise<unknown> {
    const status = reply.statusCode;
    const answer = isKept(status) ? answerOf(reply, payload) : null;
    const keeping = answer && { text: JSON.stringify(answer), userId: personIn(answer) };
    const kept = await begun.end(keeping, status < 300);
    return kept === null ? payload : given(kept, reply);
  }

  /** Makes the reply the kept answer; answers its body. */
  function given(text: string, reply: FastifyReply): string | Buffer | null {
    const { status, headers, body, isBase64 }: Answer = JSON.parse(text);
    watch?.replayed();
    for (const name of OWN_HEADERS) reply.removeHeader(name);
    reply.code(status).headers({ ...headers, 'idempotency-replayed': 'true' });
    if (isBase64) return Buffer.from(body, 'base64');
    return body === '' ? null : body;
  }
}

/** What a request proves or how much is asked for is told anew each time, and so is what failed by no fault of the caller's. */
const isKept = (status: number): boolean =>
  status < 300 || (status >= 400 && status < 500 && ![401, 403, 429].includes(status));

/** Null for a body that cannot be kept. */
function answerOf(reply: FastifyReply, payload: unknown): Answer | null {
  const isText = typeof payload === 'string';
  if (!isText && !Buffer.isBuffer(payload) && payload != null) return null;
  if ((payload?.length ?? 0) > MAX_KEPT_LENGTH) return null;
  const headers = Object.fromEntries(
    KEPT_HEADERS.flatMap((name) => (reply.hasHeader(name) ? [[name, reply.getHeader(name)]] : [])),
  );
  const status = reply.statusCode;
  if (isText || payload == null) return { status, headers, body: payload ?? '' };
  return { status, headers, body: payload.toString('base64'), isBase64: true };
}

/** The account that a body names: nobody else is known by where the request comes from alone. */
function accountIn(body: unknown): string {
  const { email } = (body ?? {}) as { email?: unknown };
  if (typeof email !== 'string') return '';
  try {
    return parseEmail(email, 'email');
  } catch {
    return email;
  }
}

/** The person whom an answer shows something of, by its body; null where there is none. */
function personIn({ headers, body }: Answer): Id | null {
  if (!String(headers['content-type']).startsWith('application/json')) return null;
  const all = JSON.parse(body) as Shown;
  const shown = [all?.user, all?.data, all?.data?.key, all?.key, all];
  for (const each of shown) {
    const id = each?.email === undefined ? each?.user_id : (each.id ?? each.hash);
    if (typeof id === 'string' && isId(id)) return id;
  }
  return null;
}

/** A user, or something that is of one, in either dialect. */
type Shown = {
  readonly id?: unknown;
  readonly hash?: unknown;
  readonly email?: unknown;
  readonly user_id?: unknown;
  readonly user?: Shown;
  readonly key?: Shown;
  readonly data?: Shown;
} | null;
