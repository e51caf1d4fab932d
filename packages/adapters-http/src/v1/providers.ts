import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  MAX_BINDING_LENGTH,
  MAX_CODE_LENGTH,
  NotFound,
  type Provider,
  type ProviderLink as ProviderLinkEntity,
  providers,
} from '@rekey/domain';
import { type Static, Type } from 'typebox';
import { actorOf } from '../server/actor.ts';
import type { HttpDeps } from '../server/deps.ts';
import { deviceToken, strict } from '../server/fields.ts';
import { pathId } from '../server/path-id.ts';
import { Token, tokenOut } from './sessions.ts';
import { AuditAsked, asked, idOf, instant, instantOut, nullable, pathOf } from './shared.ts';
import { User, userOut } from './users.ts';

const NAMES = providers.map((name) => `\`${name}\``).join(', ');

const pathOfProvider = Type.Object({
  provider: Type.String({ description: `One of ${NAMES}.`, examples: ['google'] }),
});

/** The provider of a path. One that Rekey does not know is not found, like one that is not configured. */
function providerIn({ params }: { readonly params: { readonly provider: string } }): Provider {
  const provider = providers.find((each) => each === params.provider);
  if (provider === undefined) throw new NotFound();
  return provider;
}

const binding = Type.Optional(
  Type.String({
    description: `1 to ${MAX_BINDING_LENGTH} characters that this browser alone has at your service, such as the id of its session there. Where it was given, what comes back counts only together with it: nobody signs others in.`,
    minLength: 1,
    maxLength: MAX_BINDING_LENGTH,
    examples: ['id-of-the-browser-session'],
  }),
);

const BeginQuery = Type.Object({ binding }, strict);

const ProviderUrl = Type.Object(
  {
    url: Type.String({
      description: 'The page of the provider to send the person to.',
      examples: ['https://accounts.google.com/o/oauth2/v2/auth?client_id=…&state=…'],
    }),
  },
  { $id: 'ProviderUrl' },
);

const cameBack = {
  code: Type.String({
    description: 'The `code` that the person came back with.',
    minLength: 1,
    maxLength: MAX_CODE_LENGTH,
    examples: ['example-code'],
  }),
  state: Type.String({
    description: 'The `state` that the person came back with.',
    minLength: 1,
    examples: ['rkp_not-a-real-state'],
  }),
  binding,
};

const CameBack = Type.Object(
  { ...cameBack, device: Type.Optional(deviceToken), audit: AuditAsked },
  { $id: 'CameBackFromProvider', ...strict },
);
const CameBackToLink = Type.Object(cameBack, { $id: 'CameBackToLink', ...strict });

const SignedIn = Type.Object(
  { user: User, access: Token, refresh: Token, device: deviceToken, audit: asked },
  { $id: 'SignedInWithProvider' },
);

export const ProviderLink = Type.Object(
  {
    id: idOf('link', 'The id of the link.'),
    created_at: instant('When it was made.'),
    last_used_at: nullable<string>(
      'string',
      'When a sign-in went through it last; null for never.',
      {
        format: 'date-time',
        examples: [null],
      },
    ),
    user_id: idOf('user', 'The user whose account it opens.'),
    provider: Type.Enum(providers, { examples: ['google'] }),
    issuer: Type.String({
      description: 'The system of the provider that knows the person.',
      examples: ['https://accounts.google.com'],
    }),
    subject: Type.String({
      description: 'The id of the person there.',
      examples: ['110169484474386276334'],
    }),
  },
  { $id: 'ProviderLink' },
);

export const linkOut = (link: ProviderLinkEntity): Static<typeof ProviderLink> => ({
  id: link.id,
  created_at: instantOut(link.createdAt),
  last_used_at: link.lastUsedAt === null ? null : instantOut(link.lastUsedAt),
  user_id: link.userId,
  provider: link.provider,
  issuer: link.issuer,
  subject: link.subject,
});

const ProviderLinked = Type.Object({ data: ProviderLink }, { $id: 'ProviderLinked' });
const ProviderLinks = Type.Object({ data: Type.Array(ProviderLink) }, { $id: 'ProviderLinks' });
const ProviderUnlinked = Type.Object({}, { $id: 'ProviderUnlinked' });

const FOR_USER = '`User-Authorization` has to prove the user by the token of a session.';

