import { once } from 'node:events';
import type { Socket } from 'node:net';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { type Rig, rig, slowKeys, wire } from '../../test/harness.ts';

let server: Rig;
afterEach(() => {
  vi.useRealTimers();
  return server.drain({ ms: 0 });
});

async function listening(...[overrides]: Parameters<typeof rig>): Promise<void> {
  server = await rig(overrides);
  await server.app.listen({ host: '127.0.0.1', port: 0 });
}

type Wire = Awaited<ReturnType<typeof wire>>;

/** So many connections from each of these addresses, one after the other. */
async function many(count: number, ...addresses: string[]): Promise<Wire[]> {
  const wires: Wire[] = [];
  for (const address of addresses) {
    for (let i = 0; i < count; i += 1) wires.push(await wire(server, address));
  }
  onTestFinished(() => {
    for (const { socket } of wires) socket.destroy();
  });
  return wires;
}

/** As many addresses as may hold all connections of a server together. */
const everybody = ['127.0.0.1', '127.0.0.2', '127.0.0.3', '127.0.0.4'];

const get = (path: string, from = 'x') => `GET ${path} HTTP/1.1\r\nHost: ${from}\r\n\r\n`;
const ping = async ({ send, until }: Wire) => {
  send(get('/ping'));
  return until('Pong');
};
const OK = /^HTTP\/1.1 200 /;

/** A file of half a megabyte. */
const LARGE = '/local/zxcvbn-common.js';

/** A client that asks for more than the network holds, and reads nothing of it. */
async function stalledReader(from?: string): Promise<Wire & { readonly accepted: Socket }> {
  const accepting = once(server.app.server, 'connection') as Promise<[Socket]>;
  const client = await wire(server, from);
  onTestFinished(() => {
    client.socket.destroy();
  });
  const [accepted] = await accepting;
  client.socket.pause();
  client.send(get(LARGE).repeat(16));
  while (accepted.writableLength === 0) await new Promise((resolve) => setImmediate(resolve));
  return { ...client, accepted };
}

/** Waits until the server has begun with a request of which the body is still to come. */
async function slowBody(): Promise<Wire> {
  const slow = await wire(server);
  const begun = new Promise((resolve) => server.app.server.once('request', resolve));
  slow.send(
    'POST /users/login HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n' +
      'Content-Type: application/x-www-form-urlencoded\r\n\r\nemail=',
  );
  await begun;
  return slow;
}

const isOpen = ({ socket }: Wire) => !socket.closed && !socket.readableEnded;

describe('a connection too many', () => {
  it('is turned away where nobody holds one in vain, and those that are open stay open', async () => {
    await listening({ options: { maxConnections: 4 } });
    const open = await many(1, ...everybody);
    const dropped = once(server.app.server, 'drop');
    const newcomer = await wire(server, '127.0.0.5');
    await dropped;
    expect(await newcomer.closed()).toBe('');
    for (const each of open) expect(await ping(each)).toMatch(OK);
  });

  it('is let in once another one has ended', async () => {
    await listening({ options: { maxConnections: 1 } });
    const accepting = once(server.app.server, 'connection') as Promise<[Socket]>;
    const first = await wire(server);
    const [accepted] = await accepting;
    const ended = once(accepted, 'close');
    first.socket.destroy();
    await ended;
    expect(await ping(await wire(server))).toMatch(OK);
  });

  it('is none of those that are kept, however many come', async () => {
    await listening({ options: { maxConnections: 100 } });
    await many(100, ...everybody);
    const count = await new Promise((resolve, reject) => {
      server.app.server.getConnections((error, open) => (error ? reject(error) : resolve(open)));
    });
    expect(count).toBeLessThanOrEqual(100);
  });

  it('takes the place of a reader that stalls', async () => {
    await listening({ options: { maxConnections: 4 } });
    const [idle] = await many(1, '127.0.0.1');
    expect(await ping(idle as Wire)).toMatch(OK);
    const stalled = await stalledReader('127.0.0.2');
    const ended = once(stalled.accepted, 'close');
    await many(1, '127.0.0.3', '127.0.0.4');
    await ended;
    expect(await ping(idle as Wire)).toMatch(OK);
  });

  it('takes the place of an idle one, where no reader stalls', async () => {
    await listening({ options: { maxConnections: 4 } });
    const [silent, idle] = await many(1, '127.0.0.1', '127.0.0.2');
    expect(await ping(idle as Wire)).toMatch(OK);
    const [, newcomer] = await many(1, '127.0.0.3', '127.0.0.4');
    expect(await idle?.closed()).toContain('Pong');
    expect(await ping(newcomer as Wire)).toMatch(OK);
    expect(await ping(silent as Wire)).toMatch(OK);
  });

  it('takes the place of no proxy’s', async () => {
    await listening({ options: { maxConnections: 3, trustProxy: ['127.0.0.1'] } });
    const proxies = await many(2, '127.0.0.1');
    for (const each of proxies) expect(await ping(each)).toMatch(OK);
    const [newcomer] = await many(1, '127.0.0.2');
    expect(await ping(newcomer as Wire)).toMatch(OK);
    for (const each of proxies) expect(await ping(each)).toMatch(OK);
  });
});

