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

    test('are nothing that another secret could make', async () => {
      const { macs, stranger } = await open();
      const mac = macs.make('what happened');
      expect(stranger.verify('what happened', mac)).toBe(false);
      expect(stranger.make('what happened')).not.toBe(mac);
    });
  });
}
