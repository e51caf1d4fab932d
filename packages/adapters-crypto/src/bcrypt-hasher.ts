import { timingSafeEqual } from 'node:crypto';
import { type Hasher, type Secrets, type StoredHash, sealOwners } from '@rekey/usecases';
import bcrypt from 'bcrypt';
import { MAX_BCRYPT_COST } from './foreign-hashes/bcrypt.ts';
import { type Adopted, readAdopted } from './foreign-hashes/foreign-hashes.ts';
import type { Gate } from './gate.ts';
import type { KeyList } from './key-file.ts';
import { makeOwnHash, type OwnHash, prehash, readOwnHash } from './own-hash.ts';

const MIN_COST = 4;

/** What a comparison found, and what it took: rounds of bcrypt, and milliseconds of anything else. */
type Found = { readonly isRight: boolean; readonly rounds: number; readonly ms: number };

/**
 * Passwords as hashes of our own, see `makeOwnHash`, and as other systems hashed them, see `foreignHashes`. Our own are of
 * the NFC of a password. Other systems hashed what was typed: a password is compared as it was typed, and where that is
 * not NFC, in NFC as well.
 *
 * A wrong password costs at least one hash of the current cost, and one more where it was not typed in NFC: neither the
 * answer nor its time says what is wrong. Where a hash is cheaper, bcrypt does the rest.
 */
export function bcryptHasher(options: {
  /** 4 to 14. */
  readonly cost: number;
  /** The peppers of the key file at this moment; the first is for new hashes. */
  readonly peppers: () => KeyList;
  readonly secrets: Pick<Secrets, 'unseal'>;
  readonly gate: Gate;
  /** Milliseconds of a clock that never goes back. */
  readonly now?: () => number;
}): Hasher {
  const { cost, peppers, secrets, gate, now = () => performance.now() } = options;
  if (!Number.isInteger(cost) || cost < MIN_COST || cost > MAX_BCRYPT_COST) {
    throw new RangeError(`the cost of a hash is ${MIN_COST} to ${MAX_BCRYPT_COST}`);
  }

  async function compareOwn(text: string, { kid, hash, cost }: OwnHash): Promise<Found> {
    const pepper = peppers().find((key) => key.kid === kid);
    if (!pepper) return nothing;
    const isRight = await bcrypt.compare(prehash(text, pepper), hash);
    return { isRight, rounds: 2 ** cost, ms: 0 };
  }

  async function compareForeign(text: string, { reading, around }: Adopted): Promise<Found> {
    const { run, output, bcryptRounds } = reading;
    const start = now();
    const made = await run(text);
    if (made === null) return nothing;
    const ms = bcryptRounds === null ? now() - start : 0;
    const rounds = bcryptRounds ?? 0;
    if (around === null) return { isRight: isSame(made, output), rounds, ms };
    const found = await compareOwn(made, around);
    return { ...found, rounds: found.rounds + rounds, ms };
  }

  function comparisonsOf(password: string, { hash, userId }: StoredHash) {
    const own = readOwnHash(hash);
    if (own) return [() => compareOwn(password.normalize('NFC'), own)];
    const adopted = readAdopted(hash, secrets, sealOwners.password(userId));
    if (adopted === null) return [];
    return formsOf(password).map((text) => () => compareForeign(text, adopted));
  }

  /** Works for so many rounds, less what so many milliseconds were worth. */
  async function work(rounds: number, ms: number): Promise<void> {
    let left = rounds;
    if (ms > 0) {
      // An eighth of a hash tells how fast this machine is just now.
      const sample = Math.max(MIN_COST, cost - 3);
      const start = now();
      await compareInVain(sample);
      left -= 2 ** sample * (1 + ms / (now() - start));
    }
    // Bcrypt has no part of its cheapest hash.
    left = Math.round(left / 2 ** MIN_COST) * 2 ** MIN_COST;
    for (let c = cost + 1; c >= MIN_COST; c -= 1) {
      if (left < 2 ** c) continue;
      await compareInVain(c);
      left -= 2 ** c;
    }
  }

  return {
    admit: (place) => gate.admit(place),

    hash: (password, place) => gate.run(place, () => makeOwnHash(password, peppers(), cost)),

    verify: (password, stored, place) =>
      gate.run(place, async () => {
        let left = formsOf(password).length * 2 ** cost;
        let spentMs = 0;
        for (const compare of stored === null ? [] : comparisonsOf(password, stored)) {
          const { isRight, rounds, ms } = await compare();
          if (isRight) return true;
          left -= rounds;
          spentMs += ms;
        }
        await work(left, spentMs);
        return false;
      }),

    isCurrent: (stored) => {
      const own = readOwnHash(stored);
      return own?.kid === peppers()[0].kid && own.cost === cost;
    },
  };
}

/** A password as it was typed, and in its normal form where that is another text. */
const formsOf = (password: string): string[] => [...new Set([password, password.normalize('NFC')])];

const nothing: Found = { isRight: false, rounds: 0, ms: 0 };

/** Compares with a well-formed hash of no password, which costs as much as with any other of its cost. */
const compareInVain = (cost: number): Promise<boolean> =>
  bcrypt.compare('', `$2b$${String(cost).padStart(2, '0')}$${'.'.repeat(53)}`);

function isSame(text: string, other: string): boolean {
  const [one, two] = [Buffer.from(text), Buffer.from(other)];
  return one.length === two.length && timingSafeEqual(one, two);
}
