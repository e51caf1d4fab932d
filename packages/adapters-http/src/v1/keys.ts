import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  type Key as KeyEntity,
  type KeyType,
  keyTypes,
  MAX_SCOPE_LENGTH,
  MAX_SCOPES,
  parseExpiry,
  parseScopes,
} from '@rekey/domain';
import { type Static, Type } from 'typebox';
import { actorOf } from '../server/actor.ts';
import type { HttpDeps } from '../server/deps.ts';
import { name, strict } from '../server/fields.ts';
import { pathId } from '../server/path-id.ts';
import type { Rules } from '../server/validation.ts';
import {
  AuditAsked,
  changedId,
  flag,
  idOf,
  idPage,
  idPageMeta,
  idPageMetaOf,
  idPageOf,
  instant,
  instantOut,
  listed,
  listedIds,
  malformed,
  nullable,
  nullableIdOf,
  parsed,
  parsedFlag,
  pathOf,
  repeatedId,
  ungiven,
} from './shared.ts';
import { User, userOut } from './users.ts';

const VALUE = 'rku_not-a-real-key';
const FAR = '2999-12-31T00:00:00.000Z';

const about = {
  is_enabled: 'A key that is disabled cannot be used.',
  type: 'TOKEN lets the user log in to the service, KEY lets a program act for the user, and TOTP is the seed of one-time codes.',
  scopes: `The rights of the key, in words of the service: Rekey gives them no meaning. At most ${MAX_SCOPES}, each of 1 to ${MAX_SCOPE_LENGTH} visible ASCII characters and given once.`,
  expires_at: 'When the key stops working',
};

const scopes = Type.Array(Type.String({ examples: ['orders:read'] }), {
  description: about.scopes,
  examples: [['orders:read']],
});

/** The rule of a body with scopes. */
const check: Rules['check'] = ({ scopes }) => {
  if (Array.isArray(scopes)) parseScopes(scopes);
};

const parseFuture = (text: string, field: string) => parseExpiry(text, Date.now(), field);

const NewKey = Type.Object(
  {
    type: Type.Optional(
      Type.Enum(keyTypes, { description: `${about.type} KEY unless given.`, examples: ['TOKEN'] }),
    ),
    name: name('web'),
    is_enabled: Type.Optional(flag(`${about.is_enabled} \`true\` unless given.`, true)),
    service_id: Type.Optional(
      idOf('service', 'The service that the key is of: with a root key, which must give it.'),
    ),
    user_id: Type.Optional(
      idOf('user', 'The user that the key is of. A root key leaves it out for a service key.'),
    ),
    scopes: Type.Optional(scopes),
    expires_at: Type.Optional(
      Type.String({
        description: `${about.expires_at}: RFC 3339, to come; never, unless given.`,
        format: 'date-time',
        examples: [FAR],
        parse: parseFuture,
      }),
    ),
  },
  { $id: 'NewKey', ...strict, check },
);

const ChangedKey = Type.Object(
  {
    id: repeatedId('key'),
    name: Type.Optional(name('web')),
    is_enabled: Type.Optional(flag(about.is_enabled, true)),
    scopes: Type.Optional(scopes),
    expires_at: Type.Optional(
      Type.String({
        description: `${about.expires_at}: RFC 3339, to come; an empty text for never.`,
        examples: [FAR],
        parse: (text: string, field: string) => (text === '' ? null : parseFuture(text, field)),
      }),
    ),
  },
  { $id: 'ChangedKey', ...strict, check },
);

const RotatedKey = Type.Object(
  {
    overlap_s: Type.Optional(
      Type.Integer({
        description:
          'For how many seconds the value until now works as well: 0 to 604800; 0 unless given, and always 0 for a TOTP key.',
        minimum: 0,
        maximum: 604_800,
        examples: [0],
      }),
    ),
  },
  { $id: 'RotatedKey', ...strict },
);

const value = Type.String({ description: 'The value of a key.', examples: [VALUE] });

