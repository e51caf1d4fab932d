import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import type { WebhookCall } from '@rekey/usecases';
import { skips } from '@rekey/usecases/testing';
import { Webhook } from 'standardwebhooks';
import { describe, expect, onTestFinished, test } from 'vitest';
import { aReceiver, aSocketReceiver } from '../test/receivers.ts';
import { webhookCaller } from './caller.ts';

const LOOPBACK = ['127.0.0.0/8', '::1'];
const SECRETS = ['new', 'old'].map((text) => `whsec_${btoa(text.padEnd(32, '.'))}`);

const message: WebhookCall['message'] = {
  id: '01900000-0000-7000-8000-000000000001',
  type: 'user.locked',
  createdAt: Date.UTC(2026, 0, 2, 3, 4, 5),
  serviceId: '01900000-0000-7000-8000-000000000002',
  userId: '01900000-0000-7000-8000-000000000003',
  subjectId: null,
  data: {},
};

type Options = Parameters<typeof webhookCaller>[0];

function calling(options: Partial<Options> = {}) {
  const caller = webhookCaller({ privateNetworks: LOOPBACK, ...options });
  onTestFinished(() => caller.close());
  const call = (url: string, secrets: readonly string[] = SECRETS.slice(0, 1)) =>
    caller.call({ url, secrets, message }, new AbortController().signal);
  return { caller, call };
}

describe('a call', () => {
  test('is a POST of the event that a receiver verifies as Standard Webhooks says', async () => {
    const receiver = await aReceiver((_request, response) => response.writeHead(204).end());
    const { call } = calling();
    expect(await call(`${receiver.url}?a=b`)).toEqual({
      failure: null,
      status: 204,
      durationMs: expect.any(Number),
    });
    const [request] = receiver.requests;
    expect(request).toMatchObject({ method: 'POST', path: '/hook?a=b' });
    expect(request?.headers).toMatchObject({
      'content-type': 'application/json',
      'webhook-id': message.id,
    });
    const verified = new Webhook(SECRETS[0]!).verify(request!.body, request!.headers);
    expect(verified).toEqual({
      id: message.id,
      type: 'user.locked',
      created_at: '2026-01-02T03:04:05.000Z',
      service_id: message.serviceId,
      user_id: message.userId,
      subject_id: null,
      data: {},
    });
  });

  test('with two secrets is verified by either, and by no other one', async () => {
    const receiver = await aReceiver((_request, response) => response.end());
    await calling().call(receiver.url, SECRETS);
    const [request] = receiver.requests;
    const verify = (secret: string) => new Webhook(secret).verify(request!.body, request!.headers);
    for (const secret of SECRETS) expect(verify(secret)).toMatchObject({ id: message.id });
    expect(() => verify(`whsec_${btoa('other')}`)).toThrow();
  });

  test('goes over the connection of the one before', async () => {
    const receiver = await aReceiver((_request, response) => response.end('ok'));
    const { call } = calling();
    for (let i = 0; i < 5; i += 1) await call(receiver.url);
    expect(receiver.requests).toHaveLength(5);
    expect(receiver.connections()).toBe(1);
  });

  test('is made again where the receiver closed the kept connection', async () => {
    let count = 0;
    const receiver = await aSocketReceiver((socket) => {
      socket.on('data', () => {
        count += 1;
        // The second request on a connection finds it closed.
        if (count === 2) socket.destroy();
        else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
      });
    });
    const { call } = calling();
    expect(await call(receiver.url)).toMatchObject({ failure: null });
    expect(await call(receiver.url)).toMatchObject({ failure: null });
    expect(receiver.connections()).toBe(2);
  });

  test('that is ended by its signal has no outcome', async () => {
    const receiver = await aReceiver(() => undefined);
    const { caller } = calling();
    const stop = new AbortController();
    const call = caller.call({ url: receiver.url, secrets: SECRETS, message }, stop.signal);
    await expect.poll(() => receiver.requests.length).toBe(1);
    stop.abort();
    expect(await call).toBeNull();
    const later = caller.call({ url: receiver.url, secrets: SECRETS, message }, stop.signal);
    expect(await later).toBeNull();
  });
});

