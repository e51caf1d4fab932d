/** The languages that Rekey speaks. All of them are written from left to right. */
export const languages = ['en', 'de', 'es', 'pt', 'ja'] as const;
export type Language = (typeof languages)[number];

/** A language to write in, and the locale to write its dates in: that language, with a region if one is known. */
export type Speech = { readonly language: Language; readonly locale: string };

export const english: Speech = { language: 'en', locale: 'en' };

/** RFC 5646, 4.4.1: a longer tag is no language that anybody speaks. */
const MAX_TAG_LENGTH = 35;

/** The language of a BCP 47 locale; null where Rekey does not speak it. */
export function languageOf(tag: string): Speech | null {
  if (tag.length > MAX_TAG_LENGTH) return null;
  try {
    const { baseName: locale, language: wanted } = new Intl.Locale(tag);
    const language = languages.find((each) => each === wanted);
    return language === undefined ? null : { language, locale };
  } catch {
    return null;
  }
}

/** A dozen languages fit in, and browsers send fewer. */
const MAX_HEADER_LENGTH = 512;

/** The language that fits an `Accept-Language` best (RFC 9110, 12.5.4); English where none does. */
export function preferred(acceptLanguage = ''): Speech {
  if (acceptLanguage.length > MAX_HEADER_LENGTH) return english;
  const ranges = acceptLanguage.split(',').map((part) => {
    const [tag = '', ...parameters] = part.split(';').map((text) => text.trim());
    const [weight = '1'] = parameters.flatMap((text) => /^q=([\d.]+)$/i.exec(text)?.[1] ?? []);
    return { tag, weight: Number(weight) };
  });
  const wanted = ranges.filter(({ weight }) => weight > 0).sort((a, b) => b.weight - a.weight);
  for (const { tag } of wanted) {
    const speech = tag === '*' ? english : languageOf(tag);
    if (speech) return speech;
  }
  return english;
}
