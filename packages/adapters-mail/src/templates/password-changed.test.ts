import { describe, expect, it } from 'vitest';
import { aMail, read } from '../../test/mail.ts';
import { languages } from './languages.ts';
import { passwordChanged } from './password-changed.ts';
import { templatesOf } from './templates.ts';

const templates = templatesOf();

/** Runs of spaces, which differ between markup and text and between versions of the locale data. */
const plain = (text: string) => text.replaceAll(/\s+/g, ' ');

describe.each([...languages])('the mail in %s', (locale, phrases) => {
  const mail = aMail({ locale, service: { name: 'Notes', emailText: 'Call us.\nAny time.' } });
  const { subject, text, html } = passwordChanged(mail, templates);

  it.each([
    ['text', text],
    ['HTML', read(html).text],
  ])('tells the whole story in its %s part', (part, body) => {
    const until = new Intl.DateTimeFormat(locale, {
      dateStyle: 'long',
      timeStyle: 'full',
      timeZone: 'UTC',
    }).format(mail.linkExpiresAt);
    const story = [
      phrases.changed('Notes'),
      `${phrases.address}: 203.0.113.9`,
      `${phrases.client}: Firefox/145.0`,
      phrases.wasYou,
      phrases.wasNotYou,
      ...(part === 'HTML' ? [phrases.button, phrases.copy] : []),
      mail.link,
      phrases.effect,
      phrases.until(until),
      `${phrases.note('Notes')} Call us. Any time.`,
      phrases.why('Notes'),
    ];
    for (const sentence of story) expect(plain(body)).toContain(plain(sentence));
    expect(plain(body)).toMatch(
      new RegExp(`${phrases.when}: [^:]*2026[^:]*(?:11|23)[:時]30[:分]00`),
    );
    expect(body).not.toMatch(/undefined|null|\[object|\$\{/);
  });

  it('names the service in its subject', () => {
    expect(subject).toBe(phrases.subject('Notes'));
    expect(subject).toContain('Notes');
  });

  it('has every phrase, and none of another language', () => {
    const others = [...languages].filter(([other]) => other !== locale);
    const said = (words: typeof phrases) =>
      Object.values(words).map((phrase) => (typeof phrase === 'string' ? phrase : phrase('X')));
    for (const phrase of said(phrases)) expect(phrase.trim()).not.toBe('');
    for (const [, other] of others) {
      expect(said(other).filter((phrase) => said(phrases).includes(phrase))).toEqual([]);
    }
  });

  it('says in HTML which language it is in', () => {
    expect(html).toContain(`<html lang="${locale}">`);
  });
});

describe('the time', () => {
  it.each([
    ['en-GB', 'Europe/Berlin', '1 February 2026 at 00:30:00 Central European Standard Time'],
    ['en', 'America/New_York', 'January 31, 2026 at 6:30:00 PM Eastern Standard Time'],
    ['de', 'Asia/Tokyo', '1. Februar 2026 um 08:30:00 Japanische Normalzeit'],
  ])("is the user's own: %s in %s", (locale, timezone, expected) => {
    const { text } = passwordChanged(aMail({ locale, timezone }), templates);
    expect(plain(text)).toContain(expected);
  });

  it('is UTC where the zone is not known', () => {
    const { text } = passwordChanged(aMail({ timezone: 'Mars/Olympus' }), templates);
    expect(plain(text)).toContain('January 31, 2026 at 11:30:00 PM Coordinated Universal Time');
  });
});

describe('the language', () => {
  it.each([
    ['pt-BR', 'Sua senha em Notes foi alterada'],
    ['de-CH-1996', 'Ihr Passwort bei Notes wurde geändert'],
    ['fr', 'Your password at Notes was changed'],
    ['not a locale', 'Your password at Notes was changed'],
    ['', 'Your password at Notes was changed'],
  ])('for %j begins: %s', (locale, subject) => {
    expect(passwordChanged(aMail({ locale }), templates).subject).toBe(subject);
  });

  it('of the dates is that of the text', () => {
    expect(passwordChanged(aMail({ locale: 'fr' }), templates).text).toContain('January 31, 2026');
  });
});

describe('what strangers wrote', () => {
  const evil = `<script src="//evil.example">'&`;

  it('is text in HTML, wherever it stands', () => {
    const { html } = passwordChanged(
      aMail({
        to: { name: evil, address: 'ada@example.com' },
        service: { name: evil, emailText: evil },
        origin: { address: evil, client: evil },
        link: `https://notes.example.com/?a="><script>&b='`,
      }),
      templates,
    );
    expect(html).not.toContain('<script');
    expect(html.match(/&lt;script src=&quot;\/\/evil\.example&quot;&gt;&#39;&amp;/g)).toHaveLength(
      5,
    );
    const links = new Set(read(html).links);
    expect(links).toEqual(new Set([`https://notes.example.com/?a="><script>&b='`]));
  });

  it.each([
    ['a User-Agent', { address: '203.0.113.9', client: 'see https://evil.example' }],
    ['an address', { address: 'evil.example', client: null }],
    ['the zone of an address', { address: 'fe80::1%evil.example', client: null }],
  ])('is no link: %s', (_what, origin) => {
    const { text, html } = passwordChanged(aMail({ origin }), templates);
    expect(text + html).not.toContain('evil.example');
  });

  it('is not there at all if it is the name of the user', () => {
    const to = { name: 'Win a prize', address: 'ada@example.com' };
    const { subject, text, html } = passwordChanged(aMail({ to }), templates);
    expect(subject + text + html).not.toContain('prize');
  });
});

it('says that address and client are unknown where they are', () => {
  const { text } = passwordChanged(aMail({ origin: { address: '', client: null } }), templates);
  expect(text).toContain('IP address: unknown\nDevice, in its own words: unknown\n');
});

it('says nothing in the name of a service that has nothing to add', () => {
  const { text, html } = passwordChanged(aMail(), templates);
  expect(text + html).not.toContain('adds');
});

it('loads nothing, and leads nowhere but to the link', () => {
  const { html } = passwordChanged(aMail(), templates);
  expect(html).not.toMatch(/<(?:img|link|script|iframe|video|object|form)|\bsrc=|url\(|@import/i);
  expect(read(html).links).toEqual([aMail().link, aMail().link]);
});

describe('colours', () => {
  const { html } = passwordChanged(aMail(), templates);
  const [, dark = ''] = /@media \(prefers-color-scheme: dark\) \{\n(.*?)\n\}\n/s.exec(html) ?? [];
  const inLight = (name: string, property: string) =>
    new RegExp(`class="${name}"[^>]*[" ;]${property}:(#[\\da-f]{6})`).exec(html)?.[1] ?? '';
  const inDark = (name: string, property: string) =>
    new RegExp(`\\.${name} \\{ ${property}: (#[\\da-f]{6}) !important`).exec(dark)?.[1] ?? '';

  it('are declared for both schemes', () => {
    expect(html).toContain('<meta name="color-scheme" content="light dark">');
    expect(html).toContain(':root { color-scheme: light dark; }');
    expect(dark).not.toBe('');
  });

  it('of text have the contrast that WCAG 2.2 (1.4.3) asks for, light and dark', () => {
    for (const [name, on] of [
      ['text', 'card'],
      ['quiet', 'card'],
      ['quiet', 'page'],
    ] as const) {
      for (const color of [inLight, inDark]) {
        const [front, back] = [color(name, 'color'), color(on, 'background-color')];
        expect(contrast(front, back), `${name} on ${on}: ${front} ${back}`).toBeGreaterThan(4.5);
      }
    }
    expect(html).toMatch(/bgcolor="#b3261e"[^>]*><a [^>]*color:#ffffff/);
    expect(contrast('#ffffff', '#b3261e')).toBeGreaterThan(4.5);
  });

  it('leave no text dark on dark: what has a colour has a class that changes it', () => {
    const coloured = html.match(/<[^>]*[";]color:(?!#ffffff)[^>]*>/g) ?? [];
    expect(coloured.length).toBeGreaterThan(8);
    for (const tag of coloured) expect(tag).toMatch(/class="(?:text|quiet)"/);
  });
});

/** The ratio of WCAG 2.2, of two colours as #rrggbb. */
function contrast(a: string, b: string): number {
  const luminance = (color: string) => {
    const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
      const part = Number.parseInt(color.slice(at, at + 2), 16) / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}
