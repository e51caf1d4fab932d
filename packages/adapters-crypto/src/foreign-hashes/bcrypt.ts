import bcrypt from 'bcrypt';
import { checkCost, type Format } from './reading.ts';

/** bcrypt ignores all octets of a password after these. */
const BCRYPT_BYTES = 72;

/** A higher cost would occupy its place in the gate for seconds. */
export const MAX_BCRYPT_COST = 14;

/** A lower one is one of a test, or of times that are long gone. */
const DEAR_COST = 10;

const TEXT = /^(?<setting>\$2[aby]\$(?<cost>\d\d)\$[./A-Za-z0-9]{22})(?<output>[./A-Za-z0-9]{31})$/;

/** `$2a$`, `$2b$` and `$2y$`, which are three names of one thing. `$2x$` is broken, and `$2$` was given up in 1999. */
export const readBcrypt: Format = (text) => {
  const { setting, cost: digits, output } = TEXT.exec(text)?.groups ?? {};
  const cost = Number(digits);
  if (setting === undefined || output === undefined || cost < 4) return null;
  checkCost('the cost of bcrypt', cost, MAX_BCRYPT_COST);
  return {
    text,
    output,
    kind: cost < DEAR_COST ? 'cheap' : 'dear',
    bcryptRounds: 2 ** cost,
    run: async (password) => {
      if (Buffer.byteLength(password) > BCRYPT_BYTES || password.includes('\0')) return null;
      const whole = await bcrypt.hash(password, `$2b${setting.slice(3)}`);
      return whole.slice(setting.length);
    },
  };
};
