import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** A way to a server on which streams of revocations can be held up and cut, and nothing else. */
export async function startProxy(target: string) {
  const { hostname, port } = new URL(target);
  const feeds = new Set<{ readonly client: Socket; readonly server: Socket }>();
  const sockets = new Set<Socket>();
  let isHeld = false;
  let opened = 0;
  /** What the latest stream was asked for. */
  let asked = '';
  const proxy = createServer((client) => {
    const server = connect(Number(port), hostname);
    const pair = { client, server };
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        feeds.delete(pair);
        client.destroy();
        server.destroy();
      });
    }
    client.on('data', (data) => {
      const text = data.toString('latin1');
      if (text.startsWith('GET /v1/revocation')) {
        feeds.add(pair);
        opened += 1;
        asked = text;
        if (isHeld) server.pause();
      }
      server.write(data);
    });
    server.on('data', (data) => client.write(data));
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  onTestFinished(() => {
    proxy.close();
    for (const socket of sockets) socket.destroy();
  });
  const address = proxy.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    opened: () => opened,
    asked: () => asked,
    /** Lets no byte of a stream through from now on, and says nothing. */
    hold(): void {
      isHeld = true;
      for (const { server } of feeds) server.pause();
    },
    letGo(): void {
      isHeld = false;
      for (const { server } of feeds) server.resume();
    },
    cut(): void {
      for (const { client } of feeds) client.destroy();
    },
  };
}
