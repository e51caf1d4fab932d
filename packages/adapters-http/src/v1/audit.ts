import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { Instant } from '@rekey/domain';
import type { AuditPlace } from '@rekey/usecases';
import type { HttpDeps } from '../deps.ts';
import { Problem, refusedFields } from '../problem.ts';
import { callerOf, requireCaller } from './caller.ts';
import { IdParams, idOf } from './id.ts';
import { AuditListed, AuditQuery, AuditRead, auditEntryOut } from './schemas.ts';

const LIMIT = 50;

/** What happened, for whom it concerns. */
export const auditRoutes =
  ({ authenticateKey, listAudit, readAuditEntry }: HttpDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    const onRequest = requireCaller(authenticateKey);

    app.get(
      '/audit',
      {
        onRequest,
        schema: { querystring: AuditQuery, response: { 200: AuditListed, default: Problem } },
      },
      async (request) => {
        const { user_id, action, from, to, after, limit } = request.query;
        const { entries, next } = await listAudit.execute({
          caller: callerOf(request),
          userId: user_id?.toLowerCase(),
          action,
          from: instantOf('from', from),
          to: instantOf('to', to),
          after: after === undefined ? undefined : placeOf(after),
          limit: limit === undefined ? LIMIT : Number(limit),
        });
        return { data: entries.map(auditEntryOut), next: next && cursorOf(next) };
      },
    );

    app.get(
      '/audit/:id',
      {
        onRequest,
        schema: { params: IdParams, response: { 200: AuditRead, default: Problem } },
      },
      async (request) => {
        const caller = callerOf(request);
        const entry = await readAuditEntry.execute({ caller, id: idOf(request) });
        return { data: auditEntryOut(entry) };
      },
    );
  };

/** A time that the schema let through. */
function instantOf(field: string, text: string | undefined): Instant | undefined {
  if (text === undefined) return undefined;
  const instant = Date.parse(text);
  // A leap second is well-formed, and no instant.
  if (Number.isNaN(instant)) throw refusedFields([{ field, message: 'is not a time' }]);
  return instant;
}

const cursorOf = ({ createdAt, id }: AuditPlace): string => `${createdAt}.${id}`;

function placeOf(cursor: string): AuditPlace {
  const [createdAt, id = ''] = cursor.split('.');
  return { createdAt: Number(createdAt), id };
}
