import { START } from '@rekey/usecases/testing';
import type { LightMyRequestResponse } from 'fastify';
import { beforeEach, describe, expect, it } from 'vitest';
import { enrolled, PASSWORD, type Rig, rig, signedUp } from '../../test/harness.ts';

const LOGIN = '/v1/auth/provider/local/login';
const UPDATE = '/v1/auth/provider/local/update-password';
const DAY_MS = 86_400_000;
const wrong = 'wrong horse';
const NEW_PASSWORD = 'battery staple';

let server: Rig;
beforeEach(async () => {
  server = await rig();
});

type Fields = Record<string, string>;

/** One dialect, and an account in it. */
type Dialect = {
  readonly name: string;
  readonly enrol: () => Promise<{ email: string; token?: string }>;
  readonly login: (fields: Fields) => Promise<LightMyRequestResponse>;
  readonly wrongStatus: number;
};

const dialects: Dialect[] = [
  {
    name: '/v1',
    enrol: async () => {
      await enrolled(server);
      return { email: 'ada@example.com' };
    },
    login: (fields) => server.json('POST', LOGIN, fields),
    wrongStatus: 400,
  },
  {
    name: '/users',
    enrol: async () => {
      const { token } = await signedUp(server);
      return { email: 'orion@example.com', token };
    },
    login: (fields) => server.form('POST', '/users/login', fields),
    wrongStatus: 401,
  },
];

/** Tries wrong passwords until strangers have to wait. */
async function besiege({ login }: Dialect, email: string): Promise<void> {
  let status = 0;
  while (status !== 429) ({ statusCode: status } = await login({ email, password: wrong }));
}

describe.each(dialects)('the token of a device in $name', (dialect) => {
  it('is handed out by a login, and with the next it lets a right password in', async () => {
    const { email } = await dialect.enrol();
    const first = await dialect.login({ email, password: PASSWORD });
    const { device } = first.json();
    await besiege(dialect, email);
    expect((await dialect.login({ email, password: PASSWORD })).statusCode).toBe(429);
    const second = await dialect.login({ email, password: PASSWORD, device });
    expect(second.statusCode).toBe(200);
    expect(second.json().device).toMatch(/^device\./);
  });

  it.each<[string, (device: string) => Promise<string> | string]>([
    ['empty', () => ''],
    ['malformed', () => 'no token'],
    ['as long as a body may be', () => 'd'.repeat(15_000)],
    ['forged', (device) => device.replace(/.$/, (last) => (last === '0' ? '1' : '0'))],
    [
      'of another account',
      async () => {
        await enrolled(server, 'eve@example.com');
        const eve = { email: 'eve@example.com', password: PASSWORD };
        return (await server.json('POST', LOGIN, eve)).json().device;
      },
    ],
    [
      'older than ninety days',
      (device) => {
        server.clock.set(START + 90 * DAY_MS);
        return device;
      },
    ],
  ])('is passed over where it is %s', async (_what, make) => {
    const { email } = await dialect.enrol();
    const right = { email, password: PASSWORD };
    const device = await make((await dialect.login(right)).json().device);
    expect((await dialect.login({ ...right, device })).statusCode).toBe(200);
    const { statusCode } = await dialect.login({ email, password: wrong, device });
    expect(statusCode).toBe(dialect.wrongStatus);
    await besiege(dialect, email);
    expect((await dialect.login({ ...right, device })).statusCode).toBe(429);
  });

  it('tells a wrong password what strangers are told, to the byte', async () => {
    const { email } = await dialect.enrol();
    const { device } = (await dialect.login({ email, password: PASSWORD })).json();
    await besiege(dialect, email);
    const answers = [];
    for (const fields of [
      { email, password: wrong, device },
      { email, password: wrong },
    ]) {
      const { statusCode, headers, body } = await dialect.login(fields);
      answers.push({ statusCode, headers: { ...headers, date: '', 'x-request-id': '' }, body });
    }
    expect(answers[0]).toEqual(answers[1]);
    expect(answers[0]).toMatchObject({ statusCode: 429 });
  });
});

