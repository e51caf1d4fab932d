import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { PASSWORD, type Rig, rig, signedUp, slowKeys, wire } from '../../test/harness.ts';

let server: Rig;
afterEach(() => server.drain({ ms: 0 }));

async function listening() {
  server = await rig();
  await server.app.listen({ host: '127.0.0.1', port: 0 });
  return wire(server);
}

async function listeningToSlowKeys() {
  const { jwks, started, release } = slowKeys();
  server = await rig({ jwks });
  await server.app.listen({ host: '127.0.0.1', port: 0 });
  return { started, release };
}

const guarded = [
  /^cache-control: no-store$/im,
  /^content-security-policy: default-src 'none'/im,
  /^referrer-policy: no-referrer$/im,
  /^x-content-type-options: nosniff$/im,
  /^cross-origin-opener-policy: same-origin$/im,
  /^cross-origin-resource-policy: same-origin$/im,
  /^content-type: application\/problem\+json; charset=utf-8$/im,
  /^connection: close$/im,
];

describe('a request that is no good HTTP', () => {
  it.each([
    ['is no HTTP at all', 'planted\r\n\r\n', 400, 'bad_request'],
    [
      'has a header without a name',
      'GET / HTTP/1.1\r\nHost: x\r\n: planted\r\n\r\n',
      400,
      'bad_request',
    ],
    [
      'has two lengths',
      'POST /ping HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx',
      400,
      'bad_request',
    ],
    [
      'has a length and chunks',
      'POST /ping HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
      'bad_request',
    ],
    [
      'has endless headers',
      `GET / HTTP/1.1\r\nHost: x\r\nplanted: ${'x'.repeat(17_000)}\r\n\r\n`,
      431,
      'headers_too_large',
    ],
  ])('gets an answer of ours and is cut: %s', async (_what, text, status, code) => {
    const { send, closed } = await listening();
    send(text);
    const answer = await closed();
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    for (const header of guarded) expect(answer).toMatch(header);
    expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).toMatchObject({ status, code });
    expect(answer + server.lines.join()).not.toContain('planted');
    const [, requestId] = /^x-request-id: ([\da-f-]{36})\r$/m.exec(answer) ?? [];
    expect(server.lines.map((line) => JSON.parse(line))).toStrictEqual([
      { level: 'info', requestId, status, message: 'request unreadable' },
    ]);
  });

  it.each([
    [
      'an answer, where a part of it came',
      'GET / HT',
      /^HTTP\/1.1 408 .*"code":"request_timeout"/s,
    ],
    ['none, where nothing came', '', /^$/],
  ])('gets %s, when its time is over', async (_what, text, answer) => {
    server = await rig();
    await server.app.listen({ host: '127.0.0.1', port: 0 });
    const accepted = new Promise<Socket>((resolve) =>
      server.app.server.once('connection', resolve),
    );
    const client = await wire(server);
    const socket = await accepted;
    if (text !== '') {
      client.send(text);
      while (socket.bytesRead === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    const timeout = Object.assign(new Error('timeout'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' });
    server.app.server.emit('clientError', timeout, socket);
    expect(await client.closed()).toMatch(answer);
    expect(server.lines).toHaveLength(text === '' ? 0 : 1);
  });

  it('is one without a Host', async () => {
    const { send, until } = await listening();
    send('GET /ping HTTP/1.1\r\n\r\n');
    const answer = await until('"code"');
    expect(answer).toMatch(/^HTTP\/1.1 400 /);
    expect(answer).toContain('the Host header is missing');
    expect(answer).toMatch(/^cache-control: no-store$/im);
  });

  it.each([
    ['Host', 'x', 'host'],
    ['Authorization', 'Bearer planted', 'authorization'],
    ['Content-Type', 'application/json', 'content-type'],
  ])('is one with two lines of %s, whether or not they agree', async (name, value, told) => {
    const { send, until } = await listening();
    for (const other of [value, `${value}-2`]) {
      const host = name === 'Host' ? '' : 'Host: x\r\n';
      send(
        `GET /ping HTTP/1.1\r\n${host}${name}: ${value}\r\n${name.toUpperCase()}: ${other}\r\n\r\n`,
      );
    }
    const answer = await until(`two ${told} headers`);
    expect(answer).toMatch(/^HTTP\/1.1 400 /);
    expect(answer).not.toMatch(/ 200 |planted/);
  });

  // Node would cut the last ones off, and with them what a proxy adds.
  it.each([
    [100, 200, 'Pong'],
    [101, 431, 'headers_too_large'],
    [1500, 431, 'headers_too_large'],
  ])('may be one with more than a hundred headers: %i', async (count, status, text) => {
    const { send, until } = await listening();
    const more = 'A: b\r\n'.repeat(count - 1);
    send(`GET /ping HTTP/1.1\r\nHost: x\r\n${more}\r\n`);
    expect(await until(text)).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  });

  it('is not one with an unknown expectation', async () => {
    const { send, until } = await listening();
    send('GET /ping HTTP/1.1\r\nHost: x\r\nExpect: miracles\r\n\r\n');
    expect(await until('Pong')).toMatch(/^HTTP\/1.1 200 /);
  });
});

describe('a body on the wire', () => {
  const head = (path: string, more: string) =>
    `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n${more}\r\n\r\n`;

  it('is refused by the size that it claims, before it is sent', async () => {
    const { send, closed } = await listening();
    send(head('/users/login', 'Content-Length: 16385'));
    expect(await closed()).toMatch(/^HTTP\/1.1 413 .*"code":"payload_too_large"/s);
  });

  it('is refused by its size, as it comes in chunks', async () => {
    const { send, closed } = await listening();
    send(head('/users/login', 'Transfer-Encoding: chunked'));
    send(`2000\r\n${'x'.repeat(0x2000)}\r\n`);
    send(`2001\r\n${'x'.repeat(0x2001)}\r\n`);
    expect(await closed()).toMatch(/^HTTP\/1.1 413 /);
  });

  it('is not waited for where no route reads it', async () => {
    const { send, until } = await listening();
    send(head('/nothing', 'Content-Length: 16000'));
    expect(await until('"code"')).toMatch(/^HTTP\/1.1 404 /);
  });

  it('may come in chunks', async () => {
    const { send, until } = await listening();
    await signedUp(server);
    const body = `email=orion%40example.com&password=${PASSWORD.replace(' ', '+')}`;
    send(head('/users/login', 'Transfer-Encoding: chunked'));
    for (const part of body.match(/.{1,7}/g) ?? []) send(`${part.length}\r\n${part}\r\n`);
    send('0\r\n\r\n');
    expect(await until('"token"')).toMatch(/^HTTP\/1.1 200 /);
  });

  it('that breaks off leaves a line in the log and no failure', async () => {
    const { send, socket } = await listening();
    const arrived = new Promise((resolve) => server.app.server.once('request', resolve));
    const line = server.nextLine();
    send(head('/users/login', 'Content-Length: 100'));
    send('email=planted');
    await arrived;
    socket.destroy();
    expect(await line).toMatchObject({ level: 'info', route: '/users/login', status: null });
  });
});

it('logs no status where the client did not wait for one', async () => {
  const { started, release } = await listeningToSlowKeys();
  const { send, socket } = await wire(server);
  const line = server.nextLine();
  send('GET /.well-known/jwks.json HTTP/1.1\r\nHost: x\r\n\r\n');
  await started;
  socket.destroy();
  expect(await line).toMatchObject({ route: '/.well-known/jwks.json', status: null });
  release();
});

it('keeps an idle connection as long as it is told to', async () => {
  server = await rig({ options: { keepAliveTimeoutMs: 620_000 } });
  expect(server.app.server.keepAliveTimeout).toBe(620_000);
});

it('limits the time that a request may take', async () => {
  await listening();
  const { headersTimeout, requestTimeout, keepAliveTimeout, timeout } = server.app.server;
  expect({ headersTimeout, requestTimeout, keepAliveTimeout, timeout }).toStrictEqual({
    timeout: 15_000,
    headersTimeout: 10_000,
    requestTimeout: 15_000,
    keepAliveTimeout: 65_000,
  });
});
