import { type Call, RekeyError, rekeyClient } from '@rekey/client';

/** Runs on the server alone: it holds the key of the service. */
export function rekey() {
  const { REKEY_URL = 'http://localhost:8042', REKEY_KEY: key } = process.env;
  if (!key)
    throw new Error('REKEY_KEY is missing: the key that `rekey create-service-with-key` showed');
  return rekeyClient({ url: REKEY_URL, key });
}

/**
 * For whom a call is made: what Rekey throttles by, and tells the owner of the account. Next.js shows no handler the
 * address of the connection, and takes an `X-Forwarded-For` as it came: anybody may have written it. So the address is
 * read from the header of which `ADDRESS_HEADER` says that your proxy writes it anew for every request.
 */
export function callFor({ headers }: Request): Call {
  const { ADDRESS_HEADER: name } = process.env;
  const address = name ? (headers.get(name)?.trim() ?? '') : '';
  return { address, client: headers.get('user-agent') ?? '' };
}

type Fields = Readonly<Record<string, string>>;
type Work = (fields: Fields, request: Request) => Promise<Response>;

/** A route handler that takes JSON from our own pages, and answers what Rekey refuses. */
export function handler(work: Work) {
  return async (request: Request): Promise<Response> => {
    if (isForeign(request)) return say('This page is not ours.', 403);
    if (request.headers.get('content-type') !== 'application/json') {
      return say('This is no JSON.', 415);
    }
    if (!(Number(request.headers.get('content-length')) <= 16_384)) {
      return say('This is too large.', 413);
    }
    const fields = (await request.json().catch(() => null)) as Fields | null;
    if (typeof fields !== 'object' || fields === null) return say('This is no JSON.', 400);
    return work(fields, request).catch(answerError);
  };
}

/** Whether a page of another site sent it. Browsers say where it comes from: the older ones by its origin alone. */
function isForeign({ headers }: Request): boolean {
  const site = headers.get('sec-fetch-site') ?? 'none';
  const origin = headers.get('origin');
  const isOurOrigin = !origin || /^https?:\/\/(.*)$/.exec(origin)?.[1] === headers.get('host');
  return !isOurOrigin || (site !== 'same-origin' && site !== 'none');
}

export function say(message: string, status = 200, headers: Record<string, string> = {}): Response {
  return Response.json(
    { message },
    { status, headers: { 'cache-control': 'no-store', ...headers } },
  );
}

/** Logs in, and keeps the token where no script of a page can read it and no other site can use it. */
export async function logIn(request: Request, email: string, password: string): Promise<Response> {
  const { user, access } = await rekey().login({ email, password }, callFor(request));
  const secure = process.env.NODE_ENV === 'production' ? '; Secure' : '';
  const expires = new Date(access.token_expires * 1000).toUTCString();
  return say(`Hello, ${user.name}.`, 200, {
    'set-cookie': `access=${access.token}; HttpOnly; SameSite=Lax; Path=/; Expires=${expires}${secure}`,
  });
}

/** The access token of a login. */
export function tokenOf({ headers }: Request): string {
  return /(?:^|; )access=([^;]+)/.exec(headers.get('cookie') ?? '')?.[1] ?? '';
}

function answerError(error: unknown): Response {
  if (!(error instanceof RekeyError)) throw error;
  const { status, code, problem, retryAfterS, requestId } = error;
  const wait = retryAfterS === null ? undefined : { 'retry-after': String(retryAfterS) };
  if (problem && [400, 403, 429, 503].includes(status)) {
    const reasons = problem.errors?.map(({ field, message }) => `${field} ${message}`);
    return say(reasons?.join('; ') ?? problem.detail, status, wait);
  }
  // The key of the service is wrong, or something is broken: not the user's fault.
  console.error({ status, code, requestId });
  return say('Something went wrong here.', 500);
}
