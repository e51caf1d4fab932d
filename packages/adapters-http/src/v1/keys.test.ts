import { beforeEach, describe, expect, it } from 'vitest';
import { enrolled, expectRefused, type Rig, rig, TIME, UUID } from '../../test/harness.ts';

const DEAD = 'this token or key is unknown, expired, used or revoked';
const UNKNOWN = '01900000-0000-7000-8000-ffffffffffff';
const FUTURE = '2999-12-31T00:00:00.000Z';

let server: Rig;
beforeEach(async () => {
  server = await rig();
});

type Method = Parameters<Rig['json']>[0];

const asService = (method: Method, url: string, body?: object) => server.json(method, url, body);
const asRoot = (method: Method, url: string, body?: object) =>
  server.json(method, url, body, { headers: { authorization: server.rootKey } });
const asOther = async (method: Method, url: string, body?: object) =>
  server.json(method, url, body, { headers: { authorization: await server.otherServiceKey() } });

const post = (url: string, body: object, headers: Record<string, string> = {}) =>
  server.json('POST', url, body, { headers });

const newUser = async (email = 'ada@example.com') =>
  (await post('/v1/user', { is_enabled: true, name: 'Ada', email })).json().data;
const newKey = async (type: string, user_id: string, more: object = {}) =>
  (await post('/v1/key', { type, name: 'web', user_id, ...more })).json().data;

/** The codes of a refusal, and its refused fields with their codes. */
const refusal = (response: Awaited<ReturnType<typeof asRoot>>) => {
  const { code, errors = [] } = response.json();
  const fields = errors.map((each: Record<string, string>) => `${each.field}: ${each.code}`);
  return [response.statusCode, code, ...fields];
};

