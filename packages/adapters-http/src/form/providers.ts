import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { MAX_PROVIDER_TOKEN_LENGTH, type ProviderLink, providers } from '@rekey/domain';
import { preferred } from '@rekey/wording';
import { type Static, Type } from 'typebox';
import { actorOf } from '../server/actor.ts';
import type { HttpDeps } from '../server/deps.ts';
import { deviceCookie } from '../server/device-cookie.ts';
import { deviceToken } from '../server/fields.ts';
import { pathId } from '../server/path-id.ts';
import { FormLogin, factorRequiredOut, formLoggedInOut } from './shared.ts';

const idToken = Type.String({
  description: 'The ID token, or the access token, that Google gave the page.',
  minLength: 1,
  maxLength: MAX_PROVIDER_TOKEN_LENGTH,
  examples: ['example.id.token'],
});

const FormGoogleToken = Type.Object(
  { idToken, device: Type.Optional(deviceToken) },
  { $id: 'FormGoogleToken' },
);
const FormGoogleLink = Type.Object({ idToken }, { $id: 'FormGoogleLink' });

const example = '01900000-0000-7000-8000-000000000006';
const instant = { format: 'date-time', examples: ['2026-01-31T09:30:00.000Z'] };

const FormProviderLink = Type.Object(
  {
    id: Type.String({ format: 'uuid', examples: [example] }),
    createdAt: Type.String({ description: 'When it was made.', ...instant }),
    lastUsedAt: Type.Unsafe<string | null>({
      type: ['string', 'null'],
      description: 'When a sign-in went through it last; null for never.',
      ...instant,
    }),
    provider: Type.Enum(providers, { examples: ['google'] }),
  },
  { $id: 'FormProviderLink' },
);
const FormProviderLinks = Type.Array(FormProviderLink);

const timeOut = (at: number) => new Date(at).toISOString();

const linkOut = ({
  id,
  createdAt,
  lastUsedAt,
  provider,
}: ProviderLink): Static<typeof FormProviderLink> => ({
  id,
  createdAt: timeOut(createdAt),
  lastUsedAt: lastUsedAt === null ? null : timeOut(lastUsedAt),
  provider,
});

export const providerRoutes =
  (deps: HttpDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    const { callers, providers: room } = deps.useCases;
    const cookie = deviceCookie(deps.options);

    app.post(
      '/login/google',
      {
        schema: {
          operationId: 'signInWithGoogle',
          tags: ['forms'],
          summary: 'Log in with Google',
          description:
            'Opens the account that is linked to the one at Google; the first time, the one with the address that Google verified. An account with that address that nobody proved is emptied first. A person who is new gets an account, unless `USERS_SIGNUP` forbids that. A token that proves nothing is a 401 here. A user who wants a second factor here is asked for it: `requires2FA` is true, and the `challenge` goes on at `/users/login/google/2fa`.',
          security: [],
          errors: [
            'not_found',
            'invalid_credentials',
            'password_update_required',
            'factor_enrolment_required',
            'too_many_requests',
            'unavailable',
          ],
          statusOf: { invalid_credentials: 401 },
          body: FormGoogleToken,
          response: { 200: FormLogin },
        },
      },
      async (request, reply) => {
        const { idToken: token, device: given = cookie.read(request) } = request.body;
        const { locale } = preferred(request.headers['accept-language']);
        const input = { provider: 'google', token, device: given, locale } as const;
        const signingIn = room.signInWithToken.execute(actorOf(request), input);
        return signingIn.then(({ user, access, device }) => {
          cookie.keep(device, request, reply);
          return formLoggedInOut(user, access.token, device);
        }, factorRequiredOut);
      },
    );

    app.get(
      '/providers',
      {
        schema: {
          operationId: 'listOwnProviders',
          tags: ['forms'],
          summary: 'List the accounts at providers that open the own account',
          security: ['accessToken'],
          errors: ['forbidden'],
          querystring: Type.Object({}),
          response: { 200: FormProviderLinks },
        },
      },
      async (request) => {
        const actor = await callers.admitPerson.execute(actorOf(request));
        return (await room.listLinks.execute(actor)).map(linkOut);
      },
    );

    app.post(
      '/providers/google',
      {
        schema: {
          operationId: 'linkGoogle',
          tags: ['forms'],
          summary: 'Link an account at Google to the own account',
          description: 'The owner of the account is mailed.',
          security: ['accessToken'],
          errors: [
            'not_found',
            'forbidden',
            'invalid_token',
            'address_not_proven',
            'too_many_requests',
            'unavailable',
          ],
          body: FormGoogleLink,
          response: { 200: FormProviderLink },
        },
      },
      async (request) => {
        const actor = await callers.admitPerson.execute(actorOf(request));
        const input = { provider: 'google', token: request.body.idToken } as const;
        return linkOut(await room.addLinkWithToken.execute(actor, input));
      },
    );

    app.delete(
      '/providers/:id',
      {
        schema: {
          operationId: 'unlinkOwnProvider',
          tags: ['forms'],
          summary: 'Unlink an account at a provider from the own account',
          description: 'The owner of the account is mailed.',
          security: ['accessToken'],
          errors: [
            'not_found',
            'forbidden',
            'last_way_in',
            'too_many_requests',
            'cross_site_request',
          ],
          params: Type.Object({
            id: Type.String({ description: 'The id of the link.', examples: [example] }),
          }),
          querystring: Type.Object({}),
          response: { 204: Type.Null() },
        },
      },
      async (request, reply) => {
        const actor = await callers.admitPerson.execute(actorOf(request));
        await room.removeLink.execute(actor, { id: pathId(request) });
        return reply.code(204).send(null);
      },
    );
  };
