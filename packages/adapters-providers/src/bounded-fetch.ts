import { AsyncLocalStorage } from 'node:async_hooks';

/** How long the whole exchange with a provider may take, over all of its requests. */
export const TIME_LIMIT_MS = 10_000;
/** Of each answer, unpacked. The longest that a provider sends is a fifth of it. */
const MAX_ANSWER_BYTES = 64 * 1024;

/** The answer of a provider is of no use. The message says why, and repeats nothing of the answer. */
export class ProviderFailure extends Error {
  override readonly name = 'ProviderFailure';
}

/** Ends the requests of the exchange that is under way. */
const deadlines = new AsyncLocalStorage<AbortSignal>();

/** Runs an exchange: all of its requests end by one deadline. */
export const withDeadline = <T>(work: () => Promise<T>, timeLimitMs: number): Promise<T> =>
  deadlines.run(AbortSignal.timeout(timeLimitMs), work);

const LOOPBACK = /^(?:localhost|127\.0\.0\.1|\[::1\])$/;

/** Whether secrets may be sent to a URL: by https, and by plain http to this machine alone. */
export const isSafe = ({ protocol, hostname }: URL): boolean =>
  protocol === 'https:' || (protocol === 'http:' && LOOPBACK.test(hostname));

/**
 * `fetch` for what a provider decides: it follows no redirect, waits no longer than the exchange may take, and reads no more than
 * an answer may have. Throws `ProviderFailure` where the provider is at fault.
 */
export async function boundedFetch(
  input: string | URL | Request,
  init: RequestInit = {},
): Promise<Response> {
  const url = new URL(input instanceof Request ? input.url : input);
  if (!isSafe(url)) throw new ProviderFailure('the provider names an endpoint without https');
  const response = await fetch(url, {
    ...init,
    // A provider that is taken over, or a proxy in between, decides nothing about where secrets go.
    redirect: 'manual',
    signal: deadlines.getStore() ?? AbortSignal.timeout(TIME_LIMIT_MS),
  });
  const { status } = response;
  if (status >= 500 || status === 429 || (status >= 300 && status < 400) || status < 200) {
    await response.body?.cancel();
    throw new ProviderFailure(`answered ${status}`);
  }
  const type = response.headers.get('content-type');
  return new Response(await bytesOf(response), {
    status,
    headers: type === null ? {} : { 'content-type': type },
  });
}

async function bytesOf(response: Response): Promise<Buffer<ArrayBuffer> | null> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    // Leaving the loop hangs up.
    if (length > MAX_ANSWER_BYTES) throw new ProviderFailure('the answer is too long');
    chunks.push(chunk);
  }
  return length === 0 ? null : Buffer.concat(chunks);
}

/** The object that an answer holds. */
export async function jsonOf(response: Response): Promise<unknown> {
  if (response.status !== 200) throw new ProviderFailure(`answered ${response.status}`);
  return response.json().catch(() => {
    throw new ProviderFailure('the answer is no JSON');
  });
}
