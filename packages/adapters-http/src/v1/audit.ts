import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  type AuditEntry as AuditEntryEntity,
  type AuditPlace,
  type AuditType,
  auditOutcomes,
  auditTypes,
  ID_PATTERN,
  IllegalArgument,
  type Instant,
} from '@rekey/domain';
import { type Static, Type } from 'typebox';
import { actorOf } from '../server/actor.ts';
import type { HttpDeps } from '../server/deps.ts';
import { strict } from '../server/fields.ts';
import {
  idOf,
  instant,
  instantOut,
  nullable,
  nullableIdOf,
  parsed,
  pathId,
  pathOf,
} from './shared.ts';

const DEFAULT_LIMIT = 50;

const AuditQuery = Type.Object(
  {
    user_id: Type.Optional(
      parsed({
        description: 'Only entries about that user.',
        format: 'uuid',
        examples: ['01900000-0000-7000-8000-000000000001'],
        parse: (text) => text.toLowerCase(),
      }),
    ),
    type: Type.Optional(
      Type.Enum(auditTypes, {
        description: 'Only entries of that type.',
        examples: ['sso:AuthLocalLogin'],
      }),
    ),
    from: Type.Optional(
      parsed({
        description: 'Only entries of that time or later; `+` is sent as `%2B`.',
        format: 'date-time',
        examples: ['2026-01-01T00:00:00Z'],
        parse: parseInstant,
      }),
    ),
    to: Type.Optional(
      parsed({
        description: 'Only entries before that time; `+` is sent as `%2B`.',
        format: 'date-time',
        examples: ['2026-02-01T00:00:00Z'],
        parse: parseInstant,
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
    limit: Type.Optional(
      parsed({
        description: 'A whole number from 1 to 100; 50 unless given.',
        examples: ['50'],
        parse: parseLimit,
      }),
    ),
  },
  strict,
);

const AuditEntry = Type.Object(
  {
    id: idOf('entry', 'The id of the entry.'),
    created_at: instant('When it happened.'),
    type: Type.Enum(auditTypes, {
      description: 'The action that was tried.',
      examples: ['sso:AuthLocalUpdatePassword'],
    }),
    outcome: Type.Enum(auditOutcomes, {
      description: 'Whether what was tried was done.',
      examples: ['success'],
    }),
    service_id: nullableIdOf('service', 'null for actions of the operator.'),
    user_id: nullableIdOf('user', 'null where no user is concerned, or none that is known here.'),
    subject: nullableIdOf(
      'session',
      'The key, session, one-time token, mail or service that it is about.',
    ),
    remote: nullable<string>(
      'string',
      'The IP address that the request came from; of failures that were summed, their network, or null for many.',
      { examples: ['192.0.2.1'] },
    ),
    user_agent: nullable<string>(
      'string',
      'The User-Agent exactly as it was sent, at most 200 characters of it: escape it before you show it.',
      {
        examples: ['Example/1.0'],
      },
    ),
    count: Type.Integer({
      description: 'How often it happened: 1 but for failures that were summed.',
      examples: [1],
    }),
    sequence: Type.Integer({
      description: 'Its place in the chain of its service: 1 for the first, without gaps.',
      examples: [7],
    }),
    previous_hash: nullable<string>('string', 'null for the first of a chain.', {
      examples: ['example-hash-of-entry-6'],
    }),
    hash: Type.String({
      description: 'Covers the entry and the hash before it.',
      examples: ['example-hash-of-entry-7'],
    }),
  },
  { $id: 'AuditEntry' },
);

const entryOut = (entry: AuditEntryEntity): Static<typeof AuditEntry> => ({
  id: entry.id,
  created_at: instantOut(entry.createdAt),
  type: entry.type as AuditType,
  outcome: entry.outcome,
  service_id: entry.serviceId,
  user_id: entry.userId,
  subject: entry.subjectId,
  remote: entry.origin?.address ?? null,
  user_agent: entry.origin?.client ?? null,
  count: entry.count,
  sequence: entry.sequence,
  previous_hash: entry.previousHash,
  hash: entry.hash,
});

const AuditRead = Type.Object({ data: AuditEntry }, { $id: 'AuditRead' });
const AuditListed = Type.Object(
  {
    data: Type.Array(AuditEntry),
    next: nullable<string>('string', 'The `after` of the next page; null on the last one.', {
      examples: [null],
    }),
  },
  { $id: 'AuditListed' },
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
          summary: 'List entries of the audit, the latest first',
          description:
            'A service reads what happened through it, and what was felt there; a root key reads all.',
          security: ['serviceKey', 'rootKey'],
          querystring: AuditQuery,
          response: { 200: AuditListed },
        },
      },
      async (request) => {
        const { user_id: userId, limit = DEFAULT_LIMIT, ...asked } = request.query;
        const { listAudit } = deps.useCases.audit;
        const page = { ...asked, userId, limit };
        const { entries, next } = await listAudit.execute(actorOf(request), page);
        return { data: entries.map(entryOut), next: next && cursorOf(next) };
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
          response: { 200: AuditRead },
        },
      },
      async (request) => {
        const { readAuditEntry } = deps.useCases.audit;
        const entry = await readAuditEntry.execute(actorOf(request), { id: pathId(request) });
        return { data: entryOut(entry) };
      },
    );
  };

/** A time that has the form of one. */
function parseInstant(text: string, field: string): Instant {
  const instant = Date.parse(text);
  // A leap second is well-formed, and no instant.
  if (Number.isNaN(instant)) throw refused(field, 'is not a time');
  return instant;
}

function parseLimit(text: string, field: string): number {
  if (!/^(?:[1-9]\d?|100)$/.test(text)) {
    throw refused(field, 'must be a whole number from 1 to 100');
  }
  return Number(text);
}

const CURSOR = new RegExp(String.raw`^(\d{1,15})\.(${ID_PATTERN})$`);

const cursorOf = ({ createdAt, id }: AuditPlace): string => `${createdAt}.${id}`;

function parseCursor(text: string, field: string): AuditPlace {
  const [, createdAt, id] = CURSOR.exec(text) ?? [];
  if (createdAt === undefined || id === undefined) {
    throw refused(field, 'must be the next of a page');
  }
  return { createdAt: Number(createdAt), id };
}

const refused = (field: string, message: string) =>
  new IllegalArgument([{ field, message, code: 'malformed' }]);