describe('POST /v1/key', () => {
  const keyOf = (type: string, userId: string | null) => ({
    id: UUID,
    created_at: TIME,
    updated_at: TIME,
    is_enabled: true,
    is_revoked: false,
    type,
    name: 'web',
    service_id: server.service.id,
    user_id: userId,
    prefix: type === 'TOTP' ? null : expect.stringMatching(/^[\w-]{8}$/),
    scopes: [],
    expires_at: null,
    last_used_at: null,
  });

  it.each([
    ['KEY', /^rku_[\w-]{43}$/],
    ['TOKEN', /^rku_[\w-]{43}$/],
    ['TOTP', /^[A-Z2-7]{32}$/],
  ])('answers with a %s key and, this once, its value', async (type, value) => {
    const { id } = await newUser();
    const response = await post('/v1/key', { type, name: 'web', user_id: id.toUpperCase() });
    expect(response.statusCode).toBe(200);
    expect(response.json()).toStrictEqual({
      data: { key: keyOf(type, id), value: expect.stringMatching(value) },
    });
    const { key, value: made } = response.json().data;
    if (type !== 'TOTP') expect(made.slice(4, 12)).toBe(key.prefix);
    const read = await asService('GET', `/v1/key/${key.id}`);
    expect([read.statusCode, read.json()]).toStrictEqual([200, { data: key }]);
  });

  it('makes a KEY where no type is given, and takes every field', async () => {
    const { id } = await newUser();
    const body = { name: 'web', user_id: id, service_id: null };
    expect((await post('/v1/key', body)).json().data.key).toStrictEqual(keyOf('KEY', id));
    const details = { is_enabled: false, scopes: ['b', 'a:x'], expires_at: FUTURE };
    const full = await post('/v1/key', { ...body, ...details });
    expect(full.json().data.key).toStrictEqual({ ...keyOf('KEY', id), ...details });
    const offset = { ...body, expires_at: '2999-12-31t01:00:00+01:00' };
    expect((await post('/v1/key', offset)).json().data.key.expires_at).toBe(FUTURE);
  });

  it('makes a key of a service itself with a root key, and a key of a user for any service', async () => {
    const service_id = server.service.id;
    const { id } = await newUser();
    const own = await asRoot('POST', '/v1/key', { name: 'web', service_id });
    expect(own.json().data).toStrictEqual({
      key: keyOf('KEY', null),
      value: expect.stringMatching(/^rks_/),
    });
    const { value: authorization } = own.json().data;
    const list = await server.json('GET', '/v1/key', undefined, { headers: { authorization } });
    expect(list.statusCode).toBe(200);
    const ofUser = await asRoot('POST', '/v1/key', { name: 'web', service_id, user_id: id });
    expect(ofUser.json().data.key).toStrictEqual(keyOf('KEY', id));
  });

  it('takes a root key where it names a service, be it the one that asks', async () => {
    const { id } = await newUser();
    for (const service_id of [server.service.id, UNKNOWN]) {
      const response = await post('/v1/key', { name: 'web', user_id: id, service_id });
      expect(refusal(response)).toEqual([403, 'root_key_required']);
    }
  });

  it('names what is missing or unknown', async () => {
    expect(refusal(await post('/v1/key', { name: 'web' }))).toEqual([
      400,
      'invalid_argument',
      'user_id: required',
    ]);
    expect(refusal(await post('/v1/key', { name: 'web', user_id: UNKNOWN }))).toEqual([
      400,
      'invalid_argument',
      'user_id: unknown',
    ]);
    expect(refusal(await asRoot('POST', '/v1/key', { name: 'web', type: 'TOTP' }))).toEqual([
      400,
      'invalid_argument',
      'service_id: required',
      'user_id: required',
    ]);
    const unknown = { name: 'web', service_id: UNKNOWN, user_id: UNKNOWN };
    expect(refusal(await asRoot('POST', '/v1/key', unknown))).toEqual([
      400,
      'invalid_argument',
      'service_id: unknown',
      'user_id: unknown',
    ]);
  });

  it.each([
    ['scopes that are no list', { scopes: 'a b' }, 'scopes: malformed'],
    ['scopes that are no texts', { scopes: [1] }, 'scopes: malformed'],
    ['scopes that hold null', { scopes: ['a', null] }, 'scopes: malformed'],
    ['a scope with a space', { scopes: ['a b'] }, 'scopes: malformed'],
    ['a scope twice', { scopes: ['a', 'a'] }, 'scopes: repeated'],
    [
      '51 scopes',
      { scopes: Array.from({ length: 51 }, (_, n) => `s${n}`) },
      'scopes: out_of_range',
    ],
    ['an expiry in the past', { expires_at: '2001-01-01T00:00:00Z' }, 'expires_at: past'],
    ['an expiry that is no time', { expires_at: 'soon' }, 'expires_at: malformed'],
    ['an expiry on no day', { expires_at: '2999-02-30T00:00:00Z' }, 'expires_at: malformed'],
    ['an expiry that is a number', { expires_at: 32_503_680_000 }, 'expires_at: malformed'],
    ['an empty expiry', { expires_at: '' }, 'expires_at: malformed'],
    ['a type that is none', { type: 'key' }, 'type: malformed'],
  ])('refuses %s, beside all else that is wrong', async (_what, fields, field) => {
    const { id } = await newUser();
    const alone = await post('/v1/key', { name: 'web', user_id: id, ...fields });
    expect(refusal(alone)).toEqual([400, 'invalid_argument', field]);
    const beside = await post('/v1/key', { name: '', more: 1, ...fields });
    const [, , ...refused] = refusal(beside);
    expect(refused).toEqual(expect.arrayContaining(['name: malformed', field, 'more: unknown']));
  });

  it.each(['TOKEN', 'TOTP'])('makes no second usable %s key', async (type) => {
    const { id } = await newUser();
    await newKey(type, id);
    const response = await post('/v1/key', { type, name: 'web', user_id: id });
    expect(refusal(response)).toEqual([400, 'invalid_argument', 'type: exists']);
    expect(await newKey(type, id, { is_enabled: false })).toBeDefined();
  });
});

