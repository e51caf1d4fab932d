import { de } from './de.ts';
import { en } from './en.ts';
import { es } from './es.ts';
import { ja } from './ja.ts';
import type { Phrases } from './phrases.ts';
import { pt } from './pt.ts';

/** Every language that mails are written in. */
export const languages: ReadonlyMap<string, Phrases> = new Map([
  ['en', en],
  ['de', de],
  ['es', es],
  ['pt', pt],
  ['ja', ja],
]);

/** What fits the user's language: its phrases, and the locale for dates. English where it is none of ours. */
export function speak(locale: string): { readonly locale: string; readonly phrases: Phrases } {
  const phrases = languages.get(languageOf(locale));
  // Dates of another language than the text around them would only confuse.
  return phrases ? { locale, phrases } : { locale: 'en', phrases: en };
}

function languageOf(locale: string): string {
  try {
    return new Intl.Locale(locale).language;
  } catch {
    return '';
  }
}
