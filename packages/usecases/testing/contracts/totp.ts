import type { Instant } from '@rekey/domain';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Totp } from '../../src/ports/index.ts';
import { START } from '../fixtures.ts';

type OpenTotp = {
  readonly totp: Totp;
  /** The code that the owner's device shows. */
  codeAt(seed: string, at: Instant): string;
};

export function totpContract(name: string, open: () => Promise<OpenTotp>): void {
  describe(`the one-time codes of ${name}`, () => {
    const seed = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
    const other = 'MFRGGZDFMZTWQ2LKNNWG23TPOBYXE43U';
    /** In the middle of a step. */
    const now = Math.floor(START / 30_000) * 30_000 + 15_000;
    const step = Math.floor(now / 30_000);
    let opened: OpenTotp;
    beforeAll(async () => {
      opened = await open();
    });
    const stepOf = (code: string, at = now) => opened.totp.stepOf(code, seed, at);

    test('are of the current step, or of one on either side', () => {
      for (const off of [-1, 0, 1]) {
        expect(stepOf(opened.codeAt(seed, now + off * 30_000))).toBe(step + off);
      }
      for (const off of [-3, -2, 2, 3]) {
        expect(stepOf(opened.codeAt(seed, now + off * 30_000))).toBeNull();
      }
    });

    test('change when a step begins', () => {
      const code = opened.codeAt(seed, step * 30_000);
      expect(opened.codeAt(seed, (step + 1) * 30_000 - 1)).toBe(code);
      expect(opened.codeAt(seed, (step + 1) * 30_000)).not.toBe(code);
      expect(stepOf(code, (step + 2) * 30_000 - 1)).toBe(step);
      expect(stepOf(code, (step + 2) * 30_000)).toBeNull();
      expect(stepOf(code, (step - 1) * 30_000)).toBe(step);
      expect(stepOf(code, (step - 1) * 30_000 - 1)).toBeNull();
    });

    test('of another seed are worth nothing', () => {
      expect(stepOf(opened.codeAt(other, now))).toBeNull();
    });

    test('have six digits and one spelling', () => {
      const code = opened.codeAt(seed, now);
      expect(code).toMatch(/^[0-9]{6}$/);
      const fullWidth = code.replaceAll(/[0-9]/g, (digit) =>
        String.fromCodePoint(0xff10 + Number(digit)),
      );
      for (const text of ['', `${code} `, ` ${code}`, `0${code}`, code.slice(1), fullWidth, '🦉']) {
        expect(stepOf(text), text).toBeNull();
      }
    });
  });
}
