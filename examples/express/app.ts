import { type Api, RekeyError } from '@rekey/client';
import express, { type NextFunction, type Request, type Response } from 'express';
import { accountPage, homePage, messagePage } from './pages.ts';

/** What the mails report whose links lead here, by the `type` of the link. */
const events = new Map([
  ['update_password', 'Your password was changed.'],
  ['factor_change', 'A key for your account was created.'],
]);

/** A shop whose passwords Rekey keeps. */
export function shop(rekey: Api, { secure }: { readonly secure: boolean }) {
  const app = express();
  app.disable('x-powered-by');
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
    // Without it the user could not log in to this service.
    await rekey.createKey(
      { is_enabled: true, type: 'TOKEN', name: 'shop', user_id: data.id },
      call,
    );
    await logIn(request, response, email, password);
  });

  app.post('/login', async (request, response) => {
    const { email, password } = fieldsOf(request);
    await logIn(request, response, email, password);
  });

  app.post('/logout', (_request, response) => {
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

  // The link of the mail leads here. Opening it changes nothing: mail scanners open links too.
  app.get('/account', (request, response) => {
    const { type, token } = request.query;
    const event = events.get(String(type));
    if (event !== undefined && typeof token === 'string') response.send(accountPage(event, token));
    else response.status(400).send(messagePage('This link is not complete.'));
  });

  app.post('/account', async (request, response) => {
    await rekey.revokeUpdatePassword({ token: fieldsOf(request).token }, callFor(request));
    response.clearCookie('access').send(messagePage('Your account is locked. Please call us.'));
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
    const token = /(?:^|; )access=([^;]+)/.exec(request.headers.cookie ?? '')?.[1];
    if (!token) return null;
    try {
      return (await rekey.verifyToken({ token }, callFor(request))).user;
    } catch (error) {
      // Expired, or its session ended.
      if (error instanceof RekeyError && error.code === 'invalid_token') return null;
      throw error;
    }
  }
}

/** For whom a call is made: what Rekey throttles by, and tells the owner of the account. */
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

function refuseForeignSites(request: Request, response: Response, next: NextFunction) {
  const site = request.get('sec-fetch-site') ?? 'none';
  const isOurs = request.method === 'GET' || site === 'same-origin' || site === 'none';
  if (isOurs) next();
  else response.status(403).send(messagePage('This form is not ours.'));
}

function answerError(error: unknown, _request: Request, response: Response, next: NextFunction) {
  if (!(error instanceof RekeyError)) {
    next(error);
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
