import { DAY_MS, Unavailable } from '@rekey/domain';
import { fakeAuthenticator, gate, START } from '@rekey/usecases/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  enrolled,
  PASSWORD,
  problemAt,
  proveAddress,
  type Rig,
  rig,
  signedUp,
  wire,
  withProviders,
} from '../../test/harness.ts';

const LOCAL = '/v1/auth/provider/local';
const GITHUB = '/v1/auth/provider/github';
const NEW_PASSWORD = 'battery staple';

let server: Rig;
beforeEach(async () => {
  server = await rig();
});

type Fields = Readonly<Record<string, unknown>>;
type Request = {
  readonly url: string;
  /** None for a request without a body. */
  readonly body?: Fields;
  /** The service, unless something else is said; null for nobody. */
  readonly authorization?: string | null;
  readonly headers?: Record<string, string>;
};
type Response = Awaited<ReturnType<Rig['json']>>;

/** Sends a request with a key, in the dialect of its path. */
async function send(
  method: string,
  { url, body, authorization = server.serviceKey, headers: own }: Request,
  key: string,
  headers: Record<string, string> = {},
): Promise<Response> {
  const isForm = url.startsWith('/users');
  const fields = Object.entries(body ?? {}).map(([name, value]): [string, string] => [
    name,
    String(value),
  ]);
  const text = isForm ? new URLSearchParams(fields).toString() : JSON.stringify(body);
  return server.app.inject({
    method: method as 'POST',
    url,
    headers: {
      'idempotency-key': key,
      ...(authorization !== null && { authorization }),
      ...(body && {
        'content-type': isForm ? 'application/x-www-form-urlencoded' : 'application/json',
      }),
      ...own,
      ...headers,
    },
    ...(body && { payload: text }),
  });
}

const isReplayed = ({ headers }: Response) => headers['idempotency-replayed'] === 'true';

/** What is answered alike, however often. */
const answerOf = ({ statusCode, headers, rawPayload }: Response) => ({
  statusCode,
  type: headers['content-type'],
  bytes: rawPayload.toString('base64'),
});

const adaFields = { name: 'Ada', email: 'ada@example.com', password: PASSWORD };
const newUser = { is_enabled: true, ...adaFields };
const person = { name: 'Orion', email: 'orion@example.com', password: PASSWORD };

const aKey = async (type = 'KEY') => {
  const { user } = await enrolled(server);
  const input = { type, name: 'k', user_id: user.id };
  return { user, ...(await server.json('POST', '/v1/key', input)).json().data };
};
/** A user with a session, and a seed or a factor. */
const aPerson = async (has: 'nothing' | 'seed' | 'factor' = 'nothing') => {
  const { user, access } = await aSession();
  const headers = { 'user-authorization': `token ${access.token}` };
  const post = async (path: string, body: Fields) =>
    (await server.json('POST', `/v1/auth/factor/totp${path}`, body, { headers })).json();
  const { secret: seed = '' } = has === 'nothing' ? {} : await post('', { user_id: user.id });
  const codeAt = (at: number) => server.totp.codeAt(seed, at);
  if (has === 'factor') {
    const totp = codeAt(server.clock.now() - 30_000);
    await post('/confirm', { user_id: user.id, totp });
  }
  return { user, headers, seed, totp: codeAt(server.clock.now()) };
};
const aSession = async () => {
  await enrolled(server);
  const claim = { email: adaFields.email, password: PASSWORD };
  return (await server.json('POST', `${LOCAL}/login`, claim)).json();
};
const aBearer = async () => `Bearer ${(await signedUp(server, person.email)).token}`;
const sessionIds = async (url: string, authorization: string): Promise<string[]> => {
  const list = (await server.app.inject({ url, headers: { authorization } })).json();
  return (list.data ?? list).map(({ id }: { id: string }) => id);
};

