import { IllegalArgument } from '@rekey/domain';
import { beforeAll, describe, expect, test } from 'vitest';
import type { ForeignHash, ForeignHashes, Hasher } from '../../src/ports/index.ts';
import { anId, PLACE } from '../fixtures.ts';

type Opened = {
  readonly foreignHashes: ForeignHashes;
  /** The hasher that shares their secrets. */
  readonly hasher: Hasher;
  /** Hashes of `password` that may lie open, and that may not because guesses at them are cheap. */
  readonly dear: ForeignHash;
  readonly cheap: ForeignHash;
  readonly password: string;
  /** What is refused, by why. */
  readonly refused: Readonly<
    Record<
      | 'of a format that nobody knows'
      | 'that is none'
      | 'that costs too much'
      | 'of a password that was published',
      ForeignHash
    >
  >;
};

/** The obligations of whoever takes hashes of other systems in. */
export function foreignHashesContract(name: string, open: () => Promise<Opened>): void {
  describe(`a hash of another system that ${name} adopted`, () => {
    const userId = anId();
    let opened: Opened;
    beforeAll(async () => {
      opened = await open();
    });
    const verify = (password: string, hash: string, of = userId) =>
      opened.hasher.verify(password, { hash, userId: of }, PLACE);

    test.each([
      ['dear', false],
      ['dear', true],
      ['cheap', false],
      ['cheap', true],
    ] as const)('knows its password, and is not current: %s, wrap %s', async (kind, wrap) => {
      const { foreignHashes, hasher, password } = opened;
      const hash = await foreignHashes.adopt(opened[kind], { wrap, userId });
      expect(await verify(password, hash)).toBe(true);
      expect(await verify(`${password}!`, hash)).toBe(false);
      expect(await verify('', hash)).toBe(false);
      expect(hasher.isCurrent(hash)).toBe(false);
      expect(foreignHashes.isAdopted(hash)).toBe(true);
    });

    test('is told from one of our own', async () => {
      const { foreignHashes, hasher, password } = opened;
      expect(foreignHashes.isAdopted(await hasher.hash(password, PLACE))).toBe(false);
    });

    test('is kept as a text in which nothing is to guess, where guesses are cheap', async () => {
      const { foreignHashes, cheap } = opened;
      const sealed = await foreignHashes.adopt(cheap, { wrap: false, userId });
      expect(sealed).not.toContain(cheap.hash);
      expect(await foreignHashes.adopt(cheap, { wrap: false, userId })).not.toBe(sealed);
    });

    test('is worth nothing with another user, where it is sealed', async () => {
      const { foreignHashes, cheap, password } = opened;
      const sealed = await foreignHashes.adopt(cheap, { wrap: false, userId });
      expect(await verify(password, sealed, anId())).toBe(false);
      expect(await verify(password, sealed)).toBe(true);
    });

    test.each([
      ['of a format that nobody knows', 'malformed'],
      ['that is none', 'malformed'],
      ['that costs too much', 'out_of_range'],
      ['of a password that was published', 'common'],
    ] as const)('is not one %s, and the refusal repeats none of it', async (why, code) => {
      const foreign = opened.refused[why];
      const end = await opened.foreignHashes
        .adopt(foreign, { wrap: false, userId })
        .catch((error: unknown) => error);
      expect(end).toBeInstanceOf(IllegalArgument);
      expect((end as IllegalArgument).violations.map((each) => each.code)).toEqual([code]);
      expect(JSON.stringify([end, String(end)])).not.toContain(foreign.hash);
    });
  });
}
