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

describe('GET /v1/user', () => {
  const make = async (...names: string[]) => {
    const made: { id: string; name: string; email: string }[] = [];
    for (const [n, name] of names.entries()) {
      const body = { name, email: `user-${n}@example.com` };
      made.push((await server.json('POST', '/v1/user', body)).json().data);
    }
    return made;
  };
  const list = async (query = '') => server.json('GET', `/v1/user${query}`);

  it('answers with the users, and with all that the list was made by', async () => {
    const [first, second] = await make('Ada', 'Bea');
    const response = await list();
    expect([response.statusCode, response.json()]).toStrictEqual([
      200,
      {
        meta: {
          gt: null,
          lt: null,
          order: null,
          after: null,
          name_ge: null,
          name_le: null,
          offset_id: null,
          limit: 50,
          id: [],
          email: [],
          is_enabled: null,
          search: null,
        },
        data: [first, second],
        next: null,
      },
    ]);
  });

  it('is paged and filtered by its query', async () => {
    const [ada, bea, cleo] = await make('Ada', 'bea', 'Cleo');
    const names = async (query: string) => {
      const response = await list(query);
      expect([response.statusCode, query]).toEqual([200, query]);
      return response.json().data.map(({ name }: { name: string }) => name);
    };
    expect(await names('?limit=2')).toEqual(['Ada', 'bea']);
    expect(await names(`?gt=${ada?.id.toUpperCase()}`)).toEqual(['bea', 'Cleo']);
    expect(await names(`?lt=${cleo?.id}&limit=1`)).toEqual(['bea']);
    expect(await names('?order=desc&limit=2')).toEqual(['Cleo', 'bea']);
    expect(await names('?name_ge=_&limit=2')).toEqual(['Ada', 'bea']);
    expect(await names(`?name_ge=bea&offset_id=${bea?.id}`)).toEqual(['Cleo']);
    expect(await names(`?name_le=bea&offset_id=${bea?.id}`)).toEqual(['Ada']);
    expect(await names(`?id=${ada?.id}&id=${cleo?.id}`)).toEqual(['Ada', 'Cleo']);
    expect(await names('?email=USER-1@example.com')).toEqual(['bea']);
    expect(await names('?is_enabled=false')).toEqual([]);
    expect(await names('?search=AD')).toEqual(['Ada']);
    expect(await names('?search=user-2')).toEqual(['Cleo']);
  });

  it('goes on with its next', async () => {
    await make('Ada', 'Bea', 'Cleo');
    const first = (await list('?order=desc&limit=2')).json();
    expect(first.next).toBe(first.data[1].id);
    const second = (await list(`?order=desc&limit=2&after=${first.next}`)).json();
    expect(second.data.map(({ name }: { name: string }) => name)).toEqual(['Ada']);
    expect([second.next, second.meta.after, second.meta.limit]).toEqual([null, first.next, 2]);
  });

  it('has a thousand rows at most, and says so', async () => {
    expect((await list('?limit=99999')).json().meta.limit).toBe(1000);
  });

  it.each([
    ['?limit=0', 'limit'],
    ['?gt=none', 'gt'],
    ['?order=up', 'order'],
    ['?is_enabled=yes', 'is_enabled'],
    ['?search=', 'search'],
    ['?id=none', 'id'],
    [`?name_ge=${'x'.repeat(1001)}`, 'name_ge'],
    ['?name_ge=a&gt=01900000-0000-7000-8000-000000000001', 'gt'],
    ['?offset_id=01900000-0000-7000-8000-000000000001', 'offset_id'],
    ['?unknown=1', 'unknown'],
  ])('refuses %s by the name of the field', async (query, field) => {
    const response = await list(query);
    expect(response.statusCode).toBe(400);
    expect(response.json().errors.map((each: { field: string }) => each.field)).toEqual([field]);
  });
});

