import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { behind } from '../../packages/adapters-db/test/behind.ts';
import { freshPostgres } from '../../packages/adapters-db/test/postgres.ts';
import { aFolder, runCli, startServer } from '../harness.ts';
import {
  type Answer,
  attack,
  LOGIN,
  NEW_PASSWORD,
  NO_ID,
  PASSWORD,
  REVOKE,
  type Target,
  UPDATE,
} from './target.ts';

/** Every route that takes a body, with the fields that it takes. */
const routes: Record<string, { method: string; fields: string[]; type: 'json' | 'form' }> = {
  '/v1/user': {
    method: 'POST',
    type: 'json',
    fields: [
      'is_enabled',
      'name',
      'email',
      'locale',
      'timezone',
      'password',
      'password_allow_reset',
      'password_require_update',
    ],
  },
  '/v1/key': { method: 'POST', type: 'json', fields: ['is_enabled', 'type', 'name', 'user_id'] },
  [LOGIN]: { method: 'POST', type: 'json', fields: ['email', 'password'] },
  [UPDATE]: { method: 'POST', type: 'json', fields: ['email', 'password', 'new_password'] },
  [REVOKE]: { method: 'POST', type: 'json', fields: ['token'] },
  '/v1/auth/token/verify': { method: 'POST', type: 'json', fields: ['token'] },
  '/v1/auth/token/refresh': { method: 'POST', type: 'json', fields: ['token'] },
  '/v1/auth/token/revoke': { method: 'POST', type: 'json', fields: ['token'] },
  '/v1/auth/key/verify': { method: 'POST', type: 'json', fields: ['key'] },
  '/v1/auth/key/revoke': { method: 'POST', type: 'json', fields: ['key'] },
  '/v1/auth/totp': { method: 'POST', type: 'json', fields: ['user_id', 'totp'] },
  '/users/create': { method: 'POST', type: 'form', fields: ['name', 'email', 'password'] },
  '/users/login': { method: 'POST', type: 'form', fields: ['email', 'password'] },
  '/users/update/password': {
    method: 'PUT',
    type: 'form',
    fields: ['email', 'password', 'newPassword'],
  },
  '/local': { method: 'POST', type: 'form', fields: ['token'] },
};

/** What makes the other fields of a route pass, so that the planted one is looked at last of all. */
const valid: Record<string, string | boolean> = {
  is_enabled: true,
  password_allow_reset: true,
  password_require_update: false,
  name: 'Ada',
  email: 'nobody@example.com',
  locale: 'en',
  timezone: 'Etc/UTC',
  password: 'not the password',
  new_password: 'something else',
  newPassword: 'something else',
  type: 'KEY',
  user_id: NO_ID,
  token: 'rkv_x',
  key: 'rku_x',
  totp: '000000',
};

type Request = { method: string; url: string; headers: Record<string, string>; payload?: string };

