import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import https from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { SECOND_MS, type WebhookAnswer, type WebhookFailure } from '@rekey/domain';
import type { WebhookCaller } from '@rekey/usecases';
import { CallFailure, reasonOf } from './failure.ts';
import { messageOf } from './message.ts';
import { guard } from './networks.ts';
import { type Resolve, resolver } from './resolve.ts';

const LONGEST_MS = 10 * SECOND_MS;
/** Of an answer, which nobody looks at: enough that a connection serves for the next call as well. */
const MOST_BYTES = 64 * 1024;
/** Less than the five seconds for which receivers keep a connection at least. */
const IDLE_MS = 4 * SECOND_MS;
/** A request waits for the answer. */
const REGISTERED_WITHIN_MS = 2 * SECOND_MS;

type Options = {
  /** Networks that are closed otherwise, in CIDR notation. */
  readonly privateNetworks: readonly string[];
  readonly resolve?: Resolve;
  readonly longestMs?: number;
};

/** Calls webhooks: from addresses that were checked to the status of the answer, and no further. */
export function webhookCaller({
  privateNetworks,
  resolve = resolver(),
  longestMs = LONGEST_MS,
}: Options): WebhookCaller & { close(): void } {
  const isOpen = guard(privateNetworks);
  // Agents of their own: that of the process may have been given a proxy by the environment.
  const kept = {
    keepAlive: true,
    maxFreeSockets: 16,
    timeout: IDLE_MS,
    scheduling: 'lifo',
  } as const;
  const agents = {
    'http:': new http.Agent(kept),
    // Whatever the environment says of certificates.
    'https:': new https.Agent({ ...kept, rejectUnauthorized: true }),
  };

  /** Of this machine, whoever opens one of its addresses means that one. */
  const addressesOf: Resolve = async (host) => {
    const all = await resolve(host);
    const open = all.filter(isOpen);
    return host === 'localhost' && open.length > 0 ? open : all;
  };

  /** Every address of a host is checked, and the connection goes to one of them: nothing asks for the name once more. */
  const lookup: LookupFunction = (host, options, callback) => {
    const done = (addresses: readonly string[]) => {
      const refusal = refusalOf(addresses);
      if (refusal) return callback(new CallFailure(refusal), '', 0);
      const all = addresses.map((address) => ({ address, family: isIP(address) }));
      const [first = { address: '', family: 0 }] = all;
      if (options.all) callback(null, all);
      else callback(null, first.address, first.family);
    };
    void addressesOf(host).then(done);
  };
  const refusalOf = (addresses: readonly string[]): WebhookFailure | null => {
    if (addresses.length === 0) return 'unresolved';
    return addresses.every(isOpen) ? null : 'refused_address';
  };

  /** Sends a request, and answers the status. Rejects where there is none. */
  const exchange = (
    url: URL,
    { headers, body }: ReturnType<typeof messageOf>,
    onRequest: (request: ClientRequest) => void,
  ): Promise<number> => {
    const { promise, resolve: answer, reject } = Promise.withResolvers<number>();
    const secure = url.protocol === 'https:';
    const agent = secure ? agents['https:'] : agents['http:'];
    const request = (secure ? https : http).request(url, {
      method: 'POST',
      headers,
      agent,
      lookup,
    });
    onRequest(request);
    let response: IncomingMessage | null = null;
    const end = () => {
      if (response === null) reject(new CallFailure('closed'));
      // The receiver has answered, whatever comes of the rest of it.
      else answer(response.statusCode ?? 0);
    };
    request.on('response', (received) => {
      response = received;
      let bytes = 0;
      received.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > MOST_BYTES) request.destroy();
      });
      received.on('error', end);
      received.on('close', end);
    });
    request.on('error', (error) => {
      if (response !== null) return end();
      const isStale = request.reusedSocket && reasonOf(error) === 'closed';
      reject(isStale ? new StaleConnection() : error);
    });
    request.on('close', end);
    request.end(body);
    return promise;
  };

  return {
    async admits(text) {
      const host = hostOf(new URL(text));
      if (isIP(host)) return isOpen(host);
      const late = Promise.withResolvers<readonly string[]>();
      const timer = setTimeout(() => late.resolve([]), REGISTERED_WITHIN_MS);
      const addresses = await Promise.race([addressesOf(host), late.promise]);
      clearTimeout(timer);
      return addresses.every(isOpen);
    },

    async call({ url: text, secrets, message }, signal) {
      const url = new URL(text);
      const began = performance.now();
      let request: ClientRequest | null = null;
      let isLate = false;
      const cut = () => request?.destroy();
      const timer = setTimeout(() => {
        isLate = true;
        cut();
      }, longestMs);
      signal.addEventListener('abort', cut);
      const attempt = async (): Promise<Pick<WebhookAnswer, 'failure' | 'status'>> => {
        const host = hostOf(url);
        // No name is looked up for an address.
        if (isIP(host) && !isOpen(host)) return { failure: 'refused_address', status: null };
        const sent = messageOf({ message, secrets }, Date.now());
        const note = (made: ClientRequest) => {
          request = made;
          if (signal.aborted) cut();
        };
        try {
          const again = (error: unknown) => {
            // A connection that the receiver closed while it was kept tells nothing of the receiver.
            if (error instanceof StaleConnection && !isLate) return exchange(url, sent, note);
            throw error;
          };
          const status = await exchange(url, sent, note).catch(again);
          return { failure: failureOf(status), status };
        } catch (error) {
          return { failure: isLate ? 'timeout' : reasonOf(error), status: null };
        }
      };
      const answer = await attempt();
      clearTimeout(timer);
      signal.removeEventListener('abort', cut);
      if (signal.aborted && answer.status === null) return null;
      return { ...answer, durationMs: Math.round(performance.now() - began) };
    },

    close() {
      for (const agent of Object.values(agents)) agent.destroy();
    },
  };
}

/** The receiver had closed the connection already. */
class StaleConnection extends Error {}

const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[|\]$/g, '');

function failureOf(status: number): WebhookFailure | null {
  if (status >= 200 && status <= 299) return null;
  return status >= 300 && status <= 399 ? 'redirect' : 'status';
}
