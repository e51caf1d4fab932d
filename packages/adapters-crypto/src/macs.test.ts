import { macsContract } from '@rekey/usecases/testing';
import { describe, expect, test } from 'vitest';
import { aSecret, known } from '../test/keys.ts';
import { macs } from './macs.ts';

macsContract('the key file', async () => ({
  macs: macs(() => [known]),
  stranger: macs(() => [aSecret('k1')]),
}));

describe('a MAC', () => {
  test('is the kid and an HMAC-SHA-256', () => {
    // Made with Python's hmac.
    expect(macs(() => [known]).make('what happened')).toBe(
      'k1.XY9TYSv2XIiL054mJmwZPYp44lT_ABJoOqGmX6lypqw',
    );
  });

  test('of an old key is verified for as long as the key is there', () => {
    const mac = macs(() => [known]).make('text');
    const fresh = aSecret('k2');
    expect(macs(() => [fresh, known]).verify('text', mac)).toBe(true);
    expect(macs(() => [fresh, known]).make('text')).toMatch(/^k2\./);
    expect(macs(() => [fresh]).verify('text', mac)).toBe(false);
  });

  test('comes with salts of 16 bytes, and with SHA-256 over the bytes of a salt and a text', () => {
    const { salt, digest } = macs(() => [known]);
    expect(Buffer.from(salt(), 'base64url')).toHaveLength(16);
    // Made with Python's hashlib.
    expect(digest('AAECAwQFBgcICQoLDA0ODw', 'what happened: Ünï')).toBe(
      'pLAEYekLmTVvYj2MhpVgbzeCNf1kxKEzWMShAswRUts',
    );
  });

  test('has one spelling', () => {
    const { make, verify } = macs(() => [known]);
    const mac = make('text');
    for (const other of ['', 'k1', 'k1.', `${mac}=`, ` ${mac}`, mac.slice(0, -1), `${mac}.x`]) {
      expect(verify('text', other), other).toBe(false);
    }
  });
});
