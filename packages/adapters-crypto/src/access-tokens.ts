import {
  createPublicKey,
  hash,
  type KeyObject,
  randomUUID,
  sign,
  type webcrypto,
} from 'node:crypto';
import {
  type Authentication,
  assuranceOf,
  formServiceId,
  type Grant,
  type Instant,
} from '@rekey/domain';
import type { AccessTokens, Clock } from '@rekey/usecases';
import { CompactEncrypt, compactDecrypt, type JSONWebKeySet, jwtVerify } from 'jose';
import type { FileKey, KeyFile } from './key-file.ts';

/**
 * `EdDSA`: RFC 8037 with Ed25519 keys alone; its new name, `Ed25519` (RFC 9864), is not known to most verifiers yet.
 * `RS256`: for people alone, whose backends may know nothing else.
 */
export const tokenAlgs = ['EdDSA', 'RS256'] as const;
type Alg = (typeof tokenAlgs)[number];
export const tokenForms = ['encrypted', 'signed'] as const;

/** RFC 9068, 2.1 */
const TYP = 'at+jwt';
const JWE_ALG = 'RSA-OAEP';
const JWE_ENC = 'A256GCM';

/** RFC 9068, 2.2, and the session. */
const CLAIMS = ['iss', 'aud', 'sub', 'client_id', 'sid', 'jti', 'iat', 'exp'];

/** Bytes. A signed token has about 550, an encrypted one 1200; with RS256 and a long address 1200 and 2200. */
const MAX_LENGTH = 8192;
/** Parts of the compact forms: RFC 7515, 3.1, and RFC 7516, 3.1. */
const SIGNED_PARTS = 3;
const ENCRYPTED_PARTS = 5;

/** By how much the clock of the server that issued a token may be ahead of ours. */
const SKEW_MS = 30_000;

/** The content of a token whose signature was good. */
type Remembered = {
  /** The key that made the signature. */
  readonly kid: string;
  readonly grant: Grant;
  readonly issuedAt: Instant;
  readonly expiresAt: Instant;
};

/** The tokens of people, at the built-in service. */
export type PeopleTokens = {
  readonly form: (typeof tokenForms)[number];
  /** What new tokens are signed with; those of the other one stay good. */
  readonly alg: Alg;
  readonly issuer: string;
  readonly ttlS: number;
};

/**
 * Access tokens as RFC 9068 has them: a JWT signed with Ed25519 (or RS256, for people), `typ: at+jwt`; the service is
 * audience and client. Encrypted ones hold the same signed JWT (RSA-OAEP, A256GCM, `cty: JWT`): everybody with the
 * public key can encrypt, so nothing but the signature inside is believed. Those of people say besides, for backends
 * and consoles that read them, what MicroProfile JWT has (`upn`, `groups`), and what orion users has (`email`,
 * `c_hash`): Rekey believes nothing of that.
 *
 * `verify` accepts only what `issue` writes (RFC 8725, 3.1, 3.9, 3.11): the same header members and values,
 * all claims, the issuer and the algorithm of that audience, one audience that is the client. A token ends at `exp`,
 * without grace.
 */
