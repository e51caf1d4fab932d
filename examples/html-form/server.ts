import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { type Api, RekeyError, rekeyClient } from '@rekey/client';

const PAGE = readFileSync(new URL('index.html', import.meta.url));

type Fields = Readonly<Record<string, string>>;
type Step = (fields: Fields, request: IncomingMessage, response: ServerResponse) => Promise<string>;

/** Stands between forms of a page, which can send neither PUT nor a token, and the form dialect of Rekey. */
export function formServer(rekey: Api, { secure }: { readonly secure: boolean }) {
  // No script of a page can read it, and no other site can use it.
  const attributes = `HttpOnly; SameSite=Lax; Path=/${secure ? '; Secure' : ''}`;
  const keep = (response: ServerResponse, token: string) =>
    response.setHeader('set-cookie', `token=${token}; ${attributes}`);
  const forget = (response: ServerResponse) =>
    response.setHeader('set-cookie', `token=; Max-Age=0; ${attributes}`);

  const steps: Readonly<Record<string, Step>> = {
    '/sign-up': async ({ name = '', email = '', password = '' }, request) => {
      const user = await rekey.signUp({ name, email, password }, callFor(request));
      return `Welcome, ${user.name}. You can log in now.`;
    },

    '/login': async ({ email = '', password = '' }, request, response) => {
      const { user, token } = await rekey.signIn({ email, password }, callFor(request));
      keep(response, token);
      return `Hello, ${user.name}.`;
    },

    '/name': async ({ name = '' }, request, response) => {
      const call = callOf(request);
      const { email } = await rekey.readOwnAccount(undefined, call);
      // The session goes on with another token.
      const { user, token } = await rekey.changeAccount({ email, name }, call);
      keep(response, token);
      return `Hello, ${user.name}.`;
    },

    '/password': async ({ email = '', password = '', newPassword = '' }, request) => {
      await rekey.changePassword({ email, password, newPassword }, callOf(request));
      return 'Your password is changed. A mail tells you so.';
    },

    '/logout': async ({ all = 'false' }, request, response) => {
      await rekey.signOut({ all: all === 'true' ? 'true' : 'false' }, callOf(request));
      forget(response);
      return 'You are logged out.';
    },

    '/delete': async ({ email = '', password = '' }, request, response) => {
      await rekey.deleteAccount({ email, password }, callOf(request));
      forget(response);
      return 'Your account is deleted.';
    },
  };

  return createServer((request, response) => {
    void answer(request, response).catch((error: unknown) => say(response, error));
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeaders(securityHeaders);
    // Only where people come by HTTPS.
    if (secure) response.setHeader('strict-transport-security', 'max-age=31536000');
    if (request.method === 'GET' && request.url === '/') {
      response.setHeader('content-type', 'text/html; charset=utf-8').end(PAGE);
      return;
    }
    const step = request.method === 'POST' ? steps[request.url ?? ''] : undefined;
    if (!step) {
      response.writeHead(404).end();
      return;
    }
    const { 'content-length': length } = request.headers;
    if (isForeign(request)) {
      response.writeHead(403).end();
      return;
    }
    if (!(Number(length) <= 16_384)) {
      response.writeHead(413).end();
      return;
    }
    const form = new URLSearchParams(await text(request));
    const fields = Object.fromEntries(form);
    // Of a field that comes twice, nobody can tell which is meant.
    if (Object.keys(fields).length !== form.size) {
      response.writeHead(400).end();
      return;
    }
    const message = await step(fields, request, response);
    response.setHeader('content-type', 'text/plain; charset=utf-8').end(message);
  }
}

/** No script runs and nothing is framed, cached or guessed. */
const securityHeaders = new Headers({
  'content-security-policy':
    "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'cache-control': 'no-store',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  // Other sites learn nothing; for forms of our own, browsers say where they come from.
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
});

/** Whether a page of another site sent a form. Browsers say where it comes from: the older ones by its origin alone. */
function isForeign({ headers }: IncomingMessage): boolean {
  const { 'sec-fetch-site': site = 'none', origin, host } = headers;
  const isOurOrigin = origin === undefined || /^https?:\/\/(.*)$/.exec(origin)?.[1] === host;
  return !isOurOrigin || (site !== 'same-origin' && site !== 'none');
}

/** For whom a call is made: what Rekey throttles by, and tells the owner of the account. */
function callFor({ socket, headers }: IncomingMessage) {
  return {
    address: socket.remoteAddress?.replace(/^::ffff:/, '') ?? '',
    client: headers['user-agent'] ?? '',
    language: headers['accept-language'] ?? '',
  };
}

/** The same, with the token of the login. */
const callOf = (request: IncomingMessage) => ({
  ...callFor(request),
  token: /(?:^|; )token=([^;]+)/.exec(request.headers.cookie ?? '')?.[1] ?? '',
});

function say(response: ServerResponse, error: unknown): void {
  const isKnown = error instanceof RekeyError && error.problem !== null && error.status !== 500;
  if (isKnown && error.retryAfterS !== null) response.setHeader('retry-after', error.retryAfterS);
  const reasons = isKnown && error.problem?.errors?.map((each) => `${each.field} ${each.message}`);
  const message = reasons ? reasons.join('; ') : isKnown ? error.problem?.detail : undefined;
  if (!isKnown) console.error(error instanceof Error ? error.message : 'failed');
  response
    .writeHead(isKnown ? error.status : 500, { 'content-type': 'text/plain; charset=utf-8' })
    .end(message ?? 'Something went wrong here.');
}

if (import.meta.main) {
  const { REKEY_URL = 'http://localhost:8042', PORT = '3000', NODE_ENV } = process.env;
  const secure = NODE_ENV === 'production';
  formServer(rekeyClient({ url: REKEY_URL }), { secure }).listen(Number(PORT), () => {
    console.log(`http://localhost:${PORT}`);
  });
}