describe('a receiver', () => {
  test.each([
    [200, null],
    [299, null],
    [301, 'redirect'],
    [307, 'redirect'],
    [400, 'status'],
    [410, 'status'],
    [500, 'status'],
  ])('that answers %i: %s', async (status, failure) => {
    const elsewhere = await aReceiver((_request, response) => response.end());
    const receiver = await aReceiver((_request, response) =>
      response.writeHead(status, { location: elsewhere.url }).end(),
    );
    expect(await calling().call(receiver.url)).toMatchObject({ failure, status });
    expect(elsewhere.connections()).toBe(0);
  });

  test('that hangs before its answer is given up in time', async () => {
    const receiver = await aReceiver(() => undefined);
    const { call } = calling({ longestMs: 100 });
    expect(await call(receiver.url)).toMatchObject({ failure: 'timeout', status: null });
  });

  test('that hangs within the head of its answer is given up in time', async () => {
    const receiver = await aSocketReceiver((socket) => socket.write('HTTP/1.1 200 OK\r\nX-A: '));
    const { call } = calling({ longestMs: 100 });
    expect(await call(receiver.url)).toMatchObject({ failure: 'timeout', status: null });
  });

  test('that hangs or drips after the head of its answer has answered', async () => {
    const hanging = await aReceiver((_request, response) => {
      response.writeHead(200, { 'content-length': '10' }).flushHeaders();
    });
    const dripping = await aReceiver((_request, response) => {
      response.writeHead(500);
      const timer = setInterval(() => response.write('.'), 5);
      response.on('close', () => clearInterval(timer));
    });
    const { call } = calling({ longestMs: 200 });
    expect(await call(hanging.url)).toMatchObject({ failure: null, status: 200 });
    expect(await call(dripping.url)).toMatchObject({ failure: 'status', status: 500 });
  });

  test('is not read beyond 64 KiB', async () => {
    let sent = 0;
    const closed = Promise.withResolvers<void>();
    const receiver = await aReceiver((_request, response) => {
      response.writeHead(200);
      response.on('close', closed.resolve);
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(16_384))) sent += 16_384;
        sent += 16_384;
      };
      response.on('drain', more);
      more();
    });
    const { call } = calling();
    expect(await call(receiver.url)).toMatchObject({ failure: null, status: 200 });
    await closed.promise;
    // What stands in the buffers of both sides was sent, and not read.
    expect(sent).toBeLessThan(16 * 1024 * 1024);
  });

  test.each([
    ['closes at once', '', 'closed'],
    ['closes within the head', 'HTTP/1.1 200 OK\r\nContent-', 'closed'],
    ['speaks no HTTP', 'SSH-2.0-OpenSSH_9.6\r\n', 'malformed'],
    [
      'changes the protocol',
      'HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n',
      'closed',
    ],
  ])('that %s fails', async (_what, text, failure) => {
    const receiver = await aSocketReceiver((socket) => {
      socket.once('data', () => socket.end(text));
    });
    expect(await calling().call(receiver.url)).toMatchObject({ failure, status: null });
  });

  test('that resets the connection fails', async () => {
    const receiver = await aSocketReceiver((socket) => {
      socket.once('data', () => socket.resetAndDestroy());
    });
    expect(await calling().call(receiver.url)).toMatchObject({ failure: 'closed' });
  });

  test('that closes in the middle of its body has answered', async () => {
    const receiver = await aSocketReceiver((socket) => {
      socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc'));
    });
    expect(await calling().call(receiver.url)).toMatchObject({ failure: null, status: 200 });
  });

  test('that is not there fails', async () => {
    const { port } = await aReceiver(() => undefined, '127.0.0.2');
    expect(await calling().call(`http://127.0.0.3:${port}/`)).toMatchObject({
      failure: 'unreachable',
    });
  });

  test('gets nothing by way of a proxy that the environment names', async () => {
    const proxy = await aReceiver((_request, response) => response.end());
    const receiver = await aReceiver((_request, response) => response.end());
    const script = `
      import { webhookCaller } from ${JSON.stringify(path.join(import.meta.dirname, 'caller.ts'))};
      const caller = webhookCaller({ privateNetworks: ['127.0.0.0/8'] });
      const call = { url: process.argv[1], secrets: ['whsec_AAAA'], message: { id: 'a', createdAt: 0 } };
      await caller.call(call, new AbortController().signal);
      caller.close();
    `;
    const env = {
      ...process.env,
      NODE_USE_ENV_PROXY: '1',
      HTTP_PROXY: `http://127.0.0.1:${proxy.port}`,
    };
    const child = spawn(process.execPath, ['--input-type=module', '-e', script, receiver.url], {
      env,
    });
    await new Promise((resolve) => child.on('exit', resolve));
    expect(receiver.requests).toHaveLength(1);
    expect(proxy.connections()).toBe(0);
  });
});

