import { InvalidToken } from '@rekey/domain';
import { createRemoteJWKSet, customFetch, type JWTPayload, jwtVerify } from 'jose';
import { boundedFetch } from './bounded-fetch.ts';

/** How far clocks may differ. */
const SKEW_S = 30;
/** Providers make ID tokens for an hour at most; one is not taken for longer whatever it says. */
const MAX_AGE_S = 3600;

type Options = {
  readonly clientId: string;
  readonly jwksUrl: string;
  /** For so long after a fetch of the keys an unknown key is not asked for again: strangers write key ids too. */
  readonly cooldownMs: number;
  readonly now: () => number;
};

export type IdTokenClaims = JWTPayload & { readonly sub: string };

/** Takes ID tokens of OpenID Connect in full (OpenID Connect Core 1.0, 3.1.3.7): signature, audience, and times. */
export function idTokens({ clientId, jwksUrl, cooldownMs, now }: Options) {
  const keys = createRemoteJWKSet(new URL(jwksUrl), {
    [customFetch]: boundedFetch,
    cooldownDuration: cooldownMs,
  });

  /** `issuerOf`: what `iss` has to be. `nonce`: what it has to be, where there is one. Throws what `jose` throws. */
  return async function verify(
    token: string,
    issuerOf: (claims: JWTPayload) => readonly string[],
    nonce?: string,
  ): Promise<IdTokenClaims> {
    const { payload } = await jwtVerify(token, keys, {
      algorithms: ['RS256'],
      audience: clientId,
      requiredClaims: ['iss', 'sub', 'aud', 'exp', 'iat'],
      clockTolerance: SKEW_S,
      maxTokenAge: MAX_AGE_S,
      currentDate: new Date(now()),
    });
    const { iss = '', sub = '', aud, azp } = payload;
    const isOurs = azp === undefined ? !Array.isArray(aud) || aud.length === 1 : azp === clientId;
    const isAsked = nonce === undefined || payload.nonce === nonce;
    if (!isOurs || !isAsked || sub === '' || !issuerOf(payload).includes(iss)) {
      throw new InvalidToken();
    }
    return { ...payload, sub };
  };
}
