import { type Identity, InvalidToken } from '@rekey/domain';
import type { IdentityProvider } from '@rekey/usecases';
import type { JWTPayload } from 'jose';
import { boundedFetch } from './bounded-fetch.ts';
import { type ExchangeOptions, exchanges } from './exchange.ts';
import { authorizationUrl, claimsFor, describedBy, textIn } from './oidc.ts';

export type MicrosoftOptions = {
  readonly clientId: string;
  readonly clientSecret: string;
  /** `https://login.microsoftonline.com`, that of a national cloud, or what stands in for it. */
  readonly url: string;
  /** The ids of the tenants whose administrators are trusted with the addresses of their people. */
  readonly tenants: readonly string[];
};

type Options = MicrosoftOptions & ExchangeOptions & { readonly now: () => number };

const SCOPE = 'openid email profile';

/** The library knows by this name that the issuer differs from tenant to tenant. */
const ENTRA = 'https://login.microsoftonline.com';

const GUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/;

/**
 * Sign-in with Microsoft Entra ID and personal Microsoft accounts (OpenID Connect). A person is known by the ids of tenant
 * and object, which stay when the client is registered anew. An administrator can write any address into the account of a
 * person: it counts for tenants that the operator named, and where Microsoft says that the tenant owns its domain.
 */
export function microsoft(options: Options): IdentityProvider {
  const { url, tenants, now } = options;
  const exchange = exchanges('microsoft', options);
  const authority = tenants.length === 1 ? tenants[0] : 'common';
  const describe = describedBy({
    ...options,
    now,
    server: new URL(`${ENTRA}/${authority}/v2.0`),
    fetch: (input, init) => boundedFetch(String(input).replace(ENTRA, url), init),
    isInsecure: url.startsWith('http:'),
  });
  const issuerOf = ({ tid }: JWTPayload): readonly string[] =>
    typeof tid === 'string' && GUID.test(tid) ? [`${url}/${tid}/v2.0`] : [];

  const identityIn = (claims: object): Identity => {
    const [tenant, object] = [textIn(claims, 'tid'), textIn(claims, 'oid')];
    if (tenant === null || object === null) throw new InvalidToken();
    const isVerified = tenants.includes(tenant) || isOfOwnedDomain(claims);
    return {
      provider: 'microsoft',
      issuer: url,
      subject: `${tenant}.${object}`,
      verifiedEmail: isVerified ? textIn(claims, 'email') : null,
      name: textIn(claims, 'name'),
    };
  };

  return {
    codes: {
      urlOf: (request) =>
        exchange(async () => authorizationUrl((await describe()).config, SCOPE, request)),
      identify: (answer) =>
        exchange(async () => identityIn(await claimsFor(await describe(), answer, issuerOf))),
    },
    tokens: null,
  };
}

/** `xms_edov`: the tenant proved that it owns the domain of the address. It comes in several spellings. */
const isOfOwnedDomain = (claims: object): boolean => {
  const { xms_edov: owned } = claims as { readonly xms_edov?: unknown };
  return owned === true || owned === 1 || owned === '1' || owned === 'true';
};
