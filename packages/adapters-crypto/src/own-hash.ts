import { createHmac } from 'node:crypto';
import bcrypt from 'bcrypt';
import type { FileKey, KeyList } from './key-file.ts';

const OWN = /^rk1\$(?<kid>[\w-]{1,64})\$(?<hash>\$2b\$(?<cost>0[4-9]|1[0-4])\$[./A-Za-z0-9]{53})$/;

/** A hash of Rekey's own, read. */
export type OwnHash = { readonly kid: string; readonly hash: string; readonly cost: number };

export function readOwnHash(stored: string): OwnHash | null {
  const { kid, hash, cost } = OWN.exec(stored)?.groups ?? {};
  return kid === undefined || hash === undefined ? null : { kid, hash, cost: Number(cost) };
}

/**
 * `rk1$<kid of the pepper>$<bcrypt(base64(HMAC-SHA-384(pepper, text)), cost)>` (OWASP Password Storage Cheat Sheet,
 * "pre-hashing"): no byte of a long text is ignored, and the database alone is not enough to guess one.
 */
export async function makeOwnHash(text: string, [pepper]: KeyList, cost: number): Promise<string> {
  // A salt that is made here costs no second trip to the thread pool.
  const hash = await bcrypt.hash(prehash(text, pepper), bcrypt.genSaltSync(cost));
  return `rk1$${pepper.kid}$${hash}`;
}

/** What bcrypt is given for a text. */
export const prehash = (text: string, pepper: FileKey): string =>
  createHmac('sha384', pepper.key).update(text, 'utf8').digest('base64');
