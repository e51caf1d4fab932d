import { Readable } from 'node:stream';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { deliveryStates, noticeKinds } from '@rekey/domain';
import type { ExportedUser, OwnDelivery } from '@rekey/usecases';
import { type Static, Type } from 'typebox';
import { actorOf } from '../server/actor.ts';
import type { HttpDeps } from '../server/deps.ts';
import { pathId } from '../server/path-id.ts';
import { AuditEntry, entryOut } from './audit.ts';
import { Key, keyOut } from './keys.ts';
import { Passkey, passkeyOut } from './passkeys.ts';
import { linkOut, ProviderLink } from './providers.ts';
import { Session, sessionOut } from './sessions.ts';
import { idOf, instant, instantOut, nullable, nullableIdOf, pathOf } from './shared.ts';
import { User, userOut } from './users.ts';

const nullableInstant = (description: string) =>
  nullable<string>('string', description, { format: 'date-time', examples: [null] });

const ExportedMail = Type.Object(
  {
    id: idOf('entry', 'The id of the mail.'),
    created_at: instant('When the mail was owed.'),
    type: Type.Enum(noticeKinds, {
      description: 'What the mail is about.',
      examples: ['update_password'],
    }),
    service_id: idOf('service', 'The service that it happened through.'),
    to: Type.String({ description: 'The recipient.', examples: ['ada@example.com'] }),
    state: Type.Enum(deliveryStates, { examples: ['sent'] }),
    closed_at: nullableInstant('When it was sent or given up.'),
    link_expires_at: instant('Until when its link works, if it is not used.'),
    link_spent_at: nullableInstant('When the link was used, or ended with another one.'),
  },
  { $id: 'ExportedMail' },
);

const ExportedSession = Type.Object(
  { ...Session.properties, ended_at: nullableInstant('null where it goes on, or expired.') },
  { $id: 'ExportedSession' },
);

const UserExported = Type.Object(
  {
    data: Type.Object({
      user: User,
      attributes: Type.Array(
        Type.Object({
          service_id: nullableIdOf('service', 'null for what the operator keeps.'),
          attributes: User.properties.attributes,
        }),
        { description: 'What services keep with the user.' },
      ),
      passkeys: Type.Array(Passkey, { description: 'Passkeys, without their keys.' }),
      keys: Type.Array(Key, { description: 'Keys, without their values.' }),
      provider_links: Type.Array(ProviderLink, {
        description: 'Accounts at providers that open the account.',
      }),
      factors: Type.Array(
        Type.Object({
          kind: Type.Enum(['totp', 'recovery_codes'], { examples: ['totp'] }),
          created_at: nullableInstant('When it was enrolled; null for recovery codes.'),
          last_used_at: nullableInstant('When a code of it was taken last.'),
          left: nullable<number>('integer', 'How many recovery codes are left; else null.', {
            examples: [null],
          }),
        }),
        { description: 'Second factors that are typed, without any secret.' },
      ),
      sessions: Type.Array(ExportedSession),
      mails: Type.Array(ExportedMail, { description: 'Mails, and what became of their links.' }),
      audit: Type.Array(AuditEntry, { description: 'What the audit says about the user.' }),
    }),
  },
  { $id: 'UserExported' },
);

const mailOut = (mail: OwnDelivery): Static<typeof ExportedMail> => ({
  id: mail.id,
  created_at: instantOut(mail.createdAt),
  type: mail.kind,
  service_id: mail.serviceId,
  to: mail.to,
  state: mail.state,
  closed_at: mail.closedAt === null ? null : instantOut(mail.closedAt),
  link_expires_at: instantOut(mail.linkExpiresAt),
  link_spent_at: mail.linkSpentAt === null ? null : instantOut(mail.linkSpentAt),
});

const factorsOut = ({ totp, recoveryCodes }: ExportedUser['factors']) =>
  totp === null
    ? []
    : [
        {
          kind: 'totp',
          created_at: instantOut(totp.createdAt),
          last_used_at: totp.lastUsedAt === null ? null : instantOut(totp.lastUsedAt),
          left: null,
        },
        { kind: 'recovery_codes', created_at: null, last_used_at: null, left: recoveryCodes },
      ];

/** The JSON of an export, part by part: it is as long as somebody was here. */
export async function* userExportJson(exported: ExportedUser): AsyncGenerator<string> {
  const attributes = exported.attributes.map(({ serviceId, ...kept }) => ({
    service_id: serviceId,
    ...kept,
  }));
  yield `{"user":${JSON.stringify(userOut(exported.user))}`;
  yield `,"attributes":${JSON.stringify(attributes)}`;
  yield `,"passkeys":${JSON.stringify(exported.passkeys.map(passkeyOut))}`;
  yield* list('keys', exported.keys, keyOut);
  yield `,"provider_links":${JSON.stringify(exported.providerLinks.map(linkOut))}`;
  yield `,"factors":${JSON.stringify(factorsOut(exported.factors))}`;
  yield* list('sessions', exported.sessions, ({ endedAt, ...session }) => ({
    ...sessionOut(session),
    ended_at: endedAt === null ? null : instantOut(endedAt),
  }));
  yield* list('mails', exported.mails, mailOut);
  yield* list('audit', exported.audit, entryOut);
  yield '}';
}

async function* answerOf(exported: ExportedUser): AsyncGenerator<string> {
  yield '{"data":';
  yield* userExportJson(exported);
  yield '}';
}

async function* list<Row>(name: string, rows: AsyncIterable<Row>, out: (row: Row) => object) {
  let before = `,"${name}":[`;
  for await (const row of rows) {
    yield `${before}${JSON.stringify(out(row))}`;
    before = ',';
  }
  yield before === ',' ? ']' : `${before}]`;
}

export const userExportRoutes =
  (deps: HttpDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/user/:id/export',
      {
        schema: {
          operationId: 'exportUser',
          tags: ['users'],
          summary: 'Export a user',
          description:
            'All that is kept about the person, for the person: a service gets its own view, a root key gets everything. No password, hash, seed or value of a key is in it.',
          security: ['serviceKey', 'rootKey'],
          errors: ['not_found'],
          params: pathOf('user'),
          response: { 200: UserExported },
        },
      },
      async (request, reply) => {
        const { exportUser } = deps.useCases.users;
        const exported = await exportUser.execute(actorOf(request), { id: pathId(request) });
        const body = Readable.from(answerOf(exported));
        return reply.type('application/json; charset=utf-8').send(body as never);
      },
    );
  };
