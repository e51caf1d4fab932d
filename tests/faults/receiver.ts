import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { Webhook } from 'standardwebhooks';
import { onTestFinished } from 'vitest';

/** An event as a receiver gets it. */
export type Told = {
  readonly id: string;
  readonly type: string;
  readonly user_id: string | null;
};

export type Receiver = {
  readonly url: string;
  /** Every call that was answered with 2xx, in order. */
  readonly taken: Told[];
  /** Calls that no secret signed. */
  forged: number;
  secrets: readonly string[];
  /** The status of the answer to a call; null for none. */
  manners: (told: Told) => number | null;
};

/** A receiver of webhooks on loopback, which knows its secrets. */
export async function aReceiver(): Promise<Receiver> {
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const body = await text(request).catch(() => '');
    const {
      'webhook-id': id,
      'webhook-timestamp': at,
      'webhook-signature': signed,
    } = request.headers;
    // The clocks of the servers are ahead: a check of the age would refuse their calls.
    const isSigned = receiver.secrets.some((secret) => {
      const ours = new Webhook(secret).sign(String(id), new Date(Number(at) * 1000), body);
      return String(signed).split(' ').includes(ours);
    });
    if (!isSigned) receiver.forged += 1;
    const told = JSON.parse(body) as Told;
    const status = receiver.manners(told);
    if (status === null) return;
    if (status < 300) receiver.taken.push(told);
    response.writeHead(status).end();
  };
  const server = createServer((request, response) => void handle(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    taken: [],
    forged: 0,
    secrets: [],
    manners: () => 204,
  };
  return receiver;
}
