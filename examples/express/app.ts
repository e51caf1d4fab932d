import { type Api, RekeyError } from '@rekey/client';
import express, { type NextFunction, type Request, type Response } from 'express';
import { accountPage, homePage, messagePage } from './pages.ts';

/** The event that a mail reports whose link leads here, by the `type` of the link. */
const events = new Map([
  ['update_password', 'Your password was changed.'],
  ['factor_change', 'A key for your account was created.'],
]);

/** A shop whose passwords Rekey keeps. */
export function shop(rekey: Api, { secure }: { readonly secure: boolean }) {
  const app = express();
  app.disable('x-powered-by');
  app.use((_request, response, next) => {
    response.set(securityHeaders);
    // Only where people come by HTTPS.
    if (secure) response.set('Strict-Transport-Security', 'max-age=31536000');
    next();
  });
  app.use(refuseForeignSites);
  app.use(express.urlencoded({ extended: false, limit: '16kb' }));

  app.get('/', async (request, response) => {
    const user = await userOf(request);
    response.send(homePage(user?.name ?? null));
  });

  app.post('/sign-up', async (request, response) => {
    const { name, email, password } = fieldsOf(request);
    const call = callFor(request);
    const { data } = await rekey.createUser({ is_enabled: true, name, email, password }, call);
    await rekey.createKey({ ...tokenKey, user_id: data.id }, call);
    await logIn(request, response, email, password);
  });

  app.post('/login', async (request, response) => {
    const { email, password } = fieldsOf(request);
    await logIn(request, response, email, password);
  });

  // A cookie that is gone ends no session: whoever has a copy of the token goes on. The key of the user for this shop
  // ends all of them, and a new one lets the user log in again.
  app.post('/logout', async (request, response) => {
    const user = await userOf(request);
    if (user) {
      const call = callFor(request);
      await rekey.revokeToken({ token: tokenOf(request) }, call);
      await rekey.createKey({ ...tokenKey, user_id: user.id }, call);
    }
    response.clearCookie('access').redirect(303, '/');
  });

  app.post('/password', async (request, response) => {
    const user = await userOf(request);
    if (!user) {
      response.status(401).send(messagePage('Please log in first.'));
      return;
    }
    const { password, new_password } = fieldsOf(request);
    await rekey.updatePassword({ email: user.email, password, new_password }, callFor(request));
    // Every session ended with the old password, this one too.
    await logIn(request, response, user.email, new_password);
  });

  // The link of the mail leads here, and on to a page without the token in its URL: that one stays in the history.
  app.get('/account', (request, response) => {
    const { type, token } = request.query;
    if (!events.has(String(type)) || typeof token !== 'string') {
      response.status(400).send(messagePage('This link is not complete.'));
      return;
    }
    const life = {
      path: '/account',
      httpOnly: true,
      sameSite: 'lax',
      secure,
      maxAge: 600_000,
    } as const;
    response.cookie('link', token, life).redirect(303, `/account/${type}`);
  });

  // Opening it changes nothing: mail scanners open links too.
  app.get('/account/:type', (request, response) => {
    const event = events.get(request.params.type);
    const token = cookieOf(request, 'link');
    if (event !== undefined && token !== '') response.send(accountPage(event, token));
    else response.status(400).send(messagePage('Please open the link in the mail once more.'));
  });

  app.post('/account', async (request, response) => {
    await rekey.revokeUpdatePassword({ token: fieldsOf(request).token }, callFor(request));
    response.clearCookie('access').clearCookie('link', { path: '/account' });
    response.send(messagePage('Your account is locked. Please call us.'));
  });

  app.use((_request, response) => {
    response.status(404).send(messagePage('There is no such page.'));
  });
  app.use(answerError);
  return app;

  async function logIn(request: Request, response: Response, email: string, password: string) {
    const { access } = await rekey.login({ email, password }, callFor(request));
    const expires = new Date(access.token_expires * 1000);
    // No script of a page can read it, and no other site can use it.
    response.cookie('access', access.token, { httpOnly: true, sameSite: 'lax', secure, expires });
    response.redirect(303, '/');
  }

  async function userOf(request: Request) {
    const token = tokenOf(request);
    if (token === '') return null;
    try {
      return (await rekey.verifyToken({ token }, callFor(request))).user;
    } catch (error) {
      // Expired, or its session ended.
      if (error instanceof RekeyError && error.code === 'invalid_token') return null;
      throw error;
    }
  }
}

/** Without such a key a user cannot log in to this shop. */
const tokenKey = { is_enabled: true, type: 'TOKEN', name: 'shop' } as const;

/** No script runs and nothing is framed, cached or guessed. */
const securityHeaders = {
  'Content-Security-Policy':
    "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'Cache-Control': 'no-store',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  // Other sites learn nothing; for forms of our own, browsers say where they come from.
  'Referrer-Policy': 'same-origin',
  'X-Content-Type-Options': 'nosniff',
};

const tokenOf = (request: Request) => cookieOf(request, 'access');

/** Empty where there is none. */
function cookieOf({ headers }: Request, name: string): string {
  const cookies = (headers.cookie ?? '').split('; ').map((text) => text.split('='));
  return cookies.find(([each]) => each === name)?.[1] ?? '';
}

/**
 * For whom a call is made: what Rekey throttles by, and tells the owner of the account. Express believes a forwarded
 * address only from the proxies that `trust proxy` names, and by default from none.
 */
function callFor({ ip = '', headers }: Request) {
  return { address: ip.replace(/^::ffff:/, ''), client: headers['user-agent'] ?? '' };
}

/** Only text, and never undefined: Rekey says what is wrong with a field that is empty. */
function fieldsOf({ body }: Request) {
  const text = (name: string) => {
    const value: unknown = body?.[name];
    return typeof value === 'string' ? value : '';
  };
  return {
    name: text('name'),
    email: text('email'),
    password: text('password'),
    new_password: text('new_password'),
    token: text('token'),
  };
}

/** Browsers say where a form comes from: the older ones by its origin alone. */
function refuseForeignSites(request: Request, response: Response, next: NextFunction) {
  const { 'sec-fetch-site': site = 'none', origin, host } = request.headers;
  const isOurSite = site === 'same-origin' || site === 'none';
  const isOurOrigin = origin === undefined || /^https?:\/\/(.*)$/.exec(origin)?.[1] === host;
  if (request.method === 'GET' || request.method === 'HEAD' || (isOurSite && isOurOrigin)) next();
  else response.status(403).send(messagePage('This form is not ours.'));
}

/** Express needs the fourth parameter, and its own page of an error would lack our headers. */
function answerError(error: unknown, _request: Request, response: Response, _next: NextFunction) {
  if (!(error instanceof RekeyError)) {
    const { status = 500 } = error as { status?: number };
    if (status === 500) console.error(error instanceof Error ? error.message : 'failed');
    const isUnread = status >= 400 && status < 500;
    const message = isUnread ? 'This cannot be read.' : 'Something went wrong here.';
    response.status(isUnread ? status : 500).send(messagePage(message));
    return;
  }
  const { status, code, problem, retryAfterS, requestId } = error;
  if (retryAfterS !== null) response.set('Retry-After', String(retryAfterS));
  const isForUser = problem !== null && [400, 403, 429, 503].includes(status);
  if (isForUser) {
    const reasons = problem.errors?.map(({ field, message }) => `${field} ${message}`);
    response.status(status).send(messagePage(reasons?.join('; ') ?? problem.detail));
    return;
  }
  // The key of the shop is wrong, or something is broken: not the user's fault.
  console.error({ status, code, requestId });
  response.status(500).send(messagePage('Something went wrong here.'));
}