export function accessTokens(options: {
  /** The keys of the file at this moment; the first of each list is for new tokens. */
  readonly keys: () => Pick<KeyFile, 'signing' | 'encryption'> &
    Partial<Pick<KeyFile, 'signingRsa'>>;
  readonly clock: Clock;
  /** The `iss` of the tokens of services: the URL of this service. */
  readonly issuer: string;
  readonly ttlS: number;
  /** Encrypted tokens of the same issuer and life, unless something else is said. */
  readonly people?: PeopleTokens;
  /** How many good signatures are remembered, so that a token is computed once. */
  readonly maxRemembered?: number;
}): AccessTokens & {
  /** The public keys that services can verify signed tokens with (RFC 7517, 5). */
  jwks(): JSONWebKeySet;
} {
  const { keys, clock, issuer, ttlS, maxRemembered = 10_000 } = options;
  const { people = { form: 'encrypted', alg: 'EdDSA', issuer, ttlS } } = options;
  const issuerFor = (serviceId: unknown) => (serviceId === formServiceId ? people.issuer : issuer);
  const signingKeys = (alg: unknown) =>
    alg === 'EdDSA' ? keys().signing : (keys().signingRsa ?? []);

  /** The key that new tokens are signed with. */
  function newSigningKey(alg: Alg): FileKey {
    const [key] = signingKeys(alg);
    if (key === undefined) throw new Error(`the key file has no key for ${alg}`);
    return key;
  }
  const remembered = new Map<string, Remembered>();

  function remember(digest: string, token: Remembered): void {
    // A Map keeps the order of insertion: the oldest entry is the first to expire.
    const [oldest] = remembered.keys();
    if (remembered.size >= maxRemembered && oldest !== undefined) remembered.delete(oldest);
    remembered.set(digest, token);
  }

  async function decrypt(token: string): Promise<string> {
    const { plaintext } = await compactDecrypt(
      token,
      ({ alg: _alg, enc: _enc, cty, kid, ...rest }) => {
        if (cty !== 'JWT') throw new Error('no JWT inside');
        return decryptionKey(keyFor(keys().encryption, kid, rest));
      },
      {
        keyManagementAlgorithms: [JWE_ALG],
        contentEncryptionAlgorithms: [JWE_ENC],
        maxDecompressedLength: 0,
      },
    );
    return Buffer.from(plaintext).toString('latin1');
  }

  async function verifySignature(token: string): Promise<Remembered> {
    const { payload, protectedHeader } = await jwtVerify(
      token,
      ({ alg, typ, kid, ...rest }) => {
        if (typ !== TYP) throw new Error('not an access token');
        return verifyingKeys[alg as Alg](keyFor(signingKeys(alg), kid, rest));
      },
      {
        algorithms: [...tokenAlgs],
        requiredClaims: CLAIMS,
        currentDate: new Date(clock.now()),
      },
    );
    const { iat, exp, jti, sub, aud, sid, client_id: clientId } = payload;
    const texts = [jti, sub, aud, sid, clientId];
    if (!texts.every((text) => typeof text === 'string' && text !== '') || aud !== clientId) {
      throw new Error('a claim is wrong');
    }
    const isPersonal = aud === formServiceId;
    if (payload.iss !== issuerFor(aud) || (protectedHeader.alg !== 'EdDSA' && !isPersonal)) {
      throw new Error('not issued here for that service');
    }
    return {
      kid: String(protectedHeader.kid),
      grant: { sessionId: String(sid), userId: String(sub), serviceId: String(aud) },
      issuedAt: Number(iat) * 1000,
      expiresAt: Number(exp) * 1000,
    };
  }

  function grantAt(now: Instant, { kid, grant, issuedAt, expiresAt }: Remembered) {
    // The tokens of a key that was taken out of the file are refused from then on.
    const { signing, signingRsa = [] } = keys();
    if (![...signing, ...signingRsa].some((key) => key.kid === kid)) return null;
    return issuedAt <= now + SKEW_MS && now < expiresAt ? { ...grant, expiresAt } : null;
  }

  return {
    async issue(grant, holder) {
      const alg = holder ? people.alg : 'EdDSA';
      const signing = newSigningKey(alg);
      const iat = Math.floor(clock.now() / 1000);
      const exp = iat + (holder ? people.ttlS : ttlS);
      const claims = {
        iss: issuerFor(grant.serviceId),
        aud: grant.serviceId,
        sub: grant.userId,
        client_id: grant.serviceId,
        sid: grant.sessionId,
        jti: randomUUID(),
        iat,
        exp,
        ...authenticationClaims(grant),
        ...(holder && {
          upn: holder.email,
          email: holder.email,
          groups: holder.roles,
          c_hash: grant.userId,
        }),
      };
      const signed = signedText({ alg, typ: TYP, kid: signing.kid }, claims, signing.key);
      const expiresAt = exp * 1000;
      if (!holder || people.form === 'signed') return { token: signed, expiresAt };
      const [encryption] = keys().encryption;
      const token = await new CompactEncrypt(Buffer.from(signed))
        .setProtectedHeader({ alg: JWE_ALG, enc: JWE_ENC, cty: 'JWT', kid: encryption.kid })
        .encrypt(encryptionKey(encryption.key));
      return { token, expiresAt };
    },

    async verify(token) {
      if (token.length > MAX_LENGTH) return null;
      const digest = hash('sha256', token, 'base64url');
      const known = remembered.get(digest);
      if (known) return grantAt(clock.now(), known);
      try {
        const signed = countParts(token) === ENCRYPTED_PARTS ? await decrypt(token) : token;
        if (countParts(signed) !== SIGNED_PARTS) return null;
        const verified = await verifySignature(signed);
        const grant = grantAt(clock.now(), verified);
        if (grant) remember(digest, verified);
        return grant;
      } catch {
        // A reason would only help a forger.
        return null;
      }
    },

    jwks: () => ({
      keys: tokenAlgs.flatMap((alg) =>
        signingKeys(alg).map(({ kid, key }) => ({
          ...createPublicKey(key).export({ format: 'jwk' }),
          use: 'sig',
          alg,
          kid,
        })),
      ),
    }),
  };
}

