import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { type Id, IllegalArgument, isId, MAX_PAGE_SIZE, NotFound } from '@rekey/domain';
import { type TString, Type } from 'typebox';
import { actorOf } from '../server/actor.ts';
import type { HttpDeps } from '../server/deps.ts';
import { currentPassword, name, newEmail, newPassword } from '../server/fields.ts';
import { refusedFields } from '../server/problem.ts';
import { type Rules, violation } from '../server/validation.ts';
import { claimedEmail, FormLoggedIn, FormUser, formLoggedInOut, formUserOut } from './shared.ts';

const isBlank = (text: string) => text.trim() === '';
/** A field that is blank was not filled in. */
const filled = (text: string | undefined) =>
  text === undefined || isBlank(text) ? undefined : text;

/** A field that may be left out, or blank. */
const blankable = (field: TString & Rules, more: object = {}) =>
  Type.Optional(
    Type.String({
      ...field,
      ...more,
      parse: ((text, at, settings) =>
        isBlank(text) ? undefined : field.parse?.(text, at, settings)) satisfies Rules['parse'],
    }),
  );

const FormChange = Type.Object(
  {
    email: claimedEmail,
    name: blankable(name('Ada Lovelace')),
    password: blankable(currentPassword),
    newPassword: blankable(newPassword),
    newEmail: blankable(newEmail),
  },
  { $id: 'FormChange' },
);

const FormNewEmail = Type.Object(
  {
    email: claimedEmail,
    newEmail,
    password: blankable(currentPassword, {
      description:
        'The current password. It may be left out, unless `USERS_EMAIL_CHANGE` demands it.',
    }),
  },
  { $id: 'FormNewEmail' },
);

const password = Type.Optional(
  Type.String({
    ...currentPassword,
    description: 'The password of the own account; admins may leave it out.',
  }),
);
const FormDeletion = Type.Object({ email: claimedEmail, password }, { $id: 'FormDeletion' });
const deletionFields = Type.Object({ email: Type.Optional(claimedEmail), password });

const malformed = (field: string, message: string) =>
  new IllegalArgument([violation(field, message, 'malformed')]);

const UserPage = Type.Object({
  limit: Type.Optional(
    Type.Unsafe<number>(
      Type.String({
        description: `At most so many users; ${MAX_PAGE_SIZE} unless given, and at most.`,
        examples: ['50'],
        parse: (text: string, field: string) => {
          if (!/^0*[1-9]\d*$/.test(text)) throw malformed(field, 'must be a whole number from 1');
          return Math.min(Number(text), MAX_PAGE_SIZE);
        },
      }),
    ),
  ),
  after: Type.Optional(
    Type.Unsafe<Id>(
      Type.String({
        description: 'Only users after the one with that `hash`: the last one of the page before.',
        examples: ['7eba8ef2-426b-446a-9f05-4ab67e71383d'],
        parse: (text: string, field: string) => {
          const id = text.toLowerCase();
          if (!isId(id)) throw malformed(field, 'must be a UUID');
          return id;
        },
      }),
    ),
  ),
});

const FormUsers = Type.Array(FormUser);

