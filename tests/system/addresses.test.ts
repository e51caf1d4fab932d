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

/** The next mails, whichever order they come in, by the `type` of their links. */
async function links(
  mailbox: Awaited<ReturnType<typeof startMailbox>>,
  from: number,
  count: number,
) {
  const mails = await Promise.all(Array.from({ length: count }, (_, n) => mailbox.mail(from + n)));
  return new Map(
    mails.map(({ recipients, text }) => {
      const link = new URL(/https?:\/\/\S+(?:token|code)=\S+/.exec(text ?? '')?.[0] ?? '');
      return [link.searchParams.get('type'), { recipients, link, text }];
    }),
  );
}

const form = (
  server: Server,
  method: string,
  route: string,
  fields: Record<string, string>,
  token?: string,
) =>
  call(server, method, route, {
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'text/plain, application/json',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
    body: new URLSearchParams(fields).toString(),
  });

test('a service changes an address, and the owner of the one from before takes it back', async () => {
  const folder = aFolder();
  const mailbox = await startMailbox();
  const created = await createService(folder, ['--local-url', 'https://shop.example/account']);
  const key: string = created.key.value;
  const server = await startServer(folder, { SMTP_URL: mailbox.url });
  const email = 'ada@example.com';
  const new_email = 'ada@example.net';
  const user = await post(server, key, '/v1/user', { name: 'Ada', email, password });
  const user_id = user.body.data.id;
  await post(server, key, '/v1/key', { type: 'TOKEN', name: 'web', user_id });

  const moving = { email, password, new_email };
  expect(await post(server, key, `${LOCAL}/update-email`, moving)).toEqual({
    status: 200,
    body: {},
  });
  const login = { email: new_email, password };
  expect(await post(server, key, `${LOCAL}/login`, login)).toMatchObject({
    status: 200,
    body: { user: { id: user_id, email: new_email, email_valid: false } },
  });

  const mails = await links(mailbox, 0, 2);
  const news = mails.get('update_email');
  expect(news?.recipients).toEqual([email]);
  expect([...(news?.link.searchParams ?? [])].slice(0, 3)).toEqual([
    ['type', 'update_email'],
    ['email', new_email],
    ['old_email', email],
  ]);
  expect(mails.get('validate_email')?.recipients).toEqual([new_email]);

  const token = news?.link.searchParams.get('token');
  expect(await post(server, key, `${LOCAL}/update-email/revoke`, { token })).toMatchObject({
    status: 200,
    body: { ended: { keys: 1 } },
  });
  expect(await post(server, key, `${LOCAL}/login`, login)).toMatchObject({ status: 400 });
  const { body } = await call(server, 'GET', `/v1/user/${user_id}`, {
    headers: { authorization: key },
  });
  expect(body.data).toMatchObject({ email, is_locked: true });
});

test('a person changes address and password by forms, as in both versions of orion users', async () => {
  const folder = aFolder();
  const mailbox = await startMailbox();
  const server = await startServer(folder, { SMTP_URL: mailbox.url });
  const email = 'orionOrion@test.com';
  const asked = { name: 'OrionOrion', email, password: '12345678' };
  const { body } = await form(server, 'POST', '/users/createAuthenticate', asked);
  await mailbox.mail(0);

  const moving = { email, newEmail: 'newOrion@test.com' };
  const moved = await form(server, 'PUT', '/users/update/email', moving, body.token);
  expect(moved.status).toBe(200);
  const token: string = moved.body;
  const renamed = {
    email: 'newOrion@test.com',
    newEmail: 'orion@test.org',
    name: 'Orion',
    password: '12345678',
    newPassword: '87654321',
  };
  expect(await form(server, 'PUT', '/users/update', renamed, token)).toMatchObject({
    status: 200,
    body: { user: { name: 'Orion', email: 'orion@test.org', emailValid: false } },
  });
  const login = { email: 'orion@test.org', password: '87654321' };
  expect(await form(server, 'POST', '/users/login', login)).toMatchObject({ status: 200 });

  const mails = await links(mailbox, 1, 5);
  expect(mails.get('update_password')?.recipients).toEqual(['neworion@test.com']);
  expect(mails.get('update_email')?.text).toMatch(/[no]\*\*\*@test\./);
  // The second address is told of the third, and both are asked for a proof.
  const all = (await Promise.all([0, 1, 2, 3, 4, 5].map((n) => mailbox.mail(n)))).map(
    ({ recipients }) => recipients[0],
  );
  expect(all.toSorted()).toEqual([
    'neworion@test.com',
    'neworion@test.com',
    'neworion@test.com',
    'orion@test.org',
    'orionorion@test.com',
    'orionorion@test.com',
  ]);
});
