import { once } from 'node:events';
import type { Worker } from 'node:worker_threads';
import { passwordMeterContract } from '@rekey/usecases/testing';
import { ZxcvbnFactory } from '@zxcvbn-ts/core';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { rankKnownWords } from './known-words.ts';
import { passwordMeter } from './password-meter.ts';
import { judgeBy } from './strength.ts';

const meter = passwordMeter();
const judge = judgeBy(rankKnownWords());

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

describe('the work for a password', () => {
  /** The text that zxcvbn is given while `judge` runs. */
  const given = () => vi.spyOn(ZxcvbnFactory.prototype, 'check');

  test('does not grow with what comes after its first 32 characters', () => {
    const check = given();
    for (const long of ['a'.repeat(128), '🦉'.repeat(128), 'p4$5w0rD'.repeat(16)]) {
      judge(long, []);
      expect(check.mock.lastCall?.[0]).toBe(long.slice(0, 32));
    }
  });

  test('is bounded for anything of 128 code points, which never makes it fail', () => {
    const check = given();
    const anything = fc.oneof(
      fc.string({ unit: 'binary', minLength: 128, maxLength: 128 }),
      // Letters with a second reading, rows of keys, dates: what takes zxcvbn longest.
      fc.string({ unit: fc.constantFrom(...'a4@e3i1!l|o0s$5t7+qwerty20-/'), maxLength: 128 }),
    );
    fc.assert(
      fc.property(anything, fc.array(anything, { maxLength: 3 }), (password, context) => {
        check.mockClear();
        const { isPwned } = judge(password, context);
        expect([true, null]).toContain(isPwned);
        const [[text = '', words = []] = []] = check.mock.calls;
        expect(check).toHaveBeenCalledOnce();
        expect(text.length).toBeLessThanOrEqual(32);
        // The texts of the context and their parts, of three characters or more.
        expect(words.length).toBeLessThanOrEqual(context.length * 130);
      }),
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

test('a password that cannot be judged is an error, and the next one is judged', async () => {
  const context = [0] as unknown as string[];
  await expect(meter.assess('password', context)).rejects.toThrow(TypeError);
  expect((await meter.assess('password', [])).strength).toBe(0);
});

test('the thread goes when there is nothing to judge, and comes again with the words that it had', async () => {
  const threads: Worker[] = [];
  const note = (thread: Worker) => threads.push(thread);
  process.on('worker', note);
  const restless = passwordMeter(1);
  await restless.assess('password', []);
  const [, judging] = threads;
  if (judging) await once(judging, 'exit');
  expect((await restless.assess('password', [])).strength).toBe(0);
  process.off('worker', note);
  expect(threads).toHaveLength(3);
});