/** Requests that hold the secret in every place in turn: each field, an unknown one, its name, the query, the path, headers. */
function requestsWith(secret: string, credentials: { key: string; bearer: string }): Request[] {
  const planted: Request[] = [];
  const usual = (url: string) => ({
    authorization: url.startsWith('/users') ? `Bearer ${credentials.bearer}` : credentials.key,
  });
  const requests = (url: string, fields: Record<string, unknown>, headers = {}) => {
    const { method, type } = routes[url] ?? { method: 'POST', type: 'json' };
    const text = Object.entries(fields).map(([name, value]): [string, string] => [
      name,
      String(value),
    ]);
    planted.push({
      method,
      url,
      headers: {
        ...usual(url),
        'content-type': type === 'json' ? 'application/json' : 'application/x-www-form-urlencoded',
        ...headers,
      },
      payload: type === 'json' ? JSON.stringify(fields) : new URLSearchParams(text).toString(),
    });
  };
  for (const [url, { fields }] of Object.entries(routes)) {
    const good = Object.fromEntries(fields.map((field) => [field, valid[field]]));
    for (const field of fields) {
      // As a name it would be stored, where it belongs.
      if (field !== 'name') requests(url, { ...good, [field]: secret });
      requests(url, { ...good, [field]: { [secret]: secret } });
    }
    requests(url, { ...good, [secret]: secret });
    requests(url, { ...good, name: 7, more: secret });
    requests(`${url}?token=${secret}&${secret}`, {}, { 'content-type': 'application/json' });
    for (const authorization of [secret, `Bearer ${secret}`, `key ${secret}`, `Basic ${secret}`]) {
      requests(url, good, { authorization });
    }
    requests(url, good, { 'content-type': `text/${secret}` });
    const headers = { cookie: `a=${secret}`, referer: `http://${secret}/`, 'x-api-key': secret };
    requests(url, { email: 7 }, { ...headers, 'x-forwarded-for': secret, host: secret });
    planted.push({ method: 'POST', url, headers: usual(url), payload: `{"${secret}` });
  }
  for (const url of [
    `/v1/user/${secret}`,
    `/v1/key/${secret}`,
    `/v1/audit/${secret}`,
    `/v1/audit?user_id=${secret}&action=${secret}&from=${secret}&after=${secret}&limit=${secret}`,
    `/v1/audit?${secret}=${secret}`,
    `/${secret}`,
    `/v1/${secret}/%zz`,
    `/local?type=update_password&email=${secret}`,
    `/local/${secret}`,
    `/ping?${secret}`,
  ]) {
    planted.push(
      { method: 'GET', url, headers: usual(url) },
      { method: 'DELETE', url, headers: usual(url) },
    );
  }
  return planted;
}

/** The forms in which a secret might lie around. */
function spellings(secret: string): string[] {
  const bytes = Buffer.from(secret);
  return [
    secret,
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
    bytes.toString('hex'),
    // In the middle of more bytes, base64 has three spellings.
    ...[0, 1, 2].map((shift) =>
      Buffer.concat([Buffer.alloc(shift), bytes])
        .toString('base64')
        .slice(shift + 1, -4),
    ),
  ];
}

function expectNowhere(secrets: Record<string, string>, places: Record<string, string>): void {
  for (const [place, text] of Object.entries(places)) {
    for (const [secret, value] of Object.entries(secrets)) {
      expect(value.length).toBeGreaterThan(5);
      const found = spellings(value).filter((spelling) => text.includes(spelling));
      expect({ place, secret, found: found.length }).toEqual({ place, secret, found: 0 });
    }
  }
}

/** Every file of a folder as bytes, in a text that has each byte as one character. */
function filesIn(folder: string): Record<string, string> {
  if (!existsSync(folder)) return {};
  const files = readdirSync(folder, { recursive: true, withFileTypes: true });
  return Object.fromEntries(
    files
      .filter((entry) => entry.isFile())
      .map((entry) => path.join(entry.parentPath, entry.name))
      .map((file) => [path.relative(folder, file), readFileSync(file, 'latin1')]),
  );
}

const asText = (tables: object) => JSON.stringify(tables);
const PLANTED = 'Planted~9Jx-secret';

