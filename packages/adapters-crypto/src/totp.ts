import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Totp } from '@rekey/usecases';
import { fromBase32 } from './secrets.ts';

/** Milliseconds: RFC 6238, 5.2. */
const STEP = 30_000;
const DIGITS = 6;
/** Steps by which the clock of the owner's device may be off, either way: RFC 6238, 5.2 and 6. */
const DRIFT = 1;

/** One-time codes by the clock, of seeds in base32. */
export const totp: Totp = {
  stepOf(code, seed, now) {
    const key = fromBase32(seed);
    const current = Math.floor(now / STEP);
    let found: number | null = null;
    // Every step is looked at, so that the time taken does not tell which was right.
    for (let step = current - DRIFT; step <= current + DRIFT; step += 1) {
      if (isEqual(code, hotp(key, step))) found = step;
    }
    return found;
  },
};

/** RFC 4226, 5.3 */
export function hotp(key: Uint8Array, counter: number, digits = DIGITS): string {
  const message = Buffer.alloc(8);
  message.writeBigInt64BE(BigInt(counter));
  const mac = createHmac('sha1', key).update(message).digest();
  const offset = mac.readUInt8(mac.length - 1) & 0xf;
  const number = mac.readUInt32BE(offset) & 0x7fffffff;
  return String(number % 10 ** digits).padStart(digits, '0');
}

function isEqual(code: string, right: string): boolean {
  const [given, wanted] = [Buffer.from(code), Buffer.from(right)];
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}
