import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Macs } from '@rekey/usecases';
import type { FileKey, KeyList } from './key-file.ts';

/** HMAC-SHA-256 as `<kid>.<MAC in base64url>`. An old key must stay for as long as its MACs are to be verified. */
export function macs(keys: () => KeyList): Macs {
  const make = ({ kid, key }: FileKey, text: string): string =>
    `${kid}.${createHmac('sha256', key).update(text).digest('base64url')}`;

  return {
    make: (text) => make(keys()[0], text),

    verify: (text, mac) => {
      const [kid] = mac.split('.');
      const known = keys().find((key) => key.kid === kid);
      if (!known) return false;
      const [theirs, ours] = [Buffer.from(mac), Buffer.from(make(known, text))];
      return theirs.length === ours.length && timingSafeEqual(theirs, ours);
    },

    salt: () => randomBytes(16).toString('base64url'),

    digest: (salt, text) =>
      createHash('sha256').update(Buffer.from(salt, 'base64url')).update(text).digest('base64url'),
  };
}
