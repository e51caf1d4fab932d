import { noticeKinds } from '@rekey/domain';
import { describe, expect, it } from 'vitest';
import { commonWords } from './common-words.ts';
import { type Language, languages } from './languages.ts';
import { notices } from './notices/index.ts';

type Words = Readonly<Record<string, string | ((service: string) => string) | undefined>>;

const tables: [string, Readonly<Record<Language, Words>>][] = [
  ['the words that mail and page share', commonWords],
  ...noticeKinds.map((kind): (typeof tables)[number] => [`the notice ${kind}`, notices[kind]]),
];

const said = (words: Words, service = 'NAME') =>
  Object.values(words)
    .filter((word) => word !== undefined)
    .map((word) => (typeof word === 'function' ? word(service) : word));

describe.each(tables)('%s', (_name, table) => {
  it('is written in every language, with every word', () => {
    expect(Object.keys(table)).toEqual([...languages]);
    for (const language of languages) {
      expect(Object.keys(table[language])).toEqual(Object.keys(table.en));
      for (const word of said(table[language])) expect(word).toMatch(/^\S(?:.*\S)?$/);
    }
  });

  it('says nothing in the words of another language', () => {
    const all = languages.flatMap((language) => said(table[language]));
    expect(all.filter((word, index) => all.indexOf(word) !== index)).toEqual([]);
  });
});

describe.each(noticeKinds)('the notice %s', (kind) => {
  it.each(languages)('says which service it is about, in %s', (language) => {
    const { subject, happened, why } = notices[kind][language];
    for (const sentence of [subject, happened, why]) expect(sentence('NAME')).toContain('NAME');
    for (const text of said(notices[kind][language])) expect(text).not.toMatch(/undefined|\$\{/);
  });

  it('says what no other notice says', () => {
    for (const language of languages) {
      const others = noticeKinds.filter((other) => other !== kind);
      const elsewhere = others.flatMap((other) => said(notices[other][language]));
      expect(said(notices[kind][language]).filter((text) => elsewhere.includes(text))).toEqual([]);
    }
  });
});
