import { createHmac, timingSafeEqual } from 'node:crypto';
import { ID_PATTERN, type OneTimeToken, purposes } from '@rekey/domain';
import type { LinkTokens } from '@rekey/usecases';
import type { FileKey, KeyList } from './key-file.ts';

const FORM = new RegExp(
  String.raw`^rkl_(?<kid>[\w-]{1,64})\.(?<name>[a-z_]{1,64})\.(?<id>${ID_PATTERN})\.[\w-]{43}$`,
);

/**
 * Tokens of links as `rkl_<kid>.<purpose>.<id>.<MAC>`: an HMAC-SHA-256 over purpose and id, which the database
 * alone cannot make. All letters are safe in a URL, and the last one is never punctuation, which mail programs
 * leave out of links.
 */
export function linkTokens(secrets: () => KeyList): LinkTokens {
  function make({ kid, key }: FileKey, { purpose, id }: Pick<OneTimeToken, 'purpose' | 'id'>) {
    const mac = createHmac('sha256', key).update(`rekey link v1:${purpose}:${id}`);
    return `rkl_${kid}.${purpose}.${id}.${mac.digest('base64url')}`;
  }
  const secretOf = (kid: string | undefined) => secrets().find((secret) => secret.kid === kid);

  return {
    currentKeyId: () => secrets()[0].kid,

    make: (right) => {
      const secret = secretOf(right.keyId);
      if (!secret) throw new Error(`the key file has no link secret ${right.keyId}`);
      return make(secret, right);
    },

    verify: (token) => {
      const { kid, name, id } = FORM.exec(token)?.groups ?? {};
      const secret = secretOf(kid);
      const purpose = purposes.find((known) => known === name);
      if (!secret || purpose === undefined || id === undefined) return null;
      // Whole texts are compared, so that no token has a second spelling.
      const made = make(secret, { purpose, id });
      return timingSafeEqual(Buffer.from(token), Buffer.from(made)) ? { id, purpose } : null;
    },
  };
}