describe('GET /v1/key', () => {
  it('lists the keys of a service by what is asked for, and says by what', async () => {
    const { id: user_id } = await newUser();
    const token = (await newKey('TOKEN', user_id)).key;
    const plain = (await newKey('KEY', user_id, { is_enabled: false })).key;
    const [own] = (await asService('GET', '/v1/key')).json().data;
    expect((await asService('GET', '/v1/key')).json()).toStrictEqual({
      meta: {
        id: [],
        is_enabled: null,
        is_revoked: null,
        type: [],
        service_id: [],
        user_id: [],
        gt: null,
        lt: null,
        limit: 50,
      },
      data: [own, token, plain],
    });
    const { id: service_id } = server.service;
    const query = `id=${token.id}&id=${plain.id.toUpperCase()}&is_enabled=true&is_revoked=false&type=TOKEN&type=KEY&service_id=${service_id}&user_id=${user_id}&gt=${own.id}&limit=5000`;
    expect((await asService('GET', `/v1/key?${query}`)).json()).toStrictEqual({
      meta: {
        id: [token.id, plain.id],
        is_enabled: true,
        is_revoked: false,
        type: ['TOKEN', 'KEY'],
        service_id: [service_id],
        user_id: [user_id],
        gt: own.id,
        lt: null,
        limit: 1000,
      },
      data: [token],
    });
    const found = async (part: string) =>
      (await asService('GET', `/v1/key?${part}`)).json().data.map(({ id }: { id: string }) => id);
    expect(await found('is_enabled=false')).toEqual([plain.id]);
    expect(await found('type=KEY')).toEqual([own.id, plain.id]);
    expect(await found(`user_id=${user_id}`)).toEqual([token.id, plain.id]);
    expect(await found(`user_id=${UNKNOWN}`)).toEqual([]);
    expect(await found(`lt=${plain.id}&limit=1`)).toEqual([token.id]);
    expect(await found('gt=ffffffff-ffff-ffff-ffff-ffffffffffff')).toEqual([]);
  });

  it('shows no key of another service, and no root key, but to a root key', async () => {
    const { id } = await newUser();
    const { key } = await newKey('KEY', id);
    const list = (await asOther('GET', '/v1/key')).json().data;
    expect(list).toHaveLength(1);
    expect((await asOther('GET', `/v1/key?id=${key.id}`)).json().data).toEqual([]);
    const foreign = `/v1/key?service_id=${server.service.id}`;
    expect((await asOther('GET', foreign)).json().data).toEqual([]);
    const all = (await asRoot('GET', '/v1/key')).json().data;
    expect(all).toContainEqual(key);
    expect(all.map((each: { service_id: string | null }) => each.service_id)).toContain(null);
    expect((await asRoot('GET', foreign)).json().data.at(-1)).toEqual(key);
  });

  it('never has a value', async () => {
    const { id } = await newUser();
    const values = [server.serviceKey, server.rootKey];
    for (const type of ['KEY', 'TOKEN', 'TOTP']) values.push((await newKey(type, id)).value);
    const { payload } = await asRoot('GET', '/v1/key');
    for (const value of values) expect(payload).not.toContain(value);
    expect(payload).not.toMatch(/digest|sealed/);
  });

  it('names every parameter that is wrong', async () => {
    const wrong =
      'id=x&is_enabled=1&is_revoked=&type=key&service_id=x&user_id=&gt=x&lt=x&limit=-1&more=1';
    const [status, code, ...fields] = refusal(await asService('GET', `/v1/key?${wrong}`));
    expect([status, code]).toEqual([400, 'invalid_argument']);
    expect(fields.map((field: string) => field.split(':')[0])).toEqual(
      wrong.split('&').map((part) => part.split('=')[0]),
    );
  });
});

