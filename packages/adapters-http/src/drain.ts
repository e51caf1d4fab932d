import type { Server } from 'node:http';
import { Server as NetServer, type Socket } from 'node:net';

/**
 * Milliseconds that idle connections live on after the listening stopped. A client may be sending on one right now;
 * closing it at once would lose that request, and it cannot know whether to send it again.
 */
const LINGER = 500;

/** Follows the connections of servers, so that they can be stopped without losing a request. */
export function connectionKeeper() {
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

    /** Stops listening and resolves when every connection has ended; what remains after `ms` is cut. */
    async drain(ms: number): Promise<void> {
      const closed = Promise.all(servers.filter((server) => server.listening).map(stopListening));
      const linger = setTimeout(closeIdle, Math.min(LINGER, ms));
      const cut = setTimeout(() => destroy(() => true), ms);
      await closed;
      clearTimeout(linger);
      clearTimeout(cut);
    },
  };

  function closeIdle(): void {
    for (const server of servers) server.closeIdleConnections();
    // Node counts as busy who connected and never sent a byte.
    destroy((socket) => socket.bytesRead === 0);
  }

  function destroy(isMeant: (socket: Socket) => boolean): void {
    for (const socket of sockets) if (isMeant(socket)) socket.destroy();
  }
}

/** Not `server.close()`, which closes idle connections on the spot. */
function stopListening(server: Server): Promise<void> {
  return new Promise((resolve) => {
    NetServer.prototype.close.call(server, () => resolve());
  });
}
