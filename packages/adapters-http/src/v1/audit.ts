import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  type AmendedEntry,
  type AuditPlace,
  auditOutcomes,
  auditTypes,
  DEFAULT_PAGE_SIZE,
  ID_PATTERN,
  IllegalArgument,
  type Instant,
  isOneLine,
  parseCustomType,
  parseSubject,
} from '@rekey/domain';
import { type Static, Type } from 'typebox';
import { actorOf } from '../server/actor.ts';
import type { HttpDeps } from '../server/deps.ts';
import { strict } from '../server/fields.ts';
import { pathId } from '../server/path-id.ts';
import type { Rules } from '../server/validation.ts';
import {
  changedId,
  idOf,
  instant,
  instantOut,
  limit,
  listed,
  listedIds,
  malformed,
  nullable,
  nullableIdOf,
  parsed,
  pathOf,
  repeatedId,
} from './shared.ts';

/** Four times that of other calls: the data of an entry may be large. */
const MAX_BODY_BYTES = 65_536;

const TYPE = 'shop:CheckOut';
const SUBJECT = 'order 7';
const DATA = { total: 25 };

/** Two places at once. */
const checkQuery: Rules['check'] = ({ after, offset_id }) => {
  if (after === undefined || offset_id === undefined) return;
  const message = 'cannot be given together with offset_id';
  throw new IllegalArgument([{ field: 'after', message, code: 'not_allowed' }]);
};

const AuditQuery = Type.Object(
  {
    ge: Type.Optional(
      parsed({
        description: 'Only entries of that time or later; `+` is sent as `%2B`.',
        format: 'date-time',
        examples: ['2026-01-01T00:00:00Z'],
        parse: parseInstant,
      }),
    ),
    le: Type.Optional(
      parsed({
        description:
          'Only entries of that time or earlier: without `ge` the last of them. `+` is sent as `%2B`.',
        format: 'date-time',
        examples: ['2026-02-01T00:00:00Z'],
        parse: parseInstant,
      }),
    ),
    limit,
    offset_id: Type.Optional(
      parsed({
        description:
          'The last entry that was seen: with `ge` the page after it, and otherwise the page before it.',
        format: 'uuid',
        examples: ['01900000-0000-7000-8000-000000000004'],
        parse: (text) => text.toLowerCase(),
      }),
    ),
    id: listedIds('entry', 'Only these entries.'),
    type: listed<string>({
      description: 'Only entries of these types: Rekey’s, or your own.',
      examples: ['sso:AuthLocalLogin'],
      parse: parseAnyType,
    }),
    subject: listed<string>({
      description: 'Only entries about these subjects.',
      examples: ['01900000-0000-7000-8000-000000000005'],
      parse: parseSubject,
    }),
    service_id: listedIds('service', 'Only entries of these services.'),
    user_id: listedIds('user', 'Only entries about these users.'),
    order: Type.Optional(
      Type.Enum(['asc', 'desc'], {
        description:
          'desc: the latest first, on with `after`. asc: the first entries first, whether or not `ge` is given.',
        examples: ['desc'],
      }),
    ),
    after: Type.Optional(
      parsed({
        description:
          'The `next` of a page: the answer is the page after it. Entries that are added meanwhile move nothing.',
        examples: ['1769851800000.01900000-0000-7000-8000-000000000004'],
        parse: parseCursor,
      }),
    ),
  },
  { ...strict, check: checkQuery },
);

const data = Type.Unsafe<Record<string, unknown>>({
  type: 'object',
  description: 'Anything that JSON has, at most 32 levels deep.',
  examples: [DATA],
});
const subject = Type.String({
  description: 'What the entry is about: 1 to 200 characters on one line.',
  examples: [SUBJECT],
  parse: parseSubject,
});

const NewEntry = Type.Object(
  {
    type: Type.String({
      description:
        'A type of your own: 1 to 200 characters on one line that do not begin with `sso:` or `rekey:`.',
      examples: [TYPE],
      parse: parseCustomType,
    }),
    subject: Type.Optional(subject),
    data: Type.Optional(data),
    user_id: Type.Optional(
      idOf('user', 'The user that it is about: what the entry says goes with the user.'),
    ),
    user_key_id: Type.Optional(idOf('key', 'The key that the user acted with.')),
  },
  { $id: 'NewAuditEntry', ...strict },
);

const ChangedEntry = Type.Object(
  {
    id: repeatedId('entry'),
    status_code: Type.Optional(
      Type.Integer({
        description: 'How it ended, in numbers of your own.',
        minimum: 0,
        maximum: 65_535,
        examples: [200],
      }),
    ),
    subject: Type.Optional(subject),
    data: Type.Optional(data),
  },
  { $id: 'AuditEntryAmendment', ...strict },
);

