import {
  constants,
  createCipheriv,
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  publicEncrypt,
  randomBytes,
  sign,
} from 'node:crypto';
import { readFileSync } from 'node:fs';

/** Tokens made by hand, as an attacker makes them: no library refuses what is wrong with them. */

export const encoded = (value: object | string | Buffer): string =>
  Buffer.from(
    typeof value === 'string' || Buffer.isBuffer(value) ? value : JSON.stringify(value),
  ).toString('base64url');

export const partsOf = (token: string) => {
  const [header = '', payload = '', signature = ''] = token.split('.');
  const parse = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString());
  return { header: parse(header), payload: parse(payload), signature };
};

/** A JWS over exactly this header and payload. */
export function signed(header: object, payload: object | string, key: KeyObject): string {
  const input = `${encoded(header)}.${encoded(payload)}`;
  const algorithm = key.asymmetricKeyType === 'rsa' ? 'sha256' : null;
  return `${input}.${encoded(sign(algorithm, Buffer.from(input), key))}`;
}

export function maced(header: object, payload: object, secret: string | Buffer): string {
  const input = `${encoded(header)}.${encoded(payload)}`;
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
}

/** A JWE for that public key, whatever its header says. */
export function encrypted(header: object, content: string | Buffer, key: KeyObject): string {
  const [cek, iv] = [randomBytes(32), randomBytes(12)];
  const wrapped = publicEncrypt(
    { key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' },
    cek,
  );
  const head = encoded(header);
  const cipher = createCipheriv('aes-256-gcm', cek, iv).setAAD(Buffer.from(head));
  const text = Buffer.concat([cipher.update(content), cipher.final()]);
  return [head, ...[wrapped, iv, text, cipher.getAuthTag()].map(encoded)].join('.');
}

/** The keys that a thief of the key file would have; the attacks here use no more of them than they say. */
export function keysIn(file: string) {
  const { signing, encryption } = JSON.parse(readFileSync(file, 'utf8'));
  const keyOf = ({ jwk }: { jwk: object }) =>
    createPrivateKey({ key: jwk as never, format: 'jwk' });
  const encrypting = keyOf(encryption[0]);
  return {
    signing: keyOf(signing[0]),
    encryption: encrypting,
    /** Not published, but public: it must be of no use. */
    encryptionPublic: createPublicKey(encrypting),
    encryptionKid: encryption[0].kid as string,
  };
}

export const anotherSigningKey = (): KeyObject => generateKeyPairSync('ed25519').privateKey;
