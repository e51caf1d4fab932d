import { describe, expect, it } from 'vitest';
import { languageOf, preferred } from './languages.ts';

describe('the language that a browser prefers', () => {
  it.each([
    ['de', 'de', 'de'],
    ['de-AT,de;q=0.9,en;q=0.8', 'de', 'de-AT'],
    ['fr-FR,fr;q=0.9,es;q=0.4,en;q=0.3', 'es', 'es'],
    ['en;q=0.2, ja;q=0.7', 'ja', 'ja'],
    ['pt-BR', 'pt', 'pt-BR'],
    ['de;q=0, es;q=0.1', 'es', 'es'],
    ['fr, *;q=0.5, de;q=0.1', 'en', 'en'],
    ['DE-ch', 'de', 'de-CH'],
    ['zh-Hant-TW', 'en', 'en'],
    [`de-${'abcdefgh-'.repeat(5)}x, es`, 'es', 'es'],
    ['*', 'en', 'en'],
    ['', 'en', 'en'],
    ['not a language, <script>;q=x, de;q=0.1', 'de', 'de'],
    [`${'fr;q=0.1, '.repeat(50)}de`, 'de', 'de'],
    [`${'fr;q=0.1, '.repeat(60)}de`, 'en', 'en'],
    [undefined, 'en', 'en'],
  ])('for %j is %s, with dates as in %s', (header, language, locale) => {
    expect(preferred(header)).toEqual({ language, locale });
  });
});

describe('the language of a locale', () => {
  it.each([
    ['ja-JP', 'ja', 'ja-JP'],
    ['pt', 'pt', 'pt'],
    ['de-ch-1996-u-nu-latn', 'de', 'de-CH-1996'],
  ])('%s is %s, with dates as in %s', (tag, language, locale) => {
    expect(languageOf(tag)).toEqual({ language, locale });
  });

  it.each(['fr', 'no locale', '', `de-${'abcdefgh-'.repeat(5)}x`])('%j is none of ours', (tag) => {
    expect(languageOf(tag)).toBeNull();
  });
});
