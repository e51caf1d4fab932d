import { Overloaded } from '@rekey/domain';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Hasher } from '../../src/ports/index.ts';

export type OpenHasher = {
  readonly hasher: Hasher;
  /** A hash that another system made of `password`. */
  readonly foreign: { readonly password: string; readonly hash: string };
  /** More hashes at once than the hasher lets wait. */
  readonly tooMany: number;
};

/** The obligations of every hasher; the cost of a hash is for the adapter to measure. */
export function hasherContract(name: string, open: () => Promise<OpenHasher>): void {
  describe(`the hasher ${name}`, () => {
    const password = 'correct horse battery staple';
    let opened: OpenHasher;
    let hasher: Hasher;
    let hash: string;
    beforeAll(async () => {
      opened = await open();
      hasher = opened.hasher;
      hash = await hasher.hash(password);
    });

    test('knows the password of a hash, and no other', async () => {
      expect(await hasher.verify(password, hash)).toBe(true);
      expect(await hasher.verify(`${password} `, hash)).toBe(false);
      expect(await hasher.verify('Correct horse battery staple', hash)).toBe(false);
      expect(await hasher.verify('', hash)).toBe(false);
    });

    test('makes a different hash each time, and all of them are good', async () => {
      const second = await hasher.hash(password);
      expect(second).not.toBe(hash);
      expect(await hasher.verify(password, second)).toBe(true);
    });

    test.each([
      ['after its 72nd byte', 'a'.repeat(100)],
      ['after a NUL', 'before\0after'],
      ['in four-byte characters', '🦉'.repeat(32)],
    ])('ignores nothing of a password: %s', async (_where, long) => {
      const hashOfLong = await hasher.hash(long);
      expect(await hasher.verify(long, hashOfLong)).toBe(true);
      expect(await hasher.verify(`${long}!`, hashOfLong)).toBe(false);
      expect(await hasher.verify(long.slice(0, -2), hashOfLong)).toBe(false);
    });

    test('no password is right for a hash that is missing or is none', async () => {
      for (const none of [null, '', 'no hash', hash.slice(0, -1), `${hash}x`]) {
        expect(await hasher.verify(password, none)).toBe(false);
        expect(await hasher.verify('', none)).toBe(false);
      }
    });

    test('knows its own current hashes, and nothing else, as current', () => {
      expect(hasher.isCurrent(hash)).toBe(true);
      expect(hasher.isCurrent(opened.foreign.hash)).toBe(false);
      expect(hasher.isCurrent('')).toBe(false);
    });

    test('knows the password of a foreign hash', async () => {
      const { password: theirs, hash: foreignHash } = opened.foreign;
      expect(await hasher.verify(theirs, foreignHash)).toBe(true);
      expect(await hasher.verify(`${theirs}!`, foreignHash)).toBe(false);
    });

    test('refuses what would wait too long, finishes the rest, and recovers', async () => {
      hasher.admit();
      const running = Array.from({ length: opened.tooMany }, () => hasher.hash(password));
      const settling = Promise.allSettled(running);
      expect(() => hasher.admit()).toThrow(Overloaded);
      const tries = await settling;
      hasher.admit();
      const refused = tries.filter((one) => one.status === 'rejected');
      expect(refused.length).toBeGreaterThan(0);
      expect(refused.length).toBeLessThan(opened.tooMany);
      for (const { reason } of refused) {
        expect(reason).toBeInstanceOf(Overloaded);
        expect((reason as Overloaded).retryAfterS).toBeGreaterThan(0);
      }
      expect(await hasher.verify(password, hash)).toBe(true);
    });
  });
}
