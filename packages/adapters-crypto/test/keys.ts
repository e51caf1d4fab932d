import { createSecretKey, randomBytes } from 'node:crypto';
import type { FileKey, KeyList } from '../src/key-file.ts';

/** A key of 32 bytes, as the key file has it for most purposes. */
export const aSecret = (kid: string, bytes: Uint8Array = randomBytes(32)): FileKey => ({
  kid,
  createdAt: 0,
  key: createSecretKey(bytes),
});

/** The key of all vectors: the bytes 0 to 31. */
export const known = aSecret(
  'k1',
  Uint8Array.from({ length: 32 }, (_, index) => index),
);

/** The keys of one purpose, as an adapter is given them. */
export const listOf =
  (...keys: KeyList) =>
  () =>
    keys;
