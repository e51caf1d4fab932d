import { beforeAll, describe, expect, test } from 'vitest';
import type { PasswordMeter } from '../../src/ports/index.ts';

export function passwordMeterContract(name: string, open: () => Promise<PasswordMeter>): void {
  describe(`the password meter ${name}`, () => {
    let meter: PasswordMeter;
    beforeAll(async () => {
      meter = await open();
    });

    test.each([
      ['nothing', ''],
      ['a common one', 'password'],
      ['a random one', 'vK7#qP2$wN9&xR4!tB6*'],
      ['a long one', 'ab'.repeat(64)],
      ['one beyond ASCII', '猫🦉́ß\0\n'],
    ])('gives every password a strength from 0 to 4: %s', async (_kind, password) => {
      const { strength, isPwned } = await meter.assess(password, []);
      expect([0, 1, 2, 3, 4]).toContain(strength);
      expect([true, false, null]).toContain(isPwned);
    });

    test('tells a common password from one that is hard to guess', async () => {
      const common = await meter.assess('password', []);
      const random = await meter.assess('vK7#qP2$wN9&xR4!tB6*', []);
      expect(common.strength).toBeLessThan(random.strength);
      expect(common.isPwned).not.toBe(false);
      expect(random.isPwned).not.toBe(true);
    });

    test('does not praise a password for the words that an attacker would try first', async () => {
      const plain = await meter.assess('zorblaxian quuxwell', []);
      const known = await meter.assess('zorblaxian quuxwell', ['zorblaxian', 'quuxwell']);
      expect(known.strength).toBeLessThanOrEqual(plain.strength);
    });

    test('keeps nothing: what was asked before changes no answer', async () => {
      const before = await meter.assess('zorblaxian quuxwell', []);
      await meter.assess('zorblaxian quuxwell', ['zorblaxian', 'quuxwell']);
      expect(await meter.assess('zorblaxian quuxwell', [])).toEqual(before);
    });
  });
}
