import { Unavailable } from '@rekey/domain';
import { RevokeUpdatePassword } from '@rekey/usecases';
import { beforeEach, describe, expect, it } from 'vitest';
import { enrolled, PASSWORD, type Rig, rig, signedUp } from '../../test/harness.ts';
import { html } from './html.ts';

let server: Rig;
let token: string;
let userId: string;
beforeEach(async () => {
  server = await rig();
  const orion = await signedUp(server);
  userId = orion.user.hash;
  const change = { email: 'orion@example.com', password: PASSWORD, newPassword: 'battery staple' };
  const bearer = { authorization: `Bearer ${orion.token}` };
  await server.form('PUT', '/users/update/password', change, bearer);
  [token = ''] = await server.revokeTokens();
});

const isEnabled = async () => {
  const user = await server.database.read(({ users }) => users.get(userId));
  return user?.isEnabled;
};
const open = (query: Record<string, string> | string, method: 'GET' | 'HEAD' = 'GET') =>
  server.app.inject({ method, url: `/local?${new URLSearchParams(query)}` });
const link = () => ({ type: 'update_password', email: 'orion@example.com', token });
const press = (headers: Record<string, string> = {}, fields: Record<string, string> = { token }) =>
  server.form('POST', '/local', fields, headers);

const POLICY =
  "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

describe('opening the link', () => {
  it('shows what the button would do', async () => {
    const response = await open(link());
    expect(response.statusCode).toBe(200);
    expect(response.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': POLICY,
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    });
    expect(response.body).toContain('<strong>orion@example.com</strong>');
    expect(response.body).toContain('<form method="post" action="local">');
    expect(response.body).toContain(`<input type="hidden" name="token" value="${token}">`);
    expect(response.body).not.toMatch(/<script|style=|<style|https?:/);
    expect(response.body.match(/<input|<button/g)).toStrictEqual(['<input', '<button']);
  });

  it('changes nothing, however often and by whichever method', async () => {
    const before = server.commits();
    await open(link());
    await open(link());
    const head = await open(link(), 'HEAD');
    expect([head.statusCode, head.body]).toStrictEqual([200, '']);
    expect(server.commits()).toBe(before);
    expect(await isEnabled()).toBe(true);
  });

  it('shows no text of whoever made the link', async () => {
    const evil = '"><script>alert(1)</script>';
    const response = await open({ ...link(), token: evil, email: 'Call 555-1234 now!' });
    expect(response.statusCode).toBe(200);
    expect(response.body).not.toContain('<script');
    expect(response.body).not.toContain('555');
    expect(response.body).toContain('value="&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"');
  });

  it.each([
    ['has no token', { type: 'update_password' }],
    ['has an empty token', { type: 'update_password', token: '' }],
    ['is of another type', { type: 'reset', token: 'x' }],
    ['is bare', {}],
    ['has two tokens', 'type=update_password&token=a&token=b'],
  ])('that %s ends on the calm page', async (_what, query) => {
    const response = await open(query as string);
    expect(response.statusCode).toBe(400);
    expect(response.body).toContain('<h1>This link does not work</h1>');
    expect(response.body).not.toContain('<form');
  });
});

describe('pressing the button', () => {
  it('shuts the account, and says so', async () => {
    const response = await press();
    expect(response.statusCode).toBe(200);
    expect(response.headers['content-security-policy']).toBe(POLICY);
    expect(response.body).toContain('<h1>The account is shut</h1>');
    expect(await isEnabled()).toBe(false);
  });

  it('twice, or with an unknown token, ends on the calm page', async () => {
    await press();
    const again = await press();
    const unknown = await press({}, { token: 'made-up-token' });
    expect([again.statusCode, unknown.statusCode]).toStrictEqual([400, 400]);
    expect(again.body).toContain('<h1>This link does not work</h1>');
    expect(unknown.body).toBe(again.body);
  });

  it('serves no service that has a page of its own', async () => {
    await enrolled(server);
    const change = { email: 'ada@example.com', password: PASSWORD, new_password: 'battery staple' };
    await server.json('POST', '/v1/auth/provider/local/update-password', change);
    const [other = ''] = await server.revokeTokens();
    expect((await press({}, { token: other })).statusCode).toBe(400);
  });

  it.each([
    ['our own page', { 'sec-fetch-site': 'same-origin', origin: 'null' }],
    ['the address bar', { 'sec-fetch-site': 'none' }],
    ['our origin', { origin: 'http://localhost:8042' }],
    ['a browser that tells nobody where it is', { origin: 'null' }],
    ['a browser that says nothing', {}],
  ])('works from %s', async (_where, headers) => {
    expect((await press(headers)).statusCode).toBe(200);
  });

  it.each([
    ['another site', { 'sec-fetch-site': 'cross-site' }],
    ['a neighbour', { 'sec-fetch-site': 'same-site' }],
    ['another site that claims our origin', { 'sec-fetch-site': 'cross-site', origin: 'null' }],
    ['another origin', { origin: 'http://evil.example' }],
    ['our host at another port', { origin: 'http://localhost:9000' }],
    ['our host by another scheme', { origin: 'https://localhost:8042' }],
  ])('does nothing from %s', async (_where, headers) => {
    const response = await press(headers);
    expect(response.statusCode).toBe(403);
    expect(response.body).toContain('<h1>Please use the link in the mail</h1>');
    expect(await isEnabled()).toBe(true);
  });

  it('has a page for what is no form of ours', async () => {
    const bad = await press({}, { token, extra: 'x' });
    const json = await server.app.inject({ method: 'POST', url: '/local', payload: { token } });
    expect([bad.statusCode, json.statusCode]).toStrictEqual([400, 415]);
    for (const response of [bad, json]) {
      expect(response.headers['content-type']).toBe('text/html; charset=utf-8');
      expect(response.body).not.toContain(token);
    }
    expect(await isEnabled()).toBe(true);
  });

  it('says that the link stays good while the database is away', async () => {
    const away = { ...server.ports.database, transact: () => Promise.reject(new Unavailable(3)) };
    server = await rig({
      revokeUpdatePassword: new RevokeUpdatePassword({ ...server.ports, database: away }),
    });
    const response = await press();
    expect([response.statusCode, response.headers['retry-after']]).toStrictEqual([503, '3']);
    expect(response.body).toContain('The link stays good.');
  });

  it('gives a number to find the failure by, and nothing else', async () => {
    const broken = {
      ...server.ports.database,
      transact: () => Promise.reject(new Error(`SQL with ${token}`)),
    };
    server = await rig({
      revokeUpdatePassword: new RevokeUpdatePassword({ ...server.ports, database: broken }),
    });
    const response = await press();
    expect(response.statusCode).toBe(500);
    expect(response.body).not.toContain('SQL');
    const failure = server.lines.map((line) => JSON.parse(line)).find(({ error }) => error);
    expect(response.body).toContain(failure.requestId);
  });
});

it('has a stylesheet for light and dark', async () => {
  const page = await open(link());
  const href = /<link rel="stylesheet" href="([^"]+)">/.exec(page.body)?.[1] ?? '';
  const response = await server.app.inject(new URL(href, 'http://x/local?token=x').pathname);
  expect(response.headers['content-type']).toBe('text/css; charset=utf-8');
  expect(response.body).toContain('color-scheme: light dark');
});

it('escapes whatever is put into HTML, but for HTML', () => {
  const inner = html`<b title="${'"'}">${"<&>'"}</b>`;
  expect(html`<p>${[inner, html`${'&'}`]}${''}</p>`.html).toBe(
    '<p><b title="&quot;">&lt;&amp;&gt;&#39;</b>&amp;</p>',
  );
});
