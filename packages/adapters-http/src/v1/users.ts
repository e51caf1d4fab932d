import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  type Attributes as AttributesEntity,
  DEFAULT_PAGE_SIZE,
  parseAttributes,
  parseLocale,
  parseSearch,
  parseTimezone,
  type SeenUser,
} from '@rekey/domain';
import { type Static, Type } from 'typebox';
import { actorOf } from '../server/actor.ts';
import type { HttpDeps } from '../server/deps.ts';
import { email, firstPassword, name, strict } from '../server/fields.ts';
import { pathId } from '../server/path-id.ts';
import { metaOut, PasswordMeta } from './passwords.ts';
import {
  changedId,
  flag,
  idIn,
  idOf,
  idPage,
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
  ungivenId,
  usedLimit,
} from './shared.ts';

/** Texts, numbers, flags and nulls under names. */
const attributesOf = (description: string) =>
  Type.Unsafe<AttributesEntity>(
    Type.Record(
      Type.String(),
      Type.Unsafe<string | number | boolean | null>({
        type: ['string', 'number', 'boolean', 'null'],
      }),
      { description, examples: [{ plan: 'pro', seats: 3 }], parse: parseAttributes },
    ),
  );

const about = {
  is_enabled: 'A user that is disabled can do nothing, and has no session.',
  locale: 'A BCP 47 tag: the language of the mails',
  timezone: 'An IANA zone: the clock of the mails',
  attributes:
    'What your service keeps with the user: a flat object of strings, numbers, booleans and nulls, 4 KiB of JSON at most. No other service sees it; a root key sees that of the service that made the user.',
  password_allow_reset: 'Whether the owner may ask for a new password.',
  password_require_update: '`true` makes a right login 403 until the password is changed.',
};

export const locale = (more: string) =>
  Type.String({ description: `${about.locale}${more}.`, examples: ['en'], parse: parseLocale });
export const timezone = (more: string) =>
  Type.String({
    description: `${about.timezone}${more}.`,
    examples: ['Etc/UTC'],
    parse: parseTimezone,
  });

const NewUser = Type.Object(
  {
    is_enabled: Type.Optional(flag(`${about.is_enabled} \`true\` unless given.`, true)),
    name: name('Ada'),
    email,
    locale: Type.Optional(locale('; `en` unless given')),
    timezone: Type.Optional(timezone('; `Etc/UTC` unless given')),
    password: Type.Optional(firstPassword),
    password_allow_reset: Type.Optional(
      flag(`${about.password_allow_reset} \`true\` unless given.`, true),
    ),
    password_require_update: Type.Optional(flag(about.password_require_update, false)),
    attributes: Type.Optional(attributesOf(about.attributes)),
    token_key: Type.Optional(
      flag(
        'Whether the user gets a TOKEN key of your service along, and so can log in there. Not with a root key.',
        false,
      ),
    ),
    invite: Type.Optional(
      flag(
        'Whether the user is mailed a link to choose a password. Not together with `password`.',
        false,
      ),
    ),
  },
  { $id: 'NewUser', ...strict },
);

const ChangedUser = Type.Object(
  {
    id: repeatedId('user'),
    name: Type.Optional(name('Ada Lovelace')),
    is_enabled: Type.Optional(flag(about.is_enabled, true)),
    locale: Type.Optional(locale('')),
    timezone: Type.Optional(timezone('')),
    password_allow_reset: Type.Optional(flag(about.password_allow_reset, true)),
    password_require_update: Type.Optional(flag(about.password_require_update, false)),
    attributes: Type.Optional(
      attributesOf(`${about.attributes} It takes the place of all that was there.`),
    ),
  },
  { $id: 'ChangedUser', ...strict },
);

export const User = Type.Object(
  {
    id: idOf('user', 'The id of the user.'),
    created_at: instant('When the user was created.'),
    updated_at: instant('When the user was changed last.'),
    is_enabled: flag(about.is_enabled, true),
    name: Type.String({ examples: ['Ada'] }),
    email: Type.String({
      description: 'In its canonical form: lower case, domain in ASCII.',
      examples: ['ada@example.com'],
    }),
    email_valid: flag('Whether somebody proved that mails to the address reach the owner.', false),
    locale: Type.String({ description: 'A BCP 47 tag.', examples: ['en'] }),
    timezone: Type.String({ description: 'An IANA zone.', examples: ['Etc/UTC'] }),
    password_allow_reset: flag(about.password_allow_reset, true),
    password_require_update: flag('Whether the password must be changed first.', false),
    is_locked: flag('Whether the owner locked the account with the link of a mail.', false),
    last_login_at: nullable<string>('string', 'null where there was no login yet.', {
      format: 'date-time',
      examples: ['2026-01-31T09:30:00.000Z'],
    }),
    attributes: attributesOf(about.attributes),
  },
  { $id: 'User' },
);