describe('GET /v1/key/{id}', () => {
  it('finds no key of another service, and none that is not of the user who is named', async () => {
    const { id } = await newUser();
    const { key } = await newKey('KEY', id);
    const path = `/v1/key/${key.id.toUpperCase()}`;
    for (const url of [path, `${path}?user_id=${id}`]) {
      expect((await asService('GET', url)).json()).toEqual({ data: key });
    }
    expect(refusal(await asService('GET', `${path}?user_id=${UNKNOWN}`))).toEqual([
      404,
      'not_found',
    ]);
    const foreign = await asOther('GET', path);
    expect(refusal(foreign)).toEqual([404, 'not_found']);
    expect((await asOther('GET', `/v1/key/${UNKNOWN}`)).json()).toEqual(foreign.json());
    expect(refusal(await asService('GET', '/v1/key/x'))).toEqual([404, 'not_found']);
  });
});

describe('PATCH /v1/key/{id}', () => {
  it('changes what is given alone; an empty text ends the expiry, and null is not given', async () => {
    const { id } = await newUser();
    const { key } = await newKey('KEY', id, { expires_at: FUTURE, scopes: ['a'] });
    const path = `/v1/key/${key.id}`;
    const named = { id: key.id.toUpperCase(), name: 'cron', scopes: ['b'], expires_at: null };
    const changed = await asService('PATCH', path, named);
    const expected = { ...key, name: 'cron', scopes: ['b'], updated_at: TIME };
    expect([changed.statusCode, changed.json()]).toStrictEqual([200, { data: expected }]);
    const never = await asService('PATCH', path, { expires_at: '' });
    expect(never.json().data).toStrictEqual({ ...expected, expires_at: null });
    expect((await asService('PATCH', path, {})).json()).toEqual(never.json());
    expect((await asService('GET', path)).json()).toEqual(never.json());
    expect((await asRoot('PATCH', path, { name: 'ops' })).json().data.name).toBe('ops');
  });

  it('refuses what is wrong, all at once', async () => {
    const { id } = await newUser();
    const { key } = await newKey('KEY', id);
    const path = `/v1/key/${key.id}`;
    const wrong = { name: 'a\nb', scopes: ['a', 'a'], expires_at: '2001-01-01T00:00:00Z' };
    const expected = [
      400,
      'invalid_argument',
      'name: malformed',
      'scopes: repeated',
      'expires_at: past',
    ];
    expect(refusal(await asService('PATCH', path, wrong))).toEqual(expected);
    const more = refusal(await asService('PATCH', path, { ...wrong, is_enabled: 1, type: 'KEY' }));
    expect(more.toSorted()).toEqual(
      [...expected, 'is_enabled: malformed', 'type: unknown'].toSorted(),
    );
    expect(refusal(await asService('PATCH', path, { id: UNKNOWN }))).toEqual([
      400,
      'invalid_argument',
      'id: malformed',
    ]);
    expect((await asService('GET', path)).json().data).toEqual(key);
  });

  it('neither enables a key that was revoked nor disables the last one of the service that asks', async () => {
    const { id } = await newUser();
    const { key, value } = await newKey('KEY', id);
    await post('/v1/auth/key/revoke', { key: value });
    expect(refusal(await asRoot('PATCH', `/v1/key/${key.id}`, { is_enabled: true }))).toEqual([
      400,
      'invalid_argument',
      'is_enabled: not_allowed',
    ]);
    const [own] = (await asService('GET', '/v1/key?is_enabled=true')).json().data;
    const path = `/v1/key/${own.id}`;
    for (const [change, field] of [
      [{ is_enabled: false }, 'is_enabled: not_allowed'],
      [{ expires_at: FUTURE }, 'expires_at: not_allowed'],
    ] as const) {
      const expected = [400, 'invalid_argument', field];
      expect(refusal(await asService('PATCH', path, change))).toEqual(expected);
    }
    expect((await asRoot('PATCH', path, { is_enabled: false })).statusCode).toBe(200);
    expect((await asService('GET', path)).statusCode).toBe(401);
  });

  it('finds no key of another service', async () => {
    const { id } = await newUser();
    const { key } = await newKey('KEY', id);
    const response = await asOther('PATCH', `/v1/key/${key.id}`, { name: 'mine' });
    expect(refusal(response)).toEqual([404, 'not_found']);
    expect((await asOther('PATCH', `/v1/key/${UNKNOWN}`, { name: 'mine' })).json()).toEqual(
      response.json(),
    );
  });
});

