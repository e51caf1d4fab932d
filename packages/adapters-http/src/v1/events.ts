import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  DEFAULT_PAGE_SIZE,
  type Event as EventEntity,
  type EventType,
  eventTypes,
  type Id,
  type Instant,
} from '@rekey/domain';
import type { EventsInput, StreamItem } from '@rekey/usecases';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Static, Type } from 'typebox';
import { actorOf } from '../server/actor.ts';
import { keyIn } from '../server/credentials.ts';
import type { HttpDeps } from '../server/deps.ts';
import { strict } from '../server/fields.ts';
import type { Streams } from '../server/streams.ts';
import {
  idIn,
  idOf,
  instant,
  instantOut,
  limit,
  listed,
  malformed,
  nullable,
  nullableIdOf,
  parsed,
} from './shared.ts';

/** As the contract has it: proxies end connections on which nothing happens. */
const HEARTBEAT_MS = 10_000;
const DEFAULT_BEAT_MS = 500;
const MAX_WAIT_S = 30;
const MAX_SINCE_S = 30 * 24 * 3600;
/** Events that are written at once. */
const STREAM_PAGE = 100;
const CURSOR = 'example-cursor';
const STREAM = 'text/event-stream';

const wholeNumber = (from: number, to: number) => (text: string, field: string) => {
  const number = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (number >= from && number <= to) return number;
  throw malformed(field, `must be a whole number from ${from} to ${to}`);
};

function parseTypes(text: string, field: string): EventType[] {
  const types = text.split(',') as EventType[];
  if (types.every((type) => eventTypes.includes(type))) return types;
  throw malformed(field, 'must be types of events, with commas between them');
}

const places = {
  after: Type.Optional(
    parsed<string>({
      description:
        'The `next` of an answer, or the `id` of an event of a stream: goes on after it. Without it the oldest event comes first.',
      examples: [CURSOR],
      parse: (text) => text,
    }),
  ),
  since_s: Type.Optional(
    parsed<number>({
      description:
        'Without `after`: begins before what happened in the last so many seconds, rather than with the oldest event. Somewhat older ones may come first.',
      examples: ['3600'],
      parse: wholeNumber(0, MAX_SINCE_S),
    }),
  ),
  limit,
  wait_s: Type.Optional(
    parsed<number>({
      description: `Waits up to so many seconds where there is nothing yet: 0 to ${MAX_WAIT_S}, 0 unless given. A stream waits without an end.`,
      examples: ['0'],
      parse: wholeNumber(0, MAX_WAIT_S),
    }),
  ),
  types: listed<EventType[]>({
    description: 'Only events of these types, with commas between them.',
    examples: ['user.locked,user.deleted'],
    parse: parseTypes,
  }),
  service_id: Type.Optional(
    idIn('service', 'Whose events; needed with a root key. A service names itself or nobody.'),
  ),
};

const EventQuery = Type.Object(places, strict);
const RevocationQuery = Type.Object(
  {
    ...places,
    heartbeat_ms: Type.Optional(
      parsed<number>({
        description: `Of a stream: how often it says up to when it is complete, 250 to 10000; ${DEFAULT_BEAT_MS} unless given.`,
        examples: ['500'],
        parse: wholeNumber(250, 10_000),
      }),
    ),
  },
  strict,
);

