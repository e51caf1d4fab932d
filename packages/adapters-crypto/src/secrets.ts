import { createCipheriv, createDecipheriv, createHmac, hash, randomBytes } from 'node:crypto';
import type { Secrets } from '@rekey/usecases';
import { Secret } from 'otpauth';
import type { KeyList } from './key-file.ts';

/** NIST SP 800-38D, 8.2.2 and 5.2.1.2: random nonces, whole tags. Bytes. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** FIPS 180-4 */
const SHA256_BYTES = 32;
const SEALED = /^rks1\.(?<kid>[\w-]{1,64})\.(?<box>[\w-]+)$/;

/**
 * Random secrets; their SHA-256 digests (secrets of 256 bits need nothing slower); HMAC-SHA-256 of texts that can be
 * guessed; and sealed texts: AES-256-GCM as `rks1.<kid>.<nonce, ciphertext and tag in base64url>`, with all before the
 * last dot, a space and the owner as associated data.
 */
export function secrets(sealKeys: () => KeyList, blindKeys: () => KeyList): Secrets {
  return {
    generate: (prefix) => `${prefix}${randomBytes(32).toString('base64url')}`,

    generateTotpSeed: () => new Secret({ size: 20 }).base32,

    generateWebhookSecret: () => `whsec_${randomBytes(32).toString('base64')}`,

    digest: (secret) => hash('sha256', secret, 'base64url'),

    digestFrom: (sha256) => {
      if (/^[\da-f]{64}$/i.test(sha256)) return Buffer.from(sha256, 'hex').toString('base64url');
      const bytes = Buffer.from(sha256, 'base64url');
      // The decoder ignores letters outside base64url: only a text that encodes back to itself counts.
      const isExact = bytes.length === SHA256_BYTES && bytes.toString('base64url') === sha256;
      return isExact ? sha256 : null;
    },

    blind: (text) => createHmac('sha256', blindKeys()[0].key).update(text).digest('base64url'),

    blindIndexes: (secret) => {
      const indexOf = ({ key }: KeyList[number]) =>
        createHmac('sha256', key).update(`blind index of ${secret}`).digest('base64url');
      const [current, ...earlier] = sealKeys();
      return [indexOf(current), ...earlier.map(indexOf)];
    },

    seal: (secret, owner) => {
      const [current] = sealKeys();
      const head = `rks1.${current.kid}`;
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', current.key, nonce).setAAD(bound(head, owner));
      const text = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
      return `${head}.${Buffer.concat([nonce, text, cipher.getAuthTag()]).toString('base64url')}`;
    },

    unseal: (sealed, owner) => {
      const { kid, box = '' } = SEALED.exec(sealed)?.groups ?? {};
      const key = sealKeys().find((sealKey) => sealKey.kid === kid)?.key;
      const bytes = Buffer.from(box, 'base64url');
      const isExact = bytes.toString('base64url') === box;
      if (!key || !isExact || bytes.length < NONCE_BYTES + TAG_BYTES) throw notSealed();
      const nonce = bytes.subarray(0, NONCE_BYTES);
      const text = bytes.subarray(NONCE_BYTES, -TAG_BYTES);
      const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
        .setAAD(bound(`rks1.${kid}`, owner))
        .setAuthTag(bytes.subarray(-TAG_BYTES));
      try {
        return Buffer.concat([decipher.update(text), decipher.final()]).toString('utf8');
      } catch {
        throw notSealed();
      }
    },
  };
}

/** A head has no space in it: no two of these are equal. */
const bound = (head: string, owner: string): Buffer => Buffer.from(`${head} ${owner}`);

const notSealed = () => new Error('this was not sealed for that with a key of the key file');
