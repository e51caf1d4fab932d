import type { PasswordQuality } from '@rekey/domain';
import { ZxcvbnFactory } from '@zxcvbn-ts/core';
import { adjacencyGraphs, dictionary } from '@zxcvbn-ts/language-common';
import { dictionary as english } from '@zxcvbn-ts/language-en';

/**
 * Code units of a password that zxcvbn sees: its time grows with their square (6 ms for 32, 0.6 s for 100
 * with all of its options). The rest of a password could only add strength, and 32 units that cannot be guessed have the
 * highest already.
 */
const MAX_ASSESSED = 32;

/** Spellings such as `p4ssw0rd` that are tried for one password: each costs a whole search of the dictionaries. */
const MAX_SPELLINGS = 8;

const zxcvbn = new ZxcvbnFactory({
  graphs: adjacencyGraphs,
  // A choice: every piece of a password is looked up in each, and most passwords are made of these.
  dictionary: {
    passwords: dictionary['passwords-common'],
    commonWords: english['commonWords-en'],
    wikipedia: english['wikipedia-en'],
    firstnames: english['firstnames-en'],
    lastnames: english['lastnames-en'],
  },
  l33tMaxSubstitutions: MAX_SPELLINGS,
});
const common = new Set(dictionary['passwords-common']);

/** Judges the strength by the words of the context and the dictionaries; a common password in any case is pwned. */
export function judge(password: string, context: readonly string[]): PasswordQuality {
  const start = password.slice(0, MAX_ASSESSED);
  return {
    strength: zxcvbn.check(start, wordsOf(context)).score,
    isPwned: common.has(password.toLowerCase()) ? true : null,
  };
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
