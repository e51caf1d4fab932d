import { beforeEach, describe, expect, it } from 'vitest';
import { enrolled, PASSWORD, type Rig, rig } from '../../test/harness.ts';

const LOGIN = '/v1/auth/provider/local/login';
const AGENT = `Mozilla/5.0 <script>${'x'.repeat(300)}`;
const MEMBERS = [
  'id',
  'created_at',
  'type',
  'outcome',
  'service_id',
  'user_id',
  'subject',
  'remote',
  'user_agent',
  'count',
  'sequence',
  'previous_hash',
  'hash',
];

type Entry = Record<string, unknown> & { id: string; created_at: string };

let server: Rig;
let userId: string;
beforeEach(async () => {
  server = await rig();
  const { user } = await enrolled(server);
  userId = user.id;
});

const get = (url: string, key?: string) =>
  server.json('GET', url, undefined, key === undefined ? {} : { headers: { authorization: key } });
const logIn = (password = PASSWORD) =>
  server.json(
    'POST',
    LOGIN,
    { email: 'ada@example.com', password },
    { headers: { 'user-agent': AGENT }, remoteAddress: '192.0.2.99' },
  );
const list = async (query = '', key?: string): Promise<{ data: Entry[]; next: string | null }> => {
  const response = await get(`/v1/audit${query}`, key);
  expect(response.statusCode).toBe(200);
  return response.json();
};

