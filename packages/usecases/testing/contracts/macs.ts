import { describe, expect, test } from 'vitest';
import type { Macs } from '../../src/ports/index.ts';

type OpenMacs = {
  readonly macs: Macs;
  /** One with another secret. */
  readonly stranger: Macs;
};

export function macsContract(name: string, open: () => Promise<OpenMacs>): void {
  describe(`the MACs of ${name}`, () => {
    test('are good for the text that they were made for, and no other', async () => {
      const { macs } = await open();
      for (const text of ['', 'what happened', 'Ünïcode 🦉\0']) {
        const mac = macs.make(text);
        expect(macs.verify(text, mac)).toBe(true);
        expect(macs.verify(`${text} `, mac)).toBe(false);
        expect(macs.verify(text, macs.make(`${text}!`))).toBe(false);
      }
    });

    test('come with salts of 16 bytes, no two of which are one', async () => {
      const { macs, stranger } = await open();
      const salts = Array.from({ length: 100 }, () => macs.salt());
      expect(new Set([...salts, stranger.salt()]).size).toBe(101);
    });

    test('come with digests over a salt and a text, which differ where either does', async () => {
      const { macs, stranger } = await open();
      const [one, other] = [macs.salt(), macs.salt()];
      const digest = macs.digest(one, 'text');
      expect(macs.digest(one, 'text')).toBe(digest);
      expect(macs.digest(one, 'text ')).not.toBe(digest);
      expect(macs.digest(other, 'text')).not.toBe(digest);
      // Nobody needs a secret to check one.
      expect(stranger.digest(one, 'text')).toBe(digest);
    });

    test('are nothing that another secret could make', async () => {
      const { macs, stranger } = await open();
      const mac = macs.make('what happened');
      expect(stranger.verify('what happened', mac)).toBe(false);
      expect(stranger.make('what happened')).not.toBe(mac);
    });
  });
}