export const AuditEntry = Type.Object(
  {
    id: idOf('entry', 'The id of the entry.'),
    created_at: instant('When it happened.'),
    updated_at: instant('When something was added to the entry last; at first when it happened.'),
    type: Type.String({
      description: `What was tried: one of ${auditTypes.map((type) => `\`${type}\``).join(', ')}, or a type of a service's own.`,
      examples: ['sso:AuthLocalUpdatePassword'],
    }),
    outcome: Type.Enum(auditOutcomes, {
      description: 'Whether what was tried was done.',
      examples: ['success'],
    }),
    status_code: nullable<number>(
      'integer',
      'Of Rekey’s own entries as in gRPC: 0 done, 3 refused, 7 forbidden, 16 not authenticated; of a service’s what it says.',
      { examples: [0] },
    ),
    key_id: nullableIdOf('key', 'The key of the service, or of the operator, that asked.'),
    service_id: nullableIdOf('service', 'null for actions of the operator.'),
    user_id: nullableIdOf('user', 'null where no user is concerned, or none that is known here.'),
    user_key_id: nullableIdOf('key', 'The key of the user that the request was proven with.'),
    subject: nullable<string>(
      'string',
      'The id of the key, session, one-time token, mail, service or entry that it is about; of an entry of a service’s own, its words.',
      { examples: ['01900000-0000-7000-8000-000000000005'] },
    ),
    data: Type.Unsafe<Record<string, unknown> | null>({
      type: ['object', 'null'],
      additionalProperties: true,
      description:
        'Of a change `{"type": "diff", "data": [[field, old, new], …]}`, of a failure `{"type": "error", "data": code}`, of an entry of a service’s own what it says.',
      examples: [null],
    }),
    remote: Type.String({
      description:
        'The IP address that the request came from; of failures that were summed, their network. Empty where there is none, and where it was erased.',
      examples: ['192.0.2.1'],
    }),
    user_agent: Type.String({
      description:
        'The User-Agent exactly as it was sent, at most 200 characters of it: escape it before you show it.',
      examples: ['Example/1.0'],
    }),
    forwarded: nullable<string>(
      'string',
      'The X-Forwarded-For exactly as it was sent, at most 500 characters of it: whoever asks can write anything into it.',
      { examples: [null] },
    ),
    count: Type.Integer({
      description: 'How often it happened: 1 but for failures that were summed.',
      examples: [1],
    }),
    sequence: nullable<number>(
      'integer',
      'Its place in the chain of its service: 1 for the first, without gaps. Each amendment of an entry has a place as well. An entry that was made just now has none yet: read it again.',
      { examples: [7] },
    ),
    previous_hash: nullable<string>('string', 'null for the first of a chain.', {
      examples: ['example-hash-of-entry-6'],
    }),
    hash: nullable<string>(
      'string',
      'Covers the entry and the hash before it; null where the entry has no place yet.',
      { examples: ['example-hash-of-entry-7'] },
    ),
  },
  { $id: 'AuditEntry' },
);

export const entryOut = (entry: AmendedEntry): Static<typeof AuditEntry> => ({
  id: entry.id,
  created_at: instantOut(entry.createdAt),
  updated_at: instantOut(entry.updatedAt),
  type: entry.type,
  outcome: entry.outcome,
  status_code: entry.statusCode,
  key_id: entry.keyId,
  service_id: entry.serviceId,
  user_id: entry.userId,
  user_key_id: entry.userKeyId,
  subject: entry.subjectId ?? entry.subject,
  data: entry.data,
  remote: entry.origin?.address ?? '',
  user_agent: entry.origin?.client ?? '',
  forwarded: entry.origin?.forwarded ?? null,
  count: entry.count,
  sequence: entry.sequence,
  previous_hash: entry.previousHash,
  hash: entry.hash,
});

const AuditRead = Type.Object({ data: AuditEntry }, { $id: 'AuditRead' });

const texts = (description: string) =>
  Type.Array(Type.String({ examples: ['example'] }), { description, examples: [[]] });

const AuditListed = Type.Object(
  {
    meta: Type.Object({
      ge: nullable<string>('string', 'The `ge` that was used.', { examples: [null] }),
      le: nullable<string>('string', 'The `le` that was used.', { examples: [null] }),
      limit: Type.Integer({ description: 'The `limit` that was used.', examples: [50] }),
      offset_id: nullableIdOf('entry', 'The `offset_id` that was used.'),
      id: texts('The ids that were asked for.'),
      type: texts('The types that were asked for.'),
      subject: texts('The subjects that were asked for.'),
      service_id: texts('The services that were asked for.'),
      user_id: texts('The users that were asked for.'),
      order: nullable<string>('string', 'The `order` that was used.', { examples: [null] }),
      after: nullable<string>('string', 'The `after` that was used.', { examples: [null] }),
    }),
    data: Type.Array(AuditEntry),
    next: nullable<string>(
      'string',
      'The `after` of the page that comes after this one, or without `ge` and `order` before it; null where there is none.',
      { examples: [null] },
    ),
  },
  { $id: 'AuditListed' },
);

const ReadQuery = Type.Object(
  {
    subject: Type.Optional(
      parsed({
        description: 'Only if the entry is about that subject.',
        examples: ['01900000-0000-7000-8000-000000000005'],
        parse: parseSubject,
      }),
    ),
  },
  strict,
);

