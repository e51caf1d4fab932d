import type { Instant } from '@rekey/domain';

/** An instant as people read it: in that language and time zone, which is named; UTC where the runtime does not know the zone. */
export function timeInWords(instant: Instant, locale: string, timeZone: string): string {
  const style = { dateStyle: 'long', timeStyle: 'full' } as const;
  try {
    return new Intl.DateTimeFormat(locale, { ...style, timeZone }).format(instant);
  } catch {
    return new Intl.DateTimeFormat(locale, { ...style, timeZone: 'UTC' }).format(instant);
  }
}
