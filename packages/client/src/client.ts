import { type Api, calls, type Each, type Problem } from './api.ts';
import type { Call } from './call.ts';

export type Options = {
  /** Where Rekey is. */
  readonly url: string;
  /** The key of your service; calls that need none work without. */
  readonly key?: string;
  /** After which a call is given up; 20 000 unless given: more than Rekey itself takes. */
  readonly timeoutMs?: number;
  /**
   * How often a call is sent again where nothing came back, or an answer that says so (409 `idempotency_key_in_use`,
   * 502, 503, 504); 0 unless given. A call that changes something then has a key by which Rekey does it once. A 429 is
   * told at once: it is about tries of a person, who is waiting.
   */
  readonly retries?: number;
};

export type Client = Api & {
  /** The rows of lists, page after page: `for await (const user of client.each.listUsers())`. */
  readonly each: Each;
};

/** An answer other than 200 and 204. It never holds what was sent. */
export class RekeyError extends Error {
  override readonly name = 'RekeyError';
  readonly status: number;
  /** The body of the answer; null where another server answered in Rekey's place. */
  readonly problem: Problem | null;
  /** For programs. */
  readonly code: Problem['code'] | null;
  /** Seconds after which a new try makes sense, where that is known. */
  readonly retryAfterS: number | null;
  /** Names the request in Rekey's log. */
  readonly requestId: string | null;

  constructor({ status, headers }: Response, problem: Problem | null) {
    super(
      problem
        ? `${problem.code}: ${problem.detail}`
        : `an answer that Rekey does not give: ${status}`,
    );
    this.status = status;
    this.problem = problem;
    this.code = problem?.code ?? null;
    const seconds = headers.get('retry-after') ?? '';
    this.retryAfterS = /^\d+$/.test(seconds) ? Number(seconds) : null;
    this.requestId = headers.get('x-request-id');
  }
}

/** A client for the Rekey at that URL. Its methods resolve with a success, and reject with a `RekeyError` for other answers. */
export function rekeyClient(options: Options): Client {
  const all = Object.entries(calls) as [string, How][];
  const methods = all.map(([name, how]) => [
    name,
    (input?: Input, call: Call = {}) => send(options, how, input ?? {}, call),
  ]);
  const lists = all.flatMap(([name, how]) =>
    how.listed === null
      ? []
      : [[name, (input?: Input, call: Call = {}) => each(options, how, input ?? {}, call)]],
  );
  return { ...Object.fromEntries(methods), each: Object.fromEntries(lists) };
}

type Input = Readonly<Record<string, unknown>>;
type How = {
  readonly method: string;
  readonly path: string;
  readonly takes: 'json' | 'form' | null;
  readonly proof: 'key' | 'token' | null;
  readonly listed: 'id' | 'name' | 'time' | null;
};

type Row = { readonly id: string; readonly name?: string };
type Page = {
  readonly meta: { readonly limit: number };
  readonly data: readonly Row[];
  readonly next?: string | null;
};

async function* each(
  options: Options,
  how: How,
  input: Input,
  call: Call,
): AsyncGenerator<Row, void> {
  const list: Input = how.listed === 'time' ? { order: 'asc', ...input } : input;
  let place: Input = {};
  for (;;) {
    const { meta, data, next } = (await send(options, how, { ...list, ...place }, call)) as Page;
    yield* data;
    const last = data.at(-1);
    const isByName = input.name_ge !== undefined;
    if (typeof next === 'string') place = { after: next };
    else if (last === undefined || data.length < meta.limit) return;
    else if (isByName) place = { name_ge: last.name, offset_id: last.id };
    else if (next === undefined) place = { gt: last.id };
    else return;
  }
}

/** The longest time that is worth waiting for, and the first wait where nobody says how long. */
const MOST_WAIT_MS = 30_000;
const FIRST_WAIT_MS = 100;
const WORTH_A_RETRY = new Set([502, 503, 504]);
/** The calls that only look, unless they are to leave an entry in the audit: a key would make Rekey write. */
const LOOKING = /\/(?:verify|check)$/;

