import { serialize } from 'node:v8';
import type { OptionsGraph } from '@zxcvbn-ts/core';
import { adjacencyGraphs, dictionary } from '@zxcvbn-ts/language-common';
import { dictionary as english } from '@zxcvbn-ts/language-en';
import { rankWords, type WordRanks } from './word-ranks.ts';

/** All that passwords are judged by, in a form that goes from thread to thread. */
export type KnownWords = {
  /** The words that passwords are made of; those of `passwords` are pwned. */
  readonly lists: Readonly<
    Record<'passwords' | 'commonWords' | 'wikipedia' | 'firstnames' | 'lastnames', WordRanks>
  >;
  /** Which keys of a keyboard are side by side. */
  readonly graphs: OptionsGraph;
};

/** A choice: every piece of a password is looked up in each, and most passwords are made of these. */
export const rankKnownWords = (): KnownWords => ({
  lists: {
    passwords: rankWords(dictionary['passwords-common']),
    commonWords: rankWords(english['commonWords-en']),
    wikipedia: rankWords(english['wikipedia-en']),
    firstnames: rankWords(english['firstnames-en']),
    lastnames: rankWords(english['lastnames-en']),
  },
  graphs: adjacencyGraphs,
});

/** The words as a file that the bundle brings along. */
export const packWords = (): Buffer => serialize(rankKnownWords());
