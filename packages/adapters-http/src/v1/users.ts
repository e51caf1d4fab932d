import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { parseLocale, parseTimezone, type User as UserEntity } from '@rekey/domain';
import { type Static, Type } from 'typebox';
import { actorOf } from '../server/actor.ts';
import type { HttpDeps } from '../server/deps.ts';
import { email, firstPassword, name, strict } from '../server/fields.ts';
import { metaOut, PasswordMeta } from './passwords.ts';
import { flag, idOf, instant, instantOut, pathId, pathOf } from './shared.ts';

const NewUser = Type.Object(
  {
    is_enabled: flag('A user that is disabled can do nothing.', true),
    name: name('Ada'),
    email,
    locale: Type.Optional(
      Type.String({
        description: 'A BCP 47 tag: the language of the mails; `en` unless given.',
        examples: ['en'],
        parse: parseLocale,
      }),
    ),
    timezone: Type.Optional(
      Type.String({
        description: 'An IANA zone: the clock of the mails; `Etc/UTC` unless given.',
        examples: ['Etc/UTC'],
        parse: parseTimezone,
      }),
    ),
    password: Type.Optional(firstPassword),
    password_allow_reset: Type.Optional(
      flag('Kept for flows that reset passwords; `true` unless given.', true),
    ),
    password_require_update: Type.Optional(
      flag('`true` makes a right login 403 until the password is changed.', false),
    ),
  },
  { $id: 'NewUser', ...strict },
);

export const User = Type.Object(
  {
    id: idOf('user', 'The id of the user.'),
    created_at: instant('When the user was created.'),
    updated_at: instant('When the user was changed last.'),
    is_enabled: flag('A user that is disabled can do nothing.', true),
    name: Type.String({ examples: ['Ada'] }),
    email: Type.String({
      description: 'In its canonical form: lower case, domain in ASCII.',
      examples: ['ada@example.com'],
    }),
    locale: Type.String({ description: 'A BCP 47 tag.', examples: ['en'] }),
    timezone: Type.String({ description: 'An IANA zone.', examples: ['Etc/UTC'] }),
    password_allow_reset: flag('Whether the owner may ask for a new password.', true),
    password_require_update: flag('Whether the password must be changed first.', false),
  },
  { $id: 'User' },
);

export const userOut = (user: UserEntity): Static<typeof User> => ({
  id: user.id,
  created_at: instantOut(user.createdAt),
  updated_at: instantOut(user.updatedAt),
  is_enabled: user.isEnabled,
  name: user.name,
  email: user.email,
  locale: user.locale,
  timezone: user.timezone,
  password_allow_reset: user.passwordAllowReset,
  password_require_update: user.passwordRequireUpdate,
});

const UserCreated = Type.Object({ meta: PasswordMeta, data: User }, { $id: 'UserCreated' });
const UserRead = Type.Object({ data: User }, { $id: 'UserRead' });

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
          description: 'To log in to the service, the user also needs a key of the type TOKEN.',
          security: ['serviceKey'],
          errors: ['registration_closed', 'overloaded'],
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
        });
        return { meta: metaOut(quality), data: userOut(user) };
      },
    );

    app.get(
      '/user/:id',
      {
        schema: {
          operationId: 'readUser',
          tags: ['users'],
          summary: 'Read a user',
          description: 'A service sees the users that it created and those it has a key of.',
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
  };
