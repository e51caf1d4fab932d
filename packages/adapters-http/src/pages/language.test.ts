import { describe, expect, it } from 'vitest';
import { languages, listen, speak } from './language.ts';

describe('the language that a browser asks for', () => {
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
    [undefined, 'en', 'en'],
  ])('as %j is answered in %s, with dates as in %s', (header, language, locale) => {
    expect(listen(header)).toMatchObject({ language, locale });
  });
});

describe('the language of a user', () => {
  it.each([
    ['ja-JP', 'ja', 'ja-JP'],
    ['pt', 'pt', 'pt'],
    ['fr', 'en', 'en'],
    ['no locale', 'en', 'en'],
  ])('%s is %s, with dates as in %s', (locale, language, dates) => {
    expect(speak(locale)).toMatchObject({ language, locale: dates });
  });
});

describe.each([...languages])('the texts in %s', (language, texts) => {
  const said = (part: unknown): string[] => {
    if (typeof part === 'string') return [part];
    if (typeof part === 'function') return said(part('NAME'));
    return Object.values(part as object).flatMap(said);
  };

  it('say everything, and nothing in the words of another language', () => {
    expect(said(texts).every((text) => text.trim() === text && text !== '')).toBe(true);
    for (const [other, { confirm, ...foreign }] of languages) {
      if (other === language) continue;
      const shared = said(foreign).filter((text) => said(texts).includes(text));
      expect(shared).toEqual([]);
    }
  });

  it('name what is filled in', () => {
    expect(texts.change.rule).toContain('{min}');
    expect(texts.script.reasons.too_short).toContain('{min}');
    expect(texts.script.wait).toContain('{time}');
    expect(texts.confirm.changed('NAME')).toContain('NAME');
    expect(texts.change.lead('NAME')).toContain('NAME');
    expect(texts.shut.steps('NAME').join()).toContain('NAME');
    expect(texts.broken.number('NAME')).toContain('NAME');
  });
});
