import { beforeEach, describe, expect, it } from 'vitest';
import { enrolled, PASSWORD, problemAt, type Rig, rig, signedUp } from '../../test/harness.ts';

let server: Rig;
beforeEach(async () => {
  server = await rig();
});

describe('a key', () => {
  const call = (authorization: string | undefined, url: string) =>
    server.app.inject({ url, headers: authorization === undefined ? {} : { authorization } });

  it.each([
    ['it alone', (key: string) => key],
    ['it after key', (key: string) => `key ${key}`],
    ['it after KEY', (key: string) => `KEY ${key}`],
    ['it after Bearer', (key: string) => `Bearer ${key}`],
    ['it after bearer and spaces', (key: string) => `bearer   ${key}`],
  ])('is believed where the header holds %s', async (_what, header) => {
    const { user } = await enrolled(server);
    const response = await call(header(server.serviceKey), `/v1/user/${user.id}`);
    expect(response.statusCode).toBe(200);
  });

  const INVALID = 'Bearer realm="rekey", error="invalid_token"';
  const NONE = 'Bearer realm="rekey"';

  it.each([
    ['nothing', () => undefined, NONE],
    ['an empty header', () => '', NONE],
    ['an unknown key', () => 'rks_unknown', INVALID],
    ['an unknown key after Bearer', () => 'Bearer rks_unknown', INVALID],
    ['another scheme', () => `Basic ${server.serviceKey}`, NONE],
    ['two keys', () => `${server.serviceKey} ${server.serviceKey}`, NONE],
    ['a list of keys', () => `${server.serviceKey}, ${server.serviceKey}`, NONE],
    ['a scheme twice', () => `Bearer Bearer ${server.serviceKey}`, INVALID],
    ['another scheme glued on', () => `Key:${server.serviceKey}`, INVALID],
    ['a key of a user', () => 'user key', INVALID],
    ['a key that is longer than any', () => `rks_${'x'.repeat(16_000)}`, INVALID],
  ])('is not believed where the header holds %s', async (_what, header, challenge) => {
    const { user } = await enrolled(server);
    const created = { is_enabled: true, type: 'KEY', name: 'k', user_id: user.id };
    const userKey = (await server.json('POST', '/v1/key', created)).json().data.value;
    const sent = header();
    const authorization = sent === 'user key' ? userKey : sent;
    const response = await call(authorization, `/v1/user/${user.id}`);
    expect(response.statusCode).toBe(401);
    expect(response.headers['www-authenticate']).toBe(challenge);
    expect(response.headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect(response.json()).toStrictEqual(
      problemAt('/v1', 'unauthorized', 'a valid key or token is required'),
    );
  });
});

/** Each kind of credential that there is, and one that is good for nothing. */
async function credentials() {
  const { user } = await enrolled(server);
  const made = { is_enabled: true, type: 'KEY', name: 'k', user_id: user.id };
  const userKey = (await server.json('POST', '/v1/key', made)).json().data.value;
  const { token } = await signedUp(server);
  return {
    serviceKey: server.serviceKey,
    rootKey: server.rootKey,
    accessToken: `Bearer ${token}`,
    'key of a user': userKey,
    'unknown key': 'rks_unknown',
    nothing: undefined,
  };
}

const described = await rig();
await described.app.ready();
const routes = described
  .routes()
  .map((route) => [`${route.method} ${route.url}`, route] as const)
  .filter(([, { schema }]) => schema.security !== undefined);

describe('a route', () => {
  it.each(routes)('takes the credentials that it names, and no other: %s', async (_name, route) => {
    const { method, schema, examples } = route;
    const url = route.url.replaceAll(/:(\w+)/g, (_match, name) => String(examples.params?.[name]));
    const { security = [] } = schema;
    const refusals = [];
    for (const [kind, authorization] of Object.entries(await credentials())) {
      const response = await server.app.inject({
        method: method as 'POST',
        url,
        headers: {
          ...(authorization !== undefined && { authorization }),
          ...(schema.consumes !== undefined && { 'content-type': schema.consumes }),
        },
      });
      const isRefused = /"code":"unauthorized"/.test(response.body);
      const isNamed = security.length === 0 || security.some((scheme) => scheme === kind);
      expect([kind, isRefused]).toStrictEqual([kind, !isNamed]);
      if (isRefused) refusals.push(JSON.stringify([response.statusCode, response.json()]));
    }
    expect(new Set(refusals).size).toBe(security.length === 0 ? 0 : 1);
  });
});

describe('the origin of a request', () => {
  const body = { email: 'ada@example.com', password: PASSWORD, new_password: 'battery staple' };
  const change = (headers: Record<string, string> = {}, remoteAddress = '192.0.2.1') =>
    server.json('POST', '/v1/auth/provider/local/update-password', body, {
      headers,
      remoteAddress,
    });

  /** The origin that the mail tells. */
  const mailedOrigin = async () => {
    await server.mailedTokens();
    return server.channels.mail.sent.at(-1)?.origin;
  };

  it('is the address of the socket, and the beginning of the User-Agent', async () => {
    await enrolled(server);
    await change({ 'user-agent': 'x'.repeat(400), 'x-forwarded-for': '203.0.113.9' });
    expect(await mailedOrigin()).toStrictEqual({
      address: '192.0.2.1',
      client: 'x'.repeat(300),
    });
  });

  it.each([
    ['a trusted proxy', '203.0.113.9', '203.0.113.9'],
    ['a trusted proxy that adds to a list', '1.1.1.1, 203.0.113.9', '203.0.113.9'],
    ['a trusted proxy that knows no address', 'unknown', '10.0.0.7'],
    ['a trusted proxy with endless addresses', '203.0.113.9, '.repeat(1000), '10.0.0.7'],
  ])('is what %s forwards', async (_who, forwarded, address) => {
    server = await rig({ options: { trustProxy: ['10.0.0.0/8'] } });
    await enrolled(server);
    await change({ 'x-forwarded-for': forwarded, 'user-agent': '' }, '10.0.0.7');
    expect(await mailedOrigin()).toStrictEqual({ address, client: null });
  });

  it('is the address of the socket where another one forwards', async () => {
    server = await rig({ options: { trustProxy: ['10.0.0.0/8'] } });
    await enrolled(server);
    await change({ 'x-forwarded-for': '203.0.113.9' }, '::ffff:192.0.2.1');
    expect((await mailedOrigin())?.address).toBe('192.0.2.1');
  });
});