/** A user whom the service proves as well, or a person with a token, and the answers of an authenticator. */
const aPasskey = async (url: string) => {
  const isForm = url.startsWith('/users');
  const authorization = isForm ? await aBearer() : server.serviceKey;
  const headers: Record<string, string> = isForm
    ? {}
    : { 'user-authorization': `token ${(await aSession()).access.token}` };
  const email = isForm ? person.email : adaFields.email;
  const origin = 'https://rekey.example';
  const authenticator = fakeAuthenticator();
  const ask = async (path: string, body: Fields, key: string) =>
    (await send('POST', { url: `${url}/${path}`, body, authorization, headers }, key)).json();
  const asField = (response: object) => (isForm ? JSON.stringify(response) : response);
  const answer = async () => {
    const { options } = await ask('register/start', { email }, 'start');
    return { email, origin, response: asField(await authenticator.create(options)) };
  };
  const add = async () => ask('register/finish', await answer(), 'finish');
  const show = async () => {
    const { options } = await ask('authenticate/start', { email }, 'ask');
    return { email, response: asField(await authenticator.get(options)) };
  };
  const list = async () => {
    const path = isForm ? 'credentials' : 'credential';
    const found = await server.app.inject({
      url: `${url}/${path}`,
      headers: { authorization, ...headers },
    });
    const [{ id }] = isForm ? found.json() : found.json().data;
    return `${url}/${path}/${id}`;
  };
  return { email, authorization, headers, answer, add, show, list };
};
const V1_PASSKEYS = '/v1/auth/webauthn';
const FORM_PASSKEYS = '/users/webauthn';
const passkeyRequests = (url: string) => ({
  start: async () => {
    const { email, authorization, headers } = await aPasskey(url);
    return { url: `${url}/register/start`, body: { email }, authorization, headers };
  },
  finish: async () => {
    const { answer, authorization, headers } = await aPasskey(url);
    return { url: `${url}/register/finish`, body: await answer(), authorization, headers };
  },
  ask: async () => {
    const { email } = await aPasskey(url);
    const authorization = url === FORM_PASSKEYS ? null : server.serviceKey;
    return { url: `${url}/authenticate/start`, body: { email }, authorization };
  },
  enter: async () => {
    const { add, show } = await aPasskey(url);
    await add();
    const authorization = url === FORM_PASSKEYS ? null : server.serviceKey;
    return { url: `${url}/authenticate/finish`, body: await show(), authorization };
  },
  remove: async () => {
    const { add, list, authorization, headers } = await aPasskey(url);
    await add();
    return { url: await list(), authorization, headers };
  },
});

/** A request that locks an account, at one of the four paths. */
const aLock = async (flow: string) => {
  const { url, body } = (await requests.updatePassword?.()) ?? { url: '' };
  await server.json('POST', url, body);
  const [token] = await server.mailedTokens();
  return { url: `${LOCAL}/${flow}/revoke`, body: { token } };
};
/** The id of a user whose account is locked. */
const aLockedUser = async (): Promise<string> => {
  const { url, body } = await aLock('update-password');
  await server.json('POST', url, body);
  const { data } = (await server.json('GET', '/v1/user')).json();
  return data[0].id;
};

/** The body of a registration at the service, which takes them. */
const aRegistration = async () => {
  await server.json('PATCH', `/v1/service/${server.service.id}`, { user_allow_register: true });
  return { name: adaFields.name, email: adaFields.email };
};

/** The path of a webhook of the service. */
const aWebhook = async () => {
  const created = await server.json('POST', '/v1/webhook', { url: 'https://shop.example/hook' });
  return `/v1/webhook/${created.json().data.id}`;
};

/** A token that Google gives a page, of somebody who is new here. */
const aGoogleToken = () =>
  server.providers.tokenFor({
    provider: 'google',
    issuer: 'https://accounts.google.com',
    subject: '110169',
    verifiedEmail: 'vega@example.com',
    name: 'Vega',
  });

