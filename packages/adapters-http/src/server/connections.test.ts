import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type Rig, rig, wire } from '../../test/harness.ts';

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
  it('is turned away, and those that are open stay open', async () => {
    await listening({ options: { maxConnections: 3 } });
    const open = [await wire(server), await wire(server), await wire(server)];
    const dropped = new Promise((resolve) => server.app.server.once('drop', resolve));
    const newcomer = await wire(server);
    await dropped;
    expect(await newcomer.closed()).toBe('');
    for (const each of open) expect(await ping(each)).toMatch(/^HTTP\/1.1 200 /);
  });

  it('is let in once another one has ended', async () => {
    await listening({ options: { maxConnections: 1 } });
    const accepted = new Promise<Socket>((resolve) =>
      server.app.server.once('connection', resolve),
    );
    const first = await wire(server);
    const ended = new Promise(
      (resolve) => void accepted.then((each) => each.once('close', resolve)),
    );
    first.socket.destroy();
    await ended;
    expect(await ping(await wire(server))).toMatch(/^HTTP\/1.1 200 /);
  });

  it('is none of those that are kept, however many come', async () => {
    await listening({ options: { maxConnections: 100 } });
    let drops = 0;
    const allDropped = new Promise<void>((resolve) => {
      server.app.server.on('drop', () => {
        drops += 1;
        if (drops === 400) resolve();
      });
    });
    const clients = await many(500);
    await allDropped;
    const count = await new Promise((resolve, reject) => {
      server.app.server.getConnections((error, open) => (error ? reject(error) : resolve(open)));
    });
    expect(count).toBe(100);
    for (const { socket } of clients) socket.destroy();
  });
});

describe('a client is served', () => {
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
