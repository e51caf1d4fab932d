import { hash } from 'node:crypto';

/**
 * Three old hashes that take one digest after the other, some thousand times, with what comes in between; Node has none of
 * them. They run in a thread of their own (`crypt-thread.ts`).
 */

/** The 64 letters of crypt(3), the lowest first. */
const LETTERS = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** Groups of up to three octets, the first of which is the highest, as letters, of which the lowest is first. */
const letters = (bytes: Uint8Array, groups: readonly (readonly number[])[]): string =>
  groups
    .map((group) => {
      let value = 0;
      for (const at of group) value = value * 256 + (bytes[at] ?? 0);
      let text = '';
      for (let bits = 0; bits < group.length * 8; bits += 6) {
        text += LETTERS[Math.floor(value / 2 ** bits) % 64];
      }
      return text;
    })
    .join('');

const digest = (algorithm: string, ...parts: Uint8Array[]): Buffer =>
  hash(algorithm, Buffer.concat(parts), 'buffer');

/** So many octets of a block, which is repeated. */
const filled = (block: Uint8Array, length: number): Buffer => Buffer.alloc(length, block);

/** The binary digits of a number, the lowest first. */
const bitsOf = (number: number): boolean[] =>
  number === 0 ? [] : [...number.toString(2)].reverse().map((bit) => bit === '1');

/** The magic of the systems that made it one of theirs is part of the hash: `$1$`, `$apr1$`. */
export function md5Crypt(password: string, salt: string, magic: string): string {
  const [key, salty] = [Buffer.from(password), Buffer.from(salt)];
  const start = [
    key,
    Buffer.from(magic),
    salty,
    filled(digest('md5', key, salty, key), key.length),
    // An empty key has no first octet, and no bits either.
    ...bitsOf(key.length).map((bit) => (bit ? Buffer.alloc(1) : key.subarray(0, 1))),
  ];
  let sum = digest('md5', ...start);
  for (let round = 0; round < 1000; round += 1) {
    const isOdd = round % 2 === 1;
    sum = digest(
      'md5',
      isOdd ? key : sum,
      ...(round % 3 ? [salty] : []),
      ...(round % 7 ? [key] : []),
      isOdd ? sum : key,
    );
  }
  return letters(sum, MD5_GROUPS);
}

const MD5_GROUPS = [[0, 6, 12], [1, 7, 13], [2, 8, 14], [3, 9, 15], [4, 10, 5], [11]];

/** The SHA-crypt of Ulrich Drepper's specification (2008), whose steps the numbers are. */
export function shaCrypt(
  algorithm: 'sha256' | 'sha512',
  password: string,
  salt: string,
  rounds: number,
): string {
  const [key, salty] = [Buffer.from(password), Buffer.from(salt)];
  // 4 to 8
  const other = digest(algorithm, key, salty, key);
  // 1 to 3, 9 to 12
  let sum = digest(
    algorithm,
    key,
    salty,
    filled(other, key.length),
    ...bitsOf(key.length).map((bit) => (bit ? other : key)),
  );
  // 13 to 16
  const keys = Array.from({ length: key.length }, () => key);
  const p = filled(digest(algorithm, ...keys), key.length);
  // 17 to 20
  const salts = Array.from({ length: 16 + (sum[0] ?? 0) }, () => salty);
  const s = filled(digest(algorithm, ...salts), salty.length);
  // 21
  for (let round = 0; round < rounds; round += 1) {
    const isOdd = round % 2 === 1;
    sum = digest(
      algorithm,
      isOdd ? p : sum,
      ...(round % 3 ? [s] : []),
      ...(round % 7 ? [p] : []),
      isOdd ? sum : p,
    );
  }
  // 22
  return letters(sum, algorithm === 'sha256' ? SHA256_GROUPS : SHA512_GROUPS);
}

/** Octets from a third each of the digest, whose order turns by one from group to group, and what is left. */
const turning = (count: number, first: readonly number[], step: 1 | 2): number[][] =>
  Array.from({ length: count }, (_, at) =>
    first.map((__, i) => (first[(i + at * step) % 3] ?? 0) + at),
  );

const SHA256_GROUPS = [...turning(10, [0, 10, 20], 2), [31, 30]];
const SHA512_GROUPS = [...turning(21, [0, 21, 42], 1), [63]];

/** The portable hash of phpass. */
export function phpass(password: string, salt: string, rounds: number): string {
  const key = Buffer.from(password);
  let sum = digest('md5', Buffer.from(salt), key);
  for (let round = 0; round < rounds; round += 1) sum = digest('md5', sum, key);
  return letters(sum, PHPASS_GROUPS);
}

/** Its order is that of the octets: the first of three is the lowest. */
const PHPASS_GROUPS = [[2, 1, 0], [5, 4, 3], [8, 7, 6], [11, 10, 9], [14, 13, 12], [15]];

/** The logarithm of the rounds that a letter of phpass stands for. */
export const phpassCost = (letter: string): number => LETTERS.indexOf(letter);
