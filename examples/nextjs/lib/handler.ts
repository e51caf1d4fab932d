import { RekeyError, type User } from '@rekey/client';
import { callFor, cookie, deviceOf, rekey, userOf } from './rekey.ts';

type Fields = Readonly<Record<string, string>>;
type Work = (fields: Fields, request: Request) => Promise<Response>;
type UserWork = (user: User, fields: Fields, request: Request) => Promise<Response>;

/** A route handler that takes JSON from our own pages, and answers what Rekey refuses. */
export function handler(work: Work) {
  return async (request: Request): Promise<Response> => {
    if (isForeign(request)) return say('This page is not ours.', { status: 403 });
    if (request.headers.get('content-type') !== 'application/json') {
      return say('This is no JSON.', { status: 415 });
    }
    if (!(Number(request.headers.get('content-length')) <= 16_384)) {
      return say('This is too large.', { status: 413 });
    }
    const fields = (await request.json().catch(() => null)) as Fields | null;
    if (typeof fields !== 'object' || fields === null) {
      return say('This is no JSON.', { status: 400 });
    }
    return work(fields, request).catch(answerError);
  };
}

/** A route handler for people who are logged in. */
export const userHandler = (work: UserWork) =>
  handler(async (fields, request) => {
    const user = await userOf(request);
    return user ? work(user, fields, request) : say('Please log in first.', { status: 401 });
  });

/** Whether a page of another site sent it. Browsers say where it comes from: the older ones by its origin alone. */
function isForeign({ headers }: Request): boolean {
  const site = headers.get('sec-fetch-site') ?? 'none';
  const origin = headers.get('origin');
  const isOurOrigin = !origin || /^https?:\/\/(.*)$/.exec(origin)?.[1] === headers.get('host');
  return !isOurOrigin || (site !== 'same-origin' && site !== 'none');
}

type More = {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cookies?: readonly string[];
};

export function say(message: string, { status = 200, headers = {}, cookies = [] }: More = {}) {
  const response = Response.json({ message }, { status, headers });
  response.headers.set('cache-control', 'no-store');
  for (const each of cookies) response.headers.append('set-cookie', each);
  return response;
}

/** Logs in, and keeps the token. */
export async function logIn(request: Request, email: string, password: string): Promise<Response> {
  const credentials = { email, password, ...deviceOf(request) };
  const { user, access, device } = await rekey().login(credentials, callFor(request));
  const lifeS = access.token_expires - Math.floor(Date.now() / 1000);
  return say(`Hello, ${user.name}.`, {
    cookies: [
      cookie('access', access.token, lifeS),
      // It outlives the logout: with it, strangers who guess do not keep the user out.
      cookie('device', device, 90 * 86_400),
    ],
  });
}

/** What a person, or the program of one, is told about an error; everything else is for the log. */
export function answerError(error: unknown): Response {
  if (!(error instanceof RekeyError)) {
    console.error(error instanceof Error ? error.message : 'failed');
    return say('Something went wrong here.', { status: 500 });
  }
  const { status, code, problem, retryAfterS, requestId } = error;
  const headers: Record<string, string> =
    retryAfterS === null ? {} : { 'retry-after': String(retryAfterS) };
  if (problem && [400, 403, 404, 429, 503].includes(status)) {
    const reasons = problem.errors?.map(({ field, message }) => `${field} ${message}`);
    return say(reasons?.join('; ') ?? problem.detail, { status, headers });
  }
  // The key of the service is wrong, or something is broken: not the user's fault.
  console.error({ status, code, requestId });
  return say('Something went wrong here.', { status: 500 });
}
