import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { type Api, type FormSession, type FormUser, RekeyError, rekeyClient } from '@rekey/client';

const PAGE = readFileSync(new URL('index.html', import.meta.url), 'utf8');
/** Longer than any token is good: Rekey says when it is not. */
const DAY_S = 86_400;

type Page = (request: IncomingMessage) => Promise<string>;
type Fields = Readonly<Record<string, string>>;
type Step = (fields: Fields, request: IncomingMessage, response: ServerResponse) => Promise<string>;

/** Stands between forms of a page, which can send neither PUT nor a token, and the form dialect of Rekey. */
export function formServer(rekey: Api, { secure }: { readonly secure: boolean }) {
  // With the prefix, a browser takes the cookie over HTTPS alone, and from no other host of the domain.
  const prefix = secure ? '__Host-' : '';
  // No script of a page can read it, and no other site can use it. Without a life it is taken away.
  const keep = (response: ServerResponse, name: string, value: string, lifeS = 0) => {
    const how = `Max-Age=${lifeS}; HttpOnly; SameSite=Lax; Path=/${secure ? '; Secure' : ''}`;
    response.appendHeader('set-cookie', `${prefix}${name}=${value}; ${how}`);
  };
  const cookieOf = ({ headers }: IncomingMessage, name: string) => {
    const all = (headers.cookie ?? '').split('; ').map((text) => text.split('='));
    return all.find(([each]) => each === `${prefix}${name}`)?.[1] ?? '';
  };
  /** The same as `callFor`, with the token of the login. */
  const callOf = (request: IncomingMessage) => ({
    ...callFor(request),
    token: cookieOf(request, 'token'),
  });

  const pages: Readonly<Record<string, Page>> = {
    '/': async () => PAGE,

    '/account': async (request) => {
      const user = await rekey.readOwnAccount(undefined, callOf(request));
      const sessions = await rekey.listOwnSessions(undefined, callOf(request));
      return accountPage(user, sessions);
    },
  };

  const steps: Readonly<Record<string, Step>> = {
    '/sign-up': async ({ name = '', email = '', password = '' }, request) => {
      const user = await rekey.signUp({ name, email, password }, callFor(request));
      return `Welcome, ${user.name}. You can log in now.`;
    },

    '/login': async ({ email = '', password = '' }, request, response) => {
      const device = cookieOf(request, 'device');
      const credentials = { email, password, ...(device !== '' && { device }) };
      const login = await rekey.signIn(credentials, callFor(request));
      const { user, token, device: known } = login;
      if (!user || !token || !known)
        return 'This account takes a code as well: log in with the app.';
      keep(response, 'token', token, DAY_S);
      // It outlives the logout: with it, strangers who guess do not keep the user out.
      keep(response, 'device', known, 90 * DAY_S);
      return `Hello, ${user.name}.`;
    },

    '/sessions/end': async ({ id = '' }, request) => {
      await rekey.endOwnSession({ id }, callOf(request));
      return 'The device is signed out.';
    },

    '/name': async ({ name = '' }, request, response) => {
      const call = callOf(request);
      const { email } = await rekey.readOwnAccount(undefined, call);
      // The session goes on with another token.
      const { user, token } = await rekey.changeAccount({ email, name }, call);
      keep(response, 'token', token, DAY_S);
      return `Hello, ${user.name}.`;
    },

    '/password': async ({ email = '', password = '', newPassword = '' }, request) => {
      await rekey.changePassword({ email, password, newPassword }, callOf(request));
      return 'Your password is changed. A mail tells you so.';
    },

    '/logout': async ({ all = 'false' }, request, response) => {
      const ending = rekey.signOut({ all: all === 'true' ? 'true' : 'false' }, callOf(request));
      await ending.catch((error: unknown) => {
        // Whoever has no session any more is logged out already.
        if (!isCode(error, 'unauthorized')) throw error;
      });
      keep(response, 'token', '');
      return 'You are logged out.';
    },

    '/delete': async ({ email = '', password = '' }, request, response) => {
      await rekey.deleteAccount({ email, password }, callOf(request));
      keep(response, 'token', '');
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
    const page = request.method === 'GET' ? pages[request.url ?? ''] : undefined;
    if (page) {
      const html = await page(request);
      response.setHeader('content-type', 'text/html; charset=utf-8').end(html);
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

const escaped = (text: string) =>
  text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

const accountPage = (
  { name, email }: FormUser,
  sessions: readonly FormSession[],
) => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Account</title>
<h1>${escaped(name)}</h1>
<p>${escaped(email)}</p>
<h2>Devices</h2>
<ul>
${sessions.map(sessionItem).join('\n')}
</ul>
<form method="post" action="/logout">
  <button name="all" value="true">Sign out everywhere</button>
</form>
<p><a href="/">Back</a></p>
</html>
`;

/** Whoever logs in chooses the name of the program: it is text of a stranger. */
const sessionItem = ({ id, userAgent, remote, createdAt, current }: FormSession) => `<li>
  ${escaped(userAgent ?? 'unknown')}, ${escaped(remote)}, since ${createdAt}${current ? ' (this one)' : ''}
  <form method="post" action="/sessions/end">
    <input type="hidden" name="id" value="${id}">
    <button type="submit">Sign out</button>
  </form>
</li>`;

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

const isCode = (error: unknown, code: string): boolean =>
  error instanceof RekeyError && error.code === code;

function say(response: ServerResponse, error: unknown): void {
  const isKnown = error instanceof RekeyError && error.problem !== null && error.status !== 500;
  if (isKnown && error.retryAfterS !== null) response.setHeader('retry-after', error.retryAfterS);
  if (!isKnown) console.error(error instanceof Error ? error.message : 'failed');
  response
    .writeHead(isKnown ? error.status : 500, { 'content-type': 'text/plain; charset=utf-8' })
    .end(isKnown ? inWords(error) : 'Something went wrong here.');
}

function inWords(error: RekeyError): string {
  if (isCode(error, 'unauthorized')) return 'Please log in first.';
  const reasons = error.problem?.errors?.map(({ field, message }) => `${field} ${message}`);
  return reasons?.join('; ') ?? error.problem?.detail ?? '';
}

if (import.meta.main) {
  const { REKEY_URL = 'http://localhost:8042', PORT = '3000', NODE_ENV } = process.env;
  const secure = NODE_ENV === 'production';
  // What was done although its answer was lost is not done again.
  const server = formServer(rekeyClient({ url: REKEY_URL, retries: 2 }), { secure });
  server.listen(Number(PORT), () => {
    console.log(`http://localhost:${(server.address() as AddressInfo).port}`);
  });
}