const Event = Type.Object(
  {
    id: idOf('event', 'The id of the event.'),
    type: Type.String({
      description: `What happened: one of ${eventTypes.map((type) => `\`${type}\``).join(', ')}.`,
      examples: ['session.ended'],
    }),
    created_at: instant('When it happened.'),
    service_id: idOf('service', 'The service that is told.'),
    user_id: nullableIdOf('user', 'null where it is about none, or about none that is known here.'),
    subject_id: nullableIdOf(
      'session',
      'The session, key, factor, webhook or one-time token that it is about.',
    ),
    data: Type.Unsafe<Record<string, unknown>>({
      type: 'object',
      additionalProperties: true,
      description: 'Ids, names of fields and instants, by the type of the event.',
      examples: [{}],
    }),
  },
  { $id: 'Event' },
);

export const eventOut = (event: EventEntity): Static<typeof Event> => ({
  id: event.id,
  type: event.type,
  created_at: instantOut(event.createdAt),
  service_id: event.serviceId,
  user_id: event.userId,
  subject_id: event.subjectId,
  data: event.data,
});

const next = Type.String({
  description: 'The `after` of the next question, whether or not there was anything.',
  examples: [CURSOR],
});
const EventsFollowed = Type.Object({ data: Type.Array(Event), next }, { $id: 'EventsFollowed' });
const RevocationsFollowed = Type.Object(
  {
    data: Type.Array(Event),
    next,
    complete_until: nullable<string>(
      'string',
      'Everything that was committed until then is among what was answered so far; null where there is more to ask for.',
      { format: 'date-time', examples: ['2026-01-31T09:30:00.000Z'] },
    ),
  },
  { $id: 'RevocationsFollowed' },
);

const asStream = (description: string) => ({
  schema: Type.String({ description, examples: [`id: ${CURSOR}\ndata: {}\n\n`] }),
});

const untilOut = (until: Instant | null) => (until === null ? null : instantOut(until));

type Query = {
  readonly after?: string;
  readonly since_s?: number;
  readonly limit?: number;
  readonly wait_s?: number;
  readonly types?: EventType[][];
  readonly service_id?: Id;
};
type Asked = FastifyRequest<{ Querystring: Query }>;

const asksForStream = ({ method, headers }: FastifyRequest): boolean =>
  method === 'GET' && (headers.accept ?? '').includes(STREAM);

const inputOf = ({ query, headers }: Asked): EventsInput => {
  const { after, since_s: sinceS, types } = query;
  // A browser that comes again repeats the query, and says here how far it is.
  const last = headers['last-event-id'] || after;
  return {
    serviceId: query.service_id,
    after: last === undefined ? undefined : String(last),
    sinceMs: sinceS === undefined ? undefined : sinceS * 1000,
    limit: query.limit ?? DEFAULT_PAGE_SIZE,
    types: types?.flat(),
  };
};

export const eventRoutes =
  ({ useCases }: HttpDeps, streams: Streams): FastifyPluginAsyncTypebox =>
  async (app) => {
    const answer = (request: Asked, reply: FastifyReply, isRevocations: boolean) =>
      useCases.events.followEvents.execute(actorOf(request), {
        ...inputOf(request),
        isRevocations,
        waitMs: (request.query.wait_s ?? 0) * 1000,
        signal: streams.signalOf(reply),
      });

    /** Refusals come before the answer begins. */
    const stream = async (
      request: Asked,
      reply: FastifyReply,
      isRevocations: boolean,
      heartbeatMs: number,
      beat: (item: StreamItem) => string,
      hello: (openedAt: Instant) => string = () => '',
    ): Promise<FastifyReply> => {
      const { openedAt, items } = await useCases.events.followEvents.open(actorOf(request), {
        ...inputOf(request),
        isRevocations,
        limit: STREAM_PAGE,
        heartbeatMs,
        key: keyIn(request.headers.authorization) ?? '',
        signal: streams.signalOf(reply),
      });
      void streams.send(request, reply, textsOf(hello(openedAt), items, beat));
      return reply;
    };

    app.get(
      '/event',
      {
        schema: {
          operationId: 'followEvents',
          tags: ['events'],
          summary: 'Follow what happened to the users of a service',
          description:
            'In one order, from 30 days ago on. With `Accept: text/event-stream` a stream without an end: `id` is the cursor, which `Last-Event-ID` takes back; a comment comes every 10 s. The types are at docs/event-types.md.',
          security: ['serviceKey', 'rootKey'],
          errors: ['not_found', 'invalid_cursor', 'cursor_expired', 'too_many_requests'],
          querystring: EventQuery,
          response: {
            200: {
              description: 'Events, the oldest first.',
              content: {
                'application/json': { schema: EventsFollowed },
                [STREAM]: asStream('Events as they come.'),
              },
            },
          },
        },
      },
      async (request, reply) => {
        if (asksForStream(request)) {
          const comment = ({ cursor }: StreamItem) => `: heartbeat\nid: ${cursor}\n\n`;
          return stream(request as Asked, reply, false, HEARTBEAT_MS, comment);
        }
        const { events, next } = await answer(request as Asked, reply, false);
        return { data: events.map(eventOut), next };
      },
    );

    app.get(
      '/revocation',
      {
        schema: {
          operationId: 'followRevocations',
          tags: ['events'],
          summary: 'Follow what ends trust',
          description:
            'The events alone after which a token, a key or a user may not be trusted any more, for backends that verify tokens themselves. A stream says every `heartbeat_ms`, as an event `heartbeat`, up to which instant it is complete (`complete_until`); where that is not known it says nothing, and who rests on it should ask Rekey instead. It begins with an event `hello`, whose `opened_at` is when the request was there by the clock of Rekey.',
          security: ['serviceKey', 'verifierKey', 'rootKey'],
          errors: ['not_found', 'invalid_cursor', 'cursor_expired', 'too_many_requests'],
          querystring: RevocationQuery,
          response: {
            200: {
              description: 'Events, the oldest first.',
              content: {
                'application/json': { schema: RevocationsFollowed },
                [STREAM]: asStream('Events as they come, and heartbeats.'),
              },
            },
          },
        },
      },
      async (request, reply) => {
        if (asksForStream(request)) {
          const heartbeat = ({ cursor, completeUntil }: StreamItem) => {
            const data = JSON.stringify({ complete_until: untilOut(completeUntil) });
            return `event: heartbeat\nid: ${cursor}\ndata: ${data}\n\n`;
          };
          const every = request.query.heartbeat_ms ?? DEFAULT_BEAT_MS;
          const hello = (openedAt: Instant) =>
            `event: hello\ndata: ${JSON.stringify({ opened_at: instantOut(openedAt) })}\n`;
          return stream(request as Asked, reply, true, every, heartbeat, hello);
        }
        const { events, next, completeUntil } = await answer(request as Asked, reply, true);
        return { data: events.map(eventOut), next, complete_until: untilOut(completeUntil) };
      },
    );
  };

/** The text of a stream; `beat` words the items that hold no event. */
async function* textsOf(
  hello: string,
  batches: AsyncIterable<readonly StreamItem[]>,
  beat: (item: StreamItem) => string,
): AsyncGenerator<string, void> {
  yield `retry: 1000\n${hello}\n`;
  for await (const items of batches) {
    yield items
      .map((item) =>
        item.event === null
          ? beat(item)
          : `id: ${item.cursor}\ndata: ${JSON.stringify(eventOut(item.event))}\n\n`,
      )
      .join('');
  }
}
