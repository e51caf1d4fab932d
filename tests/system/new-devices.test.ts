import { expect, test } from 'vitest';
import { aFolder, createService, linkIn, post, startMailbox, startServer } from '../harness.ts';

const env = { TRUST_PROXY: '127.0.0.1' };
const LOCAL = '/v1/auth/provider/local';
const EMAIL = 'ada@example.com';
const PASSWORD = 'correct horse';
const [HOME, CAFE, THIEF] = ['198.51.100.1', '203.0.113.9', '192.0.2.66'];

test('an owner is mailed of a login from a device and a network that are new, and of no other', async () => {
  const folder = aFolder();
  const mailbox = await startMailbox();
  const server = await startServer(folder, { ...env, SMTP_URL: mailbox.url });
  /** The answer of a form that comes from an address. */
  const form = async (route: string, from: string, fields: Record<string, string> = {}) => {
    const response = await fetch(`${server.url}/users/${route}`, {
      method: 'POST',
      headers: { 'x-forwarded-for': from, 'user-agent': 'Firefox/145.0 (X11; Linux x86_64)' },
      body: new URLSearchParams({ email: EMAIL, password: PASSWORD, ...fields }),
    });
    return { status: response.status, body: JSON.parse(await response.text()) };
  };
  await form('create', HOME, { name: 'Ada' });
  const proof = linkIn((await mailbox.mail(0)).text);
  const code = proof.searchParams.get('code') ?? '';
  expect((await form('validateEmail', HOME, { code })).status).toBe(200);

  // The first login ever, one from the same network, and one with the device from elsewhere.
  const { device } = (await form('login', HOME)).body;
  expect((await form('login', HOME)).status).toBe(200);
  expect((await form('login', CAFE, { device })).status).toBe(200);
  // A wrong password from anywhere, and a login from where the device has been.
  expect((await form('login', THIEF, { password: 'wrong horse' })).status).toBe(401);
  expect((await form('login', CAFE)).status).toBe(200);
  expect(mailbox.mails).toHaveLength(1);

  const stolen = await form('login', THIEF);
  expect(stolen.status).toBe(200);
  const mail = await mailbox.mail(1);
  expect(mail.recipients).toEqual([EMAIL]);
  expect(mail.text).toContain(THIEF);
  const link = linkIn(mail.text);
  expect(link.searchParams.get('type')).toBe('new_device');
  // Told once of that place, and of the next one again.
  expect((await form('login', THIEF)).status).toBe(200);
  expect((await form('login', '192.0.2.67')).status).toBe(200);
  expect((await mailbox.mail(2)).text).toContain('192.0.2.67');
  expect(mailbox.mails).toHaveLength(3);

  // It is the switch of every other mail about the account.
  const token = link.searchParams.get('token') ?? '';
  const locked = await fetch(`${server.url}/local`, {
    method: 'POST',
    body: new URLSearchParams({ token }),
  });
  expect(locked.status).toBe(200);
  expect((await form('login', HOME, { device })).status).toBe(401);
});

test('a service has such mails where it asks for them, and its backend names the network of the user', async () => {
  const folder = aFolder();
  const mailbox = await startMailbox();
  const loud = await createService(folder, ['--new-device-mail', 'true']);
  const server = await startServer(folder, { ...env, SMTP_URL: mailbox.url });
  const key: string = loud.key.value;
  const user = { name: 'Ada', email: EMAIL, password: PASSWORD, token_key: true };
  expect((await post(server, key, '/v1/user', user)).status).toBe(200);
  const logIn = async (from: string) => {
    const response = await fetch(`${server.url}${LOCAL}/login`, {
      method: 'POST',
      headers: {
        authorization: key,
        'content-type': 'application/json',
        'x-forwarded-for': from,
      },
      body: JSON.stringify({ email: EMAIL, password: PASSWORD }),
    });
    return response.status;
  };
  expect([await logIn(HOME), await logIn(HOME), await logIn(THIEF)]).toEqual([200, 200, 200]);
  const mail = await mailbox.mail(0);
  expect([mail.recipients, linkIn(mail.text).searchParams.get('type')]).toEqual([
    [EMAIL],
    'new_device',
  ]);
  expect(mail.text).toContain(THIEF);
  expect(mailbox.mails).toHaveLength(1);
});