describe('addresses', () => {
  const there = async () => aReceiver((_request, response) => response.end());

  test.each([
    'http://127.0.0.1:PORT/',
    'http://localhost:PORT/',
    'http://[::1]:PORT/',
    'http://[::ffff:127.0.0.1]:PORT/',
    'http://2130706433:PORT/',
    'http://0x7f.1:PORT/',
    'http://127.1:PORT/',
    'http://0:PORT/',
    'https://169.254.169.254/latest/meta-data/',
    'https://10.0.0.1/',
  ])('of %s are not called unless the operator opens them', async (text) => {
    const { port, connections } = await there();
    const url = text.replace('PORT', String(port));
    const { call, caller } = calling({ privateNetworks: [] });
    expect(await caller.admits(url)).toBe(false);
    expect(await call(url)).toMatchObject({ failure: 'refused_address', status: null });
    expect(connections()).toBe(0);
  });

  test('of this machine are called by its name where one of them is opened', async () => {
    const { port, requests } = await there();
    const { call, caller } = calling({ privateNetworks: ['127.0.0.0/8'] });
    const url = `http://localhost:${port}/`;
    expect(await caller.admits(url)).toBe(true);
    expect(await call(url)).toMatchObject({ failure: null });
    expect(requests).toHaveLength(1);
  });

  test('of a name are looked up once for a connection, and the one that was checked is called', async () => {
    const { port, connections, requests } = await there();
    const asked: string[] = [];
    // The name leads elsewhere at each look: a server of names that a thief has would do that.
    const answers = [['127.0.0.1'], ['10.0.0.1'], ['127.0.0.1']];
    const { call, caller } = calling({
      resolve: async (host) => {
        asked.push(host);
        return answers[asked.length - 1] ?? [];
      },
    });
    const url = `http://rebinding.example:${port}/`;
    expect(await caller.admits(url)).toBe(true);
    expect(await call(url)).toMatchObject({ failure: 'refused_address' });
    expect(connections()).toBe(0);
    expect(await call(url)).toMatchObject({ failure: null });
    expect(asked).toHaveLength(3);
    expect(requests[0]?.headers.host).toBe(`rebinding.example:${port}`);
  });

  test('of a name of which one is closed are not called at all', async () => {
    const { port, connections } = await there();
    const { call, caller } = calling({ resolve: async () => ['127.0.0.1', '10.0.0.1'] });
    const url = `http://both.example:${port}/`;
    expect(await caller.admits(url)).toBe(false);
    expect(await call(url)).toMatchObject({ failure: 'refused_address' });
    expect(connections()).toBe(0);
  });

  test('that a name does not have yet may be registered, and fail', async () => {
    const { call, caller } = calling({ resolve: async () => [] });
    expect(await caller.admits('https://soon.example/')).toBe(true);
    expect(await call('https://soon.example/')).toMatchObject({ failure: 'unresolved' });
  });

  test('that nobody tells keep neither a registration nor a call waiting for ever', async () => {
    const silent = new Promise<readonly string[]>(() => undefined);
    const { call, caller } = calling({ resolve: () => silent, longestMs: 50 });
    expect(await call('https://silent.example/')).toMatchObject({ failure: 'timeout' });
    expect(await caller.admits('https://silent.example/')).toBe(true);
  });
});

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

describe.skipIf(skips(!hasOpenssl, 'certificates need openssl'))('over TLS', () => {
  /** A receiver with a certificate of its own for `receiver.example`. */
  async function aTlsReceiver() {
    const folder = mkdtempSync(path.join(tmpdir(), 'rekey-tls-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const [keyFile, certFile] = [path.join(folder, 'key'), path.join(folder, 'cert')];
    spawnSync('openssl', [
      ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2'],
      ...['-subj', '/CN=receiver.example', '-addext', 'subjectAltName=DNS:receiver.example'],
      ...['-keyout', keyFile, '-out', certFile],
    ]);
    const cert = readFileSync(certFile, 'utf8');
    const server = createServer({ key: readFileSync(keyFile), cert }, (request, response) => {
      request.resume().on('end', () => response.end());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    return { cert, port: (server.address() as AddressInfo).port };
  }
  const resolve = async () => ['127.0.0.1'];

  test('a certificate that nobody vouches for, or of another name, fails', async () => {
    const { cert, port } = await aTlsReceiver();
    const { call } = calling({ resolve });
    expect(await call(`https://receiver.example:${port}/`)).toMatchObject({ failure: 'tls' });
    const before = getCACertificates('default');
    setDefaultCACertificates([...before, cert]);
    onTestFinished(() => setDefaultCACertificates(before));
    const trusting = calling({ resolve });
    expect(await trusting.call(`https://receiver.example:${port}/`)).toMatchObject({
      failure: null,
    });
    expect(await trusting.call(`https://other.example:${port}/`)).toMatchObject({ failure: 'tls' });
  });

  test('a receiver without TLS fails', async () => {
    const { port } = await aReceiver((_request, response) => response.end());
    expect(await calling({ resolve }).call(`https://receiver.example:${port}/`)).toMatchObject({
      failure: 'tls',
    });
  });
});