export const auditRoutes =
  (deps: HttpDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/audit',
      {
        schema: {
          operationId: 'listAudit',
          tags: ['audit'],
          summary: 'List entries of the audit',
          description:
            'A service reads what happened through it, and what was felt there; a root key reads all. A page ascends by time. With `ge` it has the first entries, with `ge` and `offset_id` those after that one; without `ge` it has the last entries, with `offset_id` those before that one.',
          security: ['serviceKey', 'rootKey'],
          querystring: AuditQuery,
          response: { 200: AuditListed },
        },
      },
      async (request) => {
        const { query } = request;
        const asked = {
          from: query.ge,
          to: query.le,
          limit: query.limit ?? DEFAULT_PAGE_SIZE,
          offsetId: query.offset_id,
          ids: query.id,
          types: query.type,
          subjects: query.subject,
          serviceIds: query.service_id,
          userIds: query.user_id,
          order: query.order as 'asc' | 'desc' | undefined,
          after: query.after,
        };
        const { listAudit } = deps.useCases.audit;
        const { entries, next } = await listAudit.execute(actorOf(request), asked);
        const meta = {
          ge: asked.from === undefined ? null : instantOut(asked.from),
          le: asked.to === undefined ? null : instantOut(asked.to),
          limit: asked.limit,
          offset_id: asked.offsetId ?? null,
          id: asked.ids ?? [],
          type: asked.types ?? [],
          subject: asked.subjects ?? [],
          service_id: asked.serviceIds ?? [],
          user_id: asked.userIds ?? [],
          order: asked.order ?? null,
          after: asked.after ? cursorOf(asked.after) : null,
        };
        return { meta, data: entries.map(entryOut), next: next && cursorOf(next) };
      },
    );

    app.post(
      '/audit',
      {
        bodyLimit: MAX_BODY_BYTES,
        schema: {
          operationId: 'createAuditEntry',
          tags: ['audit'],
          summary: 'Add an entry of your own to the audit',
          description:
            'A service adds to its audit, and a root key to that of the operator. What an entry says in words goes with the user that it names; its type stays.',
          security: ['serviceKey', 'rootKey'],
          body: NewEntry,
          response: { 200: AuditRead },
        },
      },
      async (request) => {
        const { user_id, user_key_id, ...rest } = request.body;
        const { createAuditEntry } = deps.useCases.audit;
        const entry = await createAuditEntry.execute(actorOf(request), {
          ...rest,
          userId: user_id?.toLowerCase(),
          userKeyId: user_key_id?.toLowerCase(),
        });
        return { data: entryOut(entry) };
      },
    );

    app.get(
      '/audit/:id',
      {
        schema: {
          operationId: 'readAuditEntry',
          tags: ['audit'],
          summary: 'Read an entry of the audit',
          security: ['serviceKey', 'rootKey'],
          errors: ['not_found'],
          params: pathOf('entry'),
          querystring: ReadQuery,
          response: { 200: AuditRead },
        },
      },
      async (request) => {
        const { readAuditEntry } = deps.useCases.audit;
        const asked = { id: pathId(request), subject: request.query.subject };
        return { data: entryOut(await readAuditEntry.execute(actorOf(request), asked)) };
      },
    );

    app.patch(
      '/audit/:id',
      {
        bodyLimit: MAX_BODY_BYTES,
        schema: {
          operationId: 'amendAuditEntry',
          tags: ['audit'],
          summary: 'Add to an entry of your own what it does not say yet',
          description:
            'What the entry says already stays, key by key of `data`. Each amendment is an entry of its own in the chain; an entry has 20 at most.',
          security: ['serviceKey', 'rootKey'],
          errors: ['not_found', 'forbidden'],
          params: pathOf('entry'),
          body: ChangedEntry,
          response: { 200: AuditRead },
        },
      },
      async (request) => {
        const { status_code: statusCode, subject, data } = request.body;
        const { amendAuditEntry } = deps.useCases.audit;
        const change = { id: changedId(request), statusCode, subject, data };
        return { data: entryOut(await amendAuditEntry.execute(actorOf(request), change)) };
      },
    );
  };

/** A time that has the form of one. */
function parseInstant(text: string, field: string): Instant {
  const instant = Date.parse(text);
  // A leap second is well-formed, and no instant.
  if (Number.isNaN(instant)) throw malformed(field, 'is not a time');
  return instant;
}

/** A type of any entry, Rekey's own included. */
function parseAnyType(text: string, field: string): string {
  if (isOneLine(text, 200)) return text;
  throw malformed(field, 'must be 1 to 200 characters on one line');
}

const CURSOR = new RegExp(String.raw`^(\d{1,15})\.(${ID_PATTERN})$`);

const cursorOf = ({ createdAt, id }: AuditPlace): string => `${createdAt}.${id}`;

function parseCursor(text: string, field: string): AuditPlace {
  const [, createdAt, id] = CURSOR.exec(text) ?? [];
  if (createdAt === undefined || id === undefined) {
    throw malformed(field, 'must be the next of a page');
  }
  return { createdAt: Number(createdAt), id };
}
