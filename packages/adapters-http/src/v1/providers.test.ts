import { Unavailable } from '@rekey/domain';
import { beforeEach, describe, expect, it } from 'vitest';
import { expectRefused, type Rig, rig, TIME, UUID, withProviders } from '../../test/harness.ts';

const GITHUB = '/v1/auth/provider/github';
const LINK = '/v1/auth/provider/link';

let server: Rig;
let ways: Awaited<ReturnType<typeof withProviders>>;
beforeEach(async () => {
  server = await rig();
  ways = await withProviders(server);
});

const github = () => ({
  id: UUID,
  created_at: TIME,
  last_used_at: null,
  user_id: ways.user.id,
  provider: 'github',
  issuer: 'https://github.com',
  subject: '583231',
});

describe('GET /v1/auth/provider/{provider}/oauth2', () => {
  it.each(['google', 'github', 'microsoft'])(
    'answers the page of the provider: %s',
    async (name) => {
      const response = await server.json('GET', `/v1/auth/provider/${name}/oauth2`);
      const { url, ...rest } = response.json();
      expect([response.statusCode, rest]).toStrictEqual([200, {}]);
      const { origin, searchParams } = new URL(url);
      expect(origin).toBe(`https://${name}.example`);
      expect(searchParams.get('redirect_uri')).toBe(`https://shop.example/back/${name}`);
      expect(searchParams.get('state')).toMatch(/^rkp_/);
    },
  );

  it('is not found for a provider that nobody knows, or that is not configured', async () => {
    for (const name of ['facebook', 'local', 'GITHUB', 'link']) {
      const response = await server.json('GET', `/v1/auth/provider/${name}/oauth2`);
      expect([response.statusCode, response.json().code]).toStrictEqual([404, 'not_found']);
    }
    const none = { codes: null, tokens: null };
    const bare = await rig({
      ports: () => ({ providers: { google: none, github: none, microsoft: none } }),
    });
    await withProviders(bare);
    expect((await bare.json('GET', `${GITHUB}/oauth2`)).statusCode).toBe(404);
    expect(
      (await bare.json('POST', `${GITHUB}/oauth2`, { code: 'c', state: 's' })).statusCode,
    ).toBe(404);
    expect((await bare.form('POST', '/users/login/google', { idToken: 't' })).statusCode).toBe(404);
  });

  it('is 401 with a root key', async () => {
    const headers = { authorization: server.rootKey };
    const response = await server.json('GET', `${GITHUB}/oauth2`, undefined, { headers });
    expect(response.statusCode).toBe(401);
  });
});

describe('POST /v1/auth/provider/{provider}/oauth2', () => {
  it('lets a person in who came back', async () => {
    const came = await ways.comeBack(`${GITHUB}/oauth2`);
    const response = await server.json('POST', `${GITHUB}/oauth2`, { ...came, audit: 'shop:In' });
    expect([response.statusCode, response.json()]).toStrictEqual([
      200,
      {
        user: expect.objectContaining({ id: ways.user.id }),
        access: { token: expect.any(String), token_expires: expect.any(Number) },
        refresh: { token: expect.stringMatching(/^rkf_/), token_expires: expect.any(Number) },
        device: expect.any(String),
        audit: UUID,
      },
    ]);
  });

  it('takes the text of the browser that it was begun with, and no other', async () => {
    const came = await ways.comeBack(`${GITHUB}/oauth2?binding=mine`);
    const back = (more: object) => server.json('POST', `${GITHUB}/oauth2`, { ...came, ...more });
    for (const more of [{}, { binding: 'another' }]) {
      expectRefused(await back(more), 'invalid_token', expect.any(String));
    }
    expect((await back({ binding: 'mine' })).statusCode).toBe(200);
  });

  it('is one 400 for everything that is wrong with state and code', async () => {
    const came = await ways.comeBack(`${GITHUB}/oauth2`);
    const wrong = [
      [`${GITHUB}/oauth2`, { ...came, state: 'made-up' }],
      ['/v1/auth/provider/google/oauth2', came],
      [`${GITHUB}/oauth2`, { ...came, code: 'made-up' }],
      [`${GITHUB}/oauth2`, came],
    ] as const;
    const answers = [];
    for (const [path, body] of wrong) {
      const { statusCode, body: text } = await server.json('POST', path, body);
      answers.push([statusCode, text.replace(/"instance":"[^"]*"/, '')]);
    }
    expect(answers[0]).toEqual([400, expect.stringContaining('invalid_token')]);
    expect(new Set(answers.map((each) => JSON.stringify(each))).size).toBe(1);
  });

  it('is 503 with Retry-After where the provider does not answer, and can be asked again', async () => {
    const came = await ways.comeBack(`${GITHUB}/oauth2`);
    server.providers.fallSilent('github');
    const response = await server.json('POST', `${GITHUB}/oauth2`, came);
    expect(response.statusCode).toBe(503);
    expect(response.headers['retry-after']).toBe(String(new Unavailable(30).retryAfterS));
    server.providers.speakAgain('github');
    expect((await server.json('POST', `${GITHUB}/oauth2`, came)).statusCode).toBe(200);
  });
});

describe('links of a person who is logged in', () => {
  const link = async (headers: Record<string, string>) =>
    server.json('POST', `${GITHUB}/link`, await ways.comeBack(`${GITHUB}/link`, headers), {
      headers,
    });

  it('are made, listed and removed', async () => {
    const headers = await ways.asUser();
    const made = await link(headers);
    expect([made.statusCode, made.json()]).toStrictEqual([200, { data: github() }]);
    const list = () => server.json('GET', LINK, undefined, { headers });
    expect((await list()).json()).toStrictEqual({ data: [github()] });
    const { id } = made.json().data;
    const removed = await server.json('DELETE', `${LINK}/${id}`, undefined, { headers });
    expect([removed.statusCode, removed.json()]).toStrictEqual([200, {}]);
    expect((await list()).json()).toStrictEqual({ data: [] });
    const again = await server.json('DELETE', `${LINK}/${id}`, undefined, { headers });
    expect([again.statusCode, again.json().code]).toStrictEqual([404, 'not_found']);
  });

  it('are in the export of the person', async () => {
    await link(await ways.asUser());
    const { data } = (await server.json('GET', `/v1/user/${ways.user.id}/export`)).json();
    expect(data.provider_links).toStrictEqual([github()]);
  });

  it('take a user who is proven', async () => {
    for (const [method, path, body] of [
      ['GET', LINK, undefined],
      ['GET', `${GITHUB}/link`, undefined],
      ['POST', `${GITHUB}/link`, { code: 'code', state: 'state' }],
      ['DELETE', `${LINK}/${ways.user.id}`, undefined],
    ] as const) {
      const response = await server.json(method, path, body);
      expect([response.statusCode, response.json().code]).toStrictEqual([403, 'forbidden']);
    }
  });
});
