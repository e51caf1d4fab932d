import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { FREQUENT_WORDS } from './audit-dictionary.ts';
import { addresses, digests, hashes, ids, salts, types, words } from './audit-octets.ts';
import { numbersOfTypes } from './audit-types.ts';

const digestOf = (text: string) => createHash('sha256').update(text).digest('hex');

const sizeAndText = ({ encode, decode }: typeof ids, text: string) => {
  const octets = encode(text);
  return [octets.length, decode(octets)];
};

describe('a text of an entry comes back as it went in', () => {
  test.each([
    ['01900000-0000-7000-8000-00000000beef', 16],
    ['01900000-0000-7000-8000-00000000BEEF', 36],
    ['Order 7', 7],
    ['sixteen letters!', 17],
    ['', 1],
    ['Ünïcode 🦉', 14],
  ])('as an id or a subject: %j in %i octets', (text, size) => {
    expect(sizeAndText(ids, text)).toEqual([size, text]);
  });

  test.each([
    ['192.0.2.1', 4],
    ['0.0.0.0', 4],
    ['192.0.2.01', 10],
    ['192.0.2.256', 11],
    ['2001:db8::1', 16],
    ['2001:db8::1:0:0:1', 16],
    ['2001:db8:0:1:1:1:1:1', 16],
    ['::', 16],
    ['::1', 16],
    ['fe80::', 16],
    ['2001:DB8::1', 11],
    ['2001:db8:0:0::1', 15],
    ['::ffff:192.0.2.1', 17],
    ['fe80::1%eth0', 12],
    ['1:2:3:4:5:6:7:8:9', 17],
    [':::::::::::::::::', 17],
    ['zz::', 5],
    ['', 1],
    ['here', 5],
  ])('as an address: %j in %i octets', (text, size) => {
    expect(sizeAndText(addresses, text)).toEqual([size, text]);
  });

  test('as a salt, a digest or a hash', () => {
    const salt = Buffer.alloc(16, 7).toString('base64url');
    const digest = Buffer.alloc(32, 0xfe).toString('base64url');
    expect(sizeAndText(salts, salt)).toEqual([16, salt]);
    expect(sizeAndText(digests, digest)).toEqual([32, digest]);
    for (const text of ['', 'salt', `${digest}.`, digest.replace(/.$/, '9')]) {
      for (const spelling of [salts, digests]) expect(sizeAndText(spelling, text)[1]).toBe(text);
    }
    const mac = hashes.encode(`0123456789abcdef.${digest}`);
    expect([mac.kid, mac.octets.length]).toEqual(['0123456789abcdef', 32]);
    for (const text of [
      '',
      'hash',
      `k1.${digest}`,
      `k1.${digest}.`,
      `k1.${digest.replace(/.$/, '9')}`,
    ]) {
      const { kid, octets } = hashes.encode(text);
      expect(hashes.decode(kid, octets)).toBe(text);
    }
  });

  test('as words, of which frequent ones take few octets', () => {
    const browser =
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/155.0.0.0 Safari/537.36';
    expect(words.decode(words.encode(browser))).toBe(browser);
    expect(words.encode(browser).length).toBeLessThan(16);
    for (const text of ['', 'x', 'Ünïcode 🦉 "\\', '{"a":1}', 'x'.repeat(100_000)]) {
      expect(words.decode(words.encode(text))).toBe(text);
    }
  });

  test('as a type of a service', () => {
    for (const type of ['shop:Order', 'x', 'Ünïcode 🦉']) {
      expect(types.decode(types.encode(type))).toBe(type);
    }
  });

  test('and octets that somebody else wrote are no words, but can be read', () => {
    expect(words.decode(Buffer.from('no words'))).toBe('no words');
  });
});

describe('what databases are full of', () => {
  test('has the numbers of types that it had, and a new type has one of its own', () => {
    const numbers = Object.values(numbersOfTypes);
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
    const first = Object.entries(numbersOfTypes).slice(0, 72);
    expect(digestOf(first.join())).toBe(
      '4d64b663eae61a2bed17992d61f59aadc4af707f774bbffface0bc3823348bd4',
    );
  });

  test('is unpacked with the dictionary that it was packed with', () => {
    expect(digestOf(FREQUENT_WORDS)).toBe(
      'a3030e4d724d94e039d1a326ab0c9c843d978d7829ad08286c2b9a02fd8eb029',
    );
  });
});
