import { InvalidToken } from '@rekey/domain';
import type { CodeFlow } from '@rekey/usecases';
import * as client from 'openid-client';
import { boundedFetch, ProviderFailure } from './bounded-fetch.ts';
import { type IdTokenClaims, idTokens } from './id-tokens.ts';

type Fetch = typeof boundedFetch;

export type OidcClient = {
  readonly clientId: string;
  readonly clientSecret: string | null;
  /** Where the provider describes itself (OpenID Connect Discovery 1.0). */
  readonly server: URL;
  readonly fetch?: Fetch;
  /** Whether what stands in for the provider speaks plain http, on this machine. */
  readonly isInsecure: boolean;
  readonly now: () => number;
  readonly cooldownMs?: number;
};

const COOLDOWN_MS = 30_000;
/** The description of a provider is read again after an hour. */
const DESCRIPTION_TTL_MS = 3_600_000;

type Described = {
  readonly config: client.Configuration;
  readonly verify: ReturnType<typeof idTokens>;
};

export type Description = Described & { readonly issuer: string; readonly tokenEndpoint: string };

/** The client of an OpenID provider, as far as it is known from what the provider says of itself. */
export function describedBy({
  clientId,
  clientSecret,
  server,
  fetch = boundedFetch,
  isInsecure,
  now,
  cooldownMs = COOLDOWN_MS,
}: OidcClient): () => Promise<Description> {
  let known: { readonly description: Promise<Description>; readonly until: number } | null = null;

  const read = async (): Promise<Description> => {
    const auth = clientSecret === null ? client.None() : client.ClientSecretPost(clientSecret);
    const config = await client.discovery(server, clientId, {}, auth, {
      [client.customFetch]: fetch as client.CustomFetch,
      execute: isInsecure ? [client.allowInsecureRequests] : [],
    });
    const { issuer, jwks_uri: jwksUrl, token_endpoint: tokenEndpoint } = config.serverMetadata();
    if (jwksUrl === undefined || tokenEndpoint === undefined) {
      throw new ProviderFailure('the description lacks an endpoint');
    }
    return {
      config,
      issuer,
      tokenEndpoint,
      verify: idTokens({ clientId, jwksUrl, cooldownMs, now }),
    };
  };

  return () => {
    if (known !== null && known.until > now()) return known.description;
    const description = read();
    known = { description, until: now() + DESCRIPTION_TTL_MS };
    // One that failed is asked for again.
    description.catch(() => {
      if (known?.description === description) known = null;
    });
    return description;
  };
}

/** The page of a provider that a person is sent to. */
export const authorizationUrl = async (
  config: client.Configuration,
  scope: string,
  { returnUrl, state, verifier, nonce }: Parameters<CodeFlow['urlOf']>[0],
  more: Readonly<Record<string, string>> = {},
): Promise<string> =>
  client.buildAuthorizationUrl(config, {
    redirect_uri: returnUrl,
    scope,
    state,
    nonce,
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...more,
  }).href;

/** Trades a code for tokens. Throws what the library throws. */
export const tokensFor = (
  config: client.Configuration,
  { code, returnUrl, verifier }: Parameters<CodeFlow['identify']>[0],
) =>
  client.genericGrantRequest(config, 'authorization_code', {
    code,
    redirect_uri: returnUrl,
    code_verifier: verifier,
  });

/** The claims of the ID token that a code is traded for. */
export async function claimsFor(
  { config, verify }: Described,
  answer: Parameters<CodeFlow['identify']>[0],
  issuerOf: Parameters<Described['verify']>[1],
): Promise<IdTokenClaims> {
  const { id_token: token } = await tokensFor(config, answer);
  if (token === undefined) throw new InvalidToken();
  return verify(token, issuerOf, answer.nonce);
}

/** A claim that is a text. */
export const textIn = (claims: object, name: string): string | null => {
  const value = (claims as Record<string, unknown>)[name];
  return typeof value === 'string' && value !== '' ? value : null;
};