/** How and when the user proved itself (RFC 9068, 2.2.1; RFC 8176), where that is known. */
const authenticationClaims = ({ amr, authenticatedAt }: Partial<Authentication>): object =>
  amr && authenticatedAt !== undefined
    ? { auth_time: Math.floor(authenticatedAt / 1000), amr, acr: assuranceOf(amr) }
    : {};

/**
 * A JWS in its compact form (RFC 7515, 3.1). jose signs in the thread pool, where signatures wait among the hashes;
 * here it takes a tenth of a millisecond, or one with RSA.
 */
function signedText(header: object, claims: object, key: KeyObject): string {
  const text = [header, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  const algorithm = key.asymmetricKeyType === 'rsa' ? 'sha256' : null;
  return `${text}.${sign(algorithm, Buffer.from(text), key).toString('base64url')}`;
}

/** Answers 0 where a part is not as an encoder writes it: decoders are lenient, and a token would have many spellings. */
function countParts(token: string): number {
  const parts = token.split('.');
  const isExact = (part: string) => Buffer.from(part, 'base64url').toString('base64url') === part;
  return parts.every(isExact) ? parts.length : 0;
}

/** `rest`: header members that `issue` does not write, `zip` and `crit` among them. */
function keyFor(list: readonly FileKey[], kid: unknown, rest: object): KeyObject {
  const found = list.find((key) => key.kid === kid);
  if (found === undefined || Object.keys(rest).length > 0) throw new Error('not issued here');
  return found.key;
}

/** Converts each key once: jose would do it again for each token. */
function converter(convert: (key: KeyObject) => webcrypto.CryptoKey): typeof convert {
  const converted = new WeakMap<KeyObject, webcrypto.CryptoKey>();
  return (key) => {
    const known = converted.get(key) ?? convert(key);
    converted.set(key, known);
    return known;
  };
}

const ED25519 = { name: 'Ed25519' };
const RSA_OAEP = { name: 'RSA-OAEP', hash: 'SHA-1' };
const RS256 = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
const verifyingKeys: Readonly<Record<Alg, ReturnType<typeof converter>>> = {
  EdDSA: converter((key) => createPublicKey(key).toCryptoKey(ED25519, false, ['verify'])),
  RS256: converter((key) => createPublicKey(key).toCryptoKey(RS256, false, ['verify'])),
};
const encryptionKey = converter((key) =>
  createPublicKey(key).toCryptoKey(RSA_OAEP, false, ['encrypt']),
);
const decryptionKey = converter((key) => key.toCryptoKey(RSA_OAEP, false, ['decrypt']));
