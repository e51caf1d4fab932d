import { createPublicKey, type JsonWebKey, type KeyObject, verify } from 'node:crypto';

/** What an access token says, once its signature is good. */
export type Claims = {
  readonly issuer: string;
  readonly serviceId: string;
  readonly userId: string;
  readonly sessionId: string;
  /** Milliseconds since 1970, a whole second. */
  readonly issuedAt: number;
  readonly expiresAt: number;
};

export type VerificationKey = { readonly alg: 'EdDSA' | 'RS256'; readonly key: KeyObject };

/** The keys of a JWK Set (RFC 7517) that access tokens of Rekey can be signed with, by their ids. */
export function keysOf(set: unknown): ReadonlyMap<string, VerificationKey> {
  const { keys = [] } = (set ?? {}) as { readonly keys?: readonly Record<string, unknown>[] };
  return new Map(
    keys.flatMap(({ kid, alg, kty, crv, x, n, e }) => {
      const isEd25519 = alg === 'EdDSA' && kty === 'OKP' && crv === 'Ed25519';
      const isRsa = alg === 'RS256' && kty === 'RSA';
      if (typeof kid !== 'string' || !(isEd25519 || isRsa)) return [];
      const jwk = (isEd25519 ? { kty, crv, x } : { kty, n, e }) as JsonWebKey;
      return [[kid, { alg, key: createPublicKey({ key: jwk, format: 'jwk' }) }]] as const;
    }),
  );
}

/** Bytes; the longest token that Rekey issues has a third. */
export const MAX_LENGTH = 8192;

/** A token that is signed and not encrypted (RFC 7515, 3.1). */
export type SignedToken = {
  readonly header: string;
  readonly payload: string;
  readonly signature: string;
  /** What the signature is over. */
  readonly signed: string;
};

/** Null for any other text. */
export function signedToken(token: string): SignedToken | null {
  const first = token.indexOf('.');
  const last = token.lastIndexOf('.');
  const isSigned = token.length <= MAX_LENGTH && first < last;
  if (!isSigned || token.indexOf('.', first + 1) !== last) return null;
  return {
    header: token.slice(0, first),
    payload: token.slice(first + 1, last),
    signature: token.slice(last + 1),
    signed: token.slice(0, last),
  };
}

/** Whether it may be an encrypted token (RFC 7516, 3.1), which Rekey alone can read. */
export const isEncrypted = (token: string): boolean =>
  token.length <= MAX_LENGTH && token.split('.', 6).length === 5;

/** The id of the key of a header as Rekey writes it: those members and no others (RFC 8725, 3.1, 3.11). Null for any other. */
export function keyIdIn(header: string): { readonly kid: string; readonly alg: string } | null {
  const { alg, typ, kid, ...rest } = objectIn(header);
  const isOurs = typ === 'at+jwt' && typeof kid === 'string' && typeof alg === 'string';
  return isOurs && Object.keys(rest).length === 0 ? { kid, alg } : null;
}

/** The claims of a token that was signed with that key (RFC 9068, 2.2); null for any other. */
export function claimsOf(
  { payload, signature, signed }: SignedToken,
  { alg, key }: VerificationKey,
): Claims | null {
  const algorithm = alg === 'RS256' ? 'sha256' : null;
  const bytes = Buffer.from(signature, 'base64url');
  // A decoder passes over much: a token that is good would be good in many spellings.
  if (bytes.toString('base64url') !== signature) return null;
  if (!verify(algorithm, Buffer.from(signed, 'latin1'), key, bytes)) return null;
  const { iss, aud, client_id: clientId, sub, sid, jti, iat, exp } = objectIn(payload);
  const texts = [iss, aud, sub, sid, jti];
  if (!texts.every((text) => typeof text === 'string' && text !== '') || aud !== clientId) {
    return null;
  }
  if (!Number.isFinite(iat) || !Number.isFinite(exp)) return null;
  return {
    issuer: String(iss),
    serviceId: String(aud),
    userId: String(sub),
    sessionId: String(sid),
    issuedAt: Number(iat) * 1000,
    expiresAt: Number(exp) * 1000,
  };
}

function objectIn(part: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString());
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
