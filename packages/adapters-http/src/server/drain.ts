import type { Server } from 'node:http';
import { Server as NetServer, type Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';

/**
 * Idle connections live on for this long after the listening stopped. A client may be sending on one right now;
 * closing it at once would lose that request, and the client cannot know whether to send it again.
 */
const LINGER_MS = 500;

/** Follows the connections of servers, so that the servers can be stopped without losing a request. */
export function drainer() {
  const servers: Server[] = [];
  const sockets = new Set<Socket>();

  return {
    watch(server: Server): void {
      servers.push(server);
      server.on('connection', (socket) => {
        sockets.add(socket);
        socket.once('close', () => sockets.delete(socket));
      });
    },

    /** Stops listening and resolves when every connection has ended; a connection that remains after `ms` is cut. */
    async drain(ms: number): Promise<void> {
      const closed = Promise.all(servers.filter((server) => server.listening).map(stopListening));
      const linger = setTimeout(() => void leave(), Math.min(LINGER_MS, ms));
      const cut = setTimeout(() => {
        for (const socket of sockets) socket.destroy();
      }, ms);
      await closed;
      clearTimeout(linger);
      clearTimeout(cut);
    },
  };

  /** In two turns of the event loop: it first accepts and reads the requests that came while it stood still. */
  async function leave(): Promise<void> {
    await setImmediate();
    await setImmediate();
    for (const server of servers) server.closeIdleConnections();
    // Node counts a connection as busy that never sent a byte.
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
  }
}

/** Not `server.close()`, which closes idle connections on the spot. */
function stopListening(server: Server): Promise<void> {
  return new Promise((resolve) => {
    NetServer.prototype.close.call(server, () => resolve());
  });
}