async function send(options: Options, how: How, input: Input, call: Call): Promise<unknown> {
  const { retries = 0 } = options;
  const isLooking = LOOKING.test(how.path) && input.audit === undefined;
  const isChange = how.method !== 'GET' && !isLooking;
  const key = call.idempotencyKey ?? (retries > 0 && isChange ? crypto.randomUUID() : undefined);
  const url = urlOf(options.url, how, input);
  const init = {
    method: how.method,
    headers: headersOf(options, how, {
      ...call,
      ...(key !== undefined && { idempotencyKey: key }),
    }),
    ...(how.takes && { body: bodyOf(how, input) }),
    // A key goes nowhere but where it was meant to go.
    redirect: 'error',
  } as const;
  for (let tries = 0; ; tries += 1) {
    try {
      return await sendOnce(url, init, options, call);
    } catch (error) {
      const waitMs = waitAfter(error, tries);
      if (tries >= retries || waitMs > MOST_WAIT_MS || call.signal?.aborted) throw error;
      await pause(waitMs, call.signal);
    }
  }
}

/** Milliseconds after which a call is worth another try. */
function waitAfter(error: unknown, tries: number): number {
  // At odd times, so that many clients do not come again together.
  const usual = FIRST_WAIT_MS * 2 ** tries * (0.5 + Math.random());
  if (!(error instanceof RekeyError)) return usual;
  const { status, code, retryAfterS } = error;
  if (code === 'idempotency_key_in_use') return usual;
  if (!WORTH_A_RETRY.has(status)) return Number.POSITIVE_INFINITY;
  return retryAfterS === null ? usual : Math.max(usual, retryAfterS * 1000);
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal?.addEventListener('abort', stop, { once: true });
  });
}

async function sendOnce(
  url: string,
  init: RequestInit,
  options: Options,
  call: Call,
): Promise<unknown> {
  const response = await fetch(url, {
    ...init,
    signal: AbortSignal.any([
      AbortSignal.timeout(options.timeoutMs ?? 20_000),
      ...(call.signal ? [call.signal] : []),
    ]),
  });
  if (response.status === 204) return undefined;
  const type = response.headers.get('content-type') ?? '';
  const text = await response.text();
  if (response.ok && type.startsWith('text/plain')) return text;
  const value = /^application\/(?:problem\+)?json/.test(type) ? parse(text) : undefined;
  if (response.ok && value !== undefined) return value;
  const isProblem = type.startsWith('application/problem+json') && value !== undefined;
  throw new RekeyError(response, isProblem ? (value as Problem) : null);
}

/** Input that has no place in the path goes into the query, where there is no body. */
function urlOf(base: string, { path, takes }: How, input: Input): string {
  const filled = path.replaceAll(/\{(\w+)\}/g, (_match, name: string) =>
    encodeURIComponent(String(input[name])),
  );
  const query = takes ? '' : formOf(withoutPath(path, input)).toString();
  return `${base.replace(/\/+$/, '')}${filled}${query && `?${query}`}`;
}

function bodyOf({ path, takes }: How, input: Input): string | URLSearchParams {
  const body = withoutPath(path, input);
  return takes === 'json' ? JSON.stringify(body) : formOf(body);
}

const withoutPath = (path: string, input: Input): Input =>
  Object.fromEntries(Object.entries(input).filter(([name]) => !path.includes(`{${name}}`)));

function headersOf(options: Options, { takes, proof }: How, call: Call): Record<string, string> {
  const headers: Record<string, string> = { accept: 'application/json, application/problem+json' };
  if (takes === 'json') headers['content-type'] = 'application/json';
  const given = {
    authorization: proof === 'token' ? call.token && `Bearer ${call.token}` : proof && options.key,
    'user-authorization': call.user,
    'idempotency-key': call.idempotencyKey,
    'x-forwarded-for': call.address,
    'user-agent': printable(call.client),
    'accept-language': printable(call.language),
  };
  for (const [name, value] of Object.entries(given)) {
    if (!value) continue;
    // The error of fetch for a bad value holds the value.
    if (!/^[\x20-\x7e]+$/.test(value)) throw new TypeError(`the ${name} is not printable ASCII`);
    headers[name] = value;
  }
  return headers;
}

/** The text of a stranger's browser must not make a call fail. */
const printable = (text: string | undefined) => text?.replaceAll(/[^\x20-\x7e]/g, '?');

function formOf(fields: Input): URLSearchParams {
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) {
    for (const each of [value].flat()) {
      if (each !== undefined) form.append(name, String(each));
    }
  }
  return form;
}

/** Undefined for a text that is no JSON: the error of the parser would show a piece of it. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
