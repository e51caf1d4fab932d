import type { RankedDictionary } from '@zxcvbn-ts/core';

/**
 * The ranks of the words of a list, in memory that threads share. As an object, 230,000 words take a thread 0.25 s to make
 * and 35 MB to keep.
 */
export type WordRanks = {
  /** A hash table with linear probing: the digest of a word, or 0. */
  readonly digests: Float64Array<SharedArrayBuffer>;
  /** The rank of the word at that place, from 1 on. */
  readonly ranks: Uint32Array<SharedArrayBuffer>;
  /** Code units. */
  readonly longest: number;
};

/** Places for each word. */
const ROOM = 1.5;

/** The ranks of a list that begins with its most common word. */
export function rankWords(list: readonly string[]): WordRanks {
  const places = Math.ceil(list.length * ROOM) + 1;
  const digests = new Float64Array(new SharedArrayBuffer(places * 8));
  const ranks = new Uint32Array(new SharedArrayBuffer(places * 4));
  for (const [index, word] of list.entries()) {
    const digest = digestOf(word);
    const place = placeOf(digests, digest);
    digests[place] = digest;
    ranks[place] = index + 1;
  }
  const longest = list.reduce((most, { length }) => Math.max(most, length), 0);
  return { digests, ranks, longest };
}

/** The ranks in memory that threads share. */
export const shared = ({ digests, ranks, longest }: WordRanks): WordRanks => ({
  digests: copied(digests, new Float64Array(new SharedArrayBuffer(digests.byteLength))),
  ranks: copied(ranks, new Uint32Array(new SharedArrayBuffer(ranks.byteLength))),
  longest,
});

function copied<Numbers extends Float64Array | Uint32Array>(from: Numbers, to: Numbers): Numbers {
  to.set(from);
  return to;
}

/** The ranks as zxcvbn reads them: by the word, of an object. */
export const rankedDictionary = ({ digests, ranks }: WordRanks): RankedDictionary =>
  new Proxy<RankedDictionary>(
    {},
    {
      get(_target, word) {
        if (typeof word === 'symbol') return undefined;
        const place = placeOf(digests, digestOf(word));
        return digests[place] === 0 ? undefined : ranks[place];
      },
    },
  );

/** The place of the digest, or the free one where it belongs. */
function placeOf(digests: Float64Array, digest: number): number {
  let place = (digest >>> 0) % digests.length;
  while (digests[place] !== 0 && digests[place] !== digest) place = (place + 1) % digests.length;
  return place;
}

/**
 * 53 bits, never 0: of all words here no two share a digest, and of what is looked up, one in 10^10 is taken for a word.
 * Whoever finds such a text makes an own password look weaker.
 */
function digestOf(word: string): number {
  let high = 0x9e3779b9;
  let low = 0x85ebca6b;
  for (let index = 0; index < word.length; index += 1) {
    const unit = word.charCodeAt(index);
    high = Math.imul(high ^ unit, 0x01000193);
    low = Math.imul(low ^ unit, 0x5bd1e995);
  }
  // Each half mixes in the other, for the last units have not been spread yet.
  high = Math.imul(high ^ (high >>> 16), 0x85ebca6b) ^ Math.imul(low ^ (low >>> 13), 0xc2b2ae35);
  low = Math.imul(low ^ (low >>> 16), 0x85ebca6b) ^ Math.imul(high ^ (high >>> 13), 0xc2b2ae35);
  return (high & 0x1fffff) * 2 ** 32 + (low >>> 0) || 1;
}