describe('GET /v1/audit', () => {
  it('answers with entries, the latest first, of which each has the documented members alone', async () => {
    await logIn();
    await logIn('wrong');
    const { data, next } = await list();
    expect(data.map(({ type, outcome }) => [type, outcome])).toEqual([
      ['sso:AuthLocalLogin', 'failure'],
      ['sso:AuthLocalLogin', 'success'],
      ['sso:KeyCreate', 'success'],
      ['sso:UserCreate', 'success'],
      ['sso:ServiceCreate', 'success'],
    ]);
    expect(next).toBeNull();
    for (const entry of data) expect(Object.keys(entry)).toEqual(MEMBERS);
    const [failed, succeeded] = data;
    expect(failed).toMatchObject({
      created_at: '2026-01-02T03:04:05.000Z',
      service_id: server.service.id,
      user_id: userId,
      subject: null,
      remote: '192.0.2.99',
      user_agent: AGENT.slice(0, 200),
      sequence: 5,
      previous_hash: succeeded?.hash,
    });
    expect(data.at(-1)).toMatchObject({ remote: null, user_agent: null, previous_hash: null });
  });

  it('answers 50 at a time, or as many as are asked for, page by page', async () => {
    for (let i = 0; i < 50; i += 1) await logIn();
    const first = await list();
    expect(first.data).toHaveLength(50);
    const all = await list('?limit=100');
    expect(all.data).toHaveLength(53);

    const seen: string[] = [];
    let after = '';
    for (;;) {
      const { data, next } = await list(`?limit=10${after}`);
      seen.push(...data.map(({ id }) => id));
      await logIn();
      if (next === null) break;
      after = `&after=${encodeURIComponent(next)}`;
    }
    expect(seen).toEqual(all.data.map(({ id }) => id));
  });

  it('answers with the entries that every filter lets through', async () => {
    const start = server.ports.clock.now();
    await logIn();
    const types = async (query: string) => (await list(query)).data.map(({ type }) => type);
    expect(await types('?type=sso:AuthLocalLogin')).toEqual(['sso:AuthLocalLogin']);
    expect(await types(`?user_id=${userId.toUpperCase()}`)).toEqual([
      'sso:AuthLocalLogin',
      'sso:KeyCreate',
      'sso:UserCreate',
    ]);
    expect(await types(`?user_id=${server.service.id}`)).toEqual([]);
    const at = (instant: number) => new Date(instant).toISOString();
    expect(await types(`?from=${at(start)}&type=sso:AuthLocalLogin`)).toEqual([
      'sso:AuthLocalLogin',
    ]);
    expect(await types(`?from=${at(start + 1)}`)).toEqual([]);
    expect(await types(`?to=${at(start)}`)).toEqual([]);
    expect(await types(`?to=${at(start + 1)}&type=sso:AuthLocalLogin`)).toEqual([
      'sso:AuthLocalLogin',
    ]);
    const offset = `${at(start + 7_200_001).slice(0, -1)}%2B02:00`;
    expect(await types(`?to=${offset}&type=sso:AuthLocalLogin`)).toEqual(['sso:AuthLocalLogin']);
  });

  it('answers a service its own, and a root key all, its own making included', async () => {
    const other = await server.otherServiceKey();
    const { data } = await list('', other);
    expect(data.map(({ type }) => type)).toEqual(['sso:ServiceCreate']);
    expect(data[0]?.service_id).not.toBe(server.service.id);
    const everything = (await list('?limit=100', server.rootKey)).data;
    const owners = new Set(everything.map(({ service_id }) => service_id));
    expect(owners).toContain(server.service.id);
    expect(owners).toContain(data[0]?.service_id);
    const operators = everything.filter(({ service_id }) => service_id === null);
    expect(operators.map(({ type }) => type)).toContain('rekey:RootKeyCreate');
  });

  it('asks for a key before it looks at the query', async () => {
    const response = await server.app.inject({ method: 'GET', url: '/v1/audit?limit=x' });
    expect(response.statusCode).toBe(401);
  });

  const uuid = '01900000-0000-7000-8000-000000000001';
  const limits = 'must be a whole number from 1 to 100';
  const time = 'must be a time as in RFC 3339';
  it.each([
    ['limit=0', 'limit', limits],
    ['limit=101', 'limit', limits],
    ['limit=', 'limit', limits],
    ['limit=1e1', 'limit', limits],
    ['limit=%2B5', 'limit', limits],
    ['limit=05', 'limit', limits],
    ['limit=5%20', 'limit', limits],
    ['limit=5&limit=5', 'limit', 'is given more than once'],
    ['user_id=x', 'user_id', 'must be a UUID'],
    [`user_id=${uuid}&user_id=${uuid}`, 'user_id', 'is given more than once'],
    ['user_id=%ZZ', 'user_id', 'is not properly percent-encoded'],
    ['from=2026-01-02', 'from', time],
    ['from=1767323045000', 'from', time],
    ['from=2026-02-30T00:00:00Z', 'from', time],
    ['to=2026-01-02T03:04:05', 'to', time],
    ['to=2026-01-02T03:04:05+01:00', 'to', time],
    ['to=2016-12-31T23:59:60Z', 'to', 'is not a time'],
    ['after=x', 'after', 'must be the next of a page'],
    [`after=${uuid}`, 'after', 'must be the next of a page'],
    [`after=1767323045000.${uuid}%27--`, 'after', 'must be the next of a page'],
    ['Limit=5', 'Limit', 'is not a known field'],
    ['service_id=x', 'service_id', 'is not a known field'],
    ['__proto__=x', '__proto__', 'is not a known field'],
    ['%00=x', '(unnamed)', 'is not a known field'],
  ])('refuses ?%s, and names the field', async (query, field, message) => {
    const response = await get(`/v1/audit?${query}`);
    expect(response.statusCode).toBe(400);
    expect(response.json()).toMatchObject({
      code: 'invalid_argument',
      errors: [{ field, message }],
    });
    expect(response.json().errors).toHaveLength(1);
  });

  it('refuses a text that is no type, and says which there are', async () => {
    const response = await get('/v1/audit?type=sso:Logout&limit=0');
    expect(response.json().errors).toMatchObject([
      { field: 'type', message: expect.stringMatching(/^must be one of .*sso:ServiceCreate, /) },
      { field: 'limit' },
    ]);
    expect(response.body).not.toContain('Logout');
  });
});

describe('GET /v1/audit/{id}', () => {
  it('answers the entry, to the service that it is about and to a root key', async () => {
    const [entry] = (await list()).data;
    for (const key of [server.serviceKey, server.rootKey]) {
      const response = await get(`/v1/audit/${entry?.id.toUpperCase()}`, key);
      expect([response.statusCode, response.json()]).toStrictEqual([200, { data: entry }]);
    }
  });

  it('answers alike for entries of others, ids of nothing and texts that are no id', async () => {
    const [entry] = (await list()).data;
    const other = await server.otherServiceKey();
    const foreign = await get(`/v1/audit/${entry?.id}`, other);
    expect(foreign.statusCode).toBe(404);
    for (const id of [server.service.id, 'x', '%ZZ%']) {
      const unknown = await get(`/v1/audit/${encodeURIComponent(id)}`, other);
      expect([unknown.statusCode, unknown.json()]).toStrictEqual([404, foreign.json()]);
    }
  });

  it('answers with the entry that a revocation names', async () => {
    const login = (await logIn()).json();
    const revoked = await server.json('POST', '/v1/auth/token/revoke', {
      token: login.access.token,
    });
    const { data } = (await get(`/v1/audit/${revoked.json().audit}`)).json();
    expect(data).toMatchObject({ type: 'sso:AuthTokenRevoke', user_id: userId });
  });
});
