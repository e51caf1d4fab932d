import { expect, it } from 'vitest';
import { timeInWords, waitInWords } from './time.ts';

const INSTANT = Date.parse('2026-01-31T23:30:00Z');

/** Versions of the locale data differ in the kind of their spaces. */
const plain = (text: string) => text.replaceAll(/\s+/g, ' ');

it.each([
  ['en', 'UTC', 'January 31, 2026 at 11:30:00 PM Coordinated Universal Time'],
  ['en-GB', 'Europe/Berlin', '1 February 2026 at 00:30:00 Central European Standard Time'],
  ['en', 'America/New_York', 'January 31, 2026 at 6:30:00 PM Eastern Standard Time'],
  ['de', 'Asia/Tokyo', '1. Februar 2026 um 08:30:00 Japanische Normalzeit'],
])('an instant is told in %s as the clocks of %s show it', (locale, timeZone, words) => {
  expect(plain(timeInWords(INSTANT, locale, timeZone))).toBe(words);
});

it('an instant is told in UTC, and says so, where the time zone is unknown', () => {
  const words = timeInWords(INSTANT, 'en', 'Mars/Olympus');
  expect(plain(words)).toBe('January 31, 2026 at 11:30:00 PM Coordinated Universal Time');
});

it('an instant is told in more languages and time zones than are remembered', () => {
  const zones = Intl.supportedValuesOf('timeZone').slice(0, 250);
  const words = zones.map((zone) => timeInWords(INSTANT, 'en', zone));
  expect(zones.map((zone) => timeInWords(INSTANT, 'en', zone))).toEqual(words);
  expect(plain(timeInWords(INSTANT, 'en', 'UTC'))).toContain('Coordinated Universal Time');
});

it.each([
  [1, 'en', '1 second'],
  [90, 'en', '90 seconds'],
  [91, 'de', '2 Minuten'],
  [5400, 'es', '90 minutos'],
  [5401, 'pt', '2 horas'],
  [80_000, 'ja', '23 時間'],
] as const)('a wait of %i seconds is told in %s as people count it', (seconds, language, words) => {
  expect(plain(waitInWords(seconds, language))).toBe(words);
});
