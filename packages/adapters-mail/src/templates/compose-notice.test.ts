import { noticeKinds } from '@rekey/domain';
import type { Notice } from '@rekey/usecases';
import {
  commonWords,
  contrast,
  deviceInWords,
  languages,
  notices,
  timeInWords,
} from '@rekey/wording';
import { describe, expect, it } from 'vitest';
import { aNotice, read } from '../../test/notice.ts';
import { type Brand, plainBrand } from '../brand.ts';
import { composeNotice as compose } from './compose-notice.ts';
import { mailWords } from './mail-words.ts';
import { type Templates, templatesOf } from './templates.ts';

const templates = templatesOf();
const composeNotice = (notice: Notice, from: Templates, brand: Brand = plainBrand) =>
  compose(notice, from, brand);

/** Runs of spaces, which differ between markup and text and between versions of the locale data. */
const plain = (text: string) => text.replaceAll(/\s+/g, ' ');

const everyMail = noticeKinds.flatMap((kind) => languages.map((language) => ({ kind, language })));

describe.each(everyMail)('the mail $kind in $language', ({ kind, language }) => {
  const words = { ...commonWords[language], ...mailWords[language] };
  const own = notices[kind][language];
  const service = { name: 'Notes', emailText: 'Call us.\nAny time.' };
  const client = 'Mozilla/5.0 (X11; Linux) Firefox/145.0';
  const origin = { address: '203.0.113.9', client };
  const supportUrl = 'https://help.example.com/';
  const notice = aNotice({ kind, locale: language, service, origin, supportUrl });
  const { subject, text, html } = composeNotice(notice, templates);
  const time = (instant: number) => timeInWords(instant, language, 'UTC');

  it.each([
    ['text', text],
    ['HTML', read(html).text],
  ])('tells the whole story in its %s part', (part, body) => {
    const isHtml = part === 'HTML';
    const until = words.until(time(notice.linkExpiresAt));
    const link = [notice.link, until, ...(isHtml ? [words.copy] : [])];
    const action =
      'next' in own
        ? [own.next('Notes')]
        : 'report' in own
          ? [words.wasYou, words.wasNotYou, words.effect, own.besides ?? '', ...link]
          : [own.ask('Notes'), own.effect, own.unless, ...link];
    const label = 'next' in own ? '' : 'report' in own ? words.button : own.button;
    const story = [
      own.happened('Notes'),
      `${words.account}: ada@example.com`,
      `${words.when}: ${time(notice.happenedAt)}`,
      `${words.address}: 203.0.113.9`,
      `${words.client}: ${deviceInWords(client, language)} ${isHtml ? '' : '· '}${client}`,
      ...action,
      ...(isHtml && label !== '' ? [label, words.leads('notes.example.com')] : []),
      isHtml && 'refuse' in own ? (own.refuse ?? '') : '',
      `${words.help} https://help.example.com/`,
      `${words.note('Notes')} Call us. Any time.`,
      own.why('Notes'),
    ];
    for (const sentence of story) expect(plain(body)).toContain(plain(sentence));
    expect(body).not.toMatch(/undefined|null|\[object|\$\{|\{\{/);
  });

  it('names the service in its subject', () => {
    expect(subject).toBe(own.subject('Notes'));
  });

  it('says in HTML which language it is in', () => {
    expect(html).toContain(`<html lang="${language}">`);
  });
});

describe('the words that mails share', () => {
  const said = (language: (typeof languages)[number]) =>
    Object.values(mailWords[language]).map((word) =>
      typeof word === 'string' ? word : word('NAME'),
    );

  it('are written in every language, and none of them in the words of another', () => {
    const all = languages.flatMap(said);
    for (const word of all) expect(word).toMatch(/^\S(?:.*\S)?$/);
    expect(all.filter((word, index) => all.indexOf(word) !== index)).toEqual([]);
  });

  it('name what is filled in', () => {
    for (const language of languages) {
      expect(mailWords[language].until('NAME')).toContain('NAME');
      expect(mailWords[language].note('NAME')).toContain('NAME');
    }
  });
});

describe('the time', () => {
  it('is that of the user', () => {
    const unusual = { locale: 'en-GB', timezone: 'Europe/Berlin' };
    const { text } = composeNotice(aNotice(unusual), templates);
    expect(plain(text)).toContain('1 February 2026 at 00:30:00 Central European Standard Time');
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
    expect(composeNotice(aNotice({ locale }), templates).subject).toBe(subject);
  });

  it('of the dates is that of the text', () => {
    expect(composeNotice(aNotice({ locale: 'fr' }), templates).text).toContain('January 31, 2026');
  });
});

describe('what strangers wrote', () => {
  const evil = `<script src="//evil.example">'&`;

  it('is text in HTML, wherever it stands', () => {
    const { html } = composeNotice(
      aNotice({
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
    const { text, html } = composeNotice(aNotice({ origin }), templates);
    expect(text + html).not.toContain('evil.example');
  });
});

it('says that address and device are unknown where they are', () => {
  const { text, html } = composeNotice(
    aNotice({ origin: { address: '', client: null } }),
    templates,
  );
  expect(text).toContain('IP address: unknown\nDevice, by its own account: an unknown program\n');
  expect(read(html).text).toContain('an unknown program\n');
});

it('says nothing in the name of a service that has nothing to add', () => {
  const { text, html } = composeNotice(aNotice(), templates);
  expect(text + html).not.toContain('adds');
});

it('loads nothing, and leads nowhere but to the link', () => {
  const { html } = composeNotice(aNotice(), templates);
  expect(html).not.toMatch(/<(?:img|link|script|iframe|video|object|form)|\bsrc=|url\(|@import/i);
  expect(read(html).links).toEqual([aNotice().link, aNotice().link]);
});

it('tells a new address in its part, and only where there is one', () => {
  const told = composeNotice(
    aNotice({ kind: 'update_email', newEmail: 'e***@example.net' }),
    templates,
  );
  expect(told.text).toContain('New e-mail address: e***@example.net\n');
  expect(plain(read(told.html).text)).toContain('New e-mail address: e***@example.net');
  const { text, html } = composeNotice(aNotice({ kind: 'update_email' }), templates);
  expect(text + html).not.toContain('New e-mail address');
});

const aKey = {
  name: '<b>reports</b> https://evil.example',
  prefix: 'AbCd-_12',
  expiresAt: Date.parse('2026-03-01T09:00:00Z'),
};

it.each(['factor_change', 'key_expiring'] as const)(
  'names the key that a %s is about, and when it expires, in every language',
  (kind) => {
    for (const locale of languages) {
      const { text, html } = composeNotice(aNotice({ kind, locale, key: aKey }), templates);
      const words = commonWords[locale];
      const named = `${words.key}: b reports /b https evil example (rku_AbCd-_12…)`;
      const until = `${words.expires}: ${timeInWords(aKey.expiresAt, locale, 'UTC')}`;
      expect(text).toContain(`${named}\n${until}\n`);
      expect(plain(read(html).text)).toContain(`${named} ${until}`);
      expect(text + html).not.toContain('evil.example');
    }
  },
);

it('says nothing of an expiry that a key does not have, and nothing of keys elsewhere', () => {
  const key = { ...aKey, name: 'cron', expiresAt: null };
  const lasting = composeNotice(aNotice({ kind: 'factor_change', key }), templates);
  expect(lasting.text).toContain('Key: cron (rku_AbCd-_12…)\nWhen: ');
  expect(lasting.text + lasting.html).not.toContain('Expires');
  const { text, html } = composeNotice(aNotice(), templates);
  expect(text + html).not.toContain('Key:');
});

it('names nobody to ask where there is nobody', () => {
  const { text, html } = composeNotice(aNotice(), templates);
  expect(text + html).not.toContain(mailWords.en.help);
});

describe('the look of the operator', () => {
  const png = { type: 'image/png', content: Buffer.from('a picture') };
  const look = (brand: Partial<Brand>, kind: Notice['kind'] = 'reset_password') =>
    composeNotice(aNotice({ kind }), templates, { ...plainBrand, ...brand }).html;

  it('has a logo that is a part of the mail, with the name for those who do not see it', () => {
    expect(look({ logo: png, name: 'Orchard' })).toContain(
      '<img src="cid:logo@rekey" alt="Orchard" height="36"',
    );
  });

  it.each([
    ['there is none', null],
    [
      'mail programs show none of its type',
      { type: 'image/svg+xml', content: Buffer.from('<svg>') },
    ],
  ])('has no logo where %s', (_why, logo) => {
    expect(look({ logo })).not.toContain('<img');
  });

  it('has a colour on which white can be read, and leaves the button that locks red', () => {
    expect(look({ color: '#0b5c46' })).toMatch(/bgcolor="#0b5c46"[^>]*><a [^>]*color:#ffffff/);
    const [, pale = ''] = /bgcolor="(#\w{6})"[^>]*><a /.exec(look({ color: '#ffe680' })) ?? [];
    expect(contrast('#ffffff', pale)).toBeGreaterThan(4.5);
    expect(look({ color: '#0b5c46' }, 'update_password')).toMatch(/bgcolor="#b3261e"[^>]*><a /);
  });
});

describe('colours', () => {
  const { html } = composeNotice(aNotice(), templates);
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