describe('the token of a device', () => {
  it('lets a right password change the password at /v1', async () => {
    const [dialect] = dialects as [Dialect];
    const { email } = await dialect.enrol();
    const { device } = (await dialect.login({ email, password: PASSWORD })).json();
    await besiege(dialect, email);
    const change = { email, password: PASSWORD, new_password: NEW_PASSWORD };
    expect((await server.json('POST', UPDATE, change)).statusCode).toBe(429);
    expect((await server.json('POST', UPDATE, { ...change, device })).statusCode).toBe(200);
  });

  it('is worth nothing once the owner has used the kill switch', async () => {
    const [dialect] = dialects as [Dialect];
    const { email } = await dialect.enrol();
    const { device } = (await dialect.login({ email, password: PASSWORD })).json();
    const change = { email, password: PASSWORD, new_password: NEW_PASSWORD };
    expect((await server.json('POST', UPDATE, change)).statusCode).toBe(200);
    const [token] = await server.mailedTokens();
    expect((await server.json('POST', `${UPDATE}/revoke`, { token })).statusCode).toBe(200);
    // Each wrong try with it counts like a stranger's: five are free.
    const statuses: number[] = [];
    for (let i = 0; i < 6; i += 1) {
      statuses.push((await dialect.login({ email, password: wrong, device })).statusCode);
    }
    expect(statuses).toEqual([400, 400, 400, 400, 400, 429]);
  });

  it('is no part of a change in the form dialect, where the session does as much', async () => {
    const [, dialect] = dialects as [Dialect, Dialect];
    const { email, token = '' } = await dialect.enrol();
    await besiege(dialect, email);
    const change = { email, password: PASSWORD, newPassword: NEW_PASSWORD };
    const update = (fields: Fields, bearer: string) =>
      server.form('PUT', '/users/update/password', fields, { authorization: `Bearer ${bearer}` });
    const eve = await signedUp(server, 'eve@example.com');
    expect((await update(change, eve.token)).statusCode).toBe(403);
    expect((await update({ ...change, device: 'device.x' }, token)).statusCode).toBe(200);
  });
});

describe('the cookie of a device', () => {
  const page = { 'sec-fetch-site': 'same-origin' };
  const right = { email: 'orion@example.com', password: PASSWORD };
  const login = (fields: Fields, headers: Fields = {}) =>
    server.form('POST', '/users/login', fields, headers);
  const cookieOf = ({ headers }: LightMyRequestResponse) => String(headers['set-cookie']);

  it('is set for a page of this server, for as long as the device is known', async () => {
    await signedUp(server);
    const response = await login(right, page);
    expect(cookieOf(response)).toBe(
      `rekey-device=${response.json().device}; Max-Age=7776000; Path=/; HttpOnly; SameSite=Strict`,
    );
  });

  it('is for this host alone, and for HTTPS, where people come by HTTPS', async () => {
    server = await rig({ options: { publicUrl: 'https://rekey.example/sso' } });
    await signedUp(server);
    const response = await login(right, page);
    expect(cookieOf(response)).toBe(
      `__Host-rekey-device=${response.json().device}; Max-Age=7776000; Path=/; HttpOnly; SameSite=Strict; Secure`,
    );
  });

  it.each<[string, Fields, Fields]>([
    ['a program', right, {}],
    ['a wrong password', { ...right, password: wrong }, page],
    ['an unknown address', { ...right, email: 'nobody@example.com' }, page],
  ])('is not set for %s', async (_what, fields, headers) => {
    await signedUp(server);
    expect((await login(fields, headers)).headers).not.toHaveProperty('set-cookie');
  });

  it('lets a right password in, and is the same device afterwards', async () => {
    await signedUp(server);
    const [cookie = ''] = cookieOf(await login(right, page)).split(';');
    await besiege(dialects[1] as Dialect, right.email);
    expect((await login(right, page)).statusCode).toBe(429);
    const others = ['a=b', cookie, 'c=d'].join('; ');
    const again = await login(right, { ...page, cookie: others });
    expect(again.statusCode).toBe(200);
    const idOf = (token: string) => token.split('.')[2];
    expect(idOf(cookieOf(again))).toBe(idOf(cookie));
  });

  it('yields to a token in the body', async () => {
    await signedUp(server);
    const [cookie = ''] = cookieOf(await login(right, page)).split(';');
    await besiege(dialects[1] as Dialect, right.email);
    const headers = { ...page, cookie };
    expect((await login({ ...right, device: 'no token' }, headers)).statusCode).toBe(429);
  });

  it.each<[string, (cookie: string) => string]>([
    ['has another name', (cookie) => `x${cookie}`],
    ['is that of another scheme', (cookie) => cookie.replace('rekey', '__Host-rekey')],
    ['is malformed', (cookie) => `${cookie}"`],
    ['is forged', (cookie) => `${cookie}0`],
    ['is too long', (cookie) => `${cookie}${'0'.repeat(300)}`],
    ['is one of too many', (cookie) => `${cookie}; ${'x'.repeat(4096)}`],
  ])('is passed over where it %s', async (_what, change) => {
    await signedUp(server);
    const [cookie = ''] = cookieOf(await login(right, page)).split(';');
    expect((await login(right, { ...page, cookie: change(cookie) })).statusCode).toBe(200);
    await besiege(dialects[1] as Dialect, right.email);
    expect((await login(right, { ...page, cookie: change(cookie) })).statusCode).toBe(429);
  });

  it('is not brought by pages of other sites', async () => {
    await signedUp(server);
    const [cookie = ''] = cookieOf(await login(right, page)).split(';');
    for (const site of ['same-site', 'cross-site']) {
      const headers = { cookie, 'sec-fetch-site': site };
      const { statusCode } = await login({ ...right, password: wrong }, headers);
      expect(statusCode).toBe(403);
    }
  });
});
