import { languages } from '@rekey/wording';
import { describe, expect, it } from 'vitest';
import { texts as all } from './texts/index.ts';

describe.each(languages)('the texts in %s', (language) => {
  const texts = all[language];
  const said = (part: unknown): string[] => {
    if (typeof part === 'string') return [part];
    if (typeof part === 'function') return said(part('NAME'));
    return Object.values(part as object).flatMap(said);
  };

  it('say everything, and nothing in the words of another language', () => {
    expect(said(texts).every((text) => text.trim() === text && text !== '')).toBe(true);
    for (const other of languages) {
      if (other === language) continue;
      const shared = said(all[other]).filter((text) => said(texts).includes(text));
      expect(shared).toEqual([]);
    }
  });

  it('name everything that is filled in', () => {
    expect(texts.change.rule).toContain('{min}');
    expect(texts.script.reasons.too_short).toContain('{min}');
    expect(texts.script.wait).toContain('{time}');
    expect(texts.change.lead('NAME')).toContain('NAME');
    expect(texts.broken.number('NAME')).toContain('NAME');
  });
});
