import type { PasswordMeter } from '@rekey/usecases';

/**
 * Code units of a password that zxcvbn sees: its time grows with their square, and it runs where requests
 * are served (6 ms for 32, 0.6 s for 100 with all of its options). What follows could only add strength,
 * and 32 that cannot be guessed have the highest already.
 */
const MAX_ASSESSED = 32;

/** Spellings such as `p4ssw0rd` that are tried for one password: each costs a whole search of the dictionaries. */
const MAX_SPELLINGS = 8;

/**
 * Strength by zxcvbn, with the words of the context and English words, names and common passwords.
 * Pwned is what the list of about 49,000 common passwords has, whatever its case; about others nothing is known.
 *
 * The dictionaries are read at the first use: 0.25 s and 35 MB that a start does not wait for.
 */
export function passwordMeter(): PasswordMeter {
  let loading: ReturnType<typeof load> | undefined;
  return {
    async assess(password, context) {
      loading ??= load();
      const { zxcvbn, common } = await loading;
      const start = password.slice(0, MAX_ASSESSED);
      return {
        strength: zxcvbn.check(start, wordsOf(context)).score,
        isPwned: common.has(password.toLowerCase()) ? true : null,
      };
    },
  };
}

async function load() {
  const { ZxcvbnFactory } = await import('@zxcvbn-ts/core');
  const { adjacencyGraphs, dictionary } = await import('@zxcvbn-ts/language-common');
  const { dictionary: english } = await import('@zxcvbn-ts/language-en');
  const zxcvbn = new ZxcvbnFactory({
    graphs: adjacencyGraphs,
    // Not all: every piece of a password is looked up in each, and these are what most passwords are made of.
    dictionary: {
      passwords: dictionary['passwords-common'],
      commonWords: english['commonWords-en'],
      wikipedia: english['wikipedia-en'],
      firstnames: english['firstnames-en'],
      lastnames: english['lastnames-en'],
    },
    l33tMaxSubstitutions: MAX_SPELLINGS,
  });
  return { zxcvbn, common: new Set(dictionary['passwords-common']) };
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
