import { beforeEach, describe, expect, it } from 'vitest';
import { type Rig, rig, signedUp } from '../../test/harness.ts';

let server: Rig;
beforeEach(async () => {
  server = await rig();
});

const email = 'orion@example.com';

async function person() {
  const { token } = await signedUp(server, email);
  const [code = ''] = await server.mailedTokens();
  const isValid = async () =>
    (
      await server.app.inject({ url: '/users/me', headers: { authorization: `Bearer ${token}` } })
    ).json().emailValid;
  return { token, code, isValid };
}

const visit = (code: string, accept?: string, method: 'GET' | 'HEAD' = 'GET') =>
  server.app.inject({
    method,
    url: `/users/validateEmail?${new URLSearchParams({ email, code })}`,
    headers: accept === undefined ? {} : { accept },
  });
const prove = (code: string, more: object = {}) =>
  server.form('POST', '/users/validateEmail', { email, code, ...more });

describe('GET /users/validateEmail', () => {
  it.each([
    'text/plain',
    'application/json',
    'application/json, text/plain, */*',
    'Text/Plain;q=0.5',
  ])('makes the address valid for a client that reads %s', async (accept) => {
    const { code, isValid } = await person();
    const response = await visit(code, accept);
    expect([response.statusCode, response.body]).toStrictEqual([200, 'true']);
    expect(response.headers['content-type']).toMatch(/^text\/plain/);
    expect(await isValid()).toBe(true);
  });

  it.each([
    undefined,
    '*/*',
    'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
    'text/html, application/json',
    'application/json;q=0, */*',
    'image/png',
    'x'.repeat(8000),
  ])('changes nothing for others (%s), and leads to the page of the link', async (accept) => {
    const { code, isValid } = await person();
    const response = await visit(code, accept);
    expect([response.statusCode, response.body]).toStrictEqual([303, '']);
    const page = new URL(response.headers.location ?? '', 'http://localhost:8042/users/');
    expect(page.pathname).toBe('/local');
    const shown = await server.app.inject({ url: page.pathname + page.search });
    expect(shown.statusCode).toBe(200);
    expect(shown.body).toContain('<button');
    expect(await isValid()).toBe(false);
  });

  it('sends no code back that is none', async () => {
    const response = await visit('a-secret-of-somebody', 'text/html');
    expect(response.headers.location).not.toContain('a-secret');
    const page = new URL(response.headers.location ?? '', 'http://localhost:8042/users/');
    const shown = await server.app.inject({ url: page.pathname + page.search });
    expect(shown.statusCode).toBe(400);
  });

  it('is no HEAD, whatever that reads', async () => {
    const { code, isValid } = await person();
    await visit(code, 'text/plain', 'HEAD');
    expect(await isValid()).toBe(false);
  });

  it('refuses a code that is not good like POST does', async () => {
    const { code } = await person();
    const [visited, proven] = [await visit(`${code}x`, 'text/plain'), await prove(`${code}x`)];
    expect(visited.json()).toMatchObject({ status: 400, code: 'invalid_one_time_token' });
    expect([visited.statusCode, visited.body]).toStrictEqual([proven.statusCode, proven.body]);
  });
});

describe('POST /users/validateEmail', () => {
  it('proves the address, again and again', async () => {
    const { code, isValid } = await person();
    for (let n = 0; n < 2; n += 1) {
      const response = await prove(code);
      expect([response.statusCode, response.body]).toStrictEqual([200, 'true']);
    }
    expect(await isValid()).toBe(true);
  });

  it('has one answer to codes that are unknown, and of another address', async () => {
    const { code } = await person();
    const bodies = [
      await prove('x'),
      await prove(code, { email: 'rigel@example.com' }),
      await prove('x', { email: 'nobody@example.com' }),
    ].map((response) => [response.statusCode, response.json().code, response.json().detail]);
    expect(new Set(bodies.map(String)).size).toBe(1);
    expect(bodies[0]?.slice(0, 2)).toStrictEqual([400, 'invalid_one_time_token']);
  });

  it('needs both fields', async () => {
    const response = await server.form('POST', '/users/validateEmail', {});
    const fields = response.json().errors.map(({ field }: { field: string }) => field);
    expect(fields).toStrictEqual(['email', 'code']);
  });
});

describe('POST /users/validateEmail/send', () => {
  const send = (token: string) =>
    server.app.inject({
      method: 'POST',
      url: '/users/validateEmail/send',
      headers: { authorization: `Bearer ${token}` },
    });

  it('mails again, three times in an hour', async () => {
    const { token } = await person();
    const statuses: number[] = [];
    for (let n = 0; n < 4; n += 1) statuses.push((await send(token)).statusCode);
    expect(statuses).toStrictEqual([204, 204, 204, 429]);
    expect(await server.mailedTokens()).toHaveLength(3);
  });

  it('is for people who are logged in', async () => {
    expect((await send('x')).statusCode).toBe(401);
  });
});
