import type { RequestListener, Server } from 'node:http';
import type { Socket } from 'node:net';
import { networkOf } from '@rekey/domain';
import { matcherOf, plainAddress } from './address.ts';

/** Hashing keeps a few dozen clients waiting at most; each connection costs some 10 KiB and a file descriptor. */
const MAX_CONNECTIONS = 2000;
/** Clients with as many connections as a share are four, whatever they do: others always find a place. */
const SHARES = 4;
/** Places that are kept free, one of so many: a connection that is ended leaves its place a moment later. */
const RESERVE = 20;
/** Requests on one connection that wait for their answers. Hardly a client sends a second one before the first answer. */
const MAX_WAITING = 16;
/** The time for an answer, from the answer before it or from its request on; a slower reader is slow on purpose. */
const ANSWER_TIMEOUT_MS = 60_000;

type Connection = {
  readonly socket: Socket;
  /** The network that it comes from; null for a proxy that is trusted, behind which are many. */
  readonly network: string | null;
  /** Whether its answer goes on until somebody ends it. */
  isUnhurried: boolean;
  /** Requests without their whole answer. */
  waiting: number;
  /** Ends the connection where an answer takes too long. One for all its requests: a new one each would cost more. */
  timer: NodeJS.Timeout | undefined;
};

type Options = {
  readonly maxConnections?: number | undefined;
  readonly trustProxy: readonly string[];
};

/** Shares the connections of servers among networks, and ends those that are held for nothing. */
export function connectionLimits({ maxConnections = MAX_CONNECTIONS, trustProxy }: Options) {
  const share = Math.ceil(maxConnections / SHARES);
  const reserve = Math.ceil(maxConnections / RESERVE);
  const isTrusted = matcherOf(trustProxy);
  /** The oldest first, here and in each network. */
  const connections = new Map<Socket, Connection>();
  const byNetwork = new Map<string, Set<Connection>>();

  return {
    watch(server: Server): void {
      // For those that come in one turn of the event loop.
      server.maxConnections = maxConnections;
      server.on('connection', take);
    },

    /** Lets the answer of a connection take as long as it does; a reader that stalls is cut all the same. */
    unhurried(socket: Socket): void {
      const connection = connections.get(socket);
      if (connection) connection.isUnhurried = true;
    },

    /** A handler of requests that answers so many of a connection at a time, and each within its time. */
    bounding(handler: RequestListener): RequestListener {
      return (request, response) => {
        const connection = connections.get(request.socket);
        // Requests that were read together with one too many.
        if (!connection) return;
        if (connection.waiting === MAX_WAITING) {
          end(connection);
          return;
        }
        connection.waiting += 1;
        if (connection.waiting === 1) time(connection);
        response.once('close', () => {
          connection.waiting -= 1;
          connection.isUnhurried = false;
          if (connection.waiting > 0) time(connection);
        });
        handler(request, response);
      };
    },
  };

  function take(socket: Socket): void {
    const address = plainAddress(socket.remoteAddress ?? '');
    const network = isTrusted(address) ? null : networkOf(address);
    const connection: Connection = {
      socket,
      network,
      isUnhurried: false,
      waiting: 0,
      timer: undefined,
    };
    connections.set(socket, connection);
    socket.once('close', () => forget(connection));
    if (network !== null) {
      const neighbours = byNetwork.get(network) ?? new Set();
      byNetwork.set(network, neighbours.add(connection));
      if (neighbours.size > share) end(heldInVain(neighbours) ?? connection);
    }
    if (connections.size > maxConnections - reserve) {
      const held = heldInVain([...connections.values()].filter(({ network }) => network !== null));
      if (held) end(held);
    }
  }

  /** Gives the connection its time anew. */
  function time(connection: Connection): void {
    connection.timer ??= setTimeout(() => {
      if (connection.waiting > 0 && !connection.isUnhurried) end(connection);
    }, ANSWER_TIMEOUT_MS);
    connection.timer.refresh();
  }

  function end(connection: Connection): void {
    forget(connection);
    connection.socket.destroy();
  }

  function forget(connection: Connection): void {
    const { socket, network, timer } = connection;
    clearTimeout(timer);
    connections.delete(socket);
    const neighbours = byNetwork.get(network ?? '');
    neighbours?.delete(connection);
    if (neighbours?.size === 0) byNetwork.delete(network ?? '');
  }
}

/** A connection whose reader stalls, or else one that is idle. */
function heldInVain(some: Iterable<Connection>): Connection | undefined {
  let idle: Connection | undefined;
  for (const connection of some) {
    if (isStalled(connection)) return connection;
    if (isIdle(connection)) idle ??= connection;
  }
  return idle;
}

/** Bytes of an answer are left that the client's side does not take. */
const isStalled = ({ socket, waiting }: Connection): boolean =>
  waiting > 0 && socket.writableLength > 0;

/** An answer was read, and nothing came after it. */
const isIdle = ({ socket, waiting }: Connection): boolean =>
  waiting === 0 && socket.bytesWritten > 0;