export const providerRoutes =
  (deps: HttpDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    const { providers: room } = deps.useCases;

    app.get(
      '/auth/provider/:provider/oauth2',
      {
        schema: {
          operationId: 'beginProviderSignIn',
          tags: ['providers'],
          summary: 'Send a person to a provider to sign in',
          description:
            'The person comes back to the page of the service (`provider_…_oauth2_url`) with a code and a state, within ten minutes, once.',
          security: ['serviceKey'],
          errors: ['not_found', 'unavailable'],
          params: pathOfProvider,
          querystring: BeginQuery,
          response: { 200: ProviderUrl },
        },
      },
      async (request) => ({
        url: await room.askProvider.execute(actorOf(request), {
          ...request.query,
          provider: providerIn(request),
          purpose: 'sign-in',
        }),
      }),
    );

    app.post(
      '/auth/provider/:provider/oauth2',
      {
        schema: {
          operationId: 'signInWithProvider',
          tags: ['providers'],
          summary: 'Let a person in who came back from a provider',
          description:
            'Opens the account that is linked to the one there; the first time, the one with an address that both sides have proven, which is linked then. No account is made. 503 where the provider does not answer: the same request may be sent again.',
          security: ['serviceKey'],
          errors: [
            'not_found',
            'invalid_token',
            'invalid_credentials',
            'password_update_required',
            'second_factor_required',
            'factor_enrolment_required',
            'too_many_requests',
            'unavailable',
          ],
          params: pathOfProvider,
          body: CameBack,
          response: { 200: SignedIn },
        },
      },
      async (request) => {
        const { user, access, refresh, device, audit } = await room.signIn.execute(
          actorOf(request),
          {
            ...request.body,
            provider: providerIn(request),
          },
        );
        if (refresh === null) throw new Error('a session of a service has a refresh token');
        return {
          user: userOut(user),
          access: tokenOut(access.token, access.expiresAt),
          refresh: tokenOut(refresh.token, refresh.expiresAt),
          device,
          audit,
        };
      },
    );

    app.get(
      '/auth/provider/:provider/link',
      {
        schema: {
          operationId: 'beginProviderLink',
          tags: ['providers'],
          summary: 'Send a person to a provider to link the account there',
          description: FOR_USER,
          security: ['serviceKey'],
          errors: ['not_found', 'forbidden', 'unavailable'],
          params: pathOfProvider,
          querystring: BeginQuery,
          response: { 200: ProviderUrl },
        },
      },
      async (request) => ({
        url: await room.askProvider.execute(actorOf(request), {
          ...request.query,
          provider: providerIn(request),
          purpose: 'link',
        }),
      }),
    );

    app.post(
      '/auth/provider/:provider/link',
      {
        schema: {
          operationId: 'linkProvider',
          tags: ['providers'],
          summary: 'Link the account of a person who came back from a provider',
          description: `${FOR_USER} The owner of the account is mailed. An account has one link with a provider, and an account there is linked to one here.`,
          security: ['serviceKey'],
          errors: [
            'not_found',
            'forbidden',
            'invalid_token',
            'address_not_proven',
            'too_many_requests',
            'unavailable',
          ],
          params: pathOfProvider,
          body: CameBackToLink,
          response: { 200: ProviderLinked },
        },
      },
      async (request) => {
        const input = { ...request.body, provider: providerIn(request) };
        return { data: linkOut(await room.addLink.execute(actorOf(request), input)) };
      },
    );

    app.get(
      '/auth/provider/link',
      {
        schema: {
          operationId: 'listProviderLinks',
          tags: ['providers'],
          summary: 'List the accounts at providers that open the account of a user',
          description: FOR_USER,
          security: ['serviceKey'],
          errors: ['forbidden'],
          response: { 200: ProviderLinks },
        },
      },
      async (request) => ({ data: (await room.listLinks.execute(actorOf(request))).map(linkOut) }),
    );

    app.delete(
      '/auth/provider/link/:id',
      {
        schema: {
          operationId: 'unlinkProvider',
          tags: ['providers'],
          summary: 'Unlink an account at a provider',
          description: `${FOR_USER} The owner of the account is mailed.`,
          security: ['serviceKey'],
          errors: ['not_found', 'forbidden', 'last_way_in', 'too_many_requests'],
          params: pathOf('link'),
          response: { 200: ProviderUnlinked },
        },
      },
      async (request) => {
        await room.removeLink.execute(actorOf(request), { id: pathId(request) });
        return {};
      },
    );
  };
