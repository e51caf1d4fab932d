import type { Totp } from '@rekey/usecases';
import { HOTP, Secret, TOTP } from 'otpauth';

/** Seconds: RFC 6238, 5.2. */
const PERIOD_S = 30;

/** One-time codes by the clock, of seeds in base32. The clock of the owner's device may be off by one step. */
export const totp: Totp = {
  stepOf(code, seed, now) {
    // otpauth throws for six characters that are more than six bytes.
    if (!/^[0-9]{6}$/.test(code)) return null;
    const secret = Secret.fromBase32(seed);
    const current = TOTP.counter({ period: PERIOD_S, timestamp: now });
    // A window of otpauth's own ends at the first match: the time taken would tell which step was right.
    const right = [current - 1, current, current + 1].filter((counter) => {
      const options = { algorithm: 'SHA1', digits: 6, counter, window: 0 };
      return HOTP.validate({ token: code, secret, ...options }) !== null;
    });
    return right.at(-1) ?? null;
  },
};