const GivenKey = Type.Object(
  {
    key: value,
    scopes: Type.Optional(
      Type.Array(Type.String({ examples: ['orders:read'] }), {
        description: 'The scopes that the key must all have.',
        examples: [['orders:read']],
      }),
    ),
    audit: AuditAsked,
  },
  { $id: 'GivenKey', ...strict, check },
);
const RevokedKey = Type.Object({ key: value, audit: AuditAsked }, { $id: 'RevokedKey', ...strict });

export const Key = Type.Object(
  {
    id: idOf('key', 'The id of the key.'),
    created_at: instant('When the key was created.'),
    updated_at: instant('When the key was changed last.'),
    is_enabled: flag(about.is_enabled, true),
    is_revoked: flag('A key that was revoked cannot be used ever again.', false),
    type: Type.Enum(keyTypes, { description: about.type, examples: ['TOKEN'] }),
    name: Type.String({ examples: ['web'] }),
    service_id: nullableIdOf('service', 'null for a root key, which belongs to no service.'),
    user_id: nullableIdOf('user', 'null for a key that belongs to no user.'),
    prefix: nullable<string>(
      'string',
      'The first eight characters of the value after `rku_`, `rks_` or `rkr_`, to tell keys apart; null for a TOTP key.',
      { examples: ['not-a-re'] },
    ),
    scopes,
    expires_at: nullable<string>('string', `${about.expires_at}; null for never.`, {
      format: 'date-time',
      examples: [FAR],
    }),
    last_used_at: nullable<string>(
      'string',
      'When the key was used last, within a minute of that; null for never.',
      { format: 'date-time', examples: ['2026-01-31T09:30:00.000Z'] },
    ),
  },
  { $id: 'Key' },
);

export const keyOut = (key: KeyEntity): Static<typeof Key> => ({
  id: key.id,
  created_at: instantOut(key.createdAt),
  updated_at: instantOut(key.updatedAt),
  is_enabled: key.isEnabled,
  is_revoked: key.isRevoked,
  type: key.type,
  name: key.name,
  service_id: key.serviceId,
  user_id: key.userId,
  prefix: key.prefix,
  scopes: [...key.scopes],
  expires_at: key.expiresAt === null ? null : instantOut(key.expiresAt),
  last_used_at: key.lastUsedAt === null ? null : instantOut(key.lastUsedAt),
});

const KeyQuery = Type.Object(
  {
    id: listedIds('key', 'Only that key; any of them, where several are given.'),
    is_enabled: parsedFlag('Only keys that are enabled, or only those that are not.'),
    is_revoked: parsedFlag('Only keys that were revoked, or only those that were not.'),
    type: listed<KeyType>({
      description: `Only keys of that type: ${keyTypes.join(', ')}; of any of them, where several are given.`,
      examples: ['KEY'],
      parse: (text, field) => {
        const type = keyTypes.find((each) => each === text);
        if (type === undefined) throw malformed(field, `must be one of ${keyTypes.join(', ')}`);
        return type;
      },
    }),
    service_id: listedIds(
      'service',
      'Only keys of that service; of any of them, where several are given.',
    ),
    user_id: listedIds('user', 'Only keys of that user; of any of them, where several are given.'),
    ...idPage('key'),
  },
  strict,
);

const KeyMask = Type.Object(
  {
    user_id: Type.Optional(
      parsed<string>({
        description: 'A user: a key that is not of that user is not found.',
        format: 'uuid',
        examples: ['01900000-0000-7000-8000-000000000001'],
        parse: (text) => text.toLowerCase(),
      }),
    ),
  },
  strict,
);

