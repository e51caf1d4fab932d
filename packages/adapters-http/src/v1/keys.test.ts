import { beforeEach, describe, expect, it } from 'vitest';
import { enrolled, expectRefused, type Rig, rig, TIME, UUID } from '../../test/harness.ts';

const DEAD = 'this token or key is unknown, expired, used or revoked';

let server: Rig;
beforeEach(async () => {
  server = await rig();
});

const post = (url: string, body: object, headers: Record<string, string> = {}) =>
  server.json('POST', url, body, { headers });

const newKey = async (type: string, user_id: string) =>
  (await post('/v1/key', { is_enabled: true, type, name: 'web', user_id })).json().data;

describe('POST /v1/key', () => {
  const keyOf = (type: string, userId: string) => ({
    id: UUID,
    created_at: TIME,
    updated_at: TIME,
    is_enabled: true,
    is_revoked: false,
    type,
    name: 'web',
    service_id: server.service.id,
    user_id: userId,
  });

  it.each([
    ['KEY', /^rku_\w{43}$/],
    ['TOKEN', /^rku_\w{43}$/],
    ['TOTP', /^[A-Z2-7]{32}$/],
  ])('answers with a %s key and, this once, its value', async (type, value) => {
    const body = { is_enabled: true, name: 'Ada', email: 'ada@example.com' };
    const { id } = (await server.json('POST', '/v1/user', body)).json().data;
    const response = await server.json('POST', '/v1/key', {
      is_enabled: true,
      type,
      name: 'web',
      user_id: id.toUpperCase(),
    });
    expect(response.statusCode).toBe(200);
    expect(response.json()).toStrictEqual({
      data: { key: keyOf(type, id), value: expect.stringMatching(value) },
    });
    const read = await server.json('GET', `/v1/key/${response.json().data.key.id}`);
    expect([read.statusCode, read.json()]).toStrictEqual([200, { data: keyOf(type, id) }]);
  });

  it('names the field of a user that does not exist', async () => {
    const user_id = '01900000-0000-7000-8000-ffffffffffff';
    const body = { is_enabled: true, type: 'KEY', name: 'web', user_id };
    const response = await server.json('POST', '/v1/key', body);
    expect(response.statusCode).toBe(400);
    expect(response.json().errors).toMatchObject([{ field: 'user_id' }]);
  });
});

describe('POST /v1/auth/key', () => {
  it.each(['KEY', 'TOKEN'])('/verify answers with the user and the %s key', async (type) => {
    const created = await post('/v1/user', { is_enabled: true, name: 'Bob', email: 'b@b.example' });
    const user = created.json().data;
    const { key, value } = await newKey(type, user.id);
    const response = await post('/v1/auth/key/verify', { key: value });
    expect([response.statusCode, response.json()]).toStrictEqual([200, { user, key }]);
  });

  it('/revoke answers once, and the key is unknown from then on', async () => {
    const { user } = await enrolled(server);
    const { key, value } = await newKey('KEY', user.id);
    const response = await post('/v1/auth/key/revoke', { key: value });
    expect([response.statusCode, response.json()]).toStrictEqual([200, { audit: UUID }]);
    const read = await server.json('GET', `/v1/key/${key.id}`);
    expect(read.json().data).toMatchObject({ is_enabled: false, is_revoked: true });
    for (const verb of ['verify', 'revoke']) {
      expectRefused(await post(`/v1/auth/key/${verb}`, { key: value }), 'invalid_token', DEAD);
    }
  });

  it.each(['verify', 'revoke'])('/%s refuses everything else alike', async (verb) => {
    const { user } = await enrolled(server);
    const { value } = await newKey('KEY', user.id);
    const foreign = { authorization: await server.otherServiceKey() };
    const url = `/v1/auth/key/${verb}`;
    for (const key of ['', server.serviceKey, server.rootKey]) {
      expectRefused(await post(url, { key }), 'invalid_token', DEAD);
    }
    expectRefused(await post(url, { key: value }, foreign), 'invalid_token', DEAD);
    expect((await post('/v1/auth/key/verify', { key: value })).statusCode).toBe(200);
  });
});