/** What people do with their own account by its address, and admins with those of others. */
export const accountRoutes =
  (deps: HttpDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    const { users, callers } = deps.useCases;
    const { pathname } = new URL(deps.options.publicUrl);
    const listPath = `${pathname.replace(/\/$/, '')}/users/list`;
    const proofErrors = ['invalid_credentials', 'too_many_requests', 'overloaded'] as const;

    app.put(
      '/update',
      {
        schema: {
          operationId: 'changeAccount',
          tags: ['forms'],
          summary: 'Change the own name, address and password',
          description:
            'All that is given in one step; a field that is blank counts as left out. A new password needs the current one, and a new address does where `USERS_EMAIL_CHANGE` says so. Both end every other session, and the address from before gets a mail about each, with a link that locks the account. The token in the answer is a new one of the session that asks. An admin changes the names and addresses of others, and gets no token of theirs.',
          security: ['accessToken'],
          errors: [...proofErrors, 'forbidden', 'password_update_required', 'not_found'],
          body: FormChange,
          response: { 200: FormLoggedIn },
        },
      },
      async (request) => {
        const { email, ...rest } = request.body;
        const { user, access, device } = await users.updateAccount.execute(actorOf(request), {
          email,
          name: filled(rest.name),
          newEmail: filled(rest.newEmail),
          password: filled(rest.password),
          newPassword: filled(rest.newPassword),
        });
        return formLoggedInOut(user, access.token, device);
      },
    );

    app.put(
      '/update/email',
      {
        schema: {
          operationId: 'changeEmail',
          tags: ['forms'],
          summary: 'Change the own e-mail address',
          description:
            'At once, and it ends every other session. The answer is a new token of the session that asks, as text. The address from before gets a mail with a link that locks the account and gives that address back, which nobody else can have until the link expires. The new one gets a mail that asks for a proof. For seven days a forgotten password is only recovered through the address from before, if it was proven.',
          security: ['accessToken'],
          errors: [...proofErrors, 'forbidden', 'password_update_required'],
          body: FormNewEmail,
          response: {
            200: {
              content: {
                'text/plain': { schema: Type.String({ examples: ['example.token.of.a-login'] }) },
              },
            },
          },
        },
      },
      async (request) => {
        const { email, newEmail, password } = request.body;
        const { access } = await users.updateAccount.execute(actorOf(request), {
          email,
          newEmail,
          password: filled(password),
          isOwn: true,
        });
        return access.token;
      },
    );

    const deletion = {
      tags: ['forms'],
      security: ['accessToken'],
      errors: [...proofErrors, 'forbidden', 'not_found', 'recent_change'],
    } as const;

    app.post(
      '/delete',
      {
        schema: {
          ...deletion,
          operationId: 'deleteAccount',
          summary: 'Delete the own account',
          description:
            'With the password. Everything personal goes. It waits while the link of a mail can still undo an earlier change. An admin deletes other accounts, and the last admin stays.',
          body: FormDeletion,
          response: { 200: Type.Boolean({ examples: [true] }) },
        },
      },
      async (request) => {
        await users.deleteAccount.execute(actorOf(request), request.body);
        return true;
      },
    );

    app.delete(
      '/delete',
      {
        schema: {
          ...deletion,
          operationId: 'removeAccount',
          summary: 'Delete the own account, with its fields in the body or in the query',
          description: 'Like `POST /users/delete`; `email` is needed in one of the two.',
          querystring: deletionFields,
          body: deletionFields,
          response: { 204: Type.Null() },
        },
      },
      async (request, reply) => {
        const { query, body = {} } = request;
        const twice = Object.keys(body).filter((field) => Object.hasOwn(query, field));
        if (twice.length > 0) {
          throw refusedFields(
            twice.map((field) => violation(field, 'is given more than once', 'repeated')),
          );
        }
        const { email, ...more } = { ...query, ...body };
        if (email === undefined) {
          throw refusedFields([violation('email', 'is required', 'required')]);
        }
        await users.deleteAccount.execute(actorOf(request), { email, ...more });
        return reply.code(204).send(null);
      },
    );

    app.get(
      '/list',
      {
        schema: {
          operationId: 'listAccounts',
          tags: ['forms'],
          summary: 'List the accounts of the built-in service',
          description:
            'For admins. Where there are more, the header `Link` leads to the next page (`rel="next"`).',
          security: ['accessToken'],
          errors: ['forbidden'],
          querystring: UserPage,
          response: { 200: FormUsers },
        },
      },
      async (request, reply) => {
        const admin = await callers.admitAdmin.execute(actorOf(request));
        const { limit = MAX_PAGE_SIZE, after } = request.query;
        const { users: page, next } = await users.listUsers.execute(admin, { limit, after });
        if (next !== null) {
          reply.header('link', `<${listPath}?limit=${limit}&after=${next}>; rel="next"`);
        }
        return page.map(formUserOut);
      },
    );

    app.get(
      '/by-email',
      {
        schema: {
          operationId: 'findAccount',
          tags: ['forms'],
          summary: 'Find an account of the built-in service by its address',
          description: 'For admins.',
          security: ['accessToken'],
          errors: ['forbidden', 'not_found'],
          querystring: Type.Object({ email: claimedEmail }),
          response: { 200: FormUser },
        },
      },
      async (request) => {
        const admin = await callers.admitAdmin.execute(actorOf(request));
        const { email } = request.query;
        const {
          users: [user],
        } = await users.listUsers.execute(admin, { limit: 1, emails: [email] });
        if (!user) throw new NotFound();
        return formUserOut(user);
      },
    );
  };
