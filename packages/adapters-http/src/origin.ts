import { isIP } from 'node:net';
import type { Origin } from '@rekey/domain';
import type { FastifyRequest } from 'fastify';

const MAX_CLIENT_LENGTH = 300;

/** Where a request came from: the socket's address, or the one that a trusted proxy forwarded. */
export function originOf(request: FastifyRequest): Origin {
  // A proxy may forward what is no address ("unknown", a port besides): then its own is all that is known.
  const address = isIP(request.ip) === 0 ? request.socket.remoteAddress : request.ip;
  return {
    // IPv4 over an IPv6 socket, in the form that people know.
    address: (address ?? 'unknown').replace(/^::ffff:(?=\d+\.)/, ''),
    client: request.headers['user-agent']?.slice(0, MAX_CLIENT_LENGTH) || null,
  };
}
