import { operator } from '@rekey/domain';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { enrolled, PASSWORD, type Rig, rig } from '../../test/harness.ts';

const UUID = /^[\da-f-]{36}$/;

let server: Rig;
let userId: string;
beforeEach(async () => {
  server = await rig();
  userId = (await enrolled(server)).user.id;
});
afterEach(() => server.drain({ ms: 0 }));

const get = (url: string, key?: string) =>
  server.json('GET', url, undefined, key === undefined ? {} : { headers: { authorization: key } });

const rename = (name: string) => server.json('PATCH', `/v1/user/${userId}`, { name });
const logIn = () =>
  server.json('POST', '/v1/auth/provider/local/login', {
    email: 'ada@example.com',
    password: PASSWORD,
  });
/** Where the events end that are there. */
const end = async (): Promise<string> => (await get('/v1/event')).json().next;
const settle = () => server.useCases.maintenance.sequence.execute(operator);

describe('GET /v1/event', () => {
  it('answers what happened, to the member', async () => {
    const after = await end();
    await rename('Ada L');
    const response = await get(`/v1/event?after=${after}`);
    expect(response.statusCode).toBe(200);
    expect(response.json()).toEqual({
      data: [
        {
          id: expect.stringMatching(UUID),
          type: 'user.updated',
          created_at: '2026-01-02T03:04:05.000Z',
          service_id: server.service.id,
          user_id: userId,
          subject_id: null,
          data: { fields: ['name'] },
        },
      ],
      next: expect.any(String),
    });
  });

  it('takes types with commas and repeated, and goes on after a page', async () => {
    const after = await end();
    await rename('A');
    await logIn();
    await rename('B');
    const both = 'types=session.started,user.updated';
    const first = await get(`/v1/event?after=${after}&${both}&limit=2`);
    expect(first.json().data).toHaveLength(2);
    const rest = await get(`/v1/event?after=${first.json().next}&types=session.started&${both}`);
    expect(rest.json().data).toHaveLength(1);
  });

  it.each([
    ['types=user.left', 'types'],
    ['types=user.updated,', 'types'],
    ['wait_s=31', 'wait_s'],
    ['wait_s=-1', 'wait_s'],
    ['wait_s=', 'wait_s'],
    ['limit=0', 'limit'],
    ['since_s=x', 'since_s'],
    ['heartbeat_ms=500', 'heartbeat_ms'],
    ['service_id=x', 'service_id'],
  ])('refuses %s', async (query, field) => {
    const response = await get(`/v1/event?${query}`);
    expect(response.statusCode).toBe(400);
    expect(response.json()).toMatchObject({ code: 'invalid_argument', errors: [{ field }] });
  });

  it('refuses a cursor of another service, and one that was changed', async () => {
    const other = await server.otherServiceKey();
    const after = await end();
    for (const [cursor, key] of [
      [after, other],
      [`1${after}`, server.serviceKey],
    ] as const) {
      const response = await get(`/v1/event?after=${cursor}`, key);
      expect(response.statusCode).toBe(400);
      expect(response.json().code).toBe('invalid_cursor');
    }
  });

  it('asks an operator whose events are meant', async () => {
    const missing = await get('/v1/event', server.rootKey);
    expect(missing.json()).toMatchObject({ errors: [{ field: 'service_id', code: 'required' }] });
    const asked = await get(`/v1/event?service_id=${server.service.id}`, server.rootKey);
    expect(asked.json().data.length).toBeGreaterThan(0);
    const unknown = '01900000-0000-7000-8000-00000000ffff';
    expect((await get(`/v1/event?service_id=${unknown}`, server.rootKey)).statusCode).toBe(404);
    const own = server.service.id;
    const foreign = await get(`/v1/event?service_id=${own}`, await server.otherServiceKey());
    expect(foreign.statusCode).toBe(404);
  });

  it('waits for what comes', async () => {
    const waiting = get(`/v1/event?after=${await end()}&wait_s=30`);
    await rename('A');
    await settle();
    expect((await waiting).json().data).toMatchObject([{ type: 'user.updated' }]);
  });

  it('ends a wait when the server is to stop', async () => {
    const after = await end();
    await server.app.listen({ host: '127.0.0.1', port: 0 });
    const url = `http://127.0.0.1:${server.port()}/v1/event?after=${after}&wait_s=30`;
    const waiting = fetch(url, { headers: { authorization: server.serviceKey } });
    await server.app.inject('/ping');
    await server.drain({ ms: 60_000 });
    await waiting.then(
      async (response) => expect(await response.json()).toMatchObject({ data: [] }),
      () => {},
    );
  });
});

