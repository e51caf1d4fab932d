import { argon2Sync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { readLibreauth } from './libreauth.ts';

const SALT = 'DHoZJMA/bttSBYs6s4yySw';
// libreauth 0.13.0, src/pass/tests.rs
const OUTPUT =
  'pojoDCKFKD6E0NGjfpM5pZjaRklmo3ZkIiW//kxKQ09eookzRtJGQbeEeT207IT8LzWnlAnq4yJO8tgVm1K44DrzLesy0VCOPwf0SBvr1QFlmpv2g8X80hlEMI6vSGTP7gJdjMGMztnO0OKbFuS/r5DVOiUp+KeSwvLBhr8thqY';
const PARAMETERS = 'lanes=4,mem=12,len=128,len-calc=chars,pmax=42,pmin=10,passes=3,norm=nfkc';
const textOf = (parameters = PARAMETERS, output = OUTPUT) =>
  `$argon2$${parameters}$${SALT}$${output}`;

describe('a hash of libreauth', () => {
  it('is what its own test has of a password, with its parameters in any order', async () => {
    for (const parameters of [PARAMETERS, PARAMETERS.split(',').reverse().join(',')]) {
      const reading = readLibreauth(textOf(parameters));
      expect(await reading?.run('correct horse battery staple')).toBe(OUTPUT);
      expect(await reading?.run('correct horse battery stapler')).not.toBe(OUTPUT);
    }
  });

  it('is kept in a text that is read again, and ends with what the password comes to', () => {
    const { text = '' } = readLibreauth(textOf()) ?? {};
    expect(text.endsWith(`$${OUTPUT}`)).toBe(true);
    expect(readLibreauth(text)?.text).toBe(text);
  });

  it.each([
    ['nfkc', '\ufb01ve \u212b', 'five \u00c5'],
    ['nfc', 'a\u0308', '\u00e4'],
    ['none', 'a\u0308', 'a\u0308'],
  ])(
    'of the normal form %s is one of all ways to write the password',
    async (norm, typed, hashed) => {
      const tag = argon2Sync('argon2i', {
        message: hashed,
        nonce: Buffer.from(SALT, 'base64'),
        parallelism: 1,
        tagLength: 32,
        memory: 128,
        passes: 1,
      }).toString('base64');
      const output = tag.replaceAll('=', '');
      const text = textOf(`passes=1,mem=7,lanes=1,len=32,norm=${norm}`, output);
      expect(await readLibreauth(text)?.run(typed)).toBe(output);
    },
  );

  it.each([
    ['with a key of its own', `${PARAMETERS},xhmac=before`],
    ['with a parameter that is not known', `${PARAMETERS},pepper=1`],
    ['without its memory', PARAMETERS.replace('mem=12,', '')],
    ['without its normal form', PARAMETERS.replace(',norm=nfkc', '')],
    ['of another length', PARAMETERS.replace('len=128', 'len=64')],
    ['in a normal form that is not known', PARAMETERS.replace('nfkc', 'toString')],
  ])('%s is none that can be used', (_name, parameters) => {
    expect(readLibreauth(textOf(parameters))).toBeNull();
  });

  it('that takes too much memory is refused', () => {
    expect(() => readLibreauth(textOf(PARAMETERS.replace('mem=12', 'mem=30')))).toThrow();
  });
});
