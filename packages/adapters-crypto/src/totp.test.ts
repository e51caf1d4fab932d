import { totpContract } from '@rekey/usecases/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { base32, fromBase32 } from './secrets.ts';
import { hotp, totp } from './totp.ts';

totpContract('RFC 6238', async () => ({
  totp,
  codeAt: (seed, at) => hotp(fromBase32(seed), Math.floor(at / 30_000)),
}));

/** The shared secret of both RFCs. */
const key = Buffer.from('12345678901234567890');
const seed = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';

describe('a code', () => {
  // RFC 4226, appendix D.
  test.each(
    '755224 287082 359152 969429 338314 254676 287922 162583 399871 520489'
      .split(' ')
      .map((code, counter) => [counter, code] as const),
  )('of the counter %i is %s', (counter, code) => {
    expect(hotp(key, counter)).toBe(code);
  });

  // RFC 6238, appendix B: the rows for SHA-1, which have eight digits.
  test.each([
    [59, '94287082'],
    [1111111109, '07081804'],
    [1111111111, '14050471'],
    [1234567890, '89005924'],
    [2000000000, '69279037'],
    [20000000000, '65353130'],
  ])('at %i s is %s', (seconds, code) => {
    expect(hotp(key, Math.floor(seconds / 30), 8)).toBe(code);
    const now = seconds * 1000;
    expect(totp.stepOf(code.slice(2), seed, now)).toBe(Math.floor(seconds / 30));
  });

  test('of two steps at once counts as the later one', () => {
    // Found by search: the device shows the same code twice in a row.
    const step = 910_737;
    expect([hotp(key, step), hotp(key, step + 1)]).toEqual(['911617', '911617']);
    expect(totp.stepOf('911617', seed, step * 30_000)).toBe(step + 1);
  });
});

test('base32 is read as it is written', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      expect(fromBase32(base32(bytes))).toEqual(bytes);
    }),
  );
});