/** A request of each route that can come again, by the name of its operation. */
const requests: Record<string, () => Promise<Request>> = {
  startPasskey: passkeyRequests(V1_PASSKEYS).start,
  addPasskey: passkeyRequests(V1_PASSKEYS).finish,
  askForPasskey: passkeyRequests(V1_PASSKEYS).ask,
  logInWithPasskey: passkeyRequests(V1_PASSKEYS).enter,
  removePasskey: passkeyRequests(V1_PASSKEYS).remove,
  startOwnPasskey: passkeyRequests(FORM_PASSKEYS).start,
  addOwnPasskey: passkeyRequests(FORM_PASSKEYS).finish,
  askForOwnPasskey: passkeyRequests(FORM_PASSKEYS).ask,
  signInWithPasskey: passkeyRequests(FORM_PASSKEYS).enter,
  removeOwnPasskey: passkeyRequests(FORM_PASSKEYS).remove,
  createUser: async () => ({ url: '/v1/user', body: newUser }),
  updateUser: async () => {
    const { user } = await enrolled(server);
    return { url: `/v1/user/${user.id}`, body: { name: 'Countess' } };
  },
  deleteUser: async () => {
    const created = await server.json('POST', '/v1/user', newUser);
    return { url: `/v1/user/${created.json().data.id}` };
  },
  createKey: async () => {
    const { user } = await enrolled(server);
    return { url: '/v1/key', body: { type: 'KEY', name: 'k', user_id: user.id } };
  },
  updateKey: async () => ({ url: `/v1/key/${(await aKey()).key.id}`, body: { name: 'other' } }),
  rotateKey: async () => ({
    url: `/v1/key/${(await aKey()).key.id}/rotate`,
    body: { overlap_s: 60 },
  }),
  deleteKey: async () => ({ url: `/v1/key/${(await aKey()).key.id}` }),
  verifyKey: async () => ({ url: '/v1/auth/key/verify', body: { key: (await aKey()).value } }),
  revokeKey: async () => ({ url: '/v1/auth/key/revoke', body: { key: (await aKey()).value } }),
  createService: async () => ({
    url: '/v1/service',
    body: { name: 'Other', url: 'https://other.example' },
    authorization: server.rootKey,
  }),
  updateService: async () => ({ url: `/v1/service/${server.service.id}`, body: { name: 'Store' } }),
  deleteService: async () => {
    const input = { name: 'Other', url: 'https://other.example' };
    const headers = { authorization: server.rootKey };
    const created = await server.json('POST', '/v1/service', input, { headers });
    return { url: `/v1/service/${created.json().data.id}`, authorization: server.rootKey };
  },
  createWebhook: async () => ({ url: '/v1/webhook', body: { url: 'https://shop.example/hook' } }),
  updateWebhook: async () => ({ url: await aWebhook(), body: { description: 'other' } }),
  deleteWebhook: async () => ({ url: await aWebhook() }),
  rotateWebhook: async () => ({ url: `${await aWebhook()}/rotate` }),
  testWebhook: async () => ({ url: `${await aWebhook()}/test` }),
  replayWebhook: async () => ({
    url: `${await aWebhook()}/replay`,
    body: { from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z' },
  }),
  login: async () => {
    await enrolled(server);
    return { url: `${LOCAL}/login`, body: { email: adaFields.email, password: PASSWORD } };
  },
  verifyToken: async () => ({
    url: '/v1/auth/token/verify',
    body: { token: (await aSession()).access.token },
  }),
  refreshToken: async () => ({
    url: '/v1/auth/token/refresh',
    body: { token: (await aSession()).refresh.token },
  }),
  revokeToken: async () => ({
    url: '/v1/auth/token/revoke',
    body: { token: (await aSession()).access.token },
  }),
  logOut: async () => ({
    url: '/v1/auth/logout',
    body: { token: (await aSession()).access.token, all: true },
  }),
  endSession: async () => {
    const { user } = await aSession();
    const [id] = await sessionIds(`/v1/session?user_id=${user.id}`, server.serviceKey);
    return { url: `/v1/session/${id}` };
  },
  endSessions: async () => {
    const { user } = await aSession();
    return { url: `/v1/session?user_id=${user.id}` };
  },
  checkPassword: async () => ({ url: '/v1/password/check', body: { password: PASSWORD } }),
  updatePassword: async () => {
    await enrolled(server);
    const body = { email: adaFields.email, password: PASSWORD, new_password: NEW_PASSWORD };
    return { url: `${LOCAL}/update-password`, body };
  },
  updateEmail: async () => {
    await enrolled(server);
    const body = { email: adaFields.email, password: PASSWORD, new_email: 'ada@example.net' };
    return { url: `${LOCAL}/update-email`, body };
  },
  requestReset: async () => {
    await enrolled(server);
    return { url: `${LOCAL}/reset-password`, body: { email: adaFields.email } };
  },
  confirmReset: async () => {
    await enrolled(server);
    await server.json('POST', `${LOCAL}/reset-password`, { email: adaFields.email });
    const [token] = await server.mailedTokens();
    return { url: `${LOCAL}/reset-password/confirm`, body: { token, password: NEW_PASSWORD } };
  },
  revokeRegister: () => aLock('register'),
  revokeResetPassword: () => aLock('reset-password'),
  revokeUpdateEmail: () => aLock('update-email'),
  revokeUpdatePassword: () => aLock('update-password'),
  recoverUser: async () => ({ url: `/v1/user/${await aLockedUser()}/recover` }),
  confirmRecovery: async () => {
    await server.json('POST', `/v1/user/${await aLockedUser()}/recover`);
    const [token] = await server.mailedTokens();
    return { url: `${LOCAL}/recover/confirm`, body: { token, password: 'one that nobody had' } };
  },
  register: async () => ({ url: `${LOCAL}/register`, body: await aRegistration() }),
  confirmRegistration: async () => {
    await server.json('POST', `${LOCAL}/register`, await aRegistration());
    const [token] = await server.mailedTokens();
    return { url: `${LOCAL}/register/confirm`, body: { token, password: PASSWORD } };
  },
  validateEmail: async () => {
    await enrolled(server);
    const body = { email: adaFields.email, password: PASSWORD, new_email: 'ada@example.net' };
    await server.json('POST', `${LOCAL}/update-email`, body);
    const token = (await server.mailedTokens()).at(-1);
    return { url: `${LOCAL}/validate-email/confirm`, body: { token } };
  },
  verifyTotp: async () => {
    const { user, value } = await aKey('TOTP');
    const totp = server.totp.codeAt(value, server.clock.now());
    return { url: '/v1/auth/totp', body: { user_id: user.id, totp } };
  },
  enrolTotp: async () => {
    const { user, headers } = await aPerson();
    return { url: '/v1/auth/factor/totp', body: { user_id: user.id }, headers };
  },
  confirmTotp: async () => {
    const { user, headers, seed } = await aPerson('seed');
    const totp = server.totp.codeAt(seed, server.clock.now());
    return { url: '/v1/auth/factor/totp/confirm', body: { user_id: user.id, totp }, headers };
  },
  removeTotp: async () => {
    const { user, headers, totp } = await aPerson('factor');
    return { url: '/v1/auth/factor/totp/remove', body: { user_id: user.id, totp }, headers };
  },
  renewRecoveryCodes: async () => {
    const { user, headers, totp } = await aPerson('factor');
    const url = '/v1/auth/factor/totp/recovery-codes';
    return { url, body: { user_id: user.id, totp }, headers };
  },
  loginFactor: async () => {
    const { totp } = await aPerson('factor');
    const claim = { email: adaFields.email, password: PASSWORD };
    const { challenge } = (await server.json('POST', `${LOCAL}/login`, claim)).json();
    return { url: `${LOCAL}/login/factor`, body: { challenge, totp } };
  },
  stepUp: async () => ({
    url: '/v1/auth/token/step-up',
    body: { token: (await aSession()).access.token, password: PASSWORD },
  }),
  verifyCsrfToken: async () => {
    const made = await server.json('GET', '/v1/auth/csrf');
    return { url: '/v1/auth/csrf', body: { csrf: made.json().csrf.value } };
  },
  createAuditEntry: async () => {
    const { user } = await enrolled(server);
    const body = { type: 'shop:Order', subject: 'order 7', data: { a: 1 }, user_id: user.id };
    return { url: '/v1/audit', body };
  },
  amendAuditEntry: async () => {
    const entry = await server.json('POST', '/v1/audit', { type: 'shop:Order' });
    return { url: `/v1/audit/${entry.json().data.id}`, body: { subject: 'order 7' } };
  },
  signInWithProvider: async () => {
    const { comeBack } = await withProviders(server);
    return { url: `${GITHUB}/oauth2`, body: await comeBack(`${GITHUB}/oauth2`) };
  },
  linkProvider: async () => {
    const { comeBack, asUser } = await withProviders(server);
    const headers = await asUser();
    return { url: `${GITHUB}/link`, body: await comeBack(`${GITHUB}/link`, headers), headers };
  },
  unlinkProvider: async () => {
    const { url, body, headers = {} } = (await requests.linkProvider?.()) ?? { url: '' };
    const linked = await server.json('POST', url, body, { headers });
    return { url: `/v1/auth/provider/link/${linked.json().data.id}`, headers };
  },
  signInWithGoogle: async () => ({
    url: '/users/login/google',
    body: { idToken: aGoogleToken() },
    authorization: null,
  }),
  linkGoogle: async () => {
    const authorization = await aBearer();
    await proveAddress(server, person.email);
    return { url: '/users/providers/google', body: { idToken: aGoogleToken() }, authorization };
  },
  unlinkOwnProvider: async () => {
    const { url, body, authorization } = (await requests.linkGoogle?.()) ?? { url: '' };
    const fields = { idToken: String(body?.idToken) };
    const headers = { authorization: String(authorization) };
    const linked = await server.form('POST', url, fields, headers);
    return { url: `/users/providers/${linked.json().id}`, authorization: authorization ?? null };
  },
  signUp: async () => ({ url: '/users/create', body: person, authorization: null }),
  signUpAndSignIn: async () => ({
    url: '/users/createAuthenticate',
    body: person,
    authorization: null,
  }),
  signIn: async () => {
    await signedUp(server, person.email);
    const { email, password } = person;
    return { url: '/users/login', body: { email, password }, authorization: null };
  },
  authenticate: async () => ({ ...(await requests.signIn?.()), url: '/users/authenticate' }),
  signInWithFactor: async () => {
    const code = await aFactor();
    const { email, password } = person;
    const login = await server.form('POST', '/users/login', { email, password });
    const { challenge } = login.json();
    return { url: '/users/login/2fa', body: { email, code, challenge }, authorization: null };
  },
  signInWithGoogleAndFactor: async () => ({
    ...((await requests.signInWithFactor?.()) ?? {}),
    url: '/users/login/google/2fa',
  }),
  validateFactor: async () => {
    await signedUp(server, person.email);
    const { email } = person;
    const code = codeOf(await aSeed());
    return { url: '/users/google/2FAuth/validate', body: { email, code }, authorization: null };
  },
  showSeed: async () => {
    await signedUp(server, person.email);
    const { email, password } = person;
    return {
      url: '/users/google/2FAuth/qrCode',
      body: { email, password },
      authorization: null,
      headers: { accept: 'application/json' },
    };
  },
  changeFactorDemands: async () => {
    const code = await aFactor();
    const { email } = person;
    const authorization = `Bearer ${factorToken}`;
    return { url: '/users/2fa/settings', body: { email, code }, authorization };
  },
  disableFactor: async () => {
    const code = await aFactor();
    return { url: '/users/2fa/disable', body: { code }, authorization: `Bearer ${factorToken}` };
  },
  renewOwnRecoveryCodes: async () => {
    const code = await aFactor();
    const authorization = `Bearer ${factorToken}`;
    return { url: '/users/2fa/recoveryCodes', body: { code }, authorization };
  },
  endOwnSession: async () => {
    const authorization = await aBearer();
    const before = await sessionIds('/users/sessions', authorization);
    await server.form('POST', '/users/login', { email: person.email, password: PASSWORD });
    const ids = await sessionIds('/users/sessions', authorization);
    return { url: `/users/sessions/${ids.find((id) => !before.includes(id))}`, authorization };
  },
  changeAccount: async () => ({
    url: '/users/update',
    ...(await ownAccount({ name: 'Ada', password: PASSWORD })),
  }),
  changeEmail: async () => ({
    url: '/users/update/email',
    ...(await ownAccount({ newEmail: 'rigel@example.com' })),
  }),
  proveEmail: async () => {
    const { email } = person;
    await signedUp(server, email);
    const [code] = await server.mailedTokens();
    return { url: '/users/validateEmail', body: { email, code }, authorization: null };
  },
  sendValidationTo: async () => ({
    url: `/v1/user/${(await enrolled(server)).user.id}/validate-email`,
    body: {},
  }),
  sendValidation: async () => ({
    url: '/users/validateEmail/send',
    body: {},
    authorization: await aBearer(),
  }),
  changePassword: async () => {
    const body = { email: person.email, password: PASSWORD, newPassword: NEW_PASSWORD };
    return { url: '/users/update/password', body, authorization: await aBearer() };
  },
  changePasswordSignedOut: async () => ({
    ...((await requests.changePassword?.()) ?? { url: '' }),
    authorization: null,
  }),
  recoverPassword: () => anAccountToRecover(),
  confirmRecoverPassword: async () => {
    const { url, body } = await anAccountToRecover();
    await server.form('POST', url, { email: String(body?.email) });
    const token = (await server.mailedTokens()).at(-1) ?? '';
    const fields = { token, newPassword: NEW_PASSWORD };
    return { url: '/users/recoverPassword/confirm', body: fields, authorization: null };
  },
};

const aSeed = async (): Promise<string> => {
  const { email, password } = person;
  const headers = { accept: 'application/json' };
  const url = '/users/google/2FAuth/qrCode';
  return (await server.form('POST', url, { email, password }, headers)).json().secret;
};
const codeOf = (seed: string, at = server.clock.now()) => server.totp.codeAt(seed, at);

/** The token of the session that confirmed the factor last. */
let factorToken = '';

/** Gives the person a factor; answers a code of it. */
const aFactor = async (): Promise<string> => {
  await signedUp(server, person.email);
  const seed = await aSeed();
  const { email } = person;
  const code = codeOf(seed, server.clock.now() - 30_000);
  const login = await server.form('POST', '/users/google/2FAuth/validate', { email, code });
  factorToken = login.json().token;
  return codeOf(seed);
};

/** A forgotten password of an account of the form dialect. */
const anAccountToRecover = async (): Promise<Request> => {
  await signedUp(server, person.email);
  return { url: '/users/recoverPassword', body: { email: person.email }, authorization: null };
};

const ownAccount = async (fields: Fields): Promise<Omit<Request, 'url'>> => ({
  authorization: await aBearer(),
  body: { email: person.email, ...fields },
});

/** These end the session that asks: the request that comes again proves nobody. */
const endings: Record<string, () => Promise<Request>> = {
  deleteAccount: async () => ({
    url: '/users/delete',
    ...(await ownAccount({ password: PASSWORD })),
  }),
  removeAccount: async () => ({
    url: '/users/delete',
    ...(await ownAccount({ password: PASSWORD })),
  }),
  signOut: async () => ({ url: '/users/logout', body: {}, authorization: await aBearer() }),
};

const described = await rig();
await described.app.ready();
const repeatable = described.routes().filter(({ schema }) => schema.isRepeatable);
const routeOf = (operation: string) => {
  const route = repeatable.find(({ schema }) => schema.operationId === operation);
  if (!route) throw new Error(`there is no ${operation}`);
  return route;
};

describe('a request that comes again with its key', () => {
  it('has an example here for each route that changes something', () => {
    const routes = repeatable.map(({ schema }) => schema.operationId);
    const examples = [...Object.keys(requests), ...Object.keys(endings)];
    expect(routes.filter((name) => !examples.includes(name ?? ''))).toEqual([]);
  });

  it.each(
    Object.keys(requests).filter((name) =>
      repeatable.some(({ schema }) => schema.operationId === name),
    ),
  )('is answered as before to the byte, and done once: %s', async (operation) => {
    const { method } = routeOf(operation);
    const request = await (requests[operation] as () => Promise<Request>)();
    const before = server.committed.length;
    const first = await send(method, request, 'key-1');
    expect([first.statusCode < 300, first.body, isReplayed(first)]).toEqual([
      true,
      first.body,
      false,
    ]);

    // The answer is in the transaction of the change, and not in one of its own.
    const committed = server.committed.slice(before);
    const keeping = committed.filter((verbs) => verbs.includes('keptAnswers.insert'));
    expect(keeping).toHaveLength(1);
    const hasChanged = committed.some((verbs) => verbs.includes('audit.insert'));
    expect(keeping[0]?.includes('audit.insert')).toBe(hasChanged);

    const again = await send(method, request, 'key-1');
    expect(answerOf(again)).toEqual(answerOf(first));
    expect(isReplayed(again)).toBe(true);
    expect(server.committed.length).toBe(before + committed.length);
  });

  it.each(Object.keys(endings))(
    'is nobody’s where it ended the session that asked: %s',
    async (operation) => {
      const { method } = routeOf(operation);
      const request = await (endings[operation] as () => Promise<Request>)();
      expect((await send(method, request, 'key-1')).statusCode).toBeLessThan(300);
      expect((await send(method, request, 'key-1')).statusCode).toBe(401);
    },
  );

  it('is done once, however many come at once', async () => {
    const request = { url: '/v1/user', body: newUser };
    const all = await Promise.all(Array.from({ length: 8 }, () => send('POST', request, 'k')));
    const codes = all.map((each) => (each.statusCode === 200 ? 200 : each.json().code));
    expect(codes.every((code) => code === 200 || code === 'idempotency_key_in_use')).toBe(true);
    expect(all.filter((each) => each.statusCode === 200 && !isReplayed(each))).toHaveLength(1);
    expect(isReplayed(await send('POST', request, 'k'))).toBe(true);
  });

  it('is refused as under way until it is answered, and is answered from then on', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const started = Promise.withResolvers<void>();
    const hash = async () => {
      started.resolve();
      await promise;
      return 'hash';
    };
    server = await rig({ ports: (ports) => ({ hasher: { ...ports.hasher, hash } }) });
    const request = { url: '/v1/user', body: newUser };
    const first = send('POST', request, 'k');
    await started.promise;
    const second = await send('POST', request, 'k');
    const text = 'a request with this idempotency key is under way';
    expect([second.statusCode, second.json()]).toStrictEqual([
      409,
      problemAt('/v1', 'idempotency_key_in_use', text),
    ]);
    const other = await send('POST', { ...request, body: { ...newUser, name: 'Bob' } }, 'k');
    expect(other.statusCode).toBe(422);
    resolve();
    expect((await first).statusCode).toBe(200);
    expect(isReplayed(await send('POST', request, 'k'))).toBe(true);
  });
});

