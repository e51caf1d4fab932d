import fc from 'fast-check';
import { expect, test } from 'vitest';
import { rankKnownWords } from './known-words.ts';
import { rankedDictionary, rankWords } from './word-ranks.ts';

test('every word of a list has its rank, and no other text has one', () => {
  const word = fc.string({ unit: 'binary', maxLength: 20 });
  fc.assert(
    fc.property(fc.uniqueArray(word, { maxLength: 50 }), fc.array(word), (list, others) => {
      const ranks = rankedDictionary(rankWords(list));
      expect(list.map((each) => ranks[each])).toEqual(list.map((_each, index) => index + 1));
      for (const other of others) {
        if (!list.includes(other)) expect(ranks[other]).toBeUndefined();
      }
    }),
  );
});

test('a word that comes twice has its later rank, as zxcvbn has it', () => {
  expect(rankedDictionary(rankWords(['a', 'b', 'a'])).a).toBe(3);
});

test('what every object has is no word', () => {
  const ranks = rankedDictionary(rankWords(['a']));
  for (const name of ['constructor', '__proto__', 'toString', '']) {
    expect(ranks[name]).toBeUndefined();
  }
});

test('the words take threads 5 MB in all', () => {
  const bytes = Object.values(rankKnownWords().lists).map(
    ({ digests, ranks }) => digests.byteLength + ranks.byteLength,
  );
  expect(bytes.reduce((sum, each) => sum + each)).toBeLessThan(5e6);
});