attack('a secret', (target) => {
  test('in any field, header, query or path of any route is found nowhere afterwards', async () => {
    const t = target();
    const bearer = await t.formLogIn(await t.signUp());
    const requests = requestsWith(PLANTED, { key: t.shop.key, bearer });
    expect(requests.length).toBeGreaterThan(200);
    const before = t.watched.length;
    const answers: string[] = [];
    for (const { method, url, headers, payload } of requests) {
      const answer = await t.send(method, url, headers, payload);
      expect(answer.status).not.toBe(500);
      // The page of a link, and a new key or user, hold what they are asked for.
      answers.push(
        `${JSON.stringify(answer.headers)}\n${answer.status === 200 ? '' : answer.text}`,
      );
    }
    expect(t.watched.length).toBeGreaterThanOrEqual(before + requests.length);
    const sqlite = t.config.databaseUrl.startsWith('sqlite:')
      ? path.dirname(t.config.databaseUrl.slice(7))
      : '';
    expectNowhere(
      { planted: PLANTED },
      {
        answers: answers.join('\n'),
        log: t.lines.join('\n'),
        metrics: t.watched.join('\n'),
        tables: asText(await t.database.tables()),
        ...filesIn(sqlite),
      },
    );
  });

  test('in a request that fails is neither told nor logged, whatever the database says of it', async () => {
    const t = target();
    const owner = await t.enrol();
    const bearer = await t.formLogIn(await t.signUp());
    const before = t.lines.length;
    await t.database.run('alter table users rename to users_gone');
    const answers: Answer[] = [];
    try {
      answers.push(
        await t.json('POST', '/v1/user', {
          is_enabled: true,
          name: PLANTED,
          email: `${PLANTED}@example.com`,
          password: PLANTED,
        }),
        await t.json('POST', LOGIN, { email: owner.email, password: PLANTED }),
        await t.json('POST', UPDATE, {
          email: owner.email,
          password: PLANTED,
          new_password: `${PLANTED}2`,
        }),
        await t.json('GET', `/v1/user/${owner.id}?${PLANTED}`),
        await t.form('POST', '/users/create', {
          name: PLANTED,
          email: `${PLANTED}@example.com`,
          password: PLANTED,
        }),
        await t.form('POST', '/users/login', {
          email: `${PLANTED}@example.com`,
          password: PLANTED,
        }),
        await t.form(
          'PUT',
          '/users/update/password',
          { email: owner.email, password: PLANTED, newPassword: `${PLANTED}2` },
          bearer,
        ),
      );
    } finally {
      await t.database.run('alter table users_gone rename to users');
    }
    for (const answer of answers) {
      expect(answer).toMatchObject({ status: 500, body: { code: 'internal' } });
      expectGuarded(answer);
      expect(Object.keys(answer.body).sort()).toEqual([
        'code',
        'detail',
        'instance',
        'status',
        'title',
        'type',
      ]);
      expect(answer.text).not.toMatch(
        /users|select|insert|sqlite|postgres|relation|\.ts|node_modules/i,
      );
    }
    const log = t.lines.slice(before).join('\n');
    expect(log).toContain('users');
    const secrets = { planted: PLANTED, email: owner.email, bearer, key: t.shop.key };
    expectNowhere(secrets, { log, answers: answers.map(({ text }) => text).join('\n') });
  });

  test('that was put to use is stored nowhere in clear', async () => {
    const t = target();
    const owner = await t.enrol({ password: 'a password of their own' });
    const used = { ...owner, password: 'a password of their own' };
    const { access, refresh } = await t.logIn(used);
    const key = await t.addKey(owner.id, 'KEY');
    const totp = await t.addKey(owner.id, 'TOTP');
    await t.json('POST', '/v1/auth/token/refresh', { token: refresh });
    const user = await t.signUp();
    const encrypted = await t.formLogIn(user);
    await t.changePassword(used, 'and then another one');
    const link = await t.linkTokenOf(owner.email);
    const sqlite = t.config.databaseUrl.startsWith('sqlite:')
      ? path.dirname(t.config.databaseUrl.slice(7))
      : '';
    const { mail: _mail, ...files } = Object.groupBy(Object.entries(filesIn(sqlite)), ([name]) =>
      name.startsWith('mail') ? 'mail' : 'database',
    );
    const secrets = {
      password: used.password,
      'new password': 'and then another one',
      'service key': t.shop.key,
      'root key': t.rootKey,
      'TOKEN key': owner.keyValue,
      KEY: key.value,
      'TOTP seed': totp.value,
      access,
      refresh,
      encrypted,
      link,
    };
    expectNowhere(secrets, {
      log: t.lines.join('\n'),
      tables: asText(await t.database.tables()),
      ...Object.fromEntries(files.database ?? []),
    });
    const { link: _link, ...others } = secrets;
    expectNowhere(others, {
      mail: (await t.mailsTo(owner.email))
        .map(({ raw, text, html }) => `${raw}${text}${html}`)
        .join(),
    });
  });
});

