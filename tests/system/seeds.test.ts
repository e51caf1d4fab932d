import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { rekeyClient } from '@rekey/client';
import PostalMime from 'postal-mime';
import { describe, expect, test } from 'vitest';
import {
  type Answer,
  aFolder,
  call,
  createService,
  linkIn,
  post,
  type Server,
  sources,
  startMailbox,
  startServer,
} from '../harness.ts';

const FORM_TYPE = 'application/x-www-form-urlencoded';

async function form(
  server: Server,
  method: string,
  route: string,
  fields: Record<string, string>,
  token?: string,
): Promise<Answer> {
  return call(server, method, route, {
    headers: {
      'content-type': FORM_TYPE,
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body: new URLSearchParams(fields).toString(),
  });
}

const UPDATE = '/v1/auth/provider/local/update-password';
const LOGIN = '/v1/auth/provider/local/login';

describe.each(['sso-cli', 'rekey'] as const)('the first seed, word for word, by %s', (name) => {
  test('a service changes a password, the owner follows the link, and the account is locked', async () => {
    const folder = aFolder();
    const mailbox = await startMailbox();
    const options = ['--local-url', 'https://shop.example/account'];
    const created = await createService(folder, options, {}, sources[name]);
    const key: string = created.key.value;
    const server = await startServer(folder, { SMTP_URL: mailbox.url });

    const user = await post(server, key, '/v1/user', {
      is_enabled: true,
      name: 'Ada',
      email: 'Ada@Example.com',
      locale: 'en',
      timezone: 'Etc/UTC',
      password_allow_reset: true,
      password_require_update: false,
      password: 'correct horse',
    });
    expect(user).toMatchObject({ status: 200, body: { data: { email: 'ada@example.com' } } });
    const userKey = await post(server, key, '/v1/key', {
      is_enabled: true,
      type: 'TOKEN',
      name: 'web',
      user_id: user.body.data.id,
    });
    expect(userKey).toMatchObject({ status: 200, body: { data: { key: { type: 'TOKEN' } } } });

    const email = 'ada@example.com';
    const changed = await post(server, key, UPDATE, {
      email,
      password: 'correct horse',
      new_password: 'battery staple',
    });
    expect(changed).toEqual({
      status: 200,
      body: { meta: { password_strength: expect.any(Number), password_pwned: null } },
    });
    expect(await post(server, key, LOGIN, { email, password: 'correct horse' })).toMatchObject({
      status: 400,
      body: { code: 'invalid_credentials' },
    });
    const login = await post(server, key, LOGIN, { email, password: 'battery staple' });
    expect(login).toMatchObject({ status: 200, body: { user: { id: user.body.data.id } } });

    const mail = await mailbox.mail(0);
    expect(mail.recipients).toEqual([email]);
    const link = linkIn(mail.text);
    expect(`${link.origin}${link.pathname}`).toBe('https://shop.example/account');
    expect([...link.searchParams.keys()]).toEqual(['type', 'email', 'token']);
    expect(link.searchParams.get('type')).toBe('update_password');
    expect(link.searchParams.get('email')).toBe(email);

    const token = link.searchParams.get('token');
    expect(await post(server, key, `${UPDATE}/revoke`, { token })).toEqual({
      status: 200,
      body: { audit: null, ended: { sessions: 1, keys: 1, factors: 0 } },
    });
    expect(await post(server, key, LOGIN, { email, password: 'battery staple' })).toMatchObject({
      status: 400,
      body: { code: 'invalid_credentials' },
    });
    const rekey = rekeyClient({ url: server.url, key });
    const locked = await rekey.readUser({ id: user.body.data.id });
    expect(locked.data.is_enabled).toBe(false);
    const revoked = await rekey.readKey({ id: userKey.body.data.key.id });
    expect(revoked.data).toMatchObject({ is_enabled: false, is_revoked: true });
    await expect(rekey.revokeUpdatePassword({ token: token ?? '' })).rejects.toMatchObject({
      status: 400,
      code: 'invalid_one_time_token',
    });

    for (const secret of [key, 'correct horse', 'battery staple', token, login.body.access.token]) {
      expect(server.output()).not.toContain(secret);
    }
    server.signal('SIGTERM');
    expect(await server.exit).toEqual({ code: 0, signal: null });
  });
});

describe('the second seed, word for word', () => {
  test('a user changes the password with a bearer token, and locks the account by the page', async () => {
    const folder = aFolder();
    const server = await startServer(folder, { PUBLIC_URL: 'http://rekey.test' });
    const email = 'orion@test.com';

    const user = await form(server, 'POST', '/users/create', {
      name: 'Orion',
      email,
      password: '12345678',
    });
    const orion = {
      hash: expect.any(String),
      name: 'Orion',
      email,
      emailValid: false,
      secret2FA: null,
      using2FA: false,
      require2FAForBasicLogin: false,
      require2FAForSocialLogin: false,
    };
    expect(user).toEqual({ status: 200, body: orion });

    const login = await form(server, 'POST', '/users/login', { email, password: '12345678' });
    expect(login).toMatchObject({ status: 200, body: { user: user.body } });
    const token: string = login.body.token;
    const header = JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString());
    expect(header).toMatchObject({ alg: 'RSA-OAEP', enc: 'A256GCM' });

    const change = { email, password: '12345678', newPassword: '87654321' };
    expect(await form(server, 'PUT', '/users/update/password', change)).toMatchObject({
      status: 401,
    });
    expect(await form(server, 'PUT', '/users/update/password', change, 'nonsense')).toMatchObject({
      status: 401,
    });
    expect(await form(server, 'PUT', '/users/update/password', { email }, token)).toMatchObject({
      status: 400,
      body: { errors: [{ field: 'password' }, { field: 'newPassword' }] },
    });
    expect(await form(server, 'PUT', '/users/update/password', change, token)).toEqual({
      status: 200,
      body: user.body,
    });
    expect(
      await form(server, 'POST', '/users/login', { email, password: '12345678' }),
    ).toMatchObject({ status: 401 });
    expect(
      await form(server, 'POST', '/users/login', { email, password: '87654321' }),
    ).toMatchObject({ status: 200 });

    // The sign-up mailed a link to prove the address; names of the files rise with the time of what they report.
    const mails = path.join(folder, 'data/mail');
    const files = () => readdirSync(mails).filter((name) => name.endsWith('.eml'));
    await expect.poll(files, { timeout: 10_000 }).toHaveLength(2);
    const [validation, warning] = await Promise.all(
      files()
        .sort()
        .map((name) => PostalMime.parse(readFileSync(path.join(mails, name)))),
    );
    for (const mail of [validation, warning]) expect(mail?.to?.[0]?.address).toBe(email);
    expect(validation?.text).toMatch(/^http:\/\/rekey\.test\/users\/validateEmail\?code=/m);
    const link = linkIn(warning?.text);
    expect(`${link.origin}${link.pathname}`).toBe('http://rekey.test/local');
    expect([...link.searchParams.keys()]).toEqual(['type', 'email', 'token']);
    expect(link.searchParams.get('type')).toBe('update_password');

    const page = await call(server, 'GET', `${link.pathname}${link.search}`);
    expect(page.status).toBe(200);
    expect(
      await form(server, 'POST', '/users/login', { email, password: '87654321' }),
    ).toMatchObject({ status: 200 });
    const revoke = { token: link.searchParams.get('token') ?? '' };
    expect(await form(server, 'POST', '/local', revoke)).toMatchObject({ status: 200 });
    expect(await form(server, 'POST', '/local', revoke)).toMatchObject({ status: 400 });
    expect(
      await form(server, 'POST', '/users/login', { email, password: '87654321' }),
    ).toMatchObject({ status: 401 });
    const next = { email, password: '87654321', newPassword: 'another one' };
    expect(await form(server, 'PUT', '/users/update/password', next, token)).toMatchObject({
      status: 401,
    });
  });
});
