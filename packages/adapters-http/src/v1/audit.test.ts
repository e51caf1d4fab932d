import { beforeEach, describe, expect, it } from 'vitest';
import { enrolled, PASSWORD, type Rig, rig } from '../../test/harness.ts';

const LOGIN = '/v1/auth/provider/local/login';
const AGENT = `Mozilla/5.0 <script>${'x'.repeat(300)}`;
const MEMBERS = [
  'id',
  'created_at',
  'updated_at',
  'type',
  'outcome',
  'status_code',
  'key_id',
  'service_id',
  'user_id',
  'user_key_id',
  'subject',
  'data',
  'remote',
  'user_agent',
  'forwarded',
  'count',
  'sequence',
  'previous_hash',
  'hash',
];

type Entry = Record<string, unknown> & { id: string; created_at: string; type: string };

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
    {
      headers: { 'user-agent': AGENT, 'x-forwarded-for': '203.0.113.1, x' },
      remoteAddress: '192.0.2.99',
    },
  );
const post = (body: object, key?: string) =>
  server.json(
    'POST',
    '/v1/audit',
    body,
    key === undefined ? {} : { headers: { authorization: key } },
  );
const patch = (id: string, body: object, key?: string) =>
  server.json(
    'PATCH',
    `/v1/audit/${id}`,
    body,
    key === undefined ? {} : { headers: { authorization: key } },
  );
const read = async (id: string) => (await get(`/v1/audit/${id}`)).json().data;
const made = async (body: object, key?: string): Promise<Entry> => {
  const response = await post(body, key);
  expect(response.statusCode, response.body).toBe(200);
  return response.json().data;
};
type Listed = { meta: object; data: Entry[]; next: string | null };
const list = async (query = '', key?: string): Promise<Listed> => {
  const response = await get(`/v1/audit${query}`, key);
  expect(response.statusCode).toBe(200);
  return response.json();
};

/** A KEY of the user. */
const aKey = async (): Promise<{ id: string }> => {
  const sent = { type: 'KEY', name: 'cli', user_id: userId };
  return (await server.json('POST', '/v1/key', sent)).json().data.key;
};

