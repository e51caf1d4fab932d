import { beforeEach, describe, expect, it } from 'vitest';
import { ada, enrolled, PASSWORD, type Rig, rig } from '../../test/harness.ts';

let server: Rig;
beforeEach(async () => {
  server = await rig();
});

describe('POST /v1/user', () => {
  it('answers with the user and the quality of the password', async () => {
    const response = await server.json('POST', '/v1/user', {
      is_enabled: true,
      name: 'Ada',
      email: 'Ada@Example.com',
      locale: 'de-ch',
      timezone: 'Europe/Zurich',
      password: PASSWORD,
      password_allow_reset: false,
      password_require_update: true,
    });
    expect(response.statusCode).toBe(200);
    expect(response.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(response.json()).toStrictEqual({
      meta: { password_strength: 4, password_pwned: null },
      data: {
        ...ada,
        locale: 'de-CH',
        timezone: 'Europe/Zurich',
        password_allow_reset: false,
        password_require_update: true,
      },
    });
  });

  it('needs no more than the required fields', async () => {
    const body = { is_enabled: false, name: 'Ada', email: 'ada@example.com' };
    const response = await server.json('POST', '/v1/user', body);
    expect(response.json()).toStrictEqual({
      meta: { password_strength: null, password_pwned: null },
      data: { ...ada, is_enabled: false },
    });
  });

  it('says that a password is known', async () => {
    const body = { is_enabled: true, name: 'A', email: 'a@example.com', password: 'password' };
    const response = await server.json('POST', '/v1/user', body);
    expect(response.json().meta).toStrictEqual({ password_strength: 1, password_pwned: true });
  });
});

describe('GET /v1/user/{id}', () => {
  it('answers with the user', async () => {
    const { user } = await enrolled(server);
    const response = await server.json('GET', `/v1/user/${user.id}`);
    expect([response.statusCode, response.json()]).toStrictEqual([200, { data: ada }]);
  });

  it('answers HEAD', async () => {
    const { user } = await enrolled(server);
    const headers = { authorization: server.serviceKey };
    const head = await server.app.inject({ method: 'HEAD', url: `/v1/user/${user.id}`, headers });
    expect([head.statusCode, head.body]).toStrictEqual([200, '']);
  });
});
