import { Overloaded } from '@rekey/domain';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Hasher } from '../../src/ports/index.ts';
import { anId, PLACE } from '../fixtures.ts';

type OpenHasher = {
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
    const hashOf = (text: string) => hasher.hash(text, PLACE);
    const userId = anId();
    const verify = (text: string, stored: string | null) =>
      hasher.verify(text, stored === null ? null : { hash: stored, userId }, PLACE);
    beforeAll(async () => {
      opened = await open();
      hasher = opened.hasher;
      hash = await hashOf(password);
    });

    test('knows the password of a hash, and no other', async () => {
      expect(await verify(password, hash)).toBe(true);
      expect(await verify(`${password} `, hash)).toBe(false);
      expect(await verify('Correct horse battery staple', hash)).toBe(false);
      expect(await verify('', hash)).toBe(false);
    });

    test('makes a different hash each time, and all of them are good', async () => {
      const second = await hashOf(password);
      expect(second).not.toBe(hash);
      expect(await verify(password, second)).toBe(true);
    });

    test.each([
      ['after its 72nd byte', 'a'.repeat(100)],
      ['after a NUL', 'before\0after'],
      ['in four-byte characters', '🦉'.repeat(32)],
    ])('ignores nothing of a password: %s', async (_where, long) => {
      const hashOfLong = await hashOf(long);
      expect(await verify(long, hashOfLong)).toBe(true);
      expect(await verify(`${long}!`, hashOfLong)).toBe(false);
      expect(await verify(long.slice(0, -2), hashOfLong)).toBe(false);
    });

    test('takes a password as it was typed for the one that it is in its normal form', async () => {
      const hashOfNormal = await hashOf('pässword'.normalize('NFC'));
      expect(await verify('pässword'.normalize('NFD'), hashOfNormal)).toBe(true);
    });

    test('no password is right for a hash that is missing or is none', async () => {
      for (const none of [null, '', 'no hash', hash.slice(0, -1), `${hash}x`]) {
        expect(await verify(password, none)).toBe(false);
        expect(await verify('', none)).toBe(false);
      }
    });

    test('knows its own current hashes, and nothing else, as current', () => {
      expect(hasher.isCurrent(hash)).toBe(true);
      expect(hasher.isCurrent(opened.foreign.hash)).toBe(false);
      expect(hasher.isCurrent('')).toBe(false);
    });

    test('knows the password of a foreign hash', async () => {
      const { password: theirs, hash: foreignHash } = opened.foreign;
      expect(await verify(theirs, foreignHash)).toBe(true);
      expect(await verify(`${theirs}!`, foreignHash)).toBe(false);
    });

    test('refuses what would wait too long, finishes the rest, and recovers', async () => {
      hasher.admit(PLACE);
      const running = Array.from({ length: opened.tooMany }, () => hashOf(password));
      const settling = Promise.allSettled(running);
      expect(() => hasher.admit(PLACE)).toThrow(Overloaded);
      const tries = await settling;
      hasher.admit(PLACE);
      const refused = tries.filter((one) => one.status === 'rejected');
      expect(refused.length).toBeGreaterThan(0);
      expect(refused.length).toBeLessThan(opened.tooMany);
      for (const { reason } of refused) {
        expect(reason).toBeInstanceOf(Overloaded);
        expect((reason as Overloaded).retryAfterS).toBeGreaterThan(0);
      }
      expect(await verify(password, hash)).toBe(true);
    });

    test.each([
      ['another network', { ...PLACE, origin: { address: '198.51.100.7', client: null } }],
      ['another service', { ...PLACE, serviceId: anId() }],
    ])('lets %s in, while one place asks for more than there is room for', async (_, elsewhere) => {
      const crowd = Array.from({ length: opened.tooMany }, () => hashOf(password));
      const settling = Promise.allSettled(crowd);
      expect(() => hasher.admit(PLACE)).toThrow(Overloaded);
      hasher.admit(elsewhere);
      const mine = await hasher.hash(password, elsewhere);
      expect(await hasher.verify(password, { hash: mine, userId }, elsewhere)).toBe(true);
      const statuses = (await settling).map(({ status }) => status);
      expect(new Set(statuses)).toEqual(new Set(['fulfilled', 'rejected']));
    });
  });
}
