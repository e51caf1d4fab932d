import { expect, test } from 'vitest';
import {
  aFolder,
  call,
  createService,
  post,
  type Server,
  startMailbox,
  startServer,
} from '../harness.ts';

const LOCAL = '/v1/auth/provider/local';
const password = 'correct horse';

const linkOf = ({ text }: { readonly text?: string | undefined }) =>
  new URL(/https?:\/\/\S+(?:token|code)=\S+/.exec(text ?? '')?.[0] ?? '');

const form = (
  server: Server,
  route: string,
  fields: Record<string, string>,
  headers: Record<string, string> = {},
) =>
  call(server, 'POST', route, {
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: new URLSearchParams(fields).toString(),
  });

test('a user registers as in the guide of mojzu/sso, word for word', async () => {
  const folder = aFolder();
  const mailbox = await startMailbox();
  const options = ['--allow-register', 'true', '--local-url', 'https://shop.example/account'];
  const text = ['--email-text', 'This is appended to outgoing emails.'];
  const created = await createService(folder, [...options, ...text]);
  const key: string = created.key.value;
  const server = await startServer(folder, { SMTP_URL: mailbox.url });

  const email = 'ada@example.com';
  const asked = { name: 'Ada', email, locale: 'en', timezone: 'Etc/UTC' };
  expect(await post(server, key, `${LOCAL}/register`, asked)).toEqual({ status: 200, body: {} });
  const mail = await mailbox.mail(0);
  expect(mail.recipients).toEqual([email]);
  expect(mail.text).toContain('This is appended to outgoing emails.');
  const link = linkOf(mail);
  expect(link.origin + link.pathname).toBe('https://shop.example/account');
  expect([...link.searchParams].slice(0, 2)).toEqual([
    ['type', 'register'],
    ['email', email],
  ]);
  const confirmed = {
    token: link.searchParams.get('token'),
    password,
    password_allow_reset: false,
  };
  expect(await post(server, key, `${LOCAL}/register/confirm`, confirmed)).toMatchObject({
    status: 200,
    body: { meta: { password_strength: expect.any(Number) } },
  });
  const login = await post(server, key, `${LOCAL}/login`, { email, password });
  expect(login).toMatchObject({
    status: 200,
    body: { user: { ...asked, email_valid: true, password_allow_reset: false } },
  });

  // The owner hears of it, and can take it back.
  const news = await mailbox.mail(1);
  const token = linkOf(news).searchParams.get('token');
  expect(await post(server, key, `${LOCAL}/register/revoke`, { token })).toMatchObject({
    status: 200,
    body: { ended: { sessions: 1, keys: 1, factors: 0 } },
  });
  expect(await post(server, key, `${LOCAL}/login`, { email, password })).toMatchObject({
    status: 400,
  });
});

test('a person validates an address as with orion users, and proves it by a button', async () => {
  const folder = aFolder();
  const mailbox = await startMailbox();
  const server = await startServer(folder, { SMTP_URL: mailbox.url });
  const fields = { name: 'Orion', email: 'orion@test.com', password: '12345678' };
  const created = await form(server, '/users/createAuthenticate', fields);
  expect(created.body.user).toMatchObject({ email: fields.email, emailValid: false });
  const link = linkOf(await mailbox.mail(0));
  expect(link.pathname).toBe('/users/validateEmail');
  expect(link.searchParams.get('email')).toBe(fields.email);
  const path = link.pathname + link.search;

  const page = await call(server, 'GET', path, { headers: { accept: 'text/html' } });
  expect(page.status).toBe(200);
  expect(page.body).toContain('<button');
  const authorization = `Bearer ${created.body.token}`;
  const me = () => call(server, 'GET', '/users/me', { headers: { authorization } });
  expect((await me()).body.emailValid).toBe(false);

  const visited = await call(server, 'GET', path, { headers: { accept: 'text/plain' } });
  expect([visited.status, String(visited.body)]).toEqual([200, 'true']);
  expect((await me()).body.emailValid).toBe(true);

  // No proof: the mail can be had again, until the button is pressed.
  const send = () => form(server, '/users/validateEmail/send', {}, { authorization });
  expect((await send()).status).toBe(204);
  const again = linkOf(await mailbox.mail(1));
  const code = again.searchParams.get('code') ?? '';
  const proven = await form(server, '/users/validateEmail', { email: fields.email, code });
  expect([proven.status, String(proven.body)]).toEqual([200, 'true']);
  expect((await send()).status).toBe(204);
});
