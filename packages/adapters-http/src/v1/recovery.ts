import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { purposes } from '@rekey/domain';
import { Type } from 'typebox';
import { actorOf } from '../server/actor.ts';
import type { HttpDeps } from '../server/deps.ts';
import { linkToken, newPassword, strict } from '../server/fields.ts';
import { pathId } from '../server/path-id.ts';
import { metaOut, PasswordMeta } from './passwords.ts';
import { AuditAsked, asked, instant, instantOut, nullable, pathOf } from './shared.ts';

const LOCAL = '/auth/provider/local';

/** The flows whose mails have a link that locks the account, and the operation of each. */
const flows = {
  register: 'revokeRegister',
  'reset-password': 'revokeResetPassword',
  'update-email': 'revokeUpdateEmail',
  'update-password': 'revokeUpdatePassword',
} as const;

const Lock = Type.Object({ token: linkToken, audit: AuditAsked }, { $id: 'Lock', ...strict });

const count = (description: string) => Type.Integer({ description, minimum: 0, examples: [1] });

const Locked = Type.Object(
  {
    audit: asked,
    ended: Type.Object(
      {
        sessions: count('Sessions that were open, at all services.'),
        keys: count('Keys of the types KEY and TOKEN, of all services.'),
        factors: count('Seeds of one-time codes.'),
      },
      { description: 'What was ended of the account.' },
    ),
  },
  { $id: 'Locked' },
);

const UserRecovered = Type.Object({}, { $id: 'UserRecovered' });

const ConfirmedRecovery = Type.Object(
  { token: linkToken, password: newPassword },
  { $id: 'ConfirmedRecovery', ...strict },
);
const RecoveryConfirmed = Type.Object({ meta: PasswordMeta }, { $id: 'RecoveryConfirmed' });

const NoticeRead = Type.Object(
  {
    data: Type.Object({
      type: Type.Enum(purposes, {
        description: 'The `type` of the link.',
        examples: ['update_password'],
      }),
      created_at: instant('When it happened that the mail is about.'),
      email: Type.String({
        description: 'The account: the address that it had then.',
        examples: ['ada@example.com'],
      }),
      new_email: nullable<string>(
        'string',
        'The address that the account has since, in part; null where the mail is about something else.',
        { examples: [null] },
      ),
      key_name: nullable<string>(
        'string',
        'The name of the key that the mail is about, as its maker gave it: escape it before you show it. null where it is about none.',
        { examples: [null] },
      ),
      key_prefix: nullable<string>('string', 'The `prefix` of that key.', { examples: [null] }),
      key_expires_at: nullable<string>('string', 'When that key expires; null for never.', {
        format: 'date-time',
        examples: [null],
      }),
      remote: Type.String({
        description: 'The address of the client that did it; empty where it was the operator.',
        examples: ['192.0.2.7'],
      }),
      user_agent: nullable<string>(
        'string',
        'As that client named itself: not to be shown as it is. null where it did not.',
        { examples: ['Mozilla/5.0'] },
      ),
      locale: Type.String({ description: 'Of the person: a BCP 47 tag.', examples: ['en'] }),
      timezone: Type.String({ description: 'Of the person: an IANA zone.', examples: ['Etc/UTC'] }),
    }),
  },
  { $id: 'NoticeRead' },
);

/** Accounts that their owners lock, and take back. */
export const recoveryRoutes =
  (deps: HttpDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    for (const [flow, operationId] of Object.entries(flows)) {
      app.post(
        `${LOCAL}/${flow}/revoke`,
        {
          schema: {
            operationId,
            tags: ['recovery'],
            summary: 'Lock the account with the token of a mail',
            description:
              'Disables the user, forgets the password, and ends all keys, sessions, factors and mailed links of the user, for all services. Each token of a mail about a change works once, at the service that it was made for, at each of the four paths, whatever the mail was about; so does that of a mail that asks to confirm an address, for an owner who did not make the account. A token that was mailed to an earlier address gives the account that address back, and works on an account that is locked.',
            security: ['serviceKey'],
            errors: ['invalid_one_time_token'],
            body: Lock,
            response: { 200: Locked },
          },
        },
        async (request) => {
          const { lockAccount } = deps.useCases.recovery;
          return lockAccount.execute(actorOf(request), request.body);
        },
      );
    }

    app.post(
      '/user/:id/recover',
      {
        schema: {
          operationId: 'recoverUser',
          tags: ['recovery'],
          summary: 'Mail the owner of a locked account the way back',
          description:
            'For the service that made the user or has or had a key of it, and for a root key. The link goes to the earliest address that a mail with a kill switch went to in the seven days before the lock, works for a day, and voids the one before it. A service asks three times an hour for an account.',
          security: ['serviceKey', 'rootKey'],
          errors: ['not_found', 'forbidden', 'account_not_locked', 'too_many_requests'],
          params: pathOf('user'),
          body: Type.Object({}, strict),
          response: { 200: UserRecovered },
        },
      },
      async (request) => {
        await deps.useCases.recovery.recoverUser.execute(actorOf(request), { id: pathId(request) });
        return {};
      },
    );

    app.post(
      `${LOCAL}/recover/confirm`,
      {
        schema: {
          operationId: 'confirmRecovery',
          tags: ['recovery'],
          summary: 'Take a locked account back with the token of the mail',
          description:
            'Sets a new password, ends the lock, proves the address that the mail went to, which is the address of the account from then on, and makes the TOKEN key of your service again. Nothing else comes back. A password that the account had in the seven days before the lock is refused with `used_before`, and leaves the token good. The owner gets a mail with a link that locks the account again.',
          security: ['serviceKey'],
          errors: ['invalid_one_time_token', 'overloaded'],
          body: ConfirmedRecovery,
          response: { 200: RecoveryConfirmed },
        },
      },
      async (request) => {
        const { confirmRecovery } = deps.useCases.recovery;
        const { quality } = await confirmRecovery.execute(actorOf(request), request.body);
        return { meta: metaOut(quality) };
      },
    );

    app.get(
      `${LOCAL}/notice`,
      {
        schema: {
          operationId: 'readNotice',
          tags: ['recovery'],
          summary: 'Find out what a mailed link is about',
          description:
            'For a page of your own that asks before it does anything. Nothing is spent. Only where the link would be good now.',
          security: ['serviceKey'],
          errors: ['invalid_one_time_token'],
          querystring: Type.Object({ token: linkToken }, strict),
          response: { 200: NoticeRead },
        },
      },
      async (request) => {
        const { readNotice } = deps.useCases.deliveries;
        const told = await readNotice.execute(actorOf(request), request.query);
        const expiresAt = told.key?.expiresAt ?? null;
        return {
          data: {
            type: told.purpose,
            created_at: instantOut(told.happenedAt),
            email: told.email,
            new_email: told.newEmail,
            key_name: told.key?.name ?? null,
            key_prefix: told.key?.prefix ?? null,
            key_expires_at: expiresAt === null ? null : instantOut(expiresAt),
            remote: told.origin.address,
            user_agent: told.origin.client,
            locale: told.locale,
            timezone: told.timezone,
          },
        };
      },
    );
  };
