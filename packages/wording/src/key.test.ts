import { expect, test } from 'vitest';
import { keyInWords } from './key.ts';

test.each([
  ['cron', 'AbCd-_12', 'cron (rku_AbCd-_12…)'],
  ['cron', null, 'cron'],
  ['<b>https://evil.example</b>', 'AbCd-_12', 'b https evil example /b (rku_AbCd-_12…)'],
  ['★', 'AbCd-_12', 'rku_AbCd-_12…'],
])('a key %j that begins with %s is %j', (name, prefix, words) => {
  expect(keyInWords({ name, prefix })).toBe(words);
});
