import { formServiceId } from '@rekey/domain';
import { beforeEach, describe, expect, it } from 'vitest';
import { enrolled, type Rig, rig, TIME, UUID } from '../../test/harness.ts';

let server: Rig;
beforeEach(async () => {
  server = await rig();
});

type Method = Parameters<Rig['json']>[0];

const asRoot = (method: Method, url: string, body?: object) =>
  server.json(method, url, body, { headers: { authorization: server.rootKey } });
const asItself = (method: Method, url: string, body?: object) => server.json(method, url, body);
const pathOf = (id = server.service.id) => `/v1/service/${id}`;

const UNKNOWN = '01900000-0000-7000-8000-ffffffffffff';

const bare = {
  created_at: TIME,
  updated_at: TIME,
  is_enabled: true,
  user_allow_register: false,
  user_email_text: '',
  provider_local_url: null,
  provider_github_oauth2_url: null,
  provider_microsoft_oauth2_url: null,
  provider_google_oauth2_url: null,
  sees_all_users: false,
  owner_recovery: false,
  require_factor: false,
  new_device_mail: false,
  support_url: null,
};

const full = {
  is_enabled: false,
  name: 'Store',
  url: 'http://localhost',
  user_allow_register: true,
  user_email_text: 'Help: https://store.example/help\nBye',
  provider_local_url: 'http://localhost',
  provider_github_oauth2_url: 'http://localhost',
  provider_microsoft_oauth2_url: 'http://localhost',
  provider_google_oauth2_url: 'http://localhost',
  sees_all_users: true,
  owner_recovery: true,
  require_factor: true,
  new_device_mail: true,
  support_url: 'mailto:help@store.example',
};

/** The codes of a refusal, and its refused fields. */
const refusal = (response: Awaited<ReturnType<typeof asRoot>>) => {
  const { code, errors = [] } = response.json();
  const fields = errors.map((each: { field: string }) => each.field);
  return [response.statusCode, code, ...fields];
};

describe('POST /v1/service', () => {
  it('registers a service with a name and a URL; for all else there are defaults', async () => {
    const named = { name: 'Store', url: 'https://store.example' };
    const response = await asRoot('POST', '/v1/service', { ...named, user_email_text: null });
    expect(response.statusCode).toBe(200);
    const { data } = response.json();
    expect(data).toStrictEqual({ id: UUID, ...bare, ...named });
    expect((await asRoot('GET', pathOf(data.id))).json()).toStrictEqual({ data });
  });

  it('takes every field', async () => {
    const { data } = (await asRoot('POST', '/v1/service', full)).json();
    expect(data).toStrictEqual({ id: UUID, created_at: TIME, updated_at: TIME, ...full });
  });

  it('takes a root key', async () => {
    const response = await asItself('POST', '/v1/service', full);
    expect(refusal(response)).toEqual([403, 'root_key_required']);
  });

  it('names every field that is wrong', async () => {
    const wrong = { name: 'a\nb', url: 'store', provider_local_url: 'x', support_url: 'http://x' };
    const expected = [400, 'invalid_argument', ...Object.keys(wrong)];
    expect(refusal(await asRoot('POST', '/v1/service', wrong))).toEqual(expected);
    const more = { ...wrong, is_enabled: 1, more: 1 };
    const mixed = refusal(await asRoot('POST', '/v1/service', more));
    expect(mixed.toSorted()).toEqual([...expected, 'is_enabled', 'more'].toSorted());
  });
});

describe('GET /v1/service', () => {
  it('lists all to a root key, by what is asked for, and says by what', async () => {
    const named = { name: 'Store', url: 'https://store.example' };
    const { data } = (await asRoot('POST', '/v1/service', named)).json();
    const own = (await asItself('GET', pathOf())).json().data;
    const builtIn = (await asRoot('GET', pathOf(formServiceId))).json().data;
    expect((await asRoot('GET', '/v1/service')).json()).toStrictEqual({
      meta: { id: [], is_enabled: null, gt: null, lt: null, limit: 50 },
      data: [builtIn, own, data],
    });
    const query = `id=${data.id.toUpperCase()}&id=${own.id}&is_enabled=true&gt=${own.id}&limit=5000`;
    expect((await asRoot('GET', `/v1/service?${query}`)).json()).toStrictEqual({
      meta: { id: [data.id, own.id], is_enabled: true, gt: own.id, lt: null, limit: 1000 },
      data: [data],
    });
    expect((await asRoot('GET', `/v1/service?lt=${data.id}&limit=1`)).json().data).toEqual([own]);
  });

  it('lists a service to itself alone', async () => {
    const own = (await asItself('GET', pathOf())).json().data;
    for (const query of ['', `?id=${own.id}&id=${formServiceId}`, `?gt=${formServiceId}`]) {
      expect((await asItself('GET', `/v1/service${query}`)).json().data).toEqual([own]);
    }
    const foreign = await asItself('GET', `/v1/service?id=${formServiceId}`);
    expect(foreign.json().data).toEqual([]);
  });

  it('names every parameter that is wrong', async () => {
    const response = await asRoot('GET', '/v1/service?id=x&is_enabled=1&gt=&lt=x&limit=0&more=1');
    expect(refusal(response)).toEqual([
      400,
      'invalid_argument',
      'id',
      'is_enabled',
      'gt',
      'lt',
      'limit',
      'more',
    ]);
  });
});

