import { totpContract } from '@rekey/usecases/testing';
import { HOTP, Secret } from 'otpauth';
import { describe, expect, test, vi } from 'vitest';
import { totp } from './totp.ts';

/** The shared secret of both RFCs, in base32. */
const seed = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
const codeOf = (step: number, text = seed) =>
  HOTP.generate({ secret: Secret.fromBase32(text), counter: step });

totpContract('RFC 6238', async () => ({
  totp,
  codeAt: (text, at) => codeOf(Math.floor(at / 30_000), text),
}));

describe('a code', () => {
  // RFC 4226, appendix D.
  test.each(
    '755224 287082 359152 969429 338314 254676 287922 162583 399871 520489'
      .split(' ')
      .map((code, counter) => [counter, code] as const),
  )('of the counter %i is %s', (counter, code) => {
    expect(totp.stepOf(code, seed, counter * 30_000)).toBe(counter);
  });

  // RFC 6238, appendix B: the last six digits of the rows for SHA-1, which have eight.
  test.each([
    [59, '94287082'],
    [1111111109, '07081804'],
    [1111111111, '14050471'],
    [1234567890, '89005924'],
    [2000000000, '69279037'],
    [20000000000, '65353130'],
  ])('at %i s is %s', (seconds, code) => {
    expect(totp.stepOf(code.slice(2), seed, seconds * 1000)).toBe(Math.floor(seconds / 30));
    expect(totp.stepOf(code, seed, seconds * 1000)).toBeNull();
  });

  test('of two steps at once counts as the later one', () => {
    // Found by search: the device shows the code twice in a row.
    const step = 910_737;
    expect([codeOf(step), codeOf(step + 1)]).toEqual(['911617', '911617']);
    expect(totp.stepOf('911617', seed, step * 30_000)).toBe(step + 1);
  });

  test('costs three MACs, whichever step it is of', () => {
    const generate = vi.spyOn(HOTP, 'generate');
    for (const step of [999, 1000, 1001, 2000]) {
      const code = codeOf(step);
      generate.mockClear();
      totp.stepOf(code, seed, 1000 * 30_000);
      expect(generate).toHaveBeenCalledTimes(3);
    }
  });

  test.each(['2870821', '28708', '２８７０８２', '28708🦉', ' 87082', '287082\n', ''])(
    'is none where it is not six digits: %j',
    (text) => {
      expect(totp.stepOf(text, seed, 59_000)).toBeNull();
    },
  );
});
