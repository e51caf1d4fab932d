import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { type Key as KeyEntity, keyTypes } from '@rekey/domain';
import { type Static, Type } from 'typebox';
import { actorOf } from '../server/actor.ts';
import type { HttpDeps } from '../server/deps.ts';
import { name, strict } from '../server/fields.ts';
import {
  Audited,
  flag,
  idOf,
  instant,
  instantOut,
  nullableIdOf,
  pathId,
  pathOf,
} from './shared.ts';
import { User, userOut } from './users.ts';

const VALUE = 'rku_not-a-real-key';

const NewKey = Type.Object(
  {
    is_enabled: flag('A key that is disabled cannot be used.', true),
    type: Type.Enum(keyTypes, {
      description:
        'TOKEN lets the user log in to this service, KEY lets a program act for the user, and TOTP is the seed of one-time codes.',
      examples: ['TOKEN'],
    }),
    name: name('web'),
    user_id: idOf('user', 'The user that the key is of.'),
  },
  { $id: 'NewKey', ...strict },
);

const GivenKey = Type.Object(
  { key: Type.String({ description: 'The value of a key.', examples: [VALUE] }) },
  { $id: 'GivenKey', ...strict },
);

const Key = Type.Object(
  {
    id: idOf('key', 'The id of the key.'),
    created_at: instant('When the key was created.'),
    updated_at: instant('When the key was changed last.'),
    is_enabled: flag('A key that is disabled cannot be used.', true),
    is_revoked: flag('A key that was revoked cannot be used ever again.', false),
    type: Type.Enum(keyTypes, { examples: ['TOKEN'] }),
    name: Type.String({ examples: ['web'] }),
    service_id: nullableIdOf('service', 'null for a key that belongs to no service.'),
    user_id: nullableIdOf('user', 'null for a key that belongs to no user.'),
  },
  { $id: 'Key' },
);

const keyOut = (key: KeyEntity): Static<typeof Key> => ({
  id: key.id,
  created_at: instantOut(key.createdAt),
  updated_at: instantOut(key.updatedAt),
  is_enabled: key.isEnabled,
  is_revoked: key.isRevoked,
  type: key.type,
  name: key.name,
  service_id: key.serviceId,
  user_id: key.userId,
});

const KeyCreated = Type.Object(
  {
    data: Type.Object({
      key: Key,
      value: Type.String({
        description: 'The key itself: shown in this answer only.',
        examples: [VALUE],
      }),
    }),
  },
  { $id: 'KeyCreated' },
);
const KeyRead = Type.Object({ data: Key }, { $id: 'KeyRead' });
const KeyVerified = Type.Object({ user: User, key: Key }, { $id: 'KeyVerified' });

export const keyRoutes =
  (deps: HttpDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.post(
      '/key',
      {
        schema: {
          operationId: 'createKey',
          tags: ['keys'],
          summary: 'Create a key of a user',
          description:
            'A TOKEN key lets the user log in to this service; there is one usable at most. Of a KEY the owner is told by a mail with a link that locks the account. `value` is shown in this answer only.',
          security: ['serviceKey'],
          body: NewKey,
          response: { 200: KeyCreated },
        },
      },
      async (request) => {
        const { body } = request;
        const { key, value } = await deps.useCases.keys.createKey.execute(actorOf(request), {
          isEnabled: body.is_enabled,
          type: body.type,
          name: body.name,
          userId: body.user_id.toLowerCase(),
        });
        return { data: { key: keyOut(key), value } };
      },
    );

    app.get(
      '/key/:id',
      {
        schema: {
          operationId: 'readKey',
          tags: ['keys'],
          summary: 'Read a key',
          security: ['serviceKey', 'rootKey'],
          errors: ['not_found'],
          params: pathOf('key'),
          response: { 200: KeyRead },
        },
      },
      async (request) => {
        const { readKey } = deps.useCases.keys;
        return { data: keyOut(await readKey.execute(actorOf(request), { id: pathId(request) })) };
      },
    );

    app.post(
      '/auth/key/verify',
      {
        schema: {
          operationId: 'verifyKey',
          tags: ['keys'],
          summary: 'Find out which user a key is of',
          security: ['serviceKey'],
          errors: ['invalid_token'],
          body: GivenKey,
          response: { 200: KeyVerified },
        },
      },
      async (request) => {
        const value = request.body.key;
        const { user, key } = await deps.useCases.keys.verifyKey.execute(actorOf(request), {
          value,
        });
        return { user: userOut(user), key: keyOut(key) };
      },
    );

    app.post(
      '/auth/key/revoke',
      {
        schema: {
          operationId: 'revokeKey',
          tags: ['keys'],
          summary: 'Take a key back',
          description: 'Once and for good. With a TOKEN key every session that rests on it ends.',
          security: ['serviceKey'],
          errors: ['invalid_token'],
          body: GivenKey,
          response: { 200: Audited },
        },
      },
      async (request) => {
        const value = request.body.key;
        const audit = await deps.useCases.keys.revokeKey.execute(actorOf(request), { value });
        return { audit };
      },
    );
  };
