import { de } from './texts/de.ts';
import { en } from './texts/en.ts';
import { es } from './texts/es.ts';
import { ja } from './texts/ja.ts';
import { pt } from './texts/pt.ts';
import type { Texts } from './texts/texts.ts';

/** Every language of the pages. All of them are written from left to right, and the layout says so. */
export const languages: ReadonlyMap<string, Texts> = new Map([
  ['en', en],
  ['de', de],
  ['es', es],
  ['pt', pt],
  ['ja', ja],
]);

export type Speech = {
  /** The language of the texts, for `lang`. */
  readonly language: string;
  /** That language as somebody's region writes its dates. */
  readonly locale: string;
  readonly texts: Texts;
};

/** What fits a user's locale (BCP 47); English where it is none of ours. */
export const speak = (locale: string): Speech => speechFor(locale) ?? ENGLISH;

/** What fits an `Accept-Language` best (RFC 9110, 12.5.4): a region that is not ours falls back to its language. */
export function listen(header: string | undefined): Speech {
  const ranges = (header ?? '').split(',').map((part) => {
    const [tag = '', ...parameters] = part.split(';').map((text) => text.trim());
    const [weight = '1'] = parameters.flatMap((text) => /^q=([\d.]+)$/i.exec(text)?.[1] ?? []);
    return { tag, weight: Number(weight) };
  });
  const wanted = ranges.filter(({ weight }) => weight > 0).sort((a, b) => b.weight - a.weight);
  for (const { tag } of wanted) {
    const speech = tag === '*' ? ENGLISH : speechFor(tag);
    if (speech) return speech;
  }
  return ENGLISH;
}

const ENGLISH: Speech = { language: 'en', locale: 'en', texts: en };

/** RFC 5646, 4.4.1: what is longer is no language that anybody speaks. */
const MAX_TAG = 35;

function speechFor(tag: string): Speech | null {
  if (tag.length > MAX_TAG) return null;
  try {
    const { baseName: locale, language } = new Intl.Locale(tag);
    const texts = languages.get(language);
    return texts ? { language, locale, texts } : null;
  } catch {
    return null;
  }
}