describe('one address', () => {
  it('has a quarter of all connections, and others find a place', async () => {
    await listening({ options: { maxConnections: 40 } });
    const wires = await many(40, '127.0.0.2');
    await Promise.all(wires.slice(10).map(({ closed }) => closed()));
    expect(wires.slice(0, 10).every(isOpen)).toBe(true);
    const [other] = await many(1, '127.0.0.1');
    expect(await ping(other as Wire)).toMatch(OK);
  });

  it('may have a new one for an idle one of its own', async () => {
    await listening({ options: { maxConnections: 8 } });
    const [silent, idle] = await many(2, '127.0.0.2');
    expect(await ping(idle as Wire)).toMatch(OK);
    const [newcomer] = await many(1, '127.0.0.2');
    expect(await idle?.closed()).toContain('Pong');
    for (const each of [silent, newcomer]) expect(await ping(each as Wire)).toMatch(OK);
  });

  it('has as many as there are where it is a proxy that is trusted', async () => {
    await listening({ options: { maxConnections: 40, trustProxy: ['127.0.0.0/30', '::1'] } });
    for (const each of await many(38, '127.0.0.2')) expect(await ping(each)).toMatch(OK);
  });
});

describe('a client that does not read', () => {
  it('is cut when nothing of an answer was taken for a while', async () => {
    await listening();
    // Instead of the fifteen seconds that a test cannot wait.
    server.app.server.timeout = 50;
    const { accepted } = await stalledReader();
    if (!accepted.closed) await once(accepted, 'close');
    expect(await ping(await wire(server))).toMatch(OK);
  });

  it('is not one that waits while its answer is made, however long that takes', async () => {
    const { jwks, started, release } = slowKeys();
    await listening({ jwks });
    server.app.server.timeout = 50;
    const client = await wire(server);
    client.send(get('/.well-known/jwks.json'));
    await started;
    await once(server.app.server, 'timeout');
    release();
    expect(await client.until('"keys"')).toMatch(OK);
  });

  it('is cut when an answer has taken a minute, however slowly it goes on', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    await listening();
    const { accepted } = await stalledReader();
    vi.advanceTimersByTime(59_999);
    expect(accepted.destroyed).toBe(false);
    vi.advanceTimersByTime(1);
    expect(accepted.destroyed).toBe(true);
  });

  it('and reads on has its minute for each answer', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { jwks, started, release } = slowKeys();
    await listening({ jwks });
    const client = await wire(server);
    for (let i = 0; i < 3; i += 1) {
      vi.advanceTimersByTime(50_000);
      await ping(client);
    }
    client.send(get('/ping') + get('/.well-known/jwks.json'));
    await started;
    vi.advanceTimersByTime(59_999);
    release();
    expect(await client.until('"keys"')).toMatch(OK);
  });
});

describe('requests that wait for their answers', () => {
  const keys = get('/.well-known/jwks.json');

  it('are sixteen on a connection, each of which is answered', async () => {
    const { jwks, started, release } = slowKeys();
    await listening({ jwks });
    const client = await wire(server);
    client.send(keys + get('/ping').repeat(15));
    await started;
    release();
    await client.until('Pong');
    client.send(get('/health/live'));
    const answers = await client.until('"live"');
    expect(answers.match(/HTTP\/1.1 200 /g)).toHaveLength(17);
  });

  it('are not more: the connection is cut, and no more of them are handled', async () => {
    const { jwks, started } = slowKeys();
    await listening({ jwks });
    const client = await wire(server);
    client.send(keys.repeat(2000));
    await started;
    expect(await client.closed()).toBe('');
    const handled = server.lines.filter((line) => line.includes('jwks'));
    expect(handled.length).toBeLessThanOrEqual(16);
    expect(await ping(await wire(server))).toMatch(OK);
  });
});

describe('a client is served', () => {
  it('while hundreds are slow with their headers and their bodies', async () => {
    await listening();
    const slow = await many(150, '127.0.0.1', '127.0.0.2');
    for (const { send } of slow) send('POST /users/login HTTP/1.1\r\nHost: x\r\nX-Slow: ');
    for (let i = 0; i < 100; i += 1) slow.push(await slowBody());
    expect(await ping(await wire(server))).toMatch(OK);
    expect(slow.every(isOpen)).toBe(true);
    for (const { socket } of slow) socket.destroy();
  });
});