describe('POST /v1/key/{id}/rotate', () => {
  it('answers with another value of the key, and the last one works for the overlap', async () => {
    const { id } = await newUser();
    const { key, value } = await newKey('KEY', id);
    const response = await post(`/v1/key/${key.id}/rotate`, { overlap_s: 60 });
    const { value: next } = response.json().data;
    expect(response.json()).toStrictEqual({
      data: {
        key: { ...key, prefix: next.slice(4, 12), updated_at: TIME },
        value: expect.stringMatching(/^rku_/),
      },
    });
    expect(next).not.toBe(value);
    const verify = async (secret: string) =>
      (await post('/v1/auth/key/verify', { key: secret })).statusCode;
    expect([await verify(value), await verify(next)]).toEqual([200, 200]);
    server.clock.set(server.clock.now() + 60_000);
    expect([await verify(value), await verify(next)]).toEqual([400, 200]);
  });

  it('lets a service replace the key that it asks with, in one call', async () => {
    const [own] = (await asService('GET', '/v1/key')).json().data;
    const { value } = (await post(`/v1/key/${own.id}/rotate`, {})).json().data;
    expect((await asService('GET', '/v1/key')).statusCode).toBe(401);
    const headers = { authorization: value };
    expect((await server.json('GET', '/v1/key', undefined, { headers })).statusCode).toBe(200);
  });

  it.each([-1, 604_801, 1.5, '60', true])('refuses an overlap of %j', async (overlap_s) => {
    const { id } = await newUser();
    const { key } = await newKey('KEY', id);
    const response = await post(`/v1/key/${key.id}/rotate`, { overlap_s });
    expect(refusal(response)).toEqual([400, 'invalid_argument', 'overlap_s: malformed']);
    const longest = { overlap_s: 604_800 };
    expect((await post(`/v1/key/${key.id}/rotate`, longest)).statusCode).toBe(200);
  });

  it('takes no overlap for a TOTP key, and finds no key of another service', async () => {
    const { id } = await newUser();
    const { key } = await newKey('TOTP', id);
    const path = `/v1/key/${key.id}/rotate`;
    expect(refusal(await post(path, { overlap_s: 1 }))).toEqual([
      400,
      'invalid_argument',
      'overlap_s: not_allowed',
    ]);
    expect((await post(path, {})).json().data.value).toMatch(/^[A-Z2-7]{32}$/);
    expect(refusal(await asOther('POST', path, {}))).toEqual([404, 'not_found']);
  });
});

describe('DELETE /v1/key/{id}', () => {
  it('deletes a key: it works no more, and is not found afterwards', async () => {
    const { id } = await newUser();
    const { key, value } = await newKey('KEY', id);
    const path = `/v1/key/${key.id}`;
    expect(refusal(await asService('DELETE', `${path}?user_id=${UNKNOWN}`))).toEqual([
      404,
      'not_found',
    ]);
    expect(refusal(await asOther('DELETE', path))).toEqual([404, 'not_found']);
    const response = await asService('DELETE', `${path}?user_id=${id}`);
    expect([response.statusCode, response.json()]).toEqual([200, {}]);
    expect(refusal(await asService('DELETE', path))).toEqual([404, 'not_found']);
    expect(refusal(await asRoot('GET', path))).toEqual([404, 'not_found']);
    expect((await asService('GET', `/v1/key?id=${key.id}`)).json().data).toEqual([]);
    expectRefused(await post('/v1/auth/key/verify', { key: value }), 'invalid_token', DEAD);
  });

  it('leaves a service the last usable key that it can ask with', async () => {
    const [own] = (await asService('GET', '/v1/key')).json().data;
    expect(refusal(await asService('DELETE', `/v1/key/${own.id}`))).toEqual([
      400,
      'invalid_argument',
      'id: not_allowed',
    ]);
    const body = { name: 'next', service_id: server.service.id };
    await asRoot('POST', '/v1/key', body);
    expect((await asService('DELETE', `/v1/key/${own.id}`)).statusCode).toBe(200);
    expect((await asService('GET', '/v1/key')).statusCode).toBe(401);
  });
});