describe('PATCH /v1/user/{id}', () => {
  it('answers with the user as it is then', async () => {
    const { user } = await enrolled(server);
    const change = {
      id: user.id,
      name: 'Ada Lovelace',
      is_enabled: false,
      locale: 'de-ch',
      timezone: 'Europe/Zurich',
      password_allow_reset: false,
      password_require_update: true,
      attributes: { plan: 'pro', seats: 3, trial: false, until: null },
    };
    server.clock.set(Date.parse(ada.created_at) + 1000);
    const response = await server.json('PATCH', `/v1/user/${user.id}`, change);
    expect([response.statusCode, response.json()]).toStrictEqual([
      200,
      {
        data: {
          ...ada,
          ...change,
          locale: 'de-CH',
          updated_at: '2026-01-02T03:04:06.000Z',
        },
      },
    ]);
    expect((await server.json('GET', `/v1/user/${user.id}`)).json()).toEqual(response.json());
  });

  it('takes null and nothing for what is not sent', async () => {
    const { user } = await enrolled(server);
    for (const change of [{}, { name: null, attributes: null }]) {
      const response = await server.json('PATCH', `/v1/user/${user.id}`, change);
      expect([response.statusCode, response.json()]).toStrictEqual([200, { data: user }]);
    }
  });

  it.each([
    ['email', { email: 'eve@example.com' }],
    ['password', { password: 'another horse' }],
    ['id', { id: '01900000-0000-7000-8000-000000000001' }],
    ['attributes', { attributes: { a: [] } }],
    ['attributes', { attributes: { a: 'x'.repeat(4096) } }],
    ['attributes', { attributes: 'a' }],
    ['attributes', { attributes: { a: 2 ** 53 } }],
    ['is_enabled', { is_enabled: 'no' }],
  ])('refuses a change of %s: %j', async (field, change) => {
    const { user } = await enrolled(server);
    const response = await server.json('PATCH', `/v1/user/${user.id}`, change);
    expect(response.statusCode).toBe(400);
    expect(response.json().errors.map((each: { field: string }) => each.field)).toEqual([field]);
  });

  it('names an account that its owner locked', async () => {
    const { user } = await enrolled(server);
    await server.ports.database.transact(({ users }) => users.lockOut(user.id, 0));
    const change = { is_enabled: true };
    const response = await server.json('PATCH', `/v1/user/${user.id}`, change);
    expect([response.statusCode, response.json().code]).toEqual([400, 'account_locked']);
  });
});

describe('what a service keeps with a user', () => {
  it('is in every answer that has the user, for that service alone', async () => {
    const attributes = { plan: 'pro' };
    const body = { name: 'A', email: 'a@example.com', password: PASSWORD, token_key: true };
    const made = await server.json('POST', '/v1/user', { ...body, attributes });
    expect(made.json().data.attributes).toEqual(attributes);
    const credentials = { email: body.email, password: PASSWORD };
    const login = (await server.json('POST', '/v1/auth/provider/local/login', credentials)).json();
    expect(login.user.attributes).toEqual(attributes);
    const key = await server.json('POST', '/v1/key', { name: 'x', user_id: login.user.id });
    for (const [url, sent] of [
      ['/v1/auth/token/verify', { token: login.access.token }],
      ['/v1/auth/token/refresh', { token: login.refresh.token }],
      ['/v1/auth/key/verify', { key: key.json().data.value }],
    ] as const) {
      expect((await server.json('POST', url, sent)).json().user.attributes).toEqual(attributes);
    }
    const headers = { authorization: server.rootKey };
    const read = await server.json('GET', `/v1/user/${login.user.id}`, undefined, { headers });
    expect(read.json().data.attributes).toEqual(attributes);
  });
});

describe('DELETE /v1/user/{id}', () => {
  it('answers with nothing, and the user is gone', async () => {
    const { user } = await enrolled(server);
    const response = await server.json('DELETE', `/v1/user/${user.id}`);
    expect([response.statusCode, response.json()]).toStrictEqual([200, {}]);
    for (const method of ['GET', 'DELETE'] as const) {
      expect((await server.json(method, `/v1/user/${user.id}`)).statusCode).toBe(404);
    }
  });

  it('is forbidden to a service that merely has a key of the user', async () => {
    const { user } = await enrolled(server);
    const headers = { authorization: await server.otherServiceKey() };
    await server.json('POST', '/v1/key', { name: 'x', user_id: user.id }, { headers });
    const response = await server.json('DELETE', `/v1/user/${user.id}`, undefined, { headers });
    expect([response.statusCode, response.json().code]).toEqual([403, 'forbidden']);
    const own = await server.json('DELETE', `/v1/user/${user.id}`);
    expect([own.statusCode, own.json().code]).toEqual([403, 'forbidden']);
    const byRoot = { headers: { authorization: server.rootKey } };
    const removed = await server.json('DELETE', `/v1/user/${user.id}`, undefined, byRoot);
    expect(removed.statusCode).toBe(200);
  });
});

describe('GET /v1/user/{id}/export', () => {
  it('answers with all that is kept about the user', async () => {
    const { user, key } = await enrolled(server);
    const response = await server.json('GET', `/v1/user/${user.id}/export`);
    expect(response.headers['content-type']).toBe('application/json; charset=utf-8');
    const { data } = response.json();
    const nothing = { attributes: [], provider_links: [], factors: [], sessions: [], mails: [] };
    expect(data).toMatchObject({ user, keys: [key], ...nothing });
    expect(data.audit.map(({ type }: { type: string }) => type)).toEqual([
      'sso:UserCreate',
      'sso:KeyCreate',
    ]);
  });
});
