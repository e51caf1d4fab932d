import { afterEach, describe, expect, it } from 'vitest';
import { type Rig, rig, slowKeys, wire } from '../test/harness.ts';

let server: Rig;
afterEach(() => server.drain({ ms: 0 }));

async function listening(...[overrides]: Parameters<typeof rig>): Promise<void> {
  server = await rig(overrides);
  await server.app.listen({ host: '127.0.0.1', port: 0 });
}

type Wire = Awaited<ReturnType<typeof wire>>;

const many = (count: number) => Promise.all(Array.from({ length: count }, () => wire(server)));

const PING = 'GET /ping HTTP/1.1\r\nHost: x\r\n\r\n';
const ping = async ({ send, until }: Wire) => {
  send(PING);
  return until('Pong');
};

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
  const options = { maxConnections: 3 };

  it('takes the place of the oldest that never said a word', async () => {
    await listening({ options });
    const known = await wire(server);
    await ping(known);
    const [first, second] = [await wire(server), await wire(server)];
    const newcomer = await wire(server);
    await first.closed();
    expect(await ping(newcomer)).toMatch(/^HTTP\/1.1 200 /);
    expect([isOpen(known), isOpen(second), isOpen(newcomer)]).toStrictEqual([true, true, true]);
  });

  it('takes the place of one that is slow with its headers, or with its body', async () => {
    await listening({ options });
    const known = await wire(server);
    await ping(known);
    const slow = [await slowBody(), await wire(server)] as const;
    slow[1].send('GET /ping HTTP/1.1\r\nHo');
    for (const each of slow) {
      await ping(await wire(server));
      await each.closed();
    }
    expect(isOpen(known)).toBe(true);
  });

  it('takes the place of one that is idle, where all others are worth more', async () => {
    const { jwks, started, release } = slowKeys();
    await listening({ options, jwks });
    const busy = await wire(server);
    busy.send('GET /.well-known/jwks.json HTTP/1.1\r\nHost: x\r\n\r\n');
    await started;
    const [first, second] = [await wire(server), await wire(server)];
    await ping(first);
    await ping(second);
    await ping(await wire(server));
    await first.closed();
    expect(isOpen(second)).toBe(true);
    release();
    expect(await busy.until('{"keys":[]}')).toMatch(/^HTTP\/1.1 200 /);
  });

  it('is turned away where all others are being served', async () => {
    const { jwks, started, release } = slowKeys();
    await listening({ options, jwks });
    const busy = [await wire(server), await wire(server), await wire(server)];
    for (const { send } of busy) {
      const begun = new Promise((resolve) => server.app.server.once('request', resolve));
      send('GET /.well-known/jwks.json HTTP/1.1\r\nHost: x\r\n\r\n');
      await begun;
    }
    await started;
    const newcomer = await wire(server);
    expect(await newcomer.closed()).toBe('');
    release();
    for (const { until } of busy) await until('{"keys":[]}');
  });
});

describe('others are served', () => {
  it('while two thousand connections say nothing, of which no more are kept than the limit', async () => {
    await listening({ options: { maxConnections: 500 } });
    const idle: Wire[] = [];
    for (let round = 0; round < 20; round += 1) idle.push(...(await many(100)));
    const newcomer = await wire(server);
    expect(await ping(newcomer)).toMatch(/^HTTP\/1.1 200 /);
    const count = await new Promise((resolve, reject) => {
      server.app.server.getConnections((error, open) => (error ? reject(error) : resolve(open)));
    });
    expect(count).toBe(500);
    for (const { socket } of idle) socket.destroy();
  });

  it('while hundreds are slow with their headers and their bodies', async () => {
    await listening();
    const slow = await many(300);
    for (const { send } of slow) send('POST /users/login HTTP/1.1\r\nHost: x\r\nX-Slow: ');
    for (let i = 0; i < 100; i += 1) slow.push(await slowBody());
    expect(await ping(await wire(server))).toMatch(/^HTTP\/1.1 200 /);
    expect(slow.every(isOpen)).toBe(true);
    for (const { socket } of slow) socket.destroy();
  });
});
