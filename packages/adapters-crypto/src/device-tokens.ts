import { createHmac, timingSafeEqual } from 'node:crypto';
import { type Device, ID_PATTERN } from '@rekey/domain';
import type { DeviceTokens } from '@rekey/usecases';
import type { FileKey, KeyList } from './key-file.ts';

const FORM = new RegExp(
  String.raw`^rkd_[\w-]{1,64}\.${ID_PATTERN}\.${ID_PATTERN}(?:\.\d{1,15}){3}\.[\w-]{43}$`,
);

/**
 * Tokens of devices as `rkd_<kid>.<id>.<user id>.<version>.<epoch>.<issued at>.<MAC>`: an HMAC-SHA-256 over all
 * before it.
 */
export function deviceTokens(secrets: () => KeyList): DeviceTokens {
  function make({ kid, key }: FileKey, device: Device): string {
    const { id, userId, version, epoch, issuedAt } = device;
    const text = `rkd_${kid}.${id}.${userId}.${version}.${epoch}.${issuedAt}`;
    const mac = createHmac('sha256', key).update(`rekey device v1:${text}`).digest('base64url');
    return `${text}.${mac}`;
  }

  return {
    make: (device) => make(secrets()[0], device),

    verify: (token) => {
      if (!FORM.test(token)) return null;
      const [head, id = '', userId = '', ...numbers] = token.split('.');
      const secret = secrets().find(({ kid }) => head === `rkd_${kid}`);
      if (!secret) return null;
      const [version = 0, epoch = 0, issuedAt = 0] = numbers.map(Number);
      const device = { id, userId, version, epoch, issuedAt };
      // Whole texts are compared, so that no token has a second spelling.
      const [theirs, ours] = [Buffer.from(token), Buffer.from(make(secret, device))];
      return theirs.length === ours.length && timingSafeEqual(theirs, ours) ? device : null;
    },
  };
}
