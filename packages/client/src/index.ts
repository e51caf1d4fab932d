import { type Api, calls, type Problem } from './api.ts';
import type { Call } from './call.ts';

export type * from './api.ts';
export type * from './call.ts';

export type Options = {
  /** Where Rekey is. */
  readonly url: string;
  /** The key of your service; calls that need none work without. */
  readonly key?: string;
  /** After which a call is given up; 20 000 unless given: more than Rekey itself takes. */
  readonly timeoutMs?: number;
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
export function rekeyClient(options: Options): Api {
  const methods = Object.entries(calls).map(([name, how]) => [
    name,
    (input?: Input, call: Call = {}) => send(options, how, input ?? {}, call),
  ]);
  return Object.fromEntries(methods);
}

type Input = Readonly<Record<string, unknown>>;
type How = (typeof calls)[keyof typeof calls];

async function send(options: Options, how: How, input: Input, call: Call): Promise<unknown> {
  const response = await fetch(urlOf(options.url, how, input), {
    method: how.method,
    headers: headersOf(options, how, call),
    ...(how.takes && { body: how.takes === 'json' ? JSON.stringify(input) : formOf(input) }),
    // A key goes nowhere but where it was meant to go.
    redirect: 'error',
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
  const rest = Object.entries(input).filter(([name]) => !path.includes(`{${name}}`));
  const query = takes ? '' : formOf(Object.fromEntries(rest)).toString();
  return `${base.replace(/\/+$/, '')}${filled}${query && `?${query}`}`;
}

function headersOf(options: Options, { takes, proof }: How, call: Call): Record<string, string> {
  const headers: Record<string, string> = { accept: 'application/json, application/problem+json' };
  if (takes === 'json') headers['content-type'] = 'application/json';
  const given = {
    authorization: proof === 'token' ? call.token && `Bearer ${call.token}` : proof && options.key,
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
    if (value !== undefined) form.set(name, String(value));
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
