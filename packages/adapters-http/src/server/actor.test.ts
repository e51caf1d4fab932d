import { formServiceId } from '@rekey/domain';
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

describe('a key of the built-in service', () => {
  const asked = async () => {
    const made = { name: 'backend', service_id: formServiceId };
    const { rootKey: authorization } = server;
    const key = await server.json('POST', '/v1/key', made, { headers: { authorization } });
    const headers = { authorization: key.json().data.value };
    return (method: 'GET' | 'POST', url: string, body?: object) =>
      server.json(method, url, body, { headers });
  };

  it('finds out whom the token of a person stands for, and nothing about one of a service', async () => {
    const ask = await asked();
    const { user, token } = await signedUp(server);
    const answer = await ask('POST', '/v1/auth/token/verify', { token });
    expect(answer.json()).toMatchObject({ user: { id: user.hash } });
    const { email } = (await enrolled(server)).user;
    const login = { email, password: PASSWORD };
    const { access } = (await server.json('POST', '/v1/auth/provider/local/login', login)).json();
    const foreign = await ask('POST', '/v1/auth/token/verify', { token: access.token });
    expect(foreign.json()).toMatchObject({ code: 'invalid_token' });
  });

  it('follows what ends trust in the people of the built-in service, and in nobody else', async () => {
    const ask = await asked();
    const { token } = await signedUp(server);
    await server.form('POST', '/users/logout', {}, { authorization: `Bearer ${token}` });
    const { data } = (await ask('GET', '/v1/revocation')).json();
    expect(data).toEqual([
      expect.objectContaining({ type: 'session.ended', service_id: formServiceId }),
    ]);
    const foreign = await ask('GET', `/v1/revocation?service_id=${server.service.id}`);
    expect(foreign.statusCode).toBe(404);
  });

  it('sees the built-in service alone, and is 401 at other calls', async () => {
    const ask = await asked();
    const { data } = (await ask('GET', '/v1/service')).json();
    expect(data).toMatchObject([{ id: formServiceId }]);
    for (const url of ['/v1/user', '/v1/session', '/v1/event', `/v1/service/${formServiceId}`]) {
      expect([url, (await ask('GET', url)).statusCode]).toEqual([url, 401]);
    }
  });
});

describe('a user whom a service proves as well', () => {
  /** A KEY of a user, and the tokens of a login. */
  async function aUser() {
    const { user, key: tokenKey } = await enrolled(server);
    const made = { type: 'KEY', name: 'k', user_id: user.id };
    const { key, value } = (await server.json('POST', '/v1/key', made)).json().data;
    const login = { email: user.email, password: PASSWORD };
    const answer = await server.json('POST', '/v1/auth/provider/local/login', login);
    const { access, refresh } = answer.json();
    return { user, tokenKey, key, value, token: access.token, refresh: refresh.token };
  }
  const call = (headers: Record<string, string>, url = '/v1/session') =>
    server.json('GET', url, undefined, { headers });

  it.each(['user-authorization', 'grpc-metadata-user-authorization'])(
    'is proven by %s, and stands in the audit',
    async (header) => {
      const { user, tokenKey, key, value, token } = await aUser();
      for (const [sent, keyId] of [
        [value, key.id],
        [`key ${value}`, key.id],
        [`token ${token}`, tokenKey.id],
      ]) {
        const headers = { [header]: sent };
        const body = { type: 'shop:Try' };
        const response = await server.json('POST', '/v1/audit', body, { headers });
        expect(response.statusCode).toBe(200);
        expect(response.json().data).toMatchObject({ user_id: user.id, user_key_id: keyId });
      }
    },
  );

  it('is refused where the header holds anything else, and the body is not looked at', async () => {
    const { value, token, refresh, tokenKey } = await aUser();
    for (const sent of [
      'rku_unknown',
      `token ${value}`,
      `key ${token}`,
      `token ${refresh}`,
      `key ${tokenKey.id}`,
      server.serviceKey,
      server.rootKey,
      `Basic ${value}`,
      `${value} ${value}`,
      `${value}, ${value}`,
      `key ${'x'.repeat(8000)}`,
    ]) {
      const response = await server.json(
        'POST',
        '/v1/auth/token/verify',
        { nonsense: 1 },
        { headers: { 'user-authorization': sent } },
      );
      expect([sent, response.statusCode]).toStrictEqual([sent, 401]);
      expect(response.json().code).toBe('unauthorized');
    }
  });

  it('is refused where two headers claim one, although both are right', async () => {
    const { value } = await aUser();
    const both = { 'user-authorization': value, 'grpc-metadata-user-authorization': value };
    expect((await call(both)).statusCode).toBe(401);
    expect((await call({ 'user-authorization': '' })).statusCode).toBe(200);
  });

  it('is refused to another service', async () => {
    const { value, token } = await aUser();
    const authorization = await server.otherServiceKey();
    for (const sent of [value, `token ${token}`]) {
      const response = await call({ authorization, 'user-authorization': sent });
      expect(response.statusCode).toBe(401);
    }
  });

  it('is not looked at beside a root key, which acts for no service', async () => {
    const { value } = await aUser();
    for (const sent of [value, 'rku_unknown']) {
      const headers = { authorization: server.rootKey, 'user-authorization': sent };
      expect((await call(headers)).statusCode).toBe(200);
    }
  });

  it('costs nothing where the header is not sent', async () => {
    await aUser();
    let reads = 0;
    const { read } = server.database;
    server.database.read = async (work) => {
      reads += 1;
      return read(work);
    };
    await call({});
    expect(reads).toBe(2);
  });

  it('is in no line of the log', async () => {
    const { value, token } = await aUser();
    await call({ 'user-authorization': value });
    await call({ 'user-authorization': `token ${token}` });
    await call({ 'user-authorization': `token ${value}` });
    const lines = server.lines.join('\n');
    expect(lines).not.toContain(value);
    expect(lines).not.toContain(token);
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
    expect(await mailedOrigin()).toMatchObject({
      address: '192.0.2.1',
      client: 'x'.repeat(300),
    });
  });

  it.each([
    ['a trusted proxy', '203.0.113.9', '203.0.113.9'],
    ['a trusted proxy that adds to a list', '1.1.1.1, 203.0.113.9', '203.0.113.9'],
    ['a trusted proxy that knows no address', 'unknown', '10.0.0.7'],
    [
      'a trusted proxy that adds to an endless list',
      `${'1.1.1.1, '.repeat(1000)}203.0.113.9`,
      '203.0.113.9',
    ],
  ])('is what %s forwards', async (_who, forwarded, address) => {
    server = await rig({ options: { trustProxy: ['10.0.0.0/8'] } });
    await enrolled(server);
    await change({ 'x-forwarded-for': forwarded, 'user-agent': '' }, '10.0.0.7');
    expect(await mailedOrigin()).toMatchObject({ address, client: null });
  });

  it('is the address of the socket where another one forwards', async () => {
    server = await rig({ options: { trustProxy: ['10.0.0.0/8'] } });
    await enrolled(server);
    await change({ 'x-forwarded-for': '203.0.113.9' }, '::ffff:192.0.2.1');
    expect((await mailedOrigin())?.address).toBe('192.0.2.1');
  });
});
