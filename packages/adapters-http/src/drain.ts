import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { Server as NetServer, type Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';

/**
 * Milliseconds that idle connections live on after the listening stopped. A client may be sending on one right now;
 * closing it at once would lose that request, and it cannot know whether to send it again.
 */
const LINGER = 500;

/** The latest request of a connection, and what became of it. */
type Exchange = { readonly request: IncomingMessage; readonly response: ServerResponse };

/**
 * Follows the connections of servers, so that they can be stopped without losing a request, and keeps no more than
 * `max` of them: whoever comes then takes the place of who does nothing, and is turned away only where all are served.
 */
export function connectionKeeper(max: number) {
  const servers: Server[] = [];
  /** The oldest first. */
  const sockets = new Set<Socket>();
  const exchanges = new WeakMap<Socket, Exchange>();

  return {
    watch(server: Server): void {
      servers.push(server);
      server.on('connection', (socket) => {
        sockets.add(socket);
        socket.once('close', () => sockets.delete(socket));
        if (sockets.size > max) makeRoomFor(socket);
      });
      server.on('request', (request, response) => {
        exchanges.set(request.socket, { request, response });
      });
    },

    /** Stops listening and resolves when every connection has ended; what remains after `ms` is cut. */
    async drain(ms: number): Promise<void> {
      const closed = Promise.all(servers.filter((server) => server.listening).map(stopListening));
      const linger = setTimeout(() => void leave(), Math.min(LINGER, ms));
      const cut = setTimeout(() => destroy(() => true), ms);
      await closed;
      clearTimeout(linger);
      clearTimeout(cut);
    },
  };

  function makeRoomFor(newcomer: Socket): void {
    let idle: Socket | undefined;
    for (const socket of sockets) {
      const exchange = exchanges.get(socket);
      const isIdle = exchange?.response.writableFinished === true;
      // Silent, or slow with its headers or its body: worse than idle between two requests.
      if (socket !== newcomer && !isIdle && !exchange?.request.complete) {
        drop(socket);
        return;
      }
      if (isIdle) idle ??= socket;
    }
    drop(idle ?? newcomer);
  }

  function drop(socket: Socket): void {
    sockets.delete(socket);
    socket.destroy();
  }

  /** In two turns of the loop, which first accepts and reads what came while it stood still. */
  async function leave(): Promise<void> {
    await setImmediate();
    await setImmediate();
    closeIdle();
  }

  function closeIdle(): void {
    for (const server of servers) server.closeIdleConnections();
    // Node counts as busy who connected and never sent a byte.
    destroy((socket) => socket.bytesRead === 0);
  }

  function destroy(isMeant: (socket: Socket) => boolean): void {
    for (const socket of sockets) if (isMeant(socket)) drop(socket);
  }
}

/** Not `server.close()`, which closes idle connections on the spot. */
function stopListening(server: Server): Promise<void> {
  return new Promise((resolve) => {
    NetServer.prototype.close.call(server, () => resolve());
  });
}
