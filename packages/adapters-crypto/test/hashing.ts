import bcrypt from 'bcrypt';
import { vi } from 'vitest';

/** Watches bcrypt at its work, until the test ends; answers how much there was of it, in hashes of that cost. */
export function watchHashing(cost = 4): () => number {
  const compare = vi.spyOn(bcrypt, 'compare');
  const hash = vi.spyOn(bcrypt, 'hash');
  return () => {
    const hashes = [
      ...compare.mock.calls.map(([, stored]) => stored),
      ...hash.mock.calls.map(([, salt]) => String(salt)),
    ];
    return hashes.reduce((sum, text) => sum + 2 ** (Number(text.split('$')[2]) - cost), 0);
  };
}