describe('a key', () => {
  const request = { url: '/v1/user', body: newUser };

  it.each([
    ['another body', { ...request, body: { ...newUser, name: 'Bob' } }, 'POST'],
    [
      'another path',
      {
        url: '/v1/key',
        body: { type: 'KEY', name: 'k', user_id: '01900000-0000-7000-8000-000000000001' },
      },
      'POST',
    ],
    ['another method', { url: '/v1/key/01900000-0000-7000-8000-000000000001' }, 'DELETE'],
  ])('stands for one request: %s is 422', async (_what, other, method) => {
    await send('POST', request, 'k');
    const before = server.commits();
    const response = await send(method, other, 'k');
    expect([response.statusCode, response.json()]).toStrictEqual([
      422,
      problemAt(
        '/v1',
        'idempotency_key_reused',
        'this idempotency key was used for another request',
      ),
    ]);
    expect(server.commits()).toBe(before);
  });

  it('counts null for an optional field as not sent, as the body does', async () => {
    const first = await send('POST', request, 'k');
    const again = await send('POST', { ...request, body: { ...newUser, locale: null } }, 'k');
    expect(answerOf(again)).toEqual(answerOf(first));
  });

  it.each([
    ['empty', ''],
    ['of 256 characters', 'k'.repeat(256)],
    ['with a space', 'a b'],
    ['with a control character', 'a\u0001'],
    ['with a letter that is not ASCII', 'é'],
    ['named twice', ['a', 'b']],
  ])('is refused where it is %s', async (_what, key) => {
    const before = server.commits();
    const response = await send('POST', request, key as string);
    expect([response.statusCode, response.json().errors]).toEqual([
      400,
      [
        {
          field: 'Idempotency-Key',
          message: 'must be 1 to 255 visible characters',
          code: 'malformed',
        },
      ],
    ]);
    expect(server.commits()).toBe(before);
  });

  it.each(['!', '~', 'k'.repeat(255), '"8e03978e-40d5-43dd-bc93-6894a57f9324"'])(
    'may be %s',
    async (key) => {
      expect((await send('POST', request, key)).statusCode).toBe(200);
      expect(isReplayed(await send('POST', request, key))).toBe(true);
    },
  );

  it('is passed over by a request that changes nothing', async () => {
    const { user } = await enrolled(server);
    const read = () => send('GET', { url: `/v1/user/${user.id}` }, 'a b');
    expect((await read()).statusCode).toBe(200);
  });

  it('is one for each service, root key, person and stranger', async () => {
    const entry = async (authorization: string, subject: string) => {
      const body = { type: 'shop:Order', subject };
      return (await send('POST', { url: '/v1/audit', body, authorization }, 'k')).statusCode;
    };
    expect(await entry(server.serviceKey, 'one')).toBe(200);
    expect(await entry(await server.otherServiceKey(), 'two')).toBe(200);
    expect(await entry(server.rootKey, 'three')).toBe(200);

    const create = (email: string, remoteAddress = '127.0.0.1') =>
      server.app.inject({
        method: 'POST',
        url: '/users/create',
        headers: {
          'idempotency-key': 'k',
          'content-type': 'application/x-www-form-urlencoded',
        },
        payload: new URLSearchParams({ ...person, email }).toString(),
        remoteAddress,
      });
    const first = await create('one@example.com');
    expect(first.statusCode).toBe(200);
    expect((await create('two@example.com')).statusCode).toBe(200);
    expect(isReplayed(await create('ONE@example.com'))).toBe(false);
    expect(isReplayed(await create('one@example.com'))).toBe(true);
    // Somebody elsewhere gets nothing of the answer; the sign-up itself may be repeated with its password.
    expect(isReplayed(await create('one@example.com', '127.0.0.2'))).toBe(false);
  });

  it('is one for a person in all sessions', async () => {
    const one = await aBearer();
    const login = await server.form('POST', '/users/login', person);
    const request = { url: '/users/update', body: { email: person.email, name: 'Ada' } };
    const first = await send('PUT', { ...request, authorization: one }, 'k');
    const other = { ...request, authorization: `Bearer ${login.json().token}` };
    const again = await send('PUT', other, 'k');
    expect([answerOf(again), isReplayed(again)]).toEqual([answerOf(first), true]);
  });

  it('is looked up after credentials and shape', async () => {
    await send('POST', request, 'k');
    const wrongKey = { ...request, authorization: 'wrong' };
    expect((await send('POST', wrongKey, 'k')).statusCode).toBe(401);
    const malformed = { ...request, body: { ...newUser, name: 1 } };
    expect((await send('POST', malformed, 'k')).statusCode).toBe(400);
  });

  it('is good for 24 hours', async () => {
    const first = await send('POST', request, 'k');
    server.clock.set(START + DAY_MS - 1);
    expect(answerOf(await send('POST', request, 'k'))).toEqual(answerOf(first));
    server.clock.set(START + DAY_MS);
    const anew = await send('POST', request, 'k');
    expect([anew.statusCode, isReplayed(anew)]).toEqual([400, false]);
    expect(anew.json().errors[0].field).toBe('email');
  });
});

