import type { Identity } from '@rekey/domain';
import type { IdentityProvider } from '@rekey/usecases';
import * as client from 'openid-client';
import { boundedFetch, jsonOf, ProviderFailure } from './bounded-fetch.ts';
import { type ExchangeOptions, exchanges } from './exchange.ts';
import { authorizationUrl, textIn, tokensFor } from './oidc.ts';

export type GithubOptions = {
  readonly clientId: string;
  readonly clientSecret: string;
  /** `https://github.com`, or a GitHub Enterprise Server. */
  readonly url: string;
  /** `https://api.github.com`, or `https://HOST/api/v3`. */
  readonly apiUrl: string;
};

const SCOPE = 'read:user user:email';

/** Sign-in with GitHub (OAuth 2.0: there is no ID token, the API says who has the access token). */
export function github(options: GithubOptions & ExchangeOptions): IdentityProvider {
  const { clientId, clientSecret, url, apiUrl } = options;
  const exchange = exchanges('github', options);
  const server = {
    issuer: url,
    authorization_endpoint: `${url}/login/oauth/authorize`,
    token_endpoint: `${url}/login/oauth/access_token`,
  };
  const auth = client.ClientSecretPost(clientSecret);
  const config = new client.Configuration(server, clientId, {}, auth);
  config[client.customFetch] = tokenFetch as client.CustomFetch;
  if (url.startsWith('http:')) client.allowInsecureRequests(config);

  const ask = async (path: string, token: string): Promise<unknown> =>
    jsonOf(
      await boundedFetch(apiUrl + path, {
        headers: {
          authorization: `Bearer ${token}`,
          accept: 'application/vnd.github+json',
          'x-github-api-version': '2022-11-28',
          'user-agent': 'rekey',
        },
      }),
    );

  return {
    codes: {
      // No ID token would hold a nonce: the verifier alone ties the code to who began.
      urlOf: (request) => exchange(() => authorizationUrl(config, SCOPE, request)),
      identify: (answer) =>
        exchange(async () => {
          const { access_token: token } = await tokensFor(config, answer);
          const [user, emails] = await Promise.all([
            ask('/user', token),
            ask('/user/emails', token),
          ]);
          return identityOf(url, user, emails);
        }),
    },
    tokens: null,
  };
}

/** GitHub says with status 200 that a code is not good (RFC 6749, 5.2, has 400). */
async function tokenFetch(url: string, init: RequestInit): Promise<Response> {
  const response = await boundedFetch(url, init);
  const body: unknown = await response
    .clone()
    .json()
    .catch(() => null);
  const isError = typeof body === 'object' && body !== null && 'error' in body;
  return response.status === 200 && isError ? Response.json(body, { status: 400 }) : response;
}

function identityOf(issuer: string, user: unknown, emails: unknown): Identity {
  const { id } = Object(user) as { readonly id?: unknown };
  if (!Number.isSafeInteger(id) || !Array.isArray(emails)) {
    throw new ProviderFailure('the answer is not that of GitHub');
  }
  // Only the primary one: people leave others behind, and verified once is verified for ever there.
  const primary: unknown = emails.find((each) => Object(each).primary === true);
  const isVerified = Object(primary).verified === true;
  return {
    provider: 'github',
    issuer,
    subject: String(id),
    verifiedEmail: isVerified ? textIn(Object(primary), 'email') : null,
    name: textIn(Object(user), 'name'),
  };
}