const POLICIES =
  /^default-src 'none'; (?:frame-ancestors 'none'|style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'(?:; script-src 'self'; connect-src 'self')?)$/;

function expectGuarded({ status, headers }: Answer): void {
  expect(headers).toMatchObject({
    'cache-control': 'no-store',
    'content-security-policy': expect.stringMatching(POLICIES),
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  });
  for (const name of [
    'server',
    'x-powered-by',
    'access-control-allow-origin',
    'set-cookie',
    'etag',
  ]) {
    expect(headers[name]).toBe(undefined);
  }
  expect('www-authenticate' in headers).toBe(status === 401);
  expect('retry-after' in headers).toBe(status === 429 || status === 503);
  if (status >= 400)
    expect(String(headers['content-type'])).toMatch(
      /^(?:application\/problem\+json|text\/html); charset=utf-8$/,
    );
}

attack('every answer is guarded', (target) => {
  let bearer: string;
  beforeAll(async () => {
    bearer = await target().formLogIn(await target().signUp());
  });
  const body = (url: string) =>
    Object.fromEntries((routes[url]?.fields ?? []).map((field) => [field, valid[field]]));
  const call = (t: Target, url: string, fields: object, key: string | null = t.shop.key) =>
    routes[url]?.type === 'json'
      ? t.json('POST', url, fields, { key })
      : t.form(
          routes[url]?.method ?? 'POST',
          url,
          fields as Record<string, string>,
          key === null ? undefined : bearer,
        );

  describe.each(Object.keys(routes))('%s', (url) => {
    const needsAuthorization = url.startsWith('/v1') || url.startsWith('/users/update');
    const requests: Record<string, (t: Target) => Promise<Answer>> = {
      'a good shape': (t) => call(t, url, body(url)),
      'an empty body': (t) => call(t, url, {}),
      'a wrong method': (t) => t.send('DELETE', url),
      'a wrong path': (t) => t.send('POST', `${url}/x/y`),
      'a wrong type': (t) =>
        t.send(
          routes[url]?.method ?? 'POST',
          url,
          {
            authorization:
              needsAuthorization && url.startsWith('/v1') ? t.shop.key : `Bearer ${bearer}`,
            'content-type': 'text/plain',
          },
          'x',
        ),
      'too large a body': (t) => call(t, url, { token: 'x'.repeat(17_000) }),
      'no authorization': (t) => call(t, url, body(url), null),
    };
    const statuses: Record<string, number[]> = {
      'an empty body': [400],
      'a wrong method': [405],
      'a wrong path': [404],
      'a wrong type': [415],
      'too large a body': [413],
      'no authorization': needsAuthorization ? [401] : [200, 400, 401],
    };
    test.each(Object.entries(requests))('after %s', async (what, request) => {
      const answer = await request(target());
      expectGuarded(answer);
      const expected = statuses[what];
      if (expected) expect(expected).toContain(answer.status);
    });
  });

  test.each([
    '/ping',
    '/health/live',
    '/health/ready',
    '/.well-known/jwks.json',
    '/.well-known/change-password',
    '/local/style.css',
    '/local/change-password.js',
    '/local/change-password',
    '/local',
  ])('GET %s', async (url) => expectGuarded(await target().send('GET', url)));

  test('with 200 and with 403', async () => {
    const t = target();
    const owner = await t.enrol({ password_require_update: true });
    const forbidden = await t.json('POST', LOGIN, { email: owner.email, password: PASSWORD });
    expect(forbidden.status).toBe(403);
    const changed = await t.changePassword(owner, NEW_PASSWORD);
    const login = await t.json('POST', LOGIN, { email: owner.email, password: NEW_PASSWORD });
    expect([changed.status, login.status]).toEqual([200, 200]);
    for (const answer of [forbidden, changed, login]) expectGuarded(answer);
  });
});

attack(
  'a client that has to wait',
  (target) => {
    test('gets a guarded 429 on every route that counts', async () => {
      const t = target();
      const bearer = await t.formLogIn(await t.signUp());
      const email = 'nobody@example.com';
      const tries = () => [
        t.json('POST', LOGIN, { email, password: 'wrong' }),
        t.json('POST', UPDATE, { email, password: 'wrong', new_password: NEW_PASSWORD }),
        t.json('POST', '/v1/auth/totp', { user_id: NO_ID, totp: '000000' }),
        t.form('POST', '/users/login', { email, password: 'wrong' }),
        t.form(
          'PUT',
          '/users/update/password',
          { email, password: 'wrong', newPassword: NEW_PASSWORD },
          bearer,
        ),
        t.form('POST', '/users/create', { name: 'Eve', email: t.newEmail(), password: PASSWORD }),
      ];
      await Promise.all([...tries(), ...tries()]);
      for (const attempt of tries()) {
        const answer = await attempt;
        expect(answer).toMatchObject({ status: 429, body: { code: 'too_many_requests' } });
        expectGuarded(answer);
      }
    });
  },
  { THROTTLE_ACCOUNT_FREE: '1', THROTTLE_CLIENT_PER_MINUTE: '1' },
);

describe('a real server that logs all it can', () => {
  const postgres = freshPostgres();

  test.each(['SQLite', 'PostgreSQL'])(
    'leaves no secret in its output and its files, on %s',
    async (name) => {
      const url = name === 'SQLite' ? 'sqlite:./data/rekey.db' : await postgres;
      if (url === null) return;
      const folder = aFolder();
      const env = { DATABASE_URL: url, LOG_LEVEL: 'trace' };
      const made = await runCli(
        folder,
        ['create-service-with-key', 'Shop', 'https://shop.example', '--json'],
        env,
      );
      const key: string = JSON.parse(made.stdout).key.value;
      const server = await startServer(folder, env);
      const send = async ({ method, url, headers, payload }: Request) => {
        const { host: _host, ...sendable } = headers;
        const response = await fetch(`${server.url}${url}`, {
          method,
          headers: sendable,
          ...(payload !== undefined && { body: payload }),
        });
        return { status: response.status, text: await response.text() };
      };
      const formType = { 'content-type': 'application/x-www-form-urlencoded' };
      const account = `email=ada%40example.com&password=${encodeURIComponent(PASSWORD)}`;
      await send({
        method: 'POST',
        url: '/users/create',
        headers: formType,
        payload: `name=Ada&${account}`,
      });
      const login = await send({
        method: 'POST',
        url: '/users/login',
        headers: formType,
        payload: account,
      });
      const bearer: string = JSON.parse(login.text).token;
      const change = `${account}&newPassword=${encodeURIComponent(NEW_PASSWORD)}`;
      const changed = await send({
        method: 'PUT',
        url: '/users/update/password',
        headers: { ...formType, authorization: `Bearer ${bearer}` },
        payload: change,
      });
      expect(changed.status).toBe(200);
      const answers = [];
      for (const request of requestsWith(PLANTED, { key, bearer })) {
        const answer = await send(request);
        if (answer.status >= 400) answers.push(answer.text);
      }
      await expect
        .poll(() => Object.keys(filesIn(path.join(folder, 'data/mail'))), { timeout: 30_000 })
        .toHaveLength(1);
      // Killed, so that what is in the write-ahead log stays there to be looked at.
      server.signal('SIGKILL');
      await server.exit;
      const database = await behind(url.replace('./', `${folder}/`));
      const tables = asText(await database.tables());
      await database.close();
      const secrets = {
        planted: PLANTED,
        key,
        bearer,
        password: PASSWORD,
        'new password': NEW_PASSWORD,
      };
      const files = filesIn(path.join(folder, 'data'));
      expect(Object.keys(files).length).toBeGreaterThan(1);
      expectNowhere(secrets, {
        output: server.output(),
        answers: answers.join('\n'),
        tables,
        ...files,
      });
    },
  );
});
