import { expect, test } from 'vitest';
import { aFolder, call, linkIn, post, runCli, startMailbox, startServer } from '../harness.ts';

const LOCAL = '/v1/auth/provider/local';
const first = 'correct horse';
const second = 'battery staple';

test('a user resets a password as in the guide of mojzu/sso, word for word', async () => {
  const folder = aFolder();
  const mailbox = await startMailbox();
  const registered = ['create-service-with-key', 'Shop', 'https://shop.example'];
  const page = ['--local-url', 'https://shop.example/account'];
  const { stdout } = await runCli(folder, [...registered, ...page, '--json']);
  const key: string = JSON.parse(stdout).key.value;
  const server = await startServer(folder, { SMTP_URL: mailbox.url });

  const email = 'ada@example.com';
  const profile = {
    is_enabled: true,
    name: 'Ada',
    email,
    locale: 'en',
    timezone: 'Etc/UTC',
    password_allow_reset: true,
    password_require_update: false,
  };
  const { data: user } = (await post(server, key, '/v1/user', { ...profile, password: first }))
    .body;
  const token_key = { is_enabled: true, type: 'TOKEN', name: 'web', user_id: user.id };
  expect((await post(server, key, '/v1/key', token_key)).status).toBe(200);

  expect(await post(server, key, `${LOCAL}/reset-password`, { email })).toEqual({
    status: 200,
    body: {},
  });
  const mail = await mailbox.mail(0);
  expect(mail.recipients).toEqual([email]);
  const link = linkIn(mail.text);
  expect(link.origin + link.pathname).toBe('https://shop.example/account');
  const token = link.searchParams.get('token');
  expect([...link.searchParams]).toEqual([
    ['type', 'reset_password'],
    ['email', email],
    ['token', token],
  ]);
  const confirmed = { token, password: second };
  expect(await post(server, key, `${LOCAL}/reset-password/confirm`, confirmed)).toMatchObject({
    status: 200,
    body: { meta: { password_strength: expect.any(Number) } },
  });
  const login = (password: string) => post(server, key, `${LOCAL}/login`, { email, password });
  expect(await login(second)).toMatchObject({ status: 200, body: { user: { id: user.id } } });
  expect((await login(first)).status).toBe(400);

  const news = linkIn((await mailbox.mail(1)).text);
  expect([...news.searchParams].slice(0, 2)).toEqual([
    ['type', 'reset_password_confirm'],
    ['email', email],
  ]);
  const revoked = { token: news.searchParams.get('token') };
  expect(await post(server, key, `${LOCAL}/reset-password/revoke`, revoked)).toMatchObject({
    status: 200,
    body: { ended: { sessions: 1, keys: 1 } },
  });
  const headers = { authorization: key };
  const read = await call(server, 'GET', `/v1/user/${user.id}`, { headers });
  expect(read.body.data).toMatchObject({ is_enabled: false, is_locked: true });
  const keys = await call(server, 'GET', `/v1/key?user_id=${user.id}`, { headers });
  expect(keys.body.data).toMatchObject([{ is_enabled: false, is_revoked: true }]);
  expect((await login(second)).status).toBe(400);
});

test('a person recovers a password as with orion users, but by a link and not by a mailed password', async () => {
  const folder = aFolder();
  const mailbox = await startMailbox();
  const page = 'https://app.example/recover';
  const server = await startServer(folder, {
    SMTP_URL: mailbox.url,
    RECOVER_PASSWORD_URL: page,
  });
  const form = (route: string, fields: Record<string, string>) =>
    call(server, 'POST', `/users/${route}`, {
      headers: { 'content-type': 'application/x-www-form-urlencoded; charset=ISO-8859-1' },
      body: new URLSearchParams(fields).toString(),
    });
  const email = 'orion@test.com';
  const person = { name: 'Orion', email, password: '12345678' };
  expect((await form('create', person)).status).toBe(200);
  await mailbox.mail(0);

  expect((await form('recoverPassword', { email })).status).toBe(204);
  expect((await form('recoverPassword', { email: 'nobody@test.com' })).status).toBe(204);
  const mail = await mailbox.mail(1);
  expect(mail.recipients).toEqual([email]);
  const link = linkIn(mail.text);
  expect(link.origin + link.pathname).toBe(page);
  expect((await form('login', { email, password: '12345678' })).status).toBe(200);

  const token = link.searchParams.get('token') ?? '';
  const confirmed = { token, newPassword: '87654321' };
  expect(await form('recoverPassword/confirm', confirmed)).toMatchObject({
    status: 200,
    body: { email, emailValid: true },
  });
  expect((await form('login', { email, password: '12345678' })).status).toBe(401);
  expect((await form('login', { email, password: '87654321' })).status).toBe(200);
  expect((await form('recoverPassword/confirm', confirmed)).status).toBe(400);
});
