import { passwordMeterContract } from '@rekey/usecases/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { passwordMeter } from './password-meter.ts';

const meter = passwordMeter();

passwordMeterContract('of zxcvbn', async () => meter);

describe('the strength of a password', () => {
  test.each([
    [0, 'password'],
    [0, 'qwertyuiop'],
    [1, 'P4ssw0rd!'],
    [4, 'correct horse battery staple'],
    [4, 'k8!Qz2#vL0pW'],
  ])('is %i for %s', async (strength, password) => {
    expect((await meter.assess(password, [])).strength).toBe(strength);
  });

  test.each([
    ['the name of the address', 'wojciechowska84', 'wojciechowska84@example.org'],
    ['a dotted name of the address', 'zuzanna.wojciechowska84', 'zuzanna.wojciechowska84@x.pl'],
    ['a part of a dotted name', 'wojciechowska84', 'zuzanna.wojciechowska84@x.pl'],
    ['a part of a name', 'Brzeczyszczykiewicz', 'Grzegorz Brzeczyszczykiewicz'],
    ['the service', 'Kwiaciarnia24pl', 'Kwiaciarnia24pl'],
  ])('is less where it is %s', async (_what, password, word) => {
    const apart = await meter.assess(password, []);
    const together = await meter.assess(password, [word]);
    expect(apart.strength).toBeGreaterThan(2);
    expect(together.strength).toBeLessThan(2);
  });

  test('is judged by the first 32 characters', async () => {
    const weak = 'a'.repeat(32);
    expect(await meter.assess(`${weak}k8!Qz2#vL0pW`, [])).toEqual(await meter.assess(weak, []));
  });

  test.each(['constructor', '__proto__', 'toString', '\0\0\0\0', '', '\ud800'])(
    'is a number also for %j',
    async (password) => {
      const { strength } = await meter.assess(password, ['__proto__', 'constructor']);
      expect([0, 1, 2, 3, 4]).toContain(strength);
    },
  );

  test('is 0 to 4 for any text in any context', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'binary', maxLength: 140 }),
        fc.array(fc.string({ unit: 'binary' }), { maxLength: 4 }),
        async (password, context) => {
          expect([0, 1, 2, 3, 4]).toContain((await meter.assess(password, context)).strength);
        },
      ),
    );
  });
});

describe('whether a password is pwned', () => {
  test.each(['password', 'PassWord', '12345678', 'qwertyuiop', 'trustno1'])(
    'is known for %s',
    async (password) => {
      expect((await meter.assess(password, [])).isPwned).toBe(true);
    },
  );

  test.each(['k8!Qz2#vL0pW', 'password ', `password${'x'.repeat(30)}`, ''])(
    'is not known for %j',
    async (password) => {
      expect((await meter.assess(password, [])).isPwned).toBe(null);
    },
  );
});