const KeysListed = Type.Object(
  {
    meta: Type.Object(
      {
        id: Type.Array(idOf('key', 'A key that is listed.'), { description: 'Empty for all.' }),
        is_enabled: ungiven('boolean', true),
        is_revoked: ungiven('boolean', true),
        type: Type.Array(Type.Enum(keyTypes, { examples: ['KEY'] }), {
          description: 'Empty for all.',
        }),
        service_id: Type.Array(idOf('service', 'A service whose keys are listed.'), {
          description: 'Empty for all.',
        }),
        user_id: Type.Array(idOf('user', 'A user whose keys are listed.'), {
          description: 'Empty for all.',
        }),
        ...idPageMeta('key'),
      },
      { description: 'What the list was made by.' },
    ),
    data: Type.Array(Key),
  },
  { $id: 'KeysListed' },
);

const WithValue = ($id: string) =>
  Type.Object(
    {
      data: Type.Object({
        key: Key,
        value: Type.String({
          description: 'The key itself: shown in this answer only.',
          examples: [VALUE],
        }),
      }),
    },
    { $id },
  );
const KeyCreated = WithValue('KeyCreated');
const KeyRotated = WithValue('KeyRotated');
const KeyRead = Type.Object({ data: Key }, { $id: 'KeyRead' });
const KeyUpdated = Type.Object({ data: Key }, { $id: 'KeyUpdated' });
const KeyDeleted = Type.Object({}, { $id: 'KeyDeleted' });

const audit = nullableIdOf(
  'entry',
  'The entry that `audit` asked for; null where it asked for none.',
);
const KeyVerified = Type.Object({ user: User, key: Key, audit }, { $id: 'KeyVerified' });
const KeyRevoked = Type.Object({ audit }, { $id: 'KeyRevoked' });

