import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Id } from '@rekey/domain';
import type { RevokeTokens } from '@rekey/usecases';
import type { FileKey, KeyList } from './key-file.ts';

const FORM =
  /^rkv_(?<kid>[\w-]{1,64})\.(?<id>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.[\w-]{43}$/;

/**
 * Revoke tokens as `rkv_<kid>.<id of the change>.<MAC>`: an HMAC-SHA-256 over the id, which none of
 * the database's contents can stand in for. The letters are safe in a URL, and the last one is never
 * punctuation, which mail programs leave out of links.
 */
export function revokeTokens(secrets: () => KeyList): RevokeTokens {
  function make({ kid, key }: FileKey, id: Id): string {
    const mac = createHmac('sha256', key).update(`rekey revoke v1:${id}`).digest('base64url');
    return `rkv_${kid}.${id}.${mac}`;
  }
  const secretOf = (kid: string | undefined) => secrets().find((secret) => secret.kid === kid);

  return {
    currentKeyId: () => secrets()[0].kid,

    make: ({ id, revokeKeyId }) => {
      const secret = secretOf(revokeKeyId);
      if (!secret) throw new Error(`the key file has no revoke secret ${revokeKeyId}`);
      return make(secret, id);
    },

    verify: (token) => {
      const { kid, id } = FORM.exec(token)?.groups ?? {};
      const secret = secretOf(kid);
      if (!secret || id === undefined) return null;
      // Whole texts are compared, so that no token has a second spelling.
      const isRight = timingSafeEqual(Buffer.from(token), Buffer.from(make(secret, id)));
      return isRight ? id : null;
    },
  };
}