describe('PATCH /v1/service/{id}', () => {
  it('changes what is given alone, and answers with the service', async () => {
    const own = (await asItself('GET', pathOf())).json().data;
    const changes = { id: own.id, name: 'Store', provider_local_url: '', url: null };
    const response = await asRoot('PATCH', pathOf(), changes);
    expect(response.statusCode).toBe(200);
    const expected = { ...own, name: 'Store', provider_local_url: null, updated_at: TIME };
    expect(response.json()).toStrictEqual({ data: expected });
    const { is_enabled: _, ...rest } = full;
    const all = await asRoot('PATCH', pathOf(), rest);
    expect(all.json().data).toStrictEqual({ ...own, ...rest, updated_at: TIME });
  });

  it('lets a service change its name and text, but into no link, and end itself', async () => {
    const own = { name: 'Store', user_email_text: 'Call us.', user_allow_register: true };
    const changed = await asItself('PATCH', pathOf(), own);
    expect(changed.json().data).toMatchObject(own);
    const links = { name: 'store.example', user_email_text: 'http://store' };
    expect(refusal(await asItself('PATCH', pathOf(), links))).toEqual([
      400,
      'invalid_argument',
      'name',
      'user_email_text',
    ]);
    expect((await asItself('PATCH', pathOf(), { is_enabled: false })).statusCode).toBe(200);
    expect(refusal(await asItself('GET', pathOf()))).toEqual([401, 'unauthorized']);
    expect((await asRoot('PATCH', pathOf(), { is_enabled: true })).statusCode).toBe(200);
    expect((await asItself('GET', pathOf())).statusCode).toBe(200);
  });

  it.each([
    { is_enabled: true },
    { url: 'https://evil.example' },
    { provider_local_url: '' },
    { provider_github_oauth2_url: 'https://evil.example' },
    { provider_microsoft_oauth2_url: 'https://evil.example' },
    { provider_google_oauth2_url: 'https://evil.example' },
    { support_url: 'https://evil.example' },
    { sees_all_users: true },
    { owner_recovery: true },
    { require_factor: false },
    { new_device_mail: false },
  ])('takes a root key for %j', async (change) => {
    const before = (await asItself('GET', pathOf())).json();
    const response = await asItself('PATCH', pathOf(), change);
    expect(refusal(response)).toEqual([403, 'root_key_required']);
    expect((await asItself('GET', pathOf())).json()).toEqual(before);
  });

  it('refuses the id of another service in the body', async () => {
    const expected = [400, 'invalid_argument', 'id'];
    expect(refusal(await asRoot('PATCH', pathOf(), { id: UNKNOWN }))).toEqual(expected);
    const same = await asRoot('PATCH', pathOf(), { id: server.service.id.toUpperCase() });
    expect(same.statusCode).toBe(200);
  });

  it('refuses what the settings say of the built-in service', async () => {
    const change = { user_email_text: 'Call us.', name: 'Store', is_enabled: false };
    expect(refusal(await asRoot('PATCH', pathOf(formServiceId), change))).toEqual([
      400,
      'invalid_argument',
      'is_enabled',
      'name',
    ]);
  });
});

describe('DELETE /v1/service/{id}', () => {
  it('deletes a service that no user has a key of, with its keys', async () => {
    const { user } = await enrolled(server);
    expect(refusal(await asRoot('DELETE', pathOf()))).toEqual([400, 'invalid_argument', 'id']);
    await server.database.transact(({ keys }) => keys.revokeAllOf(user.id, server.clock.now()));
    const response = await asRoot('DELETE', pathOf());
    expect([response.statusCode, response.json()]).toStrictEqual([200, {}]);
    expect(refusal(await asItself('GET', pathOf()))).toEqual([401, 'unauthorized']);
    for (const method of ['GET', 'DELETE'] as const) {
      expect(refusal(await asRoot(method, pathOf()))).toEqual([404, 'not_found']);
    }
  });

  it('takes a root key', async () => {
    expect(refusal(await asItself('DELETE', pathOf()))).toEqual([403, 'root_key_required']);
  });

  it('does not delete the built-in service', async () => {
    const response = await asRoot('DELETE', pathOf(formServiceId));
    expect(refusal(response)).toEqual([400, 'invalid_argument', 'id']);
  });
});

it.each(['GET', 'PATCH', 'DELETE'] as const)(
  '%s answers a service alike about another one, an unknown one and no id',
  async (method) => {
    const body = method === 'PATCH' ? { sees_all_users: true } : undefined;
    for (const id of [formServiceId, UNKNOWN, 'x']) {
      const response = await asItself(method, pathOf(id), body);
      expect(refusal(response)).toEqual([404, 'not_found']);
    }
  },
);
