import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';

/** Turns of the event loop in which all is sent that waits for no answer. */
const TURNS = 4;

/** A wire to a PostgreSQL server, which counts ways there and back, and on which messages can be changed. */
export type Wire = {
  /** The URL of the database through the wire. */
  readonly url: string;
  /** How often something was sent by whoever had the answers to all that was sent before. */
  trips(): number;
  close(): void;
};

export async function aWire(
  database: string,
  change: (sent: Buffer) => Buffer = (sent) => sent,
): Promise<Wire> {
  const { hostname, port } = new URL(database);
  const sockets = new Set<Socket>();
  let trips = 0;
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    let isAnswered = true;
    client.on('data', (octets) => {
      if (isAnswered) trips += 1;
      isAnswered = false;
      upstream.write(change(octets));
    });
    const answer = async (octets: Buffer) => {
      for (let turn = 0; turn < TURNS; turn += 1) await setImmediate();
      isAnswered = true;
      client.write(octets);
    };
    upstream.on('data', (octets) => void answer(octets));
    for (const [end, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(end);
      end.on('error', () => undefined).on('close', () => other.destroy());
    }
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const url = new URL(database);
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    trips: () => trips,
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
