import { type Identity, InvalidToken } from '@rekey/domain';
import type { IdentityProvider } from '@rekey/usecases';
import { boundedFetch, jsonOf, ProviderFailure } from './bounded-fetch.ts';
import { type ExchangeOptions, exchanges } from './exchange.ts';
import { authorizationUrl, claimsFor, describedBy, textIn } from './oidc.ts';

export type GoogleOptions = {
  readonly clientId: string;
  /** Null where people only sign in by tokens that pages have. */
  readonly clientSecret: string | null;
  /** `https://accounts.google.com`, or what stands in for it. */
  readonly issuer: string;
};

type Options = GoogleOptions & ExchangeOptions & { readonly now: () => number };

const SCOPE = 'openid email profile';

/** An ID token is a JWT in three parts; access tokens of Google have two at most. */
const ID_TOKEN = /^[\w-]+\.[\w-]+\.[\w-]*$/;

/** Sign-in with Google (OpenID Connect), and by the tokens that Google's own button gives a page. */
export function google(options: Options): IdentityProvider {
  const { clientId, clientSecret, issuer, now } = options;
  const exchange = exchanges('google', options);
  const describe = describedBy({
    ...options,
    server: new URL(issuer),
    isInsecure: issuer.startsWith('http:'),
  });
  // Google documents both spellings of itself.
  const issuers = [issuer, issuer.replace('https://', '')];

  const identityIn = (claims: object): Identity => ({
    provider: 'google',
    issuer,
    subject: textIn(claims, 'sub') ?? '',
    verifiedEmail: isTrue(claims, 'email_verified') ? textIn(claims, 'email') : null,
    name: textIn(claims, 'name'),
  });

  /** Of an access token: Google says for which client it was made. */
  const identityBehind = async (accessToken: string): Promise<Identity> => {
    const { tokenEndpoint } = await describe();
    const response = await boundedFetch(`${tokenEndpoint}info`, {
      method: 'POST',
      headers: { accept: 'application/json' },
      body: new URLSearchParams({ access_token: accessToken }),
    });
    if (response.status === 400) throw new InvalidToken();
    const info = await jsonOf(response);
    if (typeof info !== 'object' || info === null) {
      throw new ProviderFailure('the answer is no object');
    }
    const { aud, azp = clientId, exp } = info as Record<string, unknown>;
    const isGood = aud === clientId && azp === clientId && Number(exp) * 1000 > now();
    if (!isGood || textIn(info, 'sub') === null) throw new InvalidToken();
    return identityIn(info);
  };

  return {
    codes:
      clientSecret === null
        ? null
        : {
            urlOf: (request) =>
              exchange(async () => authorizationUrl((await describe()).config, SCOPE, request)),
            identify: (answer) =>
              exchange(async () =>
                identityIn(await claimsFor(await describe(), answer, () => issuers)),
              ),
          },
    tokens: {
      identify: (token) =>
        exchange(async () => {
          if (!ID_TOKEN.test(token)) return identityBehind(token);
          const { verify } = await describe();
          return identityIn(await verify(token, () => issuers));
        }),
    },
  };
}

/** Of an access token it is a text. */
const isTrue = (claims: object, name: string): boolean => {
  const value = (claims as Record<string, unknown>)[name];
  return value === true || value === 'true';
};
