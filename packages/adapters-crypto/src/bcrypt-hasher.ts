import { createHmac } from 'node:crypto';
import type { Hasher } from '@rekey/usecases';
import bcrypt from 'bcrypt';
import type { Gate } from './gate.ts';
import type { FileKey, KeyList } from './key-file.ts';

/** bcrypt ignores all bytes of a password after these. */
const BCRYPT_BYTES = 72;

/** The highest cost of a stored hash: a higher one would occupy its place in the gate for minutes. */
const MAX_COST = 14;

const COST = '(0[4-9]|1[0-4])';
const OWN = new RegExp(`^rk1\\$([\\w-]{1,64})\\$(\\$2b\\$${COST}\\$[./A-Za-z0-9]{53})$`);
const FOREIGN = new RegExp(`^\\$2[aby]\\$${COST}\\$[./A-Za-z0-9]{53}$`);

/** A text and the hash that bcrypt compares it with. */
type Comparison = { readonly text: string; readonly hash: string; readonly cost: number };

/**
 * Passwords as `bcrypt(base64(HMAC-SHA-384(pepper, password)), cost)` (OWASP Password Storage Cheat
 * Sheet, "pre-hashing"): no byte of a long password is ignored, and the database alone is not enough
 * to guess one. Stored as `rk1$<kid of the pepper>$<bcrypt hash>`.
 *
 * Plain `$2a$`, `$2b$` and `$2y$` hashes of other systems verify, where bcrypt reads all of the password.
 * A wrong password costs at least one hash of the current cost: neither the answer nor its time says what is wrong.
 */
export function bcryptHasher(options: {
  /** 4 to 14. */
  readonly cost: number;
  /** The peppers of the key file at this moment; the first is for new hashes. */
  readonly peppers: () => KeyList;
  readonly gate: Gate;
}): Hasher {
  const { cost, peppers, gate } = options;
  if (!Number.isInteger(cost) || cost < 4 || cost > MAX_COST) {
    throw new RangeError(`the cost of a hash is 4 to ${MAX_COST}`);
  }

  const prehash = (password: string, pepper: FileKey) =>
    createHmac('sha384', pepper.key).update(password, 'utf8').digest('base64');

  function comparisonFor(password: string, stored: string): Comparison | null {
    const [, kid, hash = '', ownCost] = OWN.exec(stored) ?? [];
    const pepper = peppers().find((key) => key.kid === kid);
    if (pepper) return { text: prehash(password, pepper), hash, cost: Number(ownCost) };

    const [, foreignCost] = FOREIGN.exec(stored) ?? [];
    const isReadWhole = Buffer.byteLength(password) <= BCRYPT_BYTES && !password.includes('\0');
    if (foreignCost === undefined || !isReadWhole) return null;
    // `$2a$` and `$2y$` are other names of `$2b$`, the one that the library knows.
    return { text: password, hash: `$2b${stored.slice(3)}`, cost: Number(foreignCost) };
  }

  const decoy = decoyOf(cost);

  return {
    admit: (place) => gate.admit(place),

    hash: (password, place) =>
      gate.run(place, async () => {
        const [current] = peppers();
        // A salt that is made here costs no second trip to the thread pool.
        const hash = await bcrypt.hash(prehash(password, current), bcrypt.genSaltSync(cost));
        return `rk1$${current.kid}$${hash}`;
      }),

    verify: (password, stored, place) =>
      gate.run(place, async () => {
        const comparison = stored === null ? null : comparisonFor(password, stored);
        if (comparison === null) {
          await bcrypt.compare(prehash(password, peppers()[0]), decoy);
          return false;
        }
        const { text, hash } = comparison;
        const isRight = await bcrypt.compare(text, hash);
        // A cheaper hash is made up for: 2^c + 2^c + 2^(c+1) + … + 2^(cost-1) = 2^cost.
        for (let c = comparison.cost; !isRight && c < cost; c += 1) {
          await bcrypt.compare(text, decoyOf(c));
        }
        return isRight;
      }),

    isCurrent: (stored) => {
      const [, kid, , storedCost] = OWN.exec(stored) ?? [];
      return kid === peppers()[0].kid && Number(storedCost) === cost;
    },
  };
}

/** A well-formed hash of no password: a comparison with it costs as much as with any other hash of its cost. */
function decoyOf(cost: number): string {
  return `$2b$${String(cost).padStart(2, '0')}$${'.'.repeat(53)}`;
}