describe('an answer', () => {
  it('is kept where the business refuses', async () => {
    await enrolled(server);
    const request = { url: '/v1/user', body: newUser };
    const first = await send('POST', request, 'k');
    expect(first.statusCode).toBe(400);
    const again = await send('POST', request, 'k');
    expect([answerOf(again), isReplayed(again)]).toEqual([answerOf(first), true]);
  });

  it('to a wrong password counts one try, and is kept where it is no 401', async () => {
    await enrolled(server);
    const request = {
      url: `${LOCAL}/login`,
      body: { email: adaFields.email, password: 'wrong horse' },
    };
    const first = await send('POST', request, 'k');
    expect(first.statusCode).toBe(400);
    for (let i = 0; i < 9; i += 1) expect(isReplayed(await send('POST', request, 'k'))).toBe(true);
    const right = { ...request, body: { ...request.body, password: PASSWORD } };
    expect((await send('POST', right, 'right')).statusCode).toBe(200);

    const form = {
      url: '/users/login',
      body: { email: adaFields.email, password: 'wrong horse' },
      authorization: null,
    };
    expect((await send('POST', form, 'f')).statusCode).toBe(401);
    const tried = await send('POST', form, 'f');
    expect([tried.statusCode, isReplayed(tried)]).toEqual([401, false]);
  });

  it('that is a 403, a 429 or a 5xx is not kept, and the key is free again', async () => {
    const errors = [() => new Unavailable(1), () => new Error('planted')];
    for (const error of errors) {
      server = await rig({
        rooms: () =>
          ({ users: { createUser: { execute: () => Promise.reject(error()) } } }) as never,
      });
      const request = { url: '/v1/user', body: newUser };
      const [first, again] = [await send('POST', request, 'k'), await send('POST', request, 'k')];
      expect([first.statusCode >= 500, isReplayed(first), isReplayed(again)]).toEqual([
        true,
        false,
        false,
      ]);
    }
    server = await rig({ settings: { usersSignup: false } });
    const closed = { url: '/users/create', body: person, authorization: null };
    for (let i = 0; i < 2; i += 1) {
      const response = await send('POST', closed, 'k');
      expect([response.statusCode, isReplayed(response)]).toEqual([403, false]);
    }
  });

  it('is given as it was where the request itself would fail now, with nothing of that failure', async () => {
    let isFull = false;
    server = await rig({
      ports: ({ hasher }) => ({
        hasher: {
          ...hasher,
          hash: async (...password) => {
            if (isFull) throw new Unavailable(1);
            return hasher.hash(...password);
          },
        },
      }),
    });
    const request = { url: '/v1/user', body: newUser };
    const first = await send('POST', request, 'k');
    isFull = true;
    const refused = await send('POST', request, 'other');
    expect([refused.statusCode, refused.headers['retry-after']]).toEqual([503, '1']);
    const again = await send('POST', request, 'k');
    expect([answerOf(again), isReplayed(again)]).toEqual([answerOf(first), true]);
    expect(again.headers).not.toHaveProperty('retry-after');
  });

  it('with tokens of a session is not given again once the session has ended: the request is done anew', async () => {
    await enrolled(server);
    const request = { url: `${LOCAL}/login`, body: { email: adaFields.email, password: PASSWORD } };
    const first = await send('POST', request, 'k');
    expect(isReplayed(await send('POST', request, 'k'))).toBe(true);
    const { token } = first.json().access;
    expect((await server.json('POST', '/v1/auth/logout', { token })).statusCode).toBe(200);
    const anew = await send('POST', request, 'k');
    expect([anew.statusCode, isReplayed(anew)]).toEqual([200, false]);
    expect(anew.json().access.token).not.toBe(token);
    expect(answerOf(await send('POST', request, 'k'))).toEqual(answerOf(anew));
  });

  it('that verified a key is not given again once the key is revoked, nor is its entry written twice', async () => {
    const { value } = await aKey();
    const request = { url: '/v1/auth/key/verify', body: { key: value, audit: 'shop:Call' } };
    const first = await send('POST', request, 'k');
    const entries = async () =>
      (await server.json('GET', '/v1/audit?type=shop%3ACall')).json().data.length;
    expect(await entries()).toBe(1);
    const again = await send('POST', request, 'k');
    expect([answerOf(again), isReplayed(again)]).toEqual([answerOf(first), true]);
    expect(await entries()).toBe(1);
    await server.json('POST', '/v1/auth/key/revoke', { key: value });
    const refused = await send('POST', request, 'k');
    expect([refused.statusCode, refused.json().code]).toEqual([400, 'invalid_token']);
    expect(isReplayed(refused)).toBe(false);
  });

  it('that verified a token is not given again once its session has ended', async () => {
    const { access } = await aSession();
    const request = { url: '/v1/auth/token/verify', body: { token: access.token } };
    await send('POST', request, 'k');
    expect(isReplayed(await send('POST', request, 'k'))).toBe(true);
    await server.json('POST', '/v1/auth/logout', { token: access.token });
    expect((await send('POST', request, 'k')).statusCode).toBe(400);
  });

  it('holds nothing in clear in the database, nor does the key', async () => {
    await send('POST', { url: '/v1/user', body: newUser }, 'planted-key');
    const login = { url: `${LOCAL}/login`, body: { email: adaFields.email, password: PASSWORD } };
    const { value } = await aKeyOf(await createdId());
    await send('POST', login, 'planted-key-2');
    const rows = JSON.stringify(server.answers());
    expect(server.answers()).toHaveLength(4);
    for (const text of ['planted-key', adaFields.email, PASSWORD, value, 'Ada', '/v1/user']) {
      expect(rows).not.toContain(text);
    }
  });

  const createdId = async () => {
    const again = await send('POST', { url: '/v1/user', body: newUser }, 'planted-key');
    return again.json().data.id as string;
  };
  const aKeyOf = async (id: string) => {
    const body = { type: 'TOKEN', name: 'web', user_id: id };
    const key = { type: 'KEY', name: 'k', user_id: id };
    await send('POST', { url: '/v1/key', body }, 'a');
    return (await send('POST', { url: '/v1/key', body: key }, 'b')).json().data;
  };

  it('goes with the person whom it is about', async () => {
    const created = await send('POST', { url: '/v1/user', body: newUser }, 'k');
    const { id } = created.json().data;
    const key = { type: 'KEY', name: 'k', user_id: id };
    await send('POST', { url: '/v1/key', body: key }, 'k2');
    expect(server.answers().map(({ userId }) => userId)).toEqual([id, id]);
  });
});

describe('a connection that is cut before the answer', () => {
  it('loses nothing: the request is done, and its answer is there for the next try', async () => {
    const passing = gate(2);
    const hash = async () => {
      await passing();
      return 'hash';
    };
    server = await rig({ ports: (ports) => ({ hasher: { ...ports.hasher, hash } }) });
    await server.app.listen({ port: 0, host: '127.0.0.1' });
    try {
      const { socket, send: write, closed } = await wire(server);
      const body = JSON.stringify(newUser);
      write(
        `POST /v1/user HTTP/1.1\r\nhost: x\r\nauthorization: ${server.serviceKey}\r\nidempotency-key: k\r\n` +
          `content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
      );
      const line = server.nextLine();
      socket.destroySoon();
      await closed();
      await passing();
      await line;
      await expect.poll(() => server.answers().length).toBe(1);
      const again = await send('POST', { url: '/v1/user', body: newUser }, 'k');
      expect([again.statusCode, isReplayed(again)]).toEqual([200, true]);
    } finally {
      await server.app.close();
    }
  });
});