export const userOut = (user: SeenUser): Static<typeof User> => ({
  id: user.id,
  created_at: instantOut(user.createdAt),
  updated_at: instantOut(user.updatedAt),
  is_enabled: user.isEnabled,
  name: user.name,
  email: user.email,
  email_valid: user.emailValid,
  locale: user.locale,
  timezone: user.timezone,
  password_allow_reset: user.passwordAllowReset,
  password_require_update: user.passwordRequireUpdate,
  is_locked: user.isLocked,
  last_login_at: user.lastLoginAt === null ? null : instantOut(user.lastLoginAt),
  attributes: user.attributes,
});

/** Longer than any name: a place in a list. */
const MAX_PLACE_LENGTH = 1000;

const place = (description: string) =>
  Type.Optional(
    parsed<string>({
      description,
      examples: ['Ada'],
      parse: (text, field) => {
        if (text.length > MAX_PLACE_LENGTH) throw malformed(field, 'is longer than any name');
        return text;
      },
    }),
  );

const placeById = (description: string) => Type.Optional(idIn('user', description));

const orders = ['asc', 'desc'] as const;

const UserQuery = Type.Object(
  {
    ...idPage('user'),
    order: Type.Optional(
      Type.Enum(orders, {
        description: '`desc`: the last ids first. Of a list by id.',
        examples: ['asc'],
      }),
    ),
    after: placeById('The `next` of a page: the answer is the page after it. Of a list by id.'),
    name_ge: place(
      'Makes it a list by name: only names from this one on, however they are written; the first of them.',
    ),
    name_le: place(
      'Makes it a list by name: only names up to this one; the last of them, unless `name_ge` is given. Ascending, like every page.',
    ),
    offset_id: placeById(
      'With `name_ge`: only users after the one with that name and id. With `name_le` alone: only users before it.',
    ),
    id: listedIds('user', 'Only that user; any of them, where several are given.'),
    email: listed<string>({
      description:
        'Only the user with that address, in any spelling; any of them, where several are given.',
      examples: ['ada@example.com'],
      parse: (text) => text,
    }),
    is_enabled: parsedFlag('Only users that are enabled, or only those that are not.'),
    search: Type.Optional(
      parsed<string>({
        description: 'Only users whose name or address begins like that, in any case.',
        examples: ['ada'],
        parse: parseSearch,
      }),
    ),
  },
  strict,
);

const UsersListed = Type.Object(
  {
    meta: Type.Object(
      {
        gt: ungivenId('user'),
        lt: ungivenId('user'),
        order: ungiven('string', 'asc'),
        after: ungivenId('user'),
        name_ge: ungiven('string', 'Ada'),
        name_le: ungiven('string', 'Zoe'),
        offset_id: ungivenId('user'),
        limit: usedLimit,
        id: Type.Array(idOf('user', 'A user that is listed.'), { description: 'Empty for all.' }),
        email: Type.Array(Type.String({ examples: ['ada@example.com'] }), {
          description: 'Empty for all.',
        }),
        is_enabled: ungiven('boolean', true),
        search: ungiven('string', 'ada'),
      },
      { description: 'What the list was made by.' },
    ),
    data: Type.Array(User),
    next: nullableIdOf(
      'user',
      'Of a list by id: the `after` of the next page, in the order that was asked for; null on the last one. A list by name goes on with the name and the id of the last row.',
    ),
  },
  { $id: 'UsersListed' },
);

const UserCreated = Type.Object({ meta: PasswordMeta, data: User }, { $id: 'UserCreated' });
const UserOf = ($id: string) => Type.Object({ data: User }, { $id });
const UserRead = UserOf('UserRead');
const UserUpdated = UserOf('UserUpdated');
const UserDeleted = Type.Object({}, { $id: 'UserDeleted' });

