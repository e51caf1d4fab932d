import { rig, signedUp } from '../../packages/adapters-http/test/harness.ts';
import { useCases } from '../../packages/usecases/src/index.ts';
import { type Example, examplesOf, headersOf, payloadOf, urlOf } from '../security/routes.ts';
import { SIZE } from './corpus.ts';

/** A server on memory: the work that it does for a request is all its own. `fault`: of its database, from now on. */
export async function aServer(fault?: Error) {
  let isBroken = false;
  const settings = { throttle: { accountFree: 1e6, clientPerMinute: 1e6, changesPerHour: 1e6 } };
  const server = await rig({
    settings,
    options: { trustProxy: ['127.0.0.1', '10.0.0.0/8'], apiDocs: true },
    rooms: ({ database, ...ports }) => {
      const orBroken =
        <T, R>(query: (work: T) => Promise<R>) =>
        (work: T) =>
          isBroken ? Promise.reject(fault) : query(work);
      const { callers: _working, ...rooms } = useCases({
        ...ports,
        database: { read: orBroken(database.read), transact: orBroken(database.transact) },
      });
      return rooms;
    },
  });
  const credentials = { key: server.serviceKey, bearer: (await signedUp(server)).token };
  await server.app.ready();
  isBroken = fault !== undefined;
  const examples = examplesOf(server.routes());

  const send = async ({ method, url, headers, payload }: Sent) => {
    const { statusCode } = await server.app.inject({
      method: method as 'POST',
      url,
      headers,
      ...(payload !== undefined && { payload }),
    });
    return statusCode;
  };
  const attacks = examples.flatMap((example) =>
    attacksOn(example, credentials).map((attack): Attack => ({ ...attack, route: example.name })),
  );
  return { send, attacks };
}

type Sent = {
  readonly method: string;
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly payload?: string;
};

/** Where a request of a route has room for a text, and the request with that text in it. */
type Attack = Place & { readonly route: string };
type Place = { readonly place: string; readonly requestWith: (text: string) => Sent };

/** All headers that are read, and one that is not. */
const headerNames = [
  'accept',
  'accept-encoding',
  'accept-language',
  'authorization',
  'content-encoding',
  'content-type',
  'cookie',
  'host',
  'origin',
  'sec-fetch-site',
  'traceparent',
  'user-agent',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-request-id',
  'x-unknown',
];

function attacksOn(example: Example, credentials: Parameters<typeof headersOf>[1]): Place[] {
  const { params, query, body, type } = example;
  // The work of a GET without its answer, which may be a file of a megabyte.
  const method = example.method === 'GET' ? 'HEAD' : example.method;
  const headers = headersOf(example, credentials);
  const good = body === null ? {} : { payload: payloadOf(example, body) };
  const url = urlOf(example, query);
  const ofUrl = (place: string, urlWith: (text: string) => string): Place => ({
    place,
    requestWith: (text) => ({ method, url: fitted(text, urlWith, SIZE - 500), headers, ...good }),
  });
  const ofBody = (place: string, payloadWith: (text: string) => string): Place => ({
    place,
    requestWith: (text) => ({ method, url, headers, payload: fitted(text, payloadWith, SIZE) }),
  });
  return [
    ofUrl('the path', (text) => `${url.split('?')[0]}/${encodeURI(text.toWellFormed())}`),
    ofUrl('the query', (text) => `${url.split('?')[0]}?${ascii(text)}`),
    ...Object.keys(params).map((name) =>
      ofUrl(`the parameter ${name}`, (text) =>
        urlOf({ ...example, params: { ...params, [name]: text.toWellFormed() } }, query),
      ),
    ),
    ...Object.keys(query).map((name) =>
      ofUrl(`${name} of the query`, (text) => urlOf(example, { ...query, [name]: text })),
    ),
    ...(body === null
      ? []
      : [
          ofBody('the body', (text) => text),
          ...Object.keys(body).map((name) =>
            ofBody(`${name} of the body`, (text) => payloadOf({ type }, { ...body, [name]: text })),
          ),
          // Now nothing but the shape decides, and every rule is looked at.
          ...Object.keys(body).map((name) =>
            ofBody(`${name} of a body with another field`, (text) =>
              payloadOf({ type }, { ...body, more: '', [name]: text }),
            ),
          ),
        ]),
    ...headerNames.map((name) => ({
      place: `the header ${name}`,
      requestWith: (text: string) => ({
        method,
        url,
        headers: { ...headers, [name]: headerOf(text) },
        ...good,
      }),
    })),
  ];
}

/** As much of a text as fits into the place. */
function fitted(text: string, place: (text: string) => string, size: number): string {
  for (let length = text.length; ; ) {
    const placed = place(text.slice(0, length));
    const bytes = Buffer.byteLength(placed);
    if (bytes <= size) return placed;
    length = Math.floor(length * Math.min(0.98, (size / bytes) * 1.02));
  }
}

/** As it can be on the wire. */
const ascii = (text: string) =>
  encodeURI(text.toWellFormed()).replaceAll(/%25/g, '%').replaceAll('#', '%23');

/** As Node reads it from the wire: a byte a character, and no control characters. */
const headerOf = (text: string) =>
  Buffer.from(text)
    .subarray(0, SIZE - 1000)
    .toString('latin1')
    .replaceAll(/(?!\t)\p{Cc}/gu, ' ')
    .trim();
