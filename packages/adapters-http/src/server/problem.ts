import {
  DomainError,
  type ErrorCode,
  FactorDemanded,
  IllegalArgument,
  isId,
  Overloaded,
  TooManyRequests,
  Unavailable,
  type Violation,
  violationCodes,
} from '@rekey/domain';
import type { FastifyRequest } from 'fastify';
import { type Static, type TSchema, Type } from 'typebox';

/** The codes of refusals by HTTP itself, before a use case is asked. */
type HttpCode =
  | 'bad_request'
  | 'cross_site_request'
  | 'headers_too_large'
  | 'internal'
  | 'method_not_allowed'
  | 'payload_too_large'
  | 'request_timeout'
  | 'unsupported_media_type';

export type ProblemCode = ErrorCode | HttpCode;

/** The one table of both dialects: status and title of every code. */
const table: Record<ProblemCode, readonly [status: number, title: string]> = {
  bad_request: [400, 'Bad request'],
  invalid_argument: [400, 'Invalid argument'],
  invalid_credentials: [400, 'Invalid credentials'],
  invalid_one_time_token: [400, 'Invalid one-time token'],
  invalid_token: [400, 'Invalid token'],
  invalid_cursor: [400, 'Invalid cursor'],
  cursor_expired: [400, 'Cursor expired'],
  account_locked: [400, 'Account locked'],
  account_not_locked: [400, 'Account not locked'],
  recent_change: [400, 'Recent change'],
  last_way_in: [400, 'Last way in'],
  address_not_proven: [400, 'Address not proven'],
  unauthorized: [401, 'Unauthorized'],
  cross_site_request: [403, 'Cross-site request'],
  forbidden: [403, 'Forbidden'],
  password_update_required: [403, 'Password update required'],
  second_factor_required: [403, 'Second factor required'],
  factor_enrolment_required: [403, 'Factor enrolment required'],
  insufficient_user_authentication: [403, 'Insufficient user authentication'],
  registration_closed: [403, 'Registration closed'],
  root_key_required: [403, 'Root key required'],
  not_found: [404, 'Not found'],
  method_not_allowed: [405, 'Method not allowed'],
  request_timeout: [408, 'Request timeout'],
  idempotency_key_in_use: [409, 'Idempotency key in use'],
  payload_too_large: [413, 'Payload too large'],
  unsupported_media_type: [415, 'Unsupported media type'],
  idempotency_key_reused: [422, 'Idempotency key reused'],
  too_many_requests: [429, 'Too many requests'],
  headers_too_large: [431, 'Request header fields too large'],
  internal: [500, 'Internal error'],
  overloaded: [503, 'Overloaded'],
  unavailable: [503, 'Unavailable'],
};

/** Every code there is. */
export const problemCodes = Object.keys(table) as readonly ProblemCode[];

/** The faults that Fastify finds by itself. */
const fastifyErrors: Record<string, { code: ProblemCode; detail: string }> = {
  FST_ERR_BAD_URL: { code: 'bad_request', detail: 'the path is not properly percent-encoded' },
  FST_ERR_MAX_PARAM_LENGTH: { code: 'not_found', detail: 'not found' },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: {
    code: 'bad_request',
    detail: 'the body is not as long as Content-Length says',
  },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    code: 'unsupported_media_type',
    detail: 'the body is of a type that is not accepted here',
  },
};

/** A refused argument. */
export const Violated = Type.Object({
  field: Type.String({
    description: 'The name that the argument was sent with.',
    examples: ['email'],
  }),
  message: Type.String({ description: 'For people.', examples: ['is required'] }),
  code: Type.Enum(violationCodes, {
    description: 'Why the argument is refused, for programs; the list is closed.',
    examples: ['required'],
  }),
});

