import type { JsonWebKey, KeyObject } from 'node:crypto';
import { generateKeyPairSync } from 'node:crypto';
import { type JWTPayload, SignJWT } from 'jose';
import { Provider } from 'oidc-provider';
import {
  type Answer,
  bodyOf,
  browse,
  type CameBack,
  cameBack,
  sendJson,
  standIn,
} from './stand-in.ts';

export const CLIENT_ID = 'rekey-of-the-tests';
export const CLIENT_SECRET = 'a-secret-of-a-client-in-the-tests';

/** The claims of a person at a provider. */
export type Person = { readonly sub: string } & Readonly<Record<string, unknown>>;

type SigningKey = { readonly kid: string; readonly key: KeyObject; readonly jwk: JsonWebKey };

let keys = 0;

export function signingKey(): SigningKey {
  const { privateKey: key } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  keys += 1;
  const kid = `key-${keys}`;
  return { kid, key, jwk: { ...key.export({ format: 'jwk' }), kid, alg: 'RS256', use: 'sig' } };
}

type Options = {
  /** Where people come back to. */
  readonly returnUrls: readonly string[];
  /** The tenant whose issuer it is, for Microsoft; Google has none. */
  readonly tenant?: string;
};

/**
 * A real OpenID provider (`oidc-provider`) in the shape of Google, or of a tenant of Microsoft. It signs in whoever
 * `person` is, without asking.
 */
export async function openIdStandIn({ returnUrls, tenant }: Options) {
  const base = tenant === undefined ? '' : `/${tenant}/v2.0`;
  const state = { key: signingKey(), person: { sub: 'nobody' } as Person };
  const accessTokens = new Map<string, Readonly<Record<string, unknown>>>();
  const people = new Map<string, Person>();
  let provider: Provider;
  let callback: Answer;

  const server = await standIn((url) => async (request, response) => {
    const { url: path = '' } = request;
    if (path === `${base}/tokeninfo`) {
      const info = accessTokens.get((await bodyOf(request)).get('access_token') ?? '');
      return info ? sendJson(response, info) : sendJson(response, { error: 'invalid_token' }, 400);
    }
    if (path === '/common/v2.0/.well-known/openid-configuration') {
      const own = await fetch(`${url}${base}/.well-known/openid-configuration`);
      const text = (await own.text()).replace(
        `"issuer":"${url}${base}"`,
        `"issuer":"${url}/{tenantid}/v2.0"`,
      );
      return sendJson(response, JSON.parse(text));
    }
    Object.assign(request, { originalUrl: path });
    request.url = path.slice(base.length);
    if (request.url.startsWith('/interaction/')) {
      const { person } = state;
      people.set(person.sub, person);
      return provider.interactionFinished(request, response, { login: { accountId: person.sub } });
    }
    await callback(request, response);
  });
  const issuer = server.url + base;

  const open = () => {
    provider = new Provider(issuer, {
      clients: [
        {
          client_id: CLIENT_ID,
          client_secret: CLIENT_SECRET,
          redirect_uris: returnUrls,
          response_types: ['code'],
          grant_types: ['authorization_code'],
          token_endpoint_auth_method: 'client_secret_post',
        },
      ],
      jwks: { keys: [state.key.jwk] },
      cookies: { keys: ['of the tests'] },
      // As Google and Microsoft do: the ID token says all.
      conformIdTokenClaims: false,
      claims: {
        openid: ['sub', 'tid', 'oid', 'xms_edov'],
        email: ['email', 'email_verified'],
        profile: ['name', 'hd'],
      },
      pkce: { required: () => true },
      features: { devInteractions: { enabled: false } },
      interactions: {
        url: (_ctx: unknown, { uid }: { uid: string }) => `${base}/interaction/${uid}`,
      },
      findAccount: (_ctx: unknown, sub: string) => ({
        accountId: sub,
        claims: () => people.get(sub) ?? { sub },
      }),
      // Consent is theirs: everybody gave it.
      loadExistingGrant: async (ctx: { oidc: { session: { accountId: string } } }) => {
        const { accountId } = ctx.oidc.session;
        const grant = new provider.Grant({ clientId: CLIENT_ID, accountId });
        grant.addOIDCScope('openid email profile');
        await grant.save();
        return grant;
      },
    });
    callback = provider.callback();
  };
  open();

  /** Signs like the provider, or with whatever is given. */
  const sign = (claims: JWTPayload, by: SigningKey = state.key): Promise<string> =>
    new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: by.kid }).sign(by.key);

  return {
    ...server,
    issuer,
    sign,
    /** The claims of an ID token for a person, good at that time. */
    claimsOf: (person: Person, nowMs: number, more: JWTPayload = {}): JWTPayload => {
      const iat = Math.floor(nowMs / 1000);
      return {
        iss: issuer,
        aud: CLIENT_ID,
        azp: CLIENT_ID,
        iat,
        exp: iat + 3600,
        ...person,
        ...more,
      };
    },
    /** From now on that person is at the browser. */
    enter: (person: Person): void => {
      state.person = person;
    },
    /** Signs a person in who was sent to a URL, and answers what they come back with. */
    signIn: async (person: Person, url: string): Promise<CameBack> => {
      state.person = person;
      return cameBack(await browse(url));
    },
    /** Gives out an access token, of which the provider says that. */
    accessToken: (info: Readonly<Record<string, unknown>>): string => {
      const token = `ya29.access-token-${accessTokens.size}`;
      accessTokens.set(token, info);
      return token;
    },
    /** From now on another key signs, and the one from before is gone. */
    rotate: (): void => {
      state.key = signingKey();
      open();
    },
  };
}
