import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { skips } from '../../packages/usecases/testing/index.ts';
import { aClient, aWorld, eventually, isLong, PATIENCE_MS } from './world.ts';

vi.setConfig({ testTimeout: PATIENCE_MS });

/** The places of a server, and those of one address. */
const PLACES = 2000;
const SHARE = PLACES / 4;

/** Half a megabyte, which no network holds sixteen times. */
const LARGE = 'GET /local/zxcvbn-common.js HTTP/1.1\r\nHost: x\r\n\r\n';

/** How a client holds a place at no cost. */
const habits = {
  'reads nothing': (socket: Socket) => {
    socket.pause();
    socket.write(LARGE.repeat(16));
  },
  'asks for more and more': (socket: Socket) => {
    socket.pause();
    socket.write(LARGE.repeat(1000));
  },
  'never ends its headers': (socket: Socket) =>
    socket.write('GET /ping HTTP/1.1\r\nHost: x\r\nX-Slow: '),
  'never ends its body': (socket: Socket) =>
    socket.write(
      'POST /users/login HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n' +
        'Content-Type: application/x-www-form-urlencoded\r\n\r\nemail=',
    ),
  'is idle': (socket: Socket) => socket.write('GET /ping HTTP/1.1\r\nHost: x\r\n\r\n'),
  'says nothing': () => undefined,
};

/** So many clients from one address that have that habit; answers those that the server has not cut. */
async function crowd(url: string, from: string, count: number, habit: (socket: Socket) => void) {
  const { port } = new URL(url);
  const sockets: Socket[] = [];
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
  });
  for (let i = 0; i < count; i += 1) {
    const socket = connect({ port: Number(port), host: '127.0.0.1', localAddress: from });
    sockets.push(socket);
    // Cut by the server, which is what is looked at.
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    socket.resume();
    habit(socket);
  }
  return () => sockets.filter((socket) => !socket.closed && !socket.readableEnded);
}

/** The median of how long the server takes to answer an honest client, in milliseconds; every answer is a 200. */
async function usual(url: string, count = 200): Promise<number> {
  const client = aClient({ url });
  const times: number[] = [];
  for (let i = 0; i < count; i += 1) {
    const start = performance.now();
    expect(await client.get('/ping')).toMatchObject({ status: 200 });
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[count / 2] ?? 0;
}

test('a thousand of the worst clients keep nobody out', async (context) => {
  const { start, record } = await aWorld(context, 'SQLite');
  const { url } = await start();
  const before = await usual(url);
  const each = Math.floor(1000 / Object.keys(habits).length);
  let address = 2;
  for (const habit of Object.values(habits)) {
    // Each stalled one holds a megabyte of the network's memory.
    await crowd(url, `127.0.0.${address}`, isLong ? each : Math.floor(each / 4), habit);
    address += 1;
  }
  const during = await usual(url);
  record({
    fault: 'a thousand of the worst clients',
    rounds: 1,
    figure: `median of /ping ${before.toFixed(2)} ms before, ${during.toFixed(2)} ms among them`,
  });
});

test('an address that takes every place it can get leaves room for others', async (context) => {
  const { start } = await aWorld(context, 'SQLite');
  const { url } = await start();
  const silent = await crowd(url, '127.0.0.2', PLACES, () => undefined);
  await eventually(() => silent().length).toBe(SHARE);
  await usual(url);
});

test('readers that stall and clients that are idle make room for those that come', async (context) => {
  const { start } = await aWorld(context, 'SQLite');
  const { url } = await start();
  const counts = isLong ? 20 : 5;
  const stalled = await crowd(url, '127.0.0.2', counts, habits['reads nothing']);
  const idle = await crowd(url, '127.0.0.3', SHARE, habits['is idle']);
  for (const address of [4, 5, 6]) {
    await crowd(url, `127.0.0.${address}`, SHARE, () => undefined);
  }
  await usual(url);
  await eventually(() => idle().length).toBeLessThan(SHARE);
  // What was sent to them before is still to be read, so that only their ends know.
  for (const socket of stalled()) socket.resume();
  await eventually(() => stalled().length).toBe(0);
});

test.skipIf(skips(!isLong, 'a reader that stalls for fifteen seconds, but in the long form'))(
  'a reader that stalls is cut after a while, though nobody needs its place',
  async (context) => {
    const { start } = await aWorld(context, 'SQLite');
    const { url } = await start();
    const stalled = await crowd(url, '127.0.0.2', 20, habits['reads nothing']);
    const client = aClient({ url });
    const began = performance.now();
    // Node looks every fifteen seconds whether any of an answer was taken since.
    while (performance.now() - began < 32_000) {
      expect(await client.get('/ping')).toMatchObject({ status: 200 });
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    for (const socket of stalled()) socket.resume();
    await eventually(() => stalled().length).toBe(0);
  },
);
