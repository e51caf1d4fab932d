import type { Client, User } from '@rekey/client';
import express, { type Request, type Response } from 'express';
import { askForMore, secondFactors } from './factors.ts';
import * as http from './http.ts';
import {
  accountPage,
  homePage,
  keysPage,
  messagePage,
  newKeyPage,
  profilePage,
  sessionsPage,
} from './pages.ts';
import { passkeys } from './passkeys.ts';
import { signInWithProviders } from './providers.ts';
import { sessions } from './session.ts';

/** The event that a mail reports whose link leads here, by the `type` of the link. */
const events = new Map([
  ['update_password', 'Your password was changed.'],
  ['factor_change', 'A key for your account was created, or how you sign in changed.'],
]);

/** What a key may do. Rekey keeps these words, and leaves their meaning to the shop. */
const scopes = ['orders:read', 'orders:write'];

const DAY_MS = 86_400_000;

type Options = {
  /** Whether people come by HTTPS. */
  readonly secure: boolean;
  /** Where people find the shop: a passkey works at this origin alone. */
  readonly origin: string;
  /** The page that Rekey hosts for every kind of link. */
  readonly hostedPage: string;
};

/** A shop whose passwords Rekey keeps. */
export function shop(rekey: Client, { secure, origin, hostedPage }: Options) {
  const session = sessions(rekey, { secure });
  const { cookies, tokenOf, userOf, forUser, callBy } = session;
  const app = express();
  app.disable('x-powered-by');
  app.use((_request, response, next) => {
    response.set(http.securityHeaders);
    if (secure) response.set('Strict-Transport-Security', 'max-age=31536000');
    next();
  });
  app.use(http.refuseForeignSites);
  app.use(express.urlencoded({ extended: false, limit: '16kb' }));

  app.get('/', async (request, response) => {
    response.send(homePage(await userOf(request)));
  });

  app.post('/sign-up', async (request, response) => {
    const { name, email, password } = fieldsOf(request);
    // Without a TOKEN key a user cannot log in to this shop.
    await rekey.createUser({ name, email, password, token_key: true }, http.callFor(request));
    await logIn(request, response, email, password);
  });

  signInWithProviders(app, rekey, session);
  secondFactors(app, rekey, session);
  passkeys(app, rekey, session, origin);

  app.post('/login', async (request, response) => {
    const { email, password } = fieldsOf(request);
    await logIn(request, response, email, password);
  });

  // A cookie that is gone ends no session: whoever has a copy of the token goes on.
  app.post('/logout', async (request, response) => {
    const token = tokenOf(request);
    const all = http.field(request, 'all') === 'true';
    if (token !== '') await ended(rekey.logOut({ token, all }, http.callFor(request)));
    cookies.clear(response, 'access');
    response.redirect(303, '/');
  });

  // The current password proves the user. Who has to change it first has no session yet, and names the account.
  app.post('/password', async (request, response) => {
    const { password, new_password, ...fields } = fieldsOf(request);
    const email = (await userOf(request))?.email ?? fields.email;
    if (email === '') {
      response.status(401).send(messagePage('Please log in first.'));
      return;
    }
    const change = { email, password, new_password, ...session.deviceOf(request) };
    await rekey.updatePassword(change, http.callFor(request));
    // Every session ended with the old password, this one too.
    await logIn(request, response, email, new_password);
  });

  app.get(
    '/profile',
    forUser(async (user, _request, response) => {
      response.send(profilePage(user));
    }),
  );

  app.post(
    '/profile',
    forUser(async (user, request, response) => {
      const { name, locale } = fieldsOf(request);
      const newsletter = http.field(request, 'newsletter') === 'true';
      // All of the attributes change together.
      const attributes = { ...user.attributes, newsletter };
      await rekey.updateUser({ id: user.id, name, locale, attributes }, callBy(request));
      response.redirect(303, '/profile');
    }),
  );

  app.get(
    '/sessions',
    forUser(async (user, request, response) => {
      const sessions = await listOf(sessionsOf(user, request));
      response.send(sessionsPage(user, sessions, sessionIdOf(tokenOf(request))));
    }),
  );

  app.post(
    '/sessions/end',
    forUser(async (user, request, response) => {
      // The shop may end the sessions of all its users; a user ends the own ones alone.
      const session = await named(sessionsOf(user, request), http.field(request, 'id'));
      if (session) await rekey.endSession({ id: session.id }, callBy(request));
      response.redirect(303, '/sessions');
    }),
  );

  app.get(
    '/keys',
    forUser(async (user, request, response) => {
      response.send(keysPage(user, await listOf(keysOf(user, request)), scopes));
    }),
  );

  app.post(
    '/keys',
    forUser(async (user, request, response) => {
      const { name } = fieldsOf(request);
      const given = http.ticked(request, 'scopes');
      const day = http.field(request, 'expires');
      const key = {
        name,
        user_id: user.id,
        scopes: scopes.filter((scope) => given.includes(scope)),
        ...(day !== '' && { expires_at: `${day}T00:00:00Z` }),
      };
      const { data } = await rekey.createKey(key, callOnce(request));
      response.send(newKeyPage(data.value));
    }),
  );

  app.post(
    '/keys/rotate',
    forUser(async (user, request, response) => {
      const key = await named(keysOf(user, request), http.field(request, 'id'));
      if (!key) {
        response.status(404).send(messagePage('There is no such key.'));
        return;
      }
      // Programs that have the old value get a day to change it.
      const rotation = { id: key.id, overlap_s: DAY_MS / 1000 };
      const { data } = await rekey.rotateKey(rotation, callOnce(request));
      response.send(newKeyPage(data.value));
    }),
  );

  app.post(
    '/keys/delete',
    forUser(async (user, request, response) => {
      const key = await named(keysOf(user, request), http.field(request, 'id'));
      if (key) await rekey.deleteKey({ id: key.id }, callBy(request));
      response.redirect(303, '/keys');
    }),
  );

  // For the programs of users: no cookie is looked at here.
  app.get('/api/orders', async (request, response) => {
    const [, key = ''] = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '') ?? [];
    try {
      const { user } = await rekey.verifyKey(
        { key, scopes: ['orders:read'] },
        http.callFor(request),
      );
      response.json({ customer: user.name, orders: [] });
    } catch (error) {
      if (http.isCode(error, 'invalid_token') || key === '') {
        response.status(401).set('WWW-Authenticate', 'Bearer');
        response.json({ error: 'a good key is required' });
        return;
      }
      const { status, message, headers } = http.answerTo(error);
      const isScopeMissing = http.isCode(error, 'forbidden');
      response.status(status).set(headers);
      response.json({ error: isScopeMissing ? 'the key lacks orders:read' : message });
    }
  });

  // The link of the mail leads here, and on to a page without the token in its URL: that one stays in the history.
  app.get('/account', (request, response) => {
    const { type, token } = request.query;
    if (typeof type !== 'string' || typeof token !== 'string') {
      response.status(400).send(messagePage('This link is not complete.'));
      return;
    }
    if (!events.has(type)) {
      // The shop has no page of its own for it.
      response.redirect(303, hostedPage + request.originalUrl.slice(request.path.length));
      return;
    }
    cookies.set(response, 'link', token, { maxAge: 600_000 });
    response.redirect(303, `/account/${type}`);
  });

  // Opening it changes nothing: mail scanners open links too.
  app.get('/account/:type', (request, response) => {
    const event = events.get(request.params.type);
    const token = cookies.read(request, 'link');
    if (event !== undefined && token !== '') response.send(accountPage(event, token));
    else response.status(400).send(messagePage('Please open the link in the mail once more.'));
  });

  app.post('/account', async (request, response) => {
    const { token } = fieldsOf(request);
    await rekey.revokeUpdatePassword({ token }, http.callFor(request));
    cookies.clear(response, 'access');
    cookies.clear(response, 'link');
    response.send(messagePage('Your account is locked. Please call us.'));
  });

  app.use((_request, response) => {
    response.status(404).send(messagePage('There is no such page.'));
  });
  app.use(askForMore);
  app.use(http.answerError);
  return app;

  async function logIn(request: Request, response: Response, email: string, password: string) {
    const credentials = { email, password, ...session.deviceOf(request) };
    session.enter(response, await rekey.login(credentials, http.callFor(request)));
  }

  /** A form that is sent twice is done once, and gets one answer. */
  function callOnce(request: Request) {
    const once = http.field(request, 'once');
    return { ...callBy(request), ...(once !== '' && { idempotencyKey: once }) };
  }

  function sessionsOf(user: User, request: Request) {
    return rekey.each.listSessions({ user_id: [user.id] }, http.callFor(request));
  }

  function keysOf(user: User, request: Request) {
    const input = { user_id: [user.id], type: ['KEY'], is_revoked: 'false' };
    return rekey.each.listKeys(input, http.callFor(request));
  }
}

function fieldsOf(request: Request) {
  const text = (name: string) => http.field(request, name);
  return {
    name: text('name'),
    email: text('email'),
    password: text('password'),
    new_password: text('new_password'),
    locale: text('locale'),
    token: text('token'),
  };
}

async function listOf<Row>(rows: AsyncIterable<Row>): Promise<Row[]> {
  const list: Row[] = [];
  for await (const row of rows) list.push(row);
  return list;
}

/** Undefined where none of them has the id: it may be of somebody else. */
async function named<Row extends { readonly id: string }>(rows: AsyncIterable<Row>, id: string) {
  for await (const row of rows) if (row.id === id) return row;
  return undefined;
}

/** Whoever has no session any more is logged out already. */
async function ended(logout: Promise<unknown>): Promise<void> {
  await logout.catch((error: unknown) => {
    if (!http.isCode(error, 'invalid_token')) throw error;
  });
}

/** The session of a token that Rekey has verified. */
function sessionIdOf(token: string): string {
  const [, claims = ''] = token.split('.');
  return JSON.parse(Buffer.from(claims, 'base64url').toString()).sid;
}
