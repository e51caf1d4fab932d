import { beforeEach, describe, expect, it } from 'vitest';
import { enrolled, PASSWORD, type Rig, rig } from '../../test/harness.ts';

let server: Rig;
beforeEach(async () => {
  server = await rig({ options: { forwardAuth: true } });
});

const NAMES = ['key-id', 'service-id', 'user-key-id', 'user-id'];

const ask = (hook: 'self' | 'service', headers: Record<string, string | string[] | undefined>) =>
  server.app.inject({
    url: `/hook/traefik/${hook}`,
    headers: Object.fromEntries(
      Object.entries(headers).filter(([, value]) => value !== undefined),
    ) as Record<string, string>,
  });

/** What an answer says of each of the four ids, under both names. */
function told({ headers }: Awaited<ReturnType<typeof ask>>) {
  const ids = NAMES.map((name) => headers[`sso-${name}`]);
  expect(NAMES.map((name) => headers[`grpc-metadata-sso-${name}`])).toStrictEqual(ids);
  return ids;
}

/** A user of the service with a KEY, who is logged in. */
async function aUser() {
  const { user, key: tokenKey } = await enrolled(server);
  const made = { type: 'KEY', name: 'cli', user_id: user.id };
  const { key, value } = (await server.json('POST', '/v1/key', made)).json().data;
  const credentials = { email: user.email, password: PASSWORD };
  const login = await server.json('POST', '/v1/auth/provider/local/login', credentials);
  const { access, refresh } = login.json();
  return { user, tokenKey, key, value, token: access.token, refresh: refresh.token };
}

const keyId = async (value: string) => {
  const digest = server.ports.secrets.digest(value);
  const now = server.clock.now();
  const found = await server.database.read(({ keys }) => keys.findByDigest(digest, now));
  return found?.key.id ?? '';
};

describe('the hooks of proxies', () => {
  it.each(['self', 'service'])('are not there unless they are wanted: %s', async (hook) => {
    server = await rig();
    const url = `/hook/traefik/${hook}`;
    for (const method of ['GET', 'POST'] as const) {
      const headers = { authorization: server.serviceKey };
      const response = await server.app.inject({ method, url, headers });
      expect([response.statusCode, response.json().code]).toStrictEqual([404, 'not_found']);
    }
  });

  it('believe no header of a caller that has the name of one of theirs', async () => {
    const claims = NAMES.flatMap((name) => [
      [`sso-${name}`, server.service.id],
      [`grpc-metadata-sso-${name}`, server.service.id],
    ]);
    for (const hook of ['self', 'service'] as const) {
      expect((await ask(hook, Object.fromEntries(claims))).statusCode).toBe(401);
    }
    const authorization = server.rootKey;
    const response = await ask('self', { ...Object.fromEntries(claims), authorization });
    expect(told(response)).toStrictEqual([await keyId(authorization), '', '', '']);
  });

  it('answer 401 with a challenge, and without any of their headers', async () => {
    const response = await ask('self', { authorization: 'rks_unknown' });
    expect(response.statusCode).toBe(401);
    expect(response.headers['www-authenticate']).toMatch(/^Bearer /);
    expect(told(response)).toStrictEqual([undefined, undefined, undefined, undefined]);
  });
});

describe('the hook in front of what services call', () => {
  it('tells the key, the service and the user of a request', async () => {
    const { user, tokenKey, key, value, token } = await aUser();
    const authorization = server.serviceKey;
    const service = [await keyId(authorization), server.service.id];
    const alone = await ask('self', { authorization });
    expect([alone.statusCode, alone.body]).toStrictEqual([200, '']);
    expect(told(alone)).toStrictEqual([...service, '', '']);
    for (const [header, id] of [
      [value, key.id],
      [`key ${value}`, key.id],
      [`token ${token}`, tokenKey.id],
    ]) {
      const response = await ask('self', { authorization, 'user-authorization': header });
      expect(told(response)).toStrictEqual([...service, id, user.id]);
      const forwarded = { 'grpc-metadata-user-authorization': header };
      expect(told(await ask('self', { authorization, ...forwarded }))).toStrictEqual([
        ...service,
        id,
        user.id,
      ]);
    }
  });

  it('refuses a user who is not proven, although the service is', async () => {
    const { value, token, refresh } = await aUser();
    const authorization = server.serviceKey;
    for (const header of [
      'rku_unknown',
      `token ${value}`,
      `key ${token}`,
      `token ${refresh}`,
      `${value}, ${value}`,
      `Basic ${value}`,
    ]) {
      const response = await ask('self', { authorization, 'user-authorization': header });
      expect([header, response.statusCode]).toStrictEqual([header, 401]);
    }
    const both = { 'user-authorization': value, 'grpc-metadata-user-authorization': value };
    expect((await ask('self', { authorization, ...both })).statusCode).toBe(401);
    expect((await ask('self', { authorization, 'user-authorization': '' })).statusCode).toBe(200);
  });

  it('lets a root key through, which stands for no service and proves no user', async () => {
    const { value } = await aUser();
    const authorization = server.rootKey;
    const response = await ask('self', { authorization, 'user-authorization': value });
    expect(told(response)).toStrictEqual([await keyId(authorization), '', '', '']);
  });
});

describe('the hook in front of a service', () => {
  it('takes a KEY or an access token of a user of the service whose key the proxy has', async () => {
    const { user, tokenKey, key, value, token } = await aUser();
    const service = [await keyId(server.serviceKey), server.service.id];
    for (const [authorization, id] of [
      [value, key.id],
      [`Bearer ${value}`, key.id],
      [`token ${token}`, tokenKey.id],
      [`Bearer ${token}`, tokenKey.id],
    ]) {
      const headers = { authorization, 'service-authorization': server.serviceKey };
      const response = await ask('service', headers);
      expect(response.statusCode).toBe(200);
      expect(told(response)).toStrictEqual([...service, id, user.id]);
    }
  });

  it('refuses everybody else', async () => {
    const { value, token } = await aUser();
    const other = await server.otherServiceKey();
    for (const [authorization, serviceKey] of [
      [undefined, undefined],
      [value, undefined],
      [undefined, server.serviceKey],
      [value, other],
      [`token ${token}`, other],
      [value, server.rootKey],
      [value, value],
      [server.serviceKey, server.serviceKey],
      [server.rootKey, server.serviceKey],
    ]) {
      const headers = { authorization, 'service-authorization': serviceKey };
      expect((await ask('service', headers)).statusCode).toBe(401);
    }
  });

  it('refuses the token of a session as soon as it has ended', async () => {
    const { value, token } = await aUser();
    await server.json('POST', '/v1/auth/logout', { token });
    const service = { 'service-authorization': server.serviceKey };
    const byToken = await ask('service', { ...service, authorization: `token ${token}` });
    expect(byToken.statusCode).toBe(401);
    expect((await ask('service', { ...service, authorization: value })).statusCode).toBe(200);
  });
});