export const userRoutes =
  (deps: HttpDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.post(
      '/user',
      {
        schema: {
          operationId: 'createUser',
          tags: ['users'],
          summary: 'Create a user',
          description:
            'To log in to the service, the user also needs a key of the type TOKEN: `token_key` makes it along.',
          security: ['serviceKey', 'rootKey'],
          errors: ['overloaded'],
          body: NewUser,
          response: { 200: UserCreated },
        },
      },
      async (request) => {
        const { body } = request;
        const { user, quality } = await deps.useCases.users.createUser.execute(actorOf(request), {
          isEnabled: body.is_enabled,
          name: body.name,
          email: body.email,
          locale: body.locale,
          timezone: body.timezone,
          password: body.password,
          passwordAllowReset: body.password_allow_reset,
          passwordRequireUpdate: body.password_require_update,
          attributes: body.attributes,
          tokenKey: body.token_key,
          invite: body.invite,
        });
        return { meta: metaOut(quality), data: userOut(user) };
      },
    );

    app.get(
      '/user',
      {
        schema: {
          operationId: 'listUsers',
          tags: ['users'],
          summary: 'List the users',
          description:
            'By id; with `name_ge` or `name_le` by name, and by id within a name. A service sees the users that it made and those it has a KEY or TOKEN key of; one with `sees_all_users` and a root key see all.',
          security: ['serviceKey', 'rootKey'],
          querystring: UserQuery,
          response: { 200: UsersListed },
        },
      },
      async (request) => {
        const { query } = request;
        const { id, email, limit = DEFAULT_PAGE_SIZE } = query;
        const { gt = null, lt = null, order = null, after = null, search = null } = query;
        const { name_ge = null, name_le = null, offset_id = null, is_enabled = null } = query;
        const { listUsers } = deps.useCases.users;
        const { users, next } = await listUsers.execute(actorOf(request), {
          limit,
          gt: query.gt,
          lt: query.lt,
          order: query.order as (typeof orders)[number] | undefined,
          after: query.after,
          nameGe: query.name_ge,
          nameLe: query.name_le,
          offsetId: query.offset_id,
          ids: id,
          emails: email,
          isEnabled: query.is_enabled,
          search: query.search,
        });
        const page = { gt, lt, order, after, name_ge, name_le, offset_id, limit };
        return {
          meta: { ...page, id: id ?? [], email: email ?? [], is_enabled, search },
          data: users.map(userOut),
          next,
        };
      },
    );

    app.get(
      '/user/:id',
      {
        schema: {
          operationId: 'readUser',
          tags: ['users'],
          summary: 'Read a user',
          description: 'A service sees the users that it made and those it has a key of.',
          security: ['serviceKey', 'rootKey'],
          errors: ['not_found'],
          params: pathOf('user'),
          response: { 200: UserRead },
        },
      },
      async (request) => {
        const { readUser } = deps.useCases.users;
        return { data: userOut(await readUser.execute(actorOf(request), { id: pathId(request) })) };
      },
    );

    app.patch(
      '/user/:id',
      {
        schema: {
          operationId: 'updateUser',
          tags: ['users'],
          summary: 'Change a user',
          description:
            'Changes the fields that are given, by the service that made the user, one with `sees_all_users`, or a root key. A service that has a key of the user changes `attributes` alone. Disabling a user ends all sessions; the keys work again once the user is enabled. Nobody enables an account that its owner locked, and only a root key enables a user that one disabled.',
          security: ['serviceKey', 'rootKey'],
          errors: ['not_found', 'forbidden', 'root_key_required', 'account_locked'],
          params: pathOf('user'),
          body: ChangedUser,
          response: { 200: UserUpdated },
        },
      },
      async (request) => {
        const { body } = request;
        const { updateUser } = deps.useCases.users;
        const user = await updateUser.execute(actorOf(request), {
          id: changedId(request),
          name: body.name,
          isEnabled: body.is_enabled,
          locale: body.locale,
          timezone: body.timezone,
          passwordAllowReset: body.password_allow_reset,
          passwordRequireUpdate: body.password_require_update,
          attributes: body.attributes,
        });
        return { data: userOut(user) };
      },
    );

    app.delete(
      '/user/:id',
      {
        schema: {
          operationId: 'deleteUser',
          tags: ['users'],
          summary: 'Delete a user',
          description:
            'Deletes the person: everything personal goes, for good; the audit keeps ids. A service deletes a user that it made and that no other service has a key of; a root key deletes any.',
          security: ['serviceKey', 'rootKey'],
          errors: ['not_found', 'forbidden'],
          params: pathOf('user'),
          response: { 200: UserDeleted },
        },
      },
      async (request) => {
        const { deleteUser } = deps.useCases.users;
        await deleteUser.execute(actorOf(request), { id: pathId(request) });
        return {};
      },
    );
  };
