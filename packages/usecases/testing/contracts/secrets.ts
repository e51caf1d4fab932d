import { beforeAll, describe, expect, test } from 'vitest';
import type { Secrets } from '../../src/ports/index.ts';
import { forgeries } from './forgeries.ts';

const BASE64URL = /^[A-Za-z0-9_-]{43}$/;

export function secretsContract(name: string, open: () => Promise<Secrets>): void {
  describe(`the secrets of ${name}`, () => {
    let secrets: Secrets;
    beforeAll(async () => {
      secrets = await open();
    });

    test('are 32 bytes in base64url after their prefix, and new each time', () => {
      const made = Array.from({ length: 100 }, () => secrets.generate('rks_'));
      for (const secret of made) {
        expect(secret.slice(0, 4)).toBe('rks_');
        expect(secret.slice(4)).toMatch(BASE64URL);
      }
      expect(new Set(made).size).toBe(100);
    });

    test('are 20 bytes in base32 for TOTP, and new each time', () => {
      const made = Array.from({ length: 100 }, () => secrets.generateTotpSeed());
      for (const seed of made) expect(seed).toMatch(/^[A-Z2-7]{32}$/);
      expect(new Set(made).size).toBe(100);
    });

    test('are 32 bytes in base64 for webhooks, and new each time', () => {
      const made = Array.from({ length: 100 }, () => secrets.generateWebhookSecret());
      for (const secret of made) expect(secret).toMatch(/^whsec_[A-Za-z\d+/]{43}=$/);
      expect(new Set(made).size).toBe(100);
    });

    test('have one digest each, which does not show them', () => {
      const [first, second] = [secrets.generate('rks_'), secrets.generate('rks_')];
      expect(secrets.digest(first)).toBe(secrets.digest(first));
      expect(secrets.digest(first)).not.toBe(secrets.digest(second));
      expect(secrets.digest(first)).not.toContain(first.slice(4));
    });

    test('have a digest that is known by their SHA-256 alone', () => {
      const digest = secrets.digest(secrets.generate('rks_'));
      expect(secrets.digestFrom(digest)).toBe(digest);
      for (const none of ['', 'digest', digest.slice(1), `=${digest}`]) {
        expect(secrets.digestFrom(none)).toBeNull();
      }
    });

    test('blind a text to one other text, which does not show it', () => {
      expect(secrets.blind('owner@example.com')).toBe(secrets.blind('owner@example.com'));
      expect(secrets.blind('owner@example.com')).not.toBe(secrets.blind('other@example.com'));
      expect(secrets.blind('owner@example.com')).not.toContain('owner');
      expect(secrets.blind('owner@example.com')).not.toBe(secrets.digest('owner@example.com'));
    });

    test('have indexes by which they are found again, which do not show them', () => {
      const [seed, other] = [secrets.generateTotpSeed(), secrets.generateTotpSeed()];
      expect(secrets.blindIndexes(seed)).toEqual(secrets.blindIndexes(seed));
      expect(secrets.blindIndexes(other)).not.toContain(secrets.blindIndexes(seed)[0]);
      expect(secrets.blindIndexes(seed)[0]).not.toContain(seed);
      expect(secrets.blindIndexes(seed)).not.toContain(secrets.digest(seed));
    });

    test('come out of their seal as they went in', () => {
      for (const secret of ['', 'JBSWY3DPEHPK3PXP', '🦉\0\n']) {
        expect(secrets.unseal(secrets.seal(secret, 'row 1'), 'row 1')).toBe(secret);
      }
    });

    test('are sealed to a different text each time, which does not show them', () => {
      const secret = 'JBSWY3DPEHPK3PXP';
      const [first, second] = [secrets.seal(secret, 'row 1'), secrets.seal(secret, 'row 1')];
      expect(first).not.toBe(second);
      expect(first).not.toContain(secret);
    });

    test('no other text can be unsealed', () => {
      const sealed = secrets.seal('JBSWY3DPEHPK3PXP', 'row 1');
      const others = [
        '',
        'no seal',
        secrets.digest('a'),
        sealed.slice(0, -4),
        ...forgeries(sealed),
      ];
      for (const other of others) expect(() => secrets.unseal(other, 'row 1')).toThrow();
    });

    test('open for the owner that they were sealed for, and for no other', () => {
      const sealed = secrets.seal('JBSWY3DPEHPK3PXP', 'row 1');
      for (const other of ['row 2', 'row 10', 'row', '', ' row 1', 'row 1 ']) {
        expect(() => secrets.unseal(sealed, other)).toThrow();
      }
      expect(secrets.unseal(sealed, 'row 1')).toBe('JBSWY3DPEHPK3PXP');
    });
  });
}
