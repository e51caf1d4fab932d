import { beforeEach, describe, expect, it } from 'vitest';
import { type Rig, rig, TIME, UUID } from '../../test/harness.ts';

const HOOK = { url: 'https://shop.example/hook' };
const UNKNOWN = '01900000-0000-7000-8000-ffffffffffff';

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

const create = async (more: object = {}) =>
  (await asService('POST', '/v1/webhook', { ...HOOK, ...more })).json();

/** The code of a refusal, and its refused fields with their codes. */
const refusal = (response: Awaited<ReturnType<typeof asRoot>>) => {
  const { code, errors = [] } = response.json();
  const fields = errors.map((each: Record<string, string>) => `${each.field}: ${each.code}`);
  return [response.statusCode, code, ...fields];
};

const webhookOf = (more: object = {}) => ({
  id: UUID,
  created_at: TIME,
  updated_at: TIME,
  service_id: server.service.id,
  ...HOOK,
  types: [],
  description: '',
  is_enabled: true,
  disabled_at: null,
  overlap_ends_at: null,
  ...more,
});

describe('POST /v1/webhook', () => {
  it('answers with the webhook and, this once, its secret', async () => {
    const more = { types: ['user.locked'], description: 'alerts' };
    const made = await create(more);
    expect(made).toEqual({
      data: webhookOf(more),
      secret: expect.stringMatching(/^whsec_[A-Za-z\d+/]{43}=$/),
    });
    const read = await asService('GET', `/v1/webhook/${made.data.id}`);
    expect(read.json()).toEqual({ data: made.data });
  });

  it('is for a service that a root key names', async () => {
    const named = { ...HOOK, service_id: server.service.id.toUpperCase() };
    expect((await asRoot('POST', '/v1/webhook', named)).json().data).toEqual(webhookOf());
    expect(refusal(await asRoot('POST', '/v1/webhook', HOOK))).toEqual([
      400,
      'invalid_argument',
      'service_id: required',
    ]);
    expect(refusal(await asService('POST', '/v1/webhook', named))).toEqual([
      403,
      'root_key_required',
    ]);
  });

  it.each([
    [{ url: 'http://shop.example/' }, 'url: malformed'],
    [{ url: 'https://shop.example:25/' }, 'url: not_allowed'],
    [{ url: 'https://private.example/' }, 'url: not_allowed'],
    [{ ...HOOK, types: ['user.locked', 'user.locked'] }, 'types: repeated'],
    [{ ...HOOK, description: 'two\nlines' }, 'description: malformed'],
    [{ ...HOOK, secret: 'whsec_AAAA' }, 'secret: unknown'],
    [{}, 'url: required'],
  ])('refuses %j', async (body, field) => {
    const refused = refusal(await asService('POST', '/v1/webhook', body));
    expect(refused).toEqual([400, 'invalid_argument', field]);
  });
});

describe('GET /v1/webhook', () => {
  it('lists the webhooks of the service, or of all for a root key, and says by what', async () => {
    const [one, two] = [(await create()).data, (await create()).data];
    const meta = { service_id: [], gt: null, lt: null, limit: 50 };
    const list = async (url: string, ask = asService) => (await ask('GET', url)).json();
    expect(await list('/v1/webhook')).toEqual({ meta, data: [one, two] });
    expect(await list(`/v1/webhook?gt=${one.id}&limit=5`)).toEqual({
      meta: { ...meta, gt: one.id, limit: 5 },
      data: [two],
    });
    expect(await list(`/v1/webhook?service_id=${server.service.id}`, asRoot)).toEqual({
      meta: { ...meta, service_id: [server.service.id] },
      data: [one, two],
    });
    expect((await asOther('GET', '/v1/webhook')).json().data).toEqual([]);
  });
});

describe('/v1/webhook/:id', () => {
  it('is changed in what is given, disabled and enabled', async () => {
    const { data } = await create();
    const url = `/v1/webhook/${data.id}`;
    const change = async (body: object) => (await asService('PATCH', url, body)).json().data;
    const changes = { url: 'https://shop.example/other', types: ['token.theft'] };
    expect(await change({ id: data.id, ...changes })).toEqual(webhookOf(changes));
    const disabled = { is_enabled: false, disabled_at: TIME };
    expect(await change({ is_enabled: false })).toEqual(webhookOf({ ...changes, ...disabled }));
    expect(await change({ is_enabled: true })).toEqual(webhookOf(changes));
  });

  it('is deleted', async () => {
    const { data } = await create();
    const url = `/v1/webhook/${data.id}`;
    const answer = await asService('DELETE', url);
    expect([answer.statusCode, answer.json()]).toEqual([200, {}]);
    expect((await asService('GET', url)).statusCode).toBe(404);
  });

  it('is rotated, tested and replayed', async () => {
    const { data, secret } = await create();
    const url = `/v1/webhook/${data.id}`;
    const rotated = (await asService('POST', `${url}/rotate`)).json();
    expect(rotated.data).toEqual(webhookOf({ overlap_ends_at: '2026-01-03T03:04:05.000Z' }));
    expect(rotated.secret).not.toBe(secret);
    expect((await asService('POST', `${url}/test`)).json()).toEqual({
      data: { is_delivered: true, error: null, status: 200, duration_ms: 1 },
    });
    const range = { from: '2026-01-01T00:00:00Z', to: '2026-01-31T00:00:00+01:00' };
    expect((await asService('POST', `${url}/replay`, range)).json()).toEqual({});
    expect(refusal(await asService('POST', `${url}/replay`, range))).toEqual([
      400,
      'invalid_argument',
      'id: not_allowed',
    ]);
    const back = { from: range.to, to: range.from };
    expect(refusal(await asService('POST', `${url}/replay`, back))).toEqual([
      400,
      'invalid_argument',
      'to: out_of_range',
    ]);
    const bad = refusal(await asService('POST', `${url}/replay`, { from: 'today', to: 'x' }));
    expect(bad).toEqual([400, 'invalid_argument', 'from: malformed', 'to: malformed']);
  });

  it('lists what became of events, and by what', async () => {
    const { data } = await create();
    const url = `/v1/webhook/${data.id}/delivery`;
    const answer = await asService('GET', `${url}?state=waiting&limit=3`);
    expect(answer.json()).toEqual({
      meta: { state: 'waiting', gt: null, lt: null, limit: 3 },
      data: [],
    });
    expect(refusal(await asService('GET', `${url}?state=lost`))).toEqual([
      400,
      'invalid_argument',
      'state: malformed',
    ]);
  });

  it('is not found where it is unknown, foreign or no id', async () => {
    const { data } = await create();
    for (const id of [UNKNOWN, 'x']) {
      expect((await asService('GET', `/v1/webhook/${id}`)).statusCode).toBe(404);
    }
    expect((await asOther('POST', `/v1/webhook/${data.id}/test`)).statusCode).toBe(404);
    expect((await asOther('GET', `/v1/webhook/${data.id}/delivery`)).statusCode).toBe(404);
  });
});
