import type { PasswordQuality } from '@rekey/domain';
import { type Options, ZxcvbnFactory } from '@zxcvbn-ts/core';
import type { KnownWords } from './known-words.ts';
import { rankedDictionary } from './word-ranks.ts';

/**
 * Code units of a password that zxcvbn sees: its time grows with their square (6 ms for 32, 0.6 s for 100
 * with all of its options). The rest of a password could only add strength, and 32 units that cannot be guessed have the
 * highest already.
 */
const MAX_ASSESSED = 32;

/** Spellings such as `p4ssw0rd` that are tried for one password: each costs a whole search of the dictionaries. */
const MAX_SPELLINGS = 8;

/** A judge of passwords by these words and those of a context; a common password in any case is pwned. */
export function judgeBy({
  lists,
  graphs,
}: KnownWords): (password: string, context: readonly string[]) => PasswordQuality {
  const zxcvbn = new ZxcvbnFactory({ graphs, l33tMaxSubstitutions: MAX_SPELLINGS });
  const named = Object.entries(lists);
  const ranked = Object.fromEntries(named.map(([name, list]) => [name, rankedDictionary(list)]));
  // It takes lists alone, and would make objects of them.
  const { options } = zxcvbn as unknown as { options: Options };
  options.rankedDictionaries = ranked;
  options.rankedDictionariesMaxWordSize = Object.fromEntries(
    named.map(([name, { longest }]) => [name, longest]),
  );
  return (password, context) => ({
    strength: zxcvbn.check(password.slice(0, MAX_ASSESSED), wordsOf(context)).score,
    isPwned: ranked.passwords?.[password.toLowerCase()] === undefined ? null : true,
  });
}

/** The texts and their parts: of `jane.doe@example.org`, an attacker tries `jane.doe` and `jane` as well. */
function wordsOf(context: readonly string[]): string[] {
  const parts = context.flatMap((text) => [
    text,
    ...text.split(/[@\s]+/),
    ...text.split(/[^\p{L}\p{N}]+/u),
  ]);
  return [...new Set(parts)].filter((word) => word.length >= 3);
}
