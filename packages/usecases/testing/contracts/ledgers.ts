import { describe, expect, test } from 'vitest';
import type { Ledgers } from '../../src/ports/index.ts';

export function ledgersContract(name: string, ledgers: Ledgers): void {
  describe(`a ledger in ${name}`, () => {
    test('gives a name to the line of the lowest rank, and of equals to the first', () => {
      const ledger = ledgers.open();
      expect(ledger.holder('ada')).toBeNull();
      ledger.claim('ada', 5, 100);
      ledger.claim('ada', 7, 100);
      expect(ledger.holder('ada')).toBe(5);
      ledger.claim('ada', 9, 99);
      ledger.claim('ada', 3, Number.POSITIVE_INFINITY);
      expect(ledger.holder('ada')).toBe(9);
      ledger.claim('ada', 2, 99);
      expect(ledger.holder('ada')).toBe(2);
      expect(ledger.holder('Ada')).toBeNull();
      ledger.close();
    });

    test('knows nothing of another one', () => {
      const [a, b] = [ledgers.open(), ledgers.open()];
      a.claim('ada', 1, 1);
      expect(b.holder('ada')).toBeNull();
      a.close();
      b.close();
    });
  });
}
