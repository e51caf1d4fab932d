import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Device } from '@rekey/domain';
import type { DeviceTokens } from '@rekey/usecases';
import type { FileKey, KeyList } from './key-file.ts';

const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const FORM = new RegExp(
  `^rkd_(?<kid>[\\w-]{1,64})\\.(?<id>${UUID})\\.(?<userId>${UUID})\\.(?<epoch>\\d{1,9})\\.(?<issuedAt>\\d{1,15})\\.[\\w-]{43}$`,
);

/** Tokens of devices as `rkd_<kid>.<id>.<user id>.<epoch>.<issued at>.<MAC>`: an HMAC-SHA-256 over all before it. */
export function deviceTokens(secrets: () => KeyList): DeviceTokens {
  function make({ kid, key }: FileKey, { id, userId, epoch, issuedAt }: Device): string {
    const text = `rkd_${kid}.${id}.${userId}.${epoch}.${issuedAt}`;
    const mac = createHmac('sha256', key).update(`rekey device v1:${text}`).digest('base64url');
    return `${text}.${mac}`;
  }

  return {
    make: (device) => make(secrets()[0], device),

    verify: (token) => {
      const { kid, id = '', userId = '', epoch, issuedAt } = FORM.exec(token)?.groups ?? {};
      const secret = secrets().find((each) => each.kid === kid);
      if (!secret) return null;
      const device = { id, userId, epoch: Number(epoch), issuedAt: Number(issuedAt) };
      // Whole texts are compared, so that no token has a second spelling.
      const [theirs, ours] = [Buffer.from(token), Buffer.from(make(secret, device))];
      return theirs.length === ours.length && timingSafeEqual(theirs, ours) ? device : null;
    },
  };
}
