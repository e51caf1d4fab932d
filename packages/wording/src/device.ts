import type { Language } from './languages.ts';

/** A User-Agent names its program and its system early. */
const MAX_LENGTH = 512;

/** Those that name others as well come before them. */
const programs = [
  ['Edge', /\bEdg(?:e|A|iOS)?\//],
  ['Opera', /\b(?:OPR|OPiOS|Opera)\//],
  ['Samsung Internet', /\bSamsungBrowser\//],
  ['Vivaldi', /\bVivaldi\//],
  ['Yandex Browser', /\bYaBrowser\//],
  ['DuckDuckGo', /\b(?:DuckDuckGo|Ddg)\//],
  ['Firefox', /\b(?:Firefox|FxiOS)\//],
  ['Chrome', /\b(?:Chrome|Chromium|CriOS)\//],
  ['Safari', /\bVersion\/.* Safari\//],
  ['curl', /^curl\//],
  ['Wget', /^Wget\//],
  ['HTTPie', /^HTTPie\//],
  ['Postman', /^PostmanRuntime\//],
  ['PowerShell', /\bPowerShell\//],
  ['Python', /^(?:python-requests|python-httpx|Python-urllib|Python)\//],
  ['Go', /^Go-http-client\//],
  ['Java', /^(?:Java|Java-http-client|Apache-HttpClient|okhttp)\//],
  ['Node', /^(?:node|undici|node-fetch|axios)\b/],
  ['PHP', /^(?:PHP|GuzzleHttp)\//],
  ['Ruby', /^(?:Ruby$|Faraday )/],
] as const;

const systems = [
  ['iPhone', /\biPhone\b/],
  ['iPad', /\biPad\b/],
  ['Android', /\bAndroid\b/],
  ['ChromeOS', /\bCrOS\b/],
  ['Windows', /\bWindows\b/],
  ['macOS', /\b(?:Macintosh|Mac OS X)\b/],
  ['Linux', /\b(?:Linux|X11)\b/],
] as const;

type DeviceWords = {
  readonly unknown: string;
  readonly on: (program: string, system: string) => string;
};

const words: Readonly<Record<Language, DeviceWords>> = {
  en: { unknown: 'an unknown program', on: (program, system) => `${program} on ${system}` },
  de: { unknown: 'ein unbekanntes Programm', on: (program, system) => `${program} auf ${system}` },
  es: { unknown: 'un programa desconocido', on: (program, system) => `${program} en ${system}` },
  pt: { unknown: 'um programa desconhecido', on: (program, system) => `${program} no ${system}` },
  ja: { unknown: '不明なプログラム', on: (program, system) => `${system} の ${program}` },
};

/**
 * A device as people call it, such as `Firefox on Linux`, by its User-Agent. No word of that is in it: a client claims
 * what it likes.
 */
export function deviceInWords(client: string | null, language: Language): string {
  const claim = (client ?? '').slice(0, MAX_LENGTH);
  const { unknown, on } = words[language];
  const program = nameIn(programs, claim) ?? unknown;
  const system = nameIn(systems, claim);
  return system === null ? program : on(program, system);
}

const nameIn = (table: readonly (readonly [string, RegExp])[], claim: string): string | null =>
  table.find(([, pattern]) => pattern.test(claim))?.[0] ?? null;