describe('POST /v1/auth/key', () => {
  it('/verify answers with the user and the KEY', async () => {
    const user = await newUser();
    const { key, value } = await newKey('KEY', user.id, { scopes: ['read'] });
    for (const more of [{}, { scopes: ['read'] }, { scopes: null, audit: null }]) {
      const response = await post('/v1/auth/key/verify', { key: value, ...more });
      expect([response.statusCode, response.json()]).toStrictEqual([
        200,
        { user, key, audit: null },
      ]);
    }
    const lacking = await post('/v1/auth/key/verify', { key: value, scopes: ['read', 'write'] });
    expect(refusal(lacking)).toEqual([403, 'forbidden']);
    const malformed = await post('/v1/auth/key/verify', { key: value, scopes: 'read' });
    expect(refusal(malformed)).toEqual([400, 'invalid_argument', 'scopes: malformed']);
  });

  it('/verify refuses a TOKEN key, and one that has expired', async () => {
    const user = await newUser();
    const { value: token } = await newKey('TOKEN', user.id);
    const expires_at = new Date(server.clock.now() + 60_000_000_000).toISOString();
    const { value } = await newKey('KEY', user.id, { expires_at });
    server.clock.set(Date.parse(expires_at));
    for (const key of [token, value]) {
      expectRefused(await post('/v1/auth/key/verify', { key }), 'invalid_token', DEAD);
    }
  });

  it.each(['verify', 'revoke'])('/%s answers the entry that `audit` asks for', async (verb) => {
    const { id } = await newUser();
    const { key, value } = await newKey('KEY', id);
    const body = { key: value, audit: 'shop:CheckOut' };
    const { audit } = (await post(`/v1/auth/key/${verb}`, body)).json();
    const entry = (await asService('GET', `/v1/audit/${audit}`)).json().data;
    expect(entry).toMatchObject({ type: 'shop:CheckOut', user_id: id, user_key_id: key.id });
    const wrong = { key: value, audit: 'rekey:KeyAuth' };
    expect(refusal(await post(`/v1/auth/key/${verb}`, wrong))).toEqual([
      400,
      'invalid_argument',
      expect.stringMatching(/^audit: /),
    ]);
  });

  it.each(['KEY', 'TOKEN', 'TOTP'])(
    '/revoke takes a %s once, which is unknown from then on',
    async (type) => {
      const { id } = await newUser();
      const { key, value } = await newKey(type, id);
      const response = await post('/v1/auth/key/revoke', { key: value });
      expect([response.statusCode, response.json()]).toStrictEqual([200, { audit: null }]);
      const read = await asService('GET', `/v1/key/${key.id}`);
      expect(read.json().data).toMatchObject({ is_enabled: false, is_revoked: true });
      for (const verb of ['verify', 'revoke']) {
        expectRefused(await post(`/v1/auth/key/${verb}`, { key: value }), 'invalid_token', DEAD);
      }
    },
  );

  it.each(['verify', 'revoke'])('/%s refuses everything else alike', async (verb) => {
    const { user } = await enrolled(server);
    const { value } = await newKey('KEY', user.id);
    const foreign = { authorization: await server.otherServiceKey() };
    const url = `/v1/auth/key/${verb}`;
    for (const key of ['', server.serviceKey, server.rootKey, 'A'.repeat(32)]) {
      expectRefused(await post(url, { key }), 'invalid_token', DEAD);
    }
    expectRefused(await post(url, { key: value }, foreign), 'invalid_token', DEAD);
    expect((await post('/v1/auth/key/verify', { key: value })).statusCode).toBe(200);
  });
});