/** Every error body, in both dialects. */
export const Problem = Type.Object(
  {
    type: Type.String({
      description: 'Relative: leads to the documentation of the server that answered.',
    }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String({ description: 'For people.' }),
    code: Type.Enum(problemCodes, {
      description: 'For programs; the list is closed.',
    }),
    instance: Type.Optional(
      Type.String({ description: 'Of a 500: the id of the request in the log.' }),
    ),
    challenge: Type.Optional(
      Type.Unsafe<string | null>({
        type: ['string', 'null'],
        description:
          'Where a second factor is missing: to be shown together with it, once. By itself it opens nothing.',
      }),
    ),
    errors: Type.Optional(
      Type.Array(Violated, { description: 'Every argument that is refused, at once.' }),
    ),
  },
  { $id: 'Problem', description: 'RFC 9457, with the members `code`, `challenge` and `errors`.' },
);
export type Problem = Static<typeof Problem>;

/** The problems of a dialect: its schema, which has those of every problem, and the members that it has besides. */
export type DialectProblem = TSchema & { readonly members?: (problem: Problem) => object };

type Extras = {
  /** Of a proof that waits for a second factor. */
  readonly challenge?: string | null;
  readonly errors?: readonly Violation[];
  readonly headers?: Readonly<Record<string, string>>;
};

/** A refusal by HTTP itself. Fields are named as they were sent. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly code: ProblemCode;
  readonly errors: readonly Violation[] | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: ProblemCode, detail: string, { errors, headers = {} }: Extras = {}) {
    super(detail);
    this.code = code;
    this.errors = errors;
    this.headers = headers;
  }
}

/** Refused fields of a request, under the names that they were sent with. */
export function refusedFields(errors: readonly Violation[]): HttpError {
  const { code, message } = new IllegalArgument(errors);
  return new HttpError(code, message, { errors });
}

/** Where a code has another status than elsewhere. */
export type Statuses = Readonly<Partial<Record<ProblemCode, number>>>;

/** The body of a problem that is known by its code alone. */
export function problem(code: ProblemCode, detail: string, statusOf: Statuses = {}): Problem {
  const [status, title] = table[code];
  return { type: `/docs/errors#${code}`, title, status: statusOf[code] ?? status, detail, code };
}

type Answer = { readonly problem: Problem; readonly headers: Readonly<Record<string, string>> };

/**
 * The answer to an error: it holds no value that was sent, and nothing of the inside.
 * `fieldName`: the dialect's name of a field of the domain.
 */
export function answerTo(
  error: unknown,
  request: FastifyRequest,
  fieldName: (name: string) => string = (name) => name,
): Answer {
  const refusal = understand(error, request, fieldName);
  const statuses = request.routeOptions.schema?.statusOf;
  const body = problem(refusal.code, refusal.detail, statuses);
  const errors = refusal.errors && { errors: [...refusal.errors] };
  const instance = body.status === 500 && { instance: instanceOf(request.id) };
  const { challenge: waiting } = refusal;
  const authenticate = body.status === 401 && {
    'www-authenticate': challengeOf(refusal.code, request),
  };
  return {
    problem: {
      ...body,
      ...instance,
      ...(waiting !== undefined && { challenge: waiting }),
      ...errors,
    },
    headers: { ...refusal.headers, ...authenticate },
  };
}

/** A request as a URI: an id of our own is a UUID; an id of the caller's may be written in another way. */
const instanceOf = (id: string): string => (isId(id) ? `urn:uuid:${id}` : `#${id}`);

/** RFC 9110 wants a challenge with every 401; of the registered schemes only this makes no browser ask for a password. */
const CHALLENGE = 'Bearer realm="rekey"';

/** RFC 6750, 3.1: an error stands there only where a token was sent. A text with another scheme is none. */
function challengeOf(code: ProblemCode, { headers }: FastifyRequest): string {
  const isTokenRefused =
    code === 'unauthorized' && /^(?:\S+$|(?:key|bearer) )/i.test(headers.authorization ?? '');
  return isTokenRefused ? `${CHALLENGE}, error="invalid_token"` : CHALLENGE;
}

type Refusal = Extras & { readonly code: ProblemCode; readonly detail: string };

function understand(
  error: unknown,
  request: FastifyRequest,
  fieldName: (name: string) => string,
): Refusal {
  if (error instanceof HttpError) {
    const { code, message, errors, headers } = error;
    return { code, detail: message, headers, ...(errors && { errors }) };
  }
  if (error instanceof IllegalArgument) {
    const errors = error.violations.map((each) => ({ ...each, field: fieldName(each.field) }));
    return { code: error.code, detail: error.message, errors };
  }
  if (error instanceof TooManyRequests) {
    return { code: error.code, detail: error.message, headers: rateLimitHeaders(error) };
  }
  if (error instanceof Overloaded || error instanceof Unavailable) {
    const headers = { 'retry-after': String(Math.ceil(error.retryAfterS)) };
    return { code: error.code, detail: error.message, headers };
  }
  if (error instanceof FactorDemanded) {
    const { code, message: detail, challenge } = error;
    return { code, detail, challenge };
  }
  if (error instanceof DomainError) return { code: error.code, detail: error.message };
  const { code: fastifyCode = '' } = (error ?? {}) as { code?: string };
  const known = fastifyErrors[fastifyCode];
  if (known) return known;
  if (fastifyCode === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    const { bodyLimit } = request.routeOptions;
    return { code: 'payload_too_large', detail: `the body is larger than ${bodyLimit / 1024} KiB` };
  }
  // The caller went away in the middle of the body, and nobody reads this.
  if (request.raw.destroyed && request.raw.complete === false) {
    return { code: 'bad_request', detail: 'the body did not arrive' };
  }
  return { code: 'internal', detail: 'something went wrong here; the instance names the request' };
}

/** `RateLimit` and `RateLimit-Policy` as in draft-ietf-httpapi-ratelimit-headers-11: the limit, and how long it lasts. */
function rateLimitHeaders({ limit, retryAfterS }: TooManyRequests): Record<string, string> {
  const { name, quota, windowMs } = limit;
  return {
    'retry-after': String(retryAfterS),
    ratelimit: `"${name}";r=0;t=${retryAfterS}`,
    'ratelimit-policy': `"${name}";q=${quota};w=${windowMs / 1000}`,
  };
}