export const keyRoutes =
  (deps: HttpDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.post(
      '/key',
      {
        schema: {
          operationId: 'createKey',
          tags: ['keys'],
          summary: 'Create a key',
          description:
            'A service makes keys of users for itself; a root key names the service, and makes the keys of services as well. Of TOKEN and of TOTP keys a user has one usable at a service at most. Of a KEY the owner is told by a mail with a link that locks the account. `value` is shown in this answer only.',
          security: ['serviceKey', 'rootKey'],
          errors: ['root_key_required'],
          body: NewKey,
          response: { 200: KeyCreated },
        },
      },
      async (request) => {
        const { body } = request;
        const { key, value } = await deps.useCases.keys.createKey.execute(actorOf(request), {
          type: body.type,
          name: body.name,
          isEnabled: body.is_enabled,
          serviceId: body.service_id?.toLowerCase(),
          userId: body.user_id?.toLowerCase(),
          scopes: body.scopes,
          expiresAt: body.expires_at,
        });
        return { data: { key: keyOut(key), value } };
      },
    );

    app.get(
      '/key',
      {
        schema: {
          operationId: 'listKeys',
          tags: ['keys'],
          summary: 'List keys',
          description: 'A service sees its own keys, a root key sees all. No list has a value.',
          security: ['serviceKey', 'rootKey'],
          querystring: KeyQuery,
          response: { 200: KeysListed },
        },
      },
      async (request) => {
        const { query } = request;
        const page = idPageOf(query);
        const { id: ids, type: types, service_id: serviceIds, user_id: userIds } = query;
        const { is_enabled: isEnabled, is_revoked: isRevoked } = query;
        const filter = { ids, types, serviceIds, userIds, isEnabled, isRevoked };
        const { listKeys } = deps.useCases.keys;
        const keys = await listKeys.execute(actorOf(request), { ...filter, page });
        return {
          meta: {
            id: ids ?? [],
            is_enabled: isEnabled ?? null,
            is_revoked: isRevoked ?? null,
            type: types ?? [],
            service_id: serviceIds ?? [],
            user_id: userIds ?? [],
            ...idPageMetaOf(page),
          },
          data: keys.map(keyOut),
        };
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
          querystring: KeyMask,
          response: { 200: KeyRead },
        },
      },
      async (request) => {
        const { readKey } = deps.useCases.keys;
        const { user_id: userId } = request.query;
        const key = await readKey.execute(actorOf(request), { id: pathId(request), userId });
        return { data: keyOut(key) };
      },
    );

    app.patch(
      '/key/:id',
      {
        schema: {
          operationId: 'updateKey',
          tags: ['keys'],
          summary: 'Change a key',
          description:
            'Changes the fields that are given. With a TOKEN key that is disabled every session ends that rests on it. A key that was revoked is not enabled again, and a service does not disable the last usable key of its own.',
          security: ['serviceKey', 'rootKey'],
          errors: ['not_found'],
          params: pathOf('key'),
          body: ChangedKey,
          response: { 200: KeyUpdated },
        },
      },
      async (request) => {
        const { body } = request;
        const { updateKey } = deps.useCases.keys;
        const key = await updateKey.execute(actorOf(request), {
          id: changedId(request),
          name: body.name,
          isEnabled: body.is_enabled,
          scopes: body.scopes,
          expiresAt: body.expires_at,
        });
        return { data: keyOut(key) };
      },
    );

    app.post(
      '/key/:id/rotate',
      {
        schema: {
          operationId: 'rotateKey',
          tags: ['keys'],
          summary: 'Give a key another value',
          description:
            'The key stays what it is, and sessions go on. The value until now works until the overlap ends; one from an earlier rotation ends at once. Of a KEY the owner is told by a mail, like of a new one. `value` is shown in this answer only.',
          security: ['serviceKey', 'rootKey'],
          errors: ['not_found'],
          params: pathOf('key'),
          body: RotatedKey,
          response: { 200: KeyRotated },
        },
      },
      async (request) => {
        const { overlap_s: overlapS = 0 } = request.body;
        const { key, value } = await deps.useCases.keys.rotateKey.execute(actorOf(request), {
          id: pathId(request),
          overlapMs: overlapS * 1000,
        });
        return { data: { key: keyOut(key), value } };
      },
    );

    app.delete(
      '/key/:id',
      {
        schema: {
          operationId: 'deleteKey',
          tags: ['keys'],
          summary: 'Delete a key',
          description:
            'It works no more and is not found any more, and the sessions that rest on it end. A service that has no other KEY or TOKEN key of the user, and did not make the user, does not see the user from then on. A service does not delete the last usable key of its own.',
          security: ['serviceKey', 'rootKey'],
          errors: ['not_found', 'invalid_argument'],
          params: pathOf('key'),
          querystring: KeyMask,
          response: { 200: KeyDeleted },
        },
      },
      async (request) => {
        const { user_id: userId } = request.query;
        const input = { id: pathId(request), userId };
        await deps.useCases.keys.deleteKey.execute(actorOf(request), input);
        return {};
      },
    );

    app.post(
      '/auth/key/verify',
      {
        schema: {
          operationId: 'verifyKey',
          isVerdict: true,
          tags: ['keys'],
          summary: 'Find out which user a KEY is of',
          description:
            'Takes a KEY alone. One that is disabled, revoked, expired or unknown is refused alike; one that lacks a scope is 403.',
          security: ['serviceKey'],
          errors: ['invalid_token', 'forbidden'],
          body: GivenKey,
          response: { 200: KeyVerified },
        },
      },
      async (request) => {
        const { key: value, scopes, audit } = request.body;
        const { verifyKey } = deps.useCases.keys;
        const verified = await verifyKey.execute(actorOf(request), { value, scopes, audit });
        const { user, key, entryId } = verified;
        return { user: userOut(user), key: keyOut(key), audit: entryId };
      },
    );

    app.post(
      '/auth/key/revoke',
      {
        schema: {
          operationId: 'revokeKey',
          tags: ['keys'],
          summary: 'Take a key back by its value',
          description:
            'Once and for good, a KEY, a TOKEN or a TOTP key. With a TOKEN key every session that rests on it ends.',
          security: ['serviceKey'],
          errors: ['invalid_token'],
          body: RevokedKey,
          response: { 200: KeyRevoked },
        },
      },
      async (request) => {
        const { key: value, audit } = request.body;
        const { revokeKey } = deps.useCases.keys;
        return { audit: await revokeKey.execute(actorOf(request), { value, audit }) };
      },
    );
  };