describe('GET /v1/audit', () => {
  it('answers with the last entries, the latest last, each with the documented members alone', async () => {
    await logIn();
    await logIn('wrong');
    const { meta, data, next } = await list();
    expect(data.map(({ type, outcome }) => [type, outcome])).toEqual([
      ['sso:ServiceCreate', 'success'],
      ['sso:UserCreate', 'success'],
      ['sso:KeyCreate', 'success'],
      ['sso:AuthLocalLogin', 'success'],
      ['sso:AuthLocalLogin', 'failure'],
    ]);
    expect(next).toBeNull();
    for (const entry of data) expect(Object.keys(entry)).toEqual(MEMBERS);
    const [succeeded, failed] = data.slice(-2);
    expect(failed).toMatchObject({
      created_at: '2026-01-02T03:04:05.000Z',
      updated_at: '2026-01-02T03:04:05.000Z',
      status_code: 3,
      data: { type: 'error', data: 'invalid_credentials' },
      key_id: expect.any(String),
      service_id: server.service.id,
      user_id: userId,
      user_key_id: null,
      subject: null,
      remote: '192.0.2.99',
      user_agent: AGENT.slice(0, 200),
      forwarded: '203.0.113.1, x',
      sequence: 5,
      previous_hash: succeeded?.hash,
    });
    expect(succeeded).toMatchObject({ status_code: 0, data: null });
    const none = { remote: '', user_agent: '', forwarded: null, key_id: null };
    expect(data[0]).toMatchObject({ ...none, previous_hash: null });
    expect(meta).toEqual({
      ge: null,
      le: null,
      limit: 50,
      offset_id: null,
      id: [],
      type: [],
      subject: [],
      service_id: [],
      user_id: [],
      order: null,
      after: null,
    });
  });

  it('answers 50 at a time, or as many as are asked for, the latest first page by page', async () => {
    for (let i = 0; i < 50; i += 1) await logIn();
    expect((await list('?order=desc')).data).toHaveLength(50);
    const all = await list('?order=desc&limit=100');
    expect(all.data).toHaveLength(53);

    const seen: string[] = [];
    let after = '';
    for (;;) {
      const { data, next } = await list(`?order=desc&limit=10${after}`);
      seen.push(...data.map(({ id }) => id));
      await logIn();
      if (next === null) break;
      after = `&after=${encodeURIComponent(next)}`;
    }
    expect(seen).toEqual(all.data.map(({ id }) => id));
  });

  it('answers 1000 at most, and says so', async () => {
    const { meta } = await list('?limit=5000');
    expect(meta).toMatchObject({ limit: 1000 });
  });

  it('pages by ge, le and offset_id in both directions, each page ascending', async () => {
    const all: Entry[] = [];
    for (let i = 0; i < 7; i += 1) {
      // Of the same millisecond, two by two.
      server.clock.set(server.clock.now() + (i % 2));
      all.push(await made({ type: 'shop:Step' }));
    }
    const ids = all.map(({ id }) => id);
    const idsOf = async (query: string) =>
      (await list(`?type=shop:Step&limit=3${query}`)).data.map(({ id }) => id);
    const at = (index: number) => all[index]?.created_at;
    expect(await idsOf(`&ge=${at(0)}`)).toEqual(ids.slice(0, 3));
    expect(await idsOf(`&ge=${at(2)}&offset_id=${ids[2]}`)).toEqual(ids.slice(3, 6));
    expect(await idsOf(`&ge=${at(0)}&offset_id=${ids[5]}`)).toEqual(ids.slice(6));
    expect(await idsOf('')).toEqual(ids.slice(4));
    expect(await idsOf(`&le=${at(6)}`)).toEqual(ids.slice(4));
    expect(await idsOf(`&le=${at(4)}&offset_id=${ids[4]}`)).toEqual(ids.slice(1, 4));
    expect(await idsOf(`&le=${at(6)}&offset_id=${ids[1]}`)).toEqual(ids.slice(0, 1));
    expect(await idsOf(`&ge=${at(0)}&le=${at(3)}&offset_id=${ids[0]}`)).toEqual(ids.slice(1, 4));
    expect(await idsOf('&order=asc')).toEqual(ids.slice(0, 3));
    expect(await idsOf(`&order=desc&le=${at(4)}&offset_id=${ids[4]}`)).toEqual(
      ids.slice(1, 4).toReversed(),
    );
    const { meta } = await list(`?ge=${at(0)}&le=${at(3)}&offset_id=${ids[0]?.toUpperCase()}`);
    expect(meta).toMatchObject({ ge: at(0), le: at(3), offset_id: ids[0] });
  });

  it('takes the id of an entry that is foreign or gone for a place, and tells nothing of it', async () => {
    const [own] = [await made({ type: 'shop:Step' })];
    const foreign = await made({ type: 'step' }, await server.otherServiceKey());
    const seen = async (query: string) =>
      (await list(`?type=shop:Step&${query}`)).data.map(({ id }) => id);
    const { created_at } = own;
    for (const id of [foreign.id, '00000000-0000-0000-0000-000000000000']) {
      const later = id > own.id ? [] : [own.id];
      expect(await seen(`ge=${created_at}&offset_id=${id}`)).toEqual(later);
      expect(await seen(`le=${created_at}&offset_id=${id}`)).toEqual(later.length ? [] : [own.id]);
    }
  });

  it('answers with the entries that every filter lets through, and of a filter any value', async () => {
    const start = server.ports.clock.now();
    await logIn();
    const custom = await made({ type: 'shop:Step', subject: 'order 7', user_id: userId });
    const types = async (query: string) => (await list(query)).data.map(({ type }) => type);
    expect(await types('?type=sso:AuthLocalLogin')).toEqual(['sso:AuthLocalLogin']);
    expect(await types('?type=sso:AuthLocalLogin&type=shop:Step')).toEqual([
      'sso:AuthLocalLogin',
      'shop:Step',
    ]);
    expect(await types('?type=sso:Unknown')).toEqual([]);
    expect(await types(`?user_id=${userId.toUpperCase()}`)).toEqual([
      'sso:UserCreate',
      'sso:KeyCreate',
      'sso:AuthLocalLogin',
      'shop:Step',
    ]);
    expect(await types(`?user_id=${server.service.id}`)).toEqual([]);
    expect(await types('?subject=order%207&subject=order%208')).toEqual(['shop:Step']);
    expect(await types(`?id=${custom.id}&id=${server.service.id}`)).toEqual(['shop:Step']);
    expect(await types(`?id=${custom.id}&type=sso:UserCreate`)).toEqual([]);
    const at = (instant: number) => new Date(instant).toISOString();
    expect(await types(`?ge=${at(start)}&type=sso:AuthLocalLogin`)).toEqual(['sso:AuthLocalLogin']);
    expect(await types(`?ge=${at(start + 1)}`)).toEqual([]);
    expect(await types(`?le=${at(start - 1)}`)).toEqual([]);
    const offset = `${at(start + 7_200_000).slice(0, -1)}%2B02:00`;
    expect(await types(`?le=${offset}&type=sso:AuthLocalLogin`)).toEqual(['sso:AuthLocalLogin']);
    const other = await server.otherServiceKey();
    expect((await list(`?service_id=${server.service.id}`, other)).data).toEqual([]);
    const ofBoth = (await list(`?service_id=${server.service.id}`, server.rootKey)).data;
    expect(new Set(ofBoth.map(({ service_id }) => service_id))).toEqual(
      new Set([server.service.id]),
    );
  });

  it('ends a page early where the data of its entries is large, and goes on behind them', async () => {
    const data = { text: 'x'.repeat(60_000) };
    for (let i = 0; i < 60; i += 1) await made({ type: 'shop:Large', data });
    const first = await list('?type=shop:Large&limit=1000&order=desc');
    expect(first.data).toHaveLength(50);
    const second = await list(
      `?type=shop:Large&limit=1000&order=desc&after=${encodeURIComponent(first.next ?? '')}`,
    );
    expect(second.data).toHaveLength(10);
    expect(second.next).toBeNull();
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
  const limits = 'must be a whole number from 1';
  const time = 'must be a time as in RFC 3339';
  it.each([
    ['limit=0', 'limit', limits],
    ['limit=', 'limit', limits],
    ['limit=1e1', 'limit', limits],
    ['limit=%2B5', 'limit', limits],
    ['limit=5%20', 'limit', limits],
    ['limit=5&limit=5', 'limit', 'is given more than once'],
    ['user_id=x', 'user_id', 'must be a list'],
    ['user_id=%ZZ', 'user_id', 'is not properly percent-encoded'],
    ['subject=', 'subject', 'must be 1 to 200 characters on one line'],
    ['type=', 'type', 'must be 1 to 200 characters on one line'],
    [`type=${'x'.repeat(201)}`, 'type', 'must be 1 to 200 characters on one line'],
    ['ge=2026-01-02', 'ge', time],
    ['ge=1767323045000', 'ge', time],
    ['ge=2026-02-30T00:00:00Z', 'ge', time],
    ['le=2026-01-02T03:04:05', 'le', time],
    ['le=2026-01-02T03:04:05+01:00', 'le', time],
    ['le=2016-12-31T23:59:60Z', 'le', 'is not a time'],
    ['order=up', 'order', 'must be one of asc, desc'],
    ['offset_id=x', 'offset_id', 'must be a UUID'],
    ['after=x', 'after', 'must be the next of a page'],
    [`after=${uuid}`, 'after', 'must be the next of a page'],
    [`after=1767323045000.${uuid}%27--`, 'after', 'must be the next of a page'],
    [
      `after=1767323045000.${uuid}&offset_id=${uuid}`,
      'after',
      'cannot be given together with offset_id',
    ],
    ['Limit=5', 'Limit', 'is not a known field'],
    ['from=2026-01-02T03:04:05Z', 'from', 'is not a known field'],
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

  it('answers only where the entry is about the subject that is asked for', async () => {
    const { id } = await made({ type: 'shop:Step', subject: 'order 7' });
    expect((await get(`/v1/audit/${id}?subject=order%207`)).statusCode).toBe(200);
    expect((await get(`/v1/audit/${id}?subject=order%208`)).statusCode).toBe(404);
  });
});

describe('POST /v1/audit', () => {
  it('adds an entry of the service, about a user that it sees', async () => {
    const key = await aKey();
    const sent = {
      type: 'shop:CheckOut',
      subject: 'Bestellung 7 🦉',
      data: { total: 25, items: [{ name: null }] },
      user_id: userId,
      user_key_id: key.id,
    };
    const entry = await made(sent);
    expect(Object.keys(entry)).toEqual(MEMBERS);
    expect(entry).toMatchObject({
      ...sent,
      status_code: null,
      outcome: 'success',
      service_id: server.service.id,
      key_id: expect.any(String),
    });
    // It gets its place after the answer.
    const { sequence, hash } = entry;
    expect([sequence, hash]).toEqual([null, null]);
    const placed = await read(entry.id);
    expect(placed).toEqual({
      ...entry,
      sequence: expect.any(Number),
      previous_hash: expect.any(String),
      hash: expect.any(String),
    });
    expect((await list('?type=shop:CheckOut')).data).toEqual([placed]);
  });

  it('adds one of the operator with a root key', async () => {
    const entry = await made({ type: 'ops:Visit' }, server.rootKey);
    expect(entry).toMatchObject({ service_id: null, subject: null, data: null });
    expect((await get(`/v1/audit/${entry.id}`)).statusCode).toBe(404);
    expect((await get(`/v1/audit/${entry.id}`, server.rootKey)).statusCode).toBe(200);
  });

  it.each([
    ['a member that objects have from the start', '{"__proto__":{"x":1},"constructor":1}'],
    ['characters that no database takes', '{"a":"\\u0000\\ud800","\\n":"\\u2028"}'],
    ['numbers of all kinds', '{"a":[1e15,-0.5,0,1e-300,123456789012345,-9007199254740991]}'],
    ['nothing', '{}'],
  ])('keeps %s as it is', async (_what, data) => {
    const response = await server.app.inject({
      method: 'POST',
      url: '/v1/audit',
      headers: { authorization: server.serviceKey, 'content-type': 'application/json' },
      payload: `{"type":"shop:Odd","data":${data}}`,
    });
    expect(response.statusCode, response.body).toBe(200);
    const read = await get(`/v1/audit/${response.json().data.id}`);
    for (const { body } of [response, read]) {
      const found: unknown = JSON.parse(body).data.data;
      expect(JSON.stringify(found)).toBe(JSON.stringify(JSON.parse(data)));
    }
  });

  const deep = (levels: number) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;
  it.each([
    ['type', '{"type":"sso:UserCreate"}', 'malformed'],
    ['type', '{"type":"Rekey:Own"}', 'malformed'],
    ['type', '{"type":" sso:UserCreate"}', 'malformed'],
    ['type', '{"type":"ｓｓｏ：UserCreate"}', 'malformed'],
    ['type', '{"type":""}', 'malformed'],
    ['type', '{"type":"a\\nb"}', 'malformed'],
    ['type', '{"type":"\\ud800"}', 'malformed'],
    ['type', `{"type":"${'x'.repeat(201)}"}`, 'malformed'],
    ['type', '{"type":7}', 'malformed'],
    ['type', '{}', 'required'],
    ['subject', '{"type":"t","subject":""}', 'malformed'],
    ['subject', '{"type":"t","subject":"\\u0000"}', 'malformed'],
    ['data', '{"type":"t","data":[]}', 'malformed'],
    ['data', '{"type":"t","data":"x"}', 'malformed'],
    ['data', '{"type":"t","data":{"a":1e999}}', 'out_of_range'],
    ['data', '{"type":"t","data":{"a":[{"b":9007199254740993}]}}', 'out_of_range'],
    ['data', `{"type":"t","data":${deep(33)}}`, 'malformed'],
    ['data', `{"type":"t","data":${deep(5000)}}`, 'malformed'],
    ['data', `{"type":"t","data":{"a":[${'1e-6,'.repeat(12_000)}1]}}`, 'too_long'],
    ['user_id', '{"type":"t","user_id":"x"}', 'malformed'],
    ['user_id', '{"type":"t","user_id":"01900000-0000-7000-8000-000000000001"}', 'unknown'],
    ['user_key_id', '{"type":"t","user_key_id":"01900000-0000-7000-8000-000000000001"}', 'unknown'],
    ['status_code', '{"type":"t","status_code":200}', 'unknown'],
  ])('refuses a bad %s: %.60s', async (field, payload, code) => {
    const response = await server.app.inject({
      method: 'POST',
      url: '/v1/audit',
      headers: { authorization: server.serviceKey, 'content-type': 'application/json' },
      payload,
    });
    expect(response.statusCode, response.body).toBe(400);
    expect(response.json().errors).toMatchObject([{ field, code }]);
  });

  it('refuses users and keys of others as if they were not there', async () => {
    const other = await server.otherServiceKey();
    const key = await aKey();
    const foreign = { type: 't', user_id: userId, user_key_id: key.id };
    const unknown = { type: 't', user_id: server.service.id, user_key_id: server.service.id };
    const answers = [await post(foreign, other), await post(unknown, other)];
    for (const answer of answers) {
      expect(answer.json().errors).toMatchObject([
        { field: 'user_id', code: 'unknown' },
        { field: 'user_key_id', code: 'unknown' },
      ]);
    }
    expect(answers[0]?.body).toBe(answers[1]?.body);
  });

  it('reads 64 KiB, and no more', async () => {
    const size = (bytes: number) => {
      const frame = JSON.stringify({ type: 't', data: { a: '' } }).length;
      return post({ type: 't', data: { a: 'x'.repeat(bytes - frame) } });
    };
    expect((await size(65_536)).statusCode).toBe(200);
    expect((await size(65_537)).statusCode).toBe(413);
  });
});

describe('PATCH /v1/audit/{id}', () => {
  it('adds what the entry does not say yet, and replaces nothing', async () => {
    const data = { a: 1, b: null };
    const entry = await read((await made({ type: 'shop:Step', data })).id);
    server.clock.set(server.clock.now() + 5000);
    const change = { id: entry.id, status_code: 200, subject: 's', data: { a: 2, c: 3 } };
    const amended = (await patch(entry.id, change)).json().data;
    const added = { status_code: 200, subject: 's', data: { a: 1, b: null, c: 3 } };
    expect(amended).toEqual({ ...entry, ...added, updated_at: '2026-01-02T03:04:10.000Z' });
    const again = { status_code: 500, subject: 'other', data: { b: 7 } };
    expect((await patch(entry.id, again)).json().data).toEqual(amended);
    expect((await patch(entry.id, {})).json().data).toEqual(amended);
    expect((await get(`/v1/audit/${entry.id}`)).json().data).toEqual(amended);
    expect((await list('?type=shop:Step')).data).toEqual([amended]);
    const [amendment, ...others] = (await list('?type=sso:AuditUpdate')).data;
    expect(others).toEqual([]);
    expect(amendment).toMatchObject({ subject: entry.id, status_code: 200, sequence: 5 });
    expect((await list()).data.map(({ type }) => type)).not.toContain('sso:AuditUpdate');
  });

  it('refuses entries of Rekey’s own, and those of others as if they were not there', async () => {
    const [own] = (await list('?type=sso:UserCreate')).data;
    const refused = await patch(own?.id ?? '', { subject: 's' });
    expect([refused.statusCode, refused.json().code]).toEqual([403, 'forbidden']);
    const entry = await made({ type: 'shop:Step' });
    const other = await server.otherServiceKey();
    const foreign = await patch(entry.id, { subject: 's' }, other);
    const unknown = await patch(server.service.id, { subject: 's' }, other);
    expect(foreign.statusCode).toBe(404);
    expect(foreign.json()).toStrictEqual(unknown.json());
    expect((await patch(entry.id, { subject: 's' }, server.rootKey)).statusCode).toBe(200);
  });

  it('takes twenty amendments, and 64 KiB of data of all together', async () => {
    const entry = await made({ type: 'shop:Step' });
    for (let i = 0; i < 20; i += 1) {
      expect((await patch(entry.id, { data: { [`k${i}`]: i } })).statusCode).toBe(200);
    }
    const refusal = await patch(entry.id, { data: { more: 1 } });
    expect(refusal.json().errors).toMatchObject([{ field: 'id', code: 'out_of_range' }]);
    const { id } = await made({ type: 'shop:Step', data: { a: 'x'.repeat(40_000) } });
    const other = await read(id);
    const large = await patch(other.id, { data: { b: 'x'.repeat(30_000) } });
    expect(large.json().errors).toMatchObject([{ field: 'data', code: 'out_of_range' }]);
    expect((await get(`/v1/audit/${other.id}`)).json().data).toEqual(other);
  });

  it.each([
    ['status_code', { status_code: -1 }],
    ['status_code', { status_code: 65_536 }],
    ['status_code', { status_code: '200' }],
    ['status_code', { status_code: 1.5 }],
    ['subject', { subject: '' }],
    ['data', { data: [] }],
    ['type', { type: 'other' }],
    ['id', { id: '01900000-0000-7000-8000-000000000001' }],
  ])('refuses a bad %s', async (field, body) => {
    const { id } = await made({ type: 'shop:Step' });
    const response = await patch(id, body);
    expect(response.statusCode).toBe(400);
    expect(response.json().errors).toMatchObject([{ field }]);
  });
});

describe('a call with `audit`', () => {
  const asked = 'shop:CheckIn';
  const found = async (id: string) => (await get(`/v1/audit/${id}`)).json().data;

  it('adds an entry of that type about the user and the key, and answers its id', async () => {
    const login = (await logIn()).json();
    const verified = await server.json('POST', '/v1/auth/token/verify', {
      token: login.access.token,
      audit: asked,
    });
    const of = { type: asked, user_id: userId, user_key_id: expect.any(String) };
    expect(await found(verified.json().audit)).toMatchObject(of);
    const refreshed = await server.json('POST', '/v1/auth/token/refresh', {
      token: login.refresh.token,
      audit: asked,
    });
    expect(await found(refreshed.json().audit)).toMatchObject(of);
    const { token } = refreshed.json().access;
    const revoked = await server.json('POST', '/v1/auth/token/revoke', { token, audit: asked });
    expect(await found(revoked.json().audit)).toMatchObject(of);
  });

  it('answers null where none is asked for', async () => {
    const login = (await logIn()).json();
    const verify = { token: login.access.token };
    const verified = await server.json('POST', '/v1/auth/token/verify', verify);
    expect(verified.json().audit).toBeNull();
    const refreshed = await server.json('POST', '/v1/auth/token/refresh', {
      token: login.refresh.token,
    });
    expect(refreshed.json().audit).toBeNull();
    const { token } = refreshed.json().access;
    const revoked = await server.json('POST', '/v1/auth/token/revoke', { token, audit: null });
    expect(revoked.json().audit).toBeNull();
  });

  it.each(['verify', 'refresh', 'revoke'])(
    'is refused with a type of Rekey’s own: %s',
    async (verb) => {
      const login = (await logIn()).json();
      const token = verb === 'refresh' ? login.refresh.token : login.access.token;
      const url = `/v1/auth/token/${verb}`;
      const refused = await server.json('POST', url, { token, audit: 'sso:UserCreate' });
      expect(refused.json().errors).toMatchObject([{ field: 'audit', code: 'malformed' }]);
      expect((await server.json('POST', url, { token })).statusCode).toBe(200);
    },
  );
});
