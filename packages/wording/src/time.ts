import type { Instant } from '@rekey/domain';
import type { Language } from './languages.ts';

/** A locale and a time zone come from users, so their number has no other bound. A format takes about 30 KB. */
const MAX_FORMATS = 200;

/** Making a format takes forty times as long as using it. */
const formats = new Map<string, Intl.DateTimeFormat>();

/** An instant as people read it: in that language and time zone, which is named; UTC where the runtime does not know the zone. */
export function timeInWords(instant: Instant, locale: string, timeZone: string): string {
  const name = `${locale} ${timeZone}`;
  const known = formats.get(name);
  if (known) return known.format(instant);
  if (formats.size >= MAX_FORMATS) formats.clear();
  const format = formatFor(locale, timeZone);
  formats.set(name, format);
  return format.format(instant);
}

function formatFor(locale: string, timeZone: string): Intl.DateTimeFormat {
  const style = { dateStyle: 'long', timeStyle: 'full' } as const;
  try {
    return new Intl.DateTimeFormat(locale, { ...style, timeZone });
  } catch {
    return new Intl.DateTimeFormat(locale, { ...style, timeZone: 'UTC' });
  }
}

/** Seconds that somebody has to wait, in that language; as the minutes or hours that they come to where they are many. */
export function waitInWords(seconds: number, language: Language): string {
  const [unit, length] =
    seconds > 5400 ? ['hour', 3600] : seconds > 90 ? ['minute', 60] : ['second', 1];
  const style = { style: 'unit', unit, unitDisplay: 'long' } as const;
  return new Intl.NumberFormat(language, style).format(Math.ceil(seconds / length));
}