/** Reads a stream of events, message by message. */
async function connect(path: string, headers: Record<string, string> = {}) {
  if (!server.app.server.listening) await server.app.listen({ host: '127.0.0.1', port: 0 });
  const stop = new AbortController();
  const response = await fetch(`http://127.0.0.1:${server.port()}${path}`, {
    headers: { authorization: server.serviceKey, accept: 'text/event-stream', ...headers },
    signal: stop.signal,
  });
  const reader = (response.ok ? response.body : null)
    ?.pipeThrough(new TextDecoderStream())
    .getReader();
  let text = '';
  /** The fields of the next message; null at the end. */
  const next = async (): Promise<Record<string, string> | null> => {
    for (;;) {
      const at = text.indexOf('\n\n');
      if (at >= 0) {
        const lines = text.slice(0, at).split('\n');
        text = text.slice(at + 2);
        const fields = lines.map((line) => line.split(/: ?/, 2));
        return Object.fromEntries(
          lines.map((line, i) => [fields[i]?.[0], line.replace(/^\w*: ?/, '')]),
        );
      }
      const { value, done } = (await reader?.read()) ?? { done: true, value: undefined };
      if (done) return null;
      text += value;
    }
  };
  const event = async () => {
    for (;;) {
      const message = await next();
      if (message === null) return null;
      if (message.data !== undefined && message.event === undefined) return message;
    }
  };
  return { response, next, event, stop: () => stop.abort() };
}

describe('a stream of GET /v1/event', () => {
  it('has an id with each event, with which it goes on', async () => {
    const after = await end();
    const stream = await connect(`/v1/event?after=${after}`);
    expect(stream.response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(stream.response.headers.get('cache-control')).toBe('no-store');
    expect(await stream.next()).toEqual({ retry: '1000' });
    await rename('A');
    await rename('B');
    await settle();
    const first = await stream.event();
    expect(JSON.parse(first?.data ?? '')).toMatchObject({ type: 'user.updated', user_id: userId });
    stream.stop();
    const again = await connect(`/v1/event?after=${after}`, { 'last-event-id': first?.id ?? '' });
    const second = await again.event();
    expect(second?.id).not.toBe(first?.id);
    const rest = await get(`/v1/event?after=${second?.id}`);
    expect(rest.json().data).toEqual([]);
    again.stop();
  });

  it('is refused like any other request, before it begins', async () => {
    const { response } = await connect('/v1/event?after=x');
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: 'invalid_cursor' });
  });

  it('ends when the server is to stop', async () => {
    const stream = await connect('/v1/event');
    await stream.next();
    const stopped = server.drain({ ms: 60_000 });
    while ((await stream.next()) !== null);
    await stopped;
  });

  it('ends when its key was revoked', async () => {
    const stream = await connect('/v1/event');
    const ofService = { serviceIds: [server.service.id], page: { limit: 9 } };
    const found = await server.useCases.keys.listKeys.execute(operator, ofService);
    const own = found.find((key) => key.userId === null);
    await server.useCases.keys.retireKey.execute(operator, { id: own?.id ?? '' });
    while ((await stream.next()) !== null);
  });

  it('gives 429 where too many read', async () => {
    server = await rig({ settings: { streams: { perService: 1, total: 9 } } });
    const first = await connect('/v1/event');
    const { response } = await connect('/v1/event');
    expect(response.status).toBe(429);
    expect(response.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(await response.json()).toMatchObject({ code: 'too_many_requests' });
    first.stop();
  });
});

describe('GET /v1/revocation', () => {
  it('has what ends trust alone, and says up to when', async () => {
    const after = await end();
    await rename('A');
    await server.json('PATCH', `/v1/user/${userId}`, { is_enabled: false });
    const response = await get(`/v1/revocation?after=${after}`);
    expect(response.json()).toMatchObject({
      data: [{ type: 'user.disabled', user_id: userId }],
      complete_until: '2026-01-02T03:04:05.000Z',
    });
  });

  it('has heartbeats in a stream, each with the instant up to which it is complete', async () => {
    const stream = await connect('/v1/revocation?heartbeat_ms=250&since_s=0');
    expect(await stream.next()).toEqual({
      retry: '1000',
      event: 'hello',
      data: '{"opened_at":"2026-01-02T03:04:05.000Z"}',
    });
    const beat = await stream.next();
    expect(beat).toMatchObject({ event: 'heartbeat', id: expect.any(String) });
    expect(JSON.parse(beat?.data ?? '')).toEqual({ complete_until: '2026-01-02T03:04:05.000Z' });
    server.clock.set(Date.parse('2026-01-02T03:04:06Z'));
    const next = await stream.next();
    expect(JSON.parse(next?.data ?? '')).toEqual({ complete_until: '2026-01-02T03:04:06.000Z' });
    stream.stop();
  });

  it.each(['249', '10001', 'x'])('refuses heartbeat_ms=%s', async (text) => {
    const response = await get(`/v1/revocation?heartbeat_ms=${text}`);
    expect(response.json()).toMatchObject({ errors: [{ field: 'heartbeat_ms' }] });
  });
});
