import {
  createHash,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto';
import type { Authenticator, Mischief } from '@rekey/usecases/testing';
import { isoBase64URL, isoCBOR } from '@simplewebauthn/server/helpers';

type Credential = {
  readonly id: string;
  readonly rpId: string;
  readonly userHandle: string;
  readonly alg: number;
  readonly key: KeyObject;
  readonly isBackupEligible: boolean;
  counter: number;
};

/** Flags of the authenticator's data (WebAuthn, 6.1). */
const UP = 0x01;
const UV = 0x04;
const BE = 0x08;
const BS = 0x10;
const AT = 0x40;

/** An authenticator in software, with a browser before it that is at a page of that origin and lets everything pass. */
export function authenticator(origin: string, usual: Mischief = {}): Authenticator {
  const credentials = new Map<string, Credential>();

  const clientData = (type: string, challenge: string, mischief: Mischief) =>
    Buffer.from(
      JSON.stringify({
        type: mischief.type ?? type,
        challenge: mischief.challenge ?? challenge,
        origin: mischief.origin ?? origin,
        crossOrigin: mischief.isInFrame ?? false,
      }),
    );

  const data = (of: Pick<Credential, 'rpId'> & Mischief, more: Uint8Array = Buffer.alloc(0)) => {
    const flags =
      (of.isPresent === false ? 0 : UP) |
      (of.isVerified === false ? 0 : UV) |
      (of.isBackupEligible ? BE : 0) |
      (of.isBackedUp ? BS : 0) |
      (more.length > 0 ? AT : 0);
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(of.counter ?? 0);
    const rpIdHash = createHash('sha256').update(of.rpId).digest();
    return Buffer.concat([rpIdHash, Buffer.from([flags]), counter, more]);
  };

  const answer = (id: string, response: Record<string, Uint8Array | string | string[]>) => ({
    id,
    rawId: id,
    type: 'public-key',
    clientExtensionResults: {},
    authenticatorAttachment: 'platform',
    response: Object.fromEntries(
      Object.entries(response).map(([name, value]) => [
        name,
        value instanceof Uint8Array ? Buffer.from(value).toString('base64url') : value,
      ]),
    ),
  });

  return {
    async create(options, given = {}) {
      const mischief = { ...usual, ...given };
      const { challenge, rp, user } = options as {
        challenge: string;
        rp: { id: string };
        user: { id: string };
      };
      const { alg = -7, isBackupEligible = true, counter = 0, rpId = rp.id } = mischief;
      const { publicKey, privateKey } = keyPair(alg);
      const idBytes = randomBytes(32);
      const id = idBytes.toString('base64url');
      const of = { rpId, isBackupEligible, counter };
      credentials.set(id, { ...of, id, userHandle: user.id, alg, key: privateKey });
      const length = Buffer.alloc(2);
      length.writeUInt16BE(idBytes.length);
      const attested = [Buffer.alloc(16), length, idBytes, coseOf(publicKey, alg)];
      const authData = data({ ...mischief, ...of }, Buffer.concat(attested));
      const attestation = new Map<string, unknown>([
        ['fmt', 'none'],
        ['attStmt', new Map()],
        ['authData', Uint8Array.from(authData)],
      ]);
      return answer(id, {
        clientDataJSON: clientData('webauthn.create', challenge, mischief),
        attestationObject: isoCBOR.encode(attestation as Parameters<typeof isoCBOR.encode>[0]),
        transports: ['internal', 'hybrid'],
      });
    },

    async get(options, given = {}) {
      const mischief = { ...usual, ...given };
      const { challenge } = options as { challenge: string };
      const latest = [...credentials.keys()].at(-1) ?? '';
      const credential = credentials.get(given.credentialId ?? latest);
      if (!credential) throw new Error('the authenticator has no such passkey');
      if (credential.counter > 0) credential.counter += 1;
      const { id, userHandle, alg, counter, isBackupEligible, rpId } = credential;
      const authData = data({ rpId, counter, isBackupEligible, ...mischief });
      const clientDataJSON = clientData('webauthn.get', challenge, mischief);
      const signed = Buffer.concat([
        authData,
        createHash('sha256').update(clientDataJSON).digest(),
      ]);
      const key = mischief.isForged ? keyPair(alg).privateKey : credential.key;
      const handle = mischief.userHandle === undefined ? userHandle : mischief.userHandle;
      return answer(id, {
        clientDataJSON,
        authenticatorData: authData,
        signature: sign(alg === -8 ? null : 'sha256', signed, key),
        ...(handle !== null && { userHandle: handle }),
      });
    },
  };
}

const keyPair = (alg: number): { publicKey: KeyObject; privateKey: KeyObject } => {
  if (alg === -257) return generateKeyPairSync('rsa', { modulusLength: 2048 });
  if (alg === -8) return generateKeyPairSync('ed25519');
  return generateKeyPairSync('ec', { namedCurve: alg === -35 ? 'P-384' : 'P-256' });
};

/** A public key in COSE form (RFC 9053, 7; RFC 8230, 4). */
function coseOf(key: KeyObject, alg: number): Uint8Array {
  const { x, y, n, e }: JsonWebKey = key.export({ format: 'jwk' });
  const bytes = (text = '') => isoBase64URL.toBuffer(text);
  const parameters: [number, number | Uint8Array][] =
    alg === -257
      ? [
          [1, 3],
          [-1, bytes(n)],
          [-2, bytes(e)],
        ]
      : alg === -8
        ? [
            [1, 1],
            [-1, 6],
            [-2, bytes(x)],
          ]
        : [
            [1, 2],
            [-1, alg === -35 ? 2 : 1],
            [-2, bytes(x)],
            [-3, bytes(y)],
          ];
  return isoCBOR.encode(new Map<number, number | Uint8Array>([[3, alg], ...parameters]));
}
