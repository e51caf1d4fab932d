import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { hasLink, type NoticeKind, noticeKinds } from '@rekey/domain';
import type { Notice } from '@rekey/usecases';
import { describe, expect, it, onTestFinished } from 'vitest';
import { aNotice, parse } from '../../test/notice.ts';
import { plainBrand } from '../brand.ts';
import { buildMessage } from '../message.ts';
import { builtInSources } from './built-in.ts';
import { composeNotice as compose } from './compose-notice.ts';
import { readTemplates, suffixes, TemplateError } from './read-templates.ts';
import { parseTemplate, parts } from './template.ts';
import { type Templates, templatesOf } from './templates.ts';

const composeNotice = (notice: Notice, from: Templates) => compose(notice, from, plainBrand);

type Files = Record<string, string | Buffer>;

/** A folder with those files, some of them in folders. */
function aFolder(files: Files): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'rekey-templates-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
  return folder;
}

/** Those files, as templates of a kind. */
const of = (kind: NoticeKind, files: Files): Files =>
  Object.fromEntries(Object.entries(files).map(([name, content]) => [`${kind}/${name}`, content]));

/** The templates that are read from those files of the mail about a changed password. */
const templatesFrom = (files: Files) => readTemplates(aFolder(of('update_password', files)));

/** The problems of those files, without the folder before their names. */
function problemsOf(files: Files): string[] {
  const folder = aFolder(files);
  try {
    readTemplates(folder);
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    return error.problems.map((problem) => problem.replaceAll(`${folder}${path.sep}`, ''));
  }
  return [];
}

describe('templates of one’s own', () => {
  it('are what is sent, and the rest is as it was', async () => {
    const templates = templatesFrom({
      'en.txt': 'Dear customer,\r\n{{service}} at {{when}}: {{link}}\r\n',
      'de.subject.txt': '\uFEFFNeu: {{service}}\n',
      '.gitkeep': 'anything {{goes}}',
    });
    const from = { name: 'Rekey', address: 'no-reply@rekey.example.com' };
    const english = await parse(await buildMessage(aNotice(), from, templates));
    const when = 'January 31, 2026 at 11:30:00 PM Coordinated Universal Time';
    expect(english.text?.replaceAll(/\s+/g, ' ')).toBe(
      `Dear customer, Notes at ${when}: ${aNotice().link} `,
    );
    expect(english.subject).toBe('Your password at Notes was changed');
    expect(english.html).toContain('<html lang="en">');
    const german = await parse(await buildMessage(aNotice({ locale: 'de' }), from, templates));
    expect(german.subject).toBe('Neu: Notes');
    expect(composeNotice(aNotice({ locale: 'de' }), templates).subject).toBe('Neu: Notes');
    expect(german.text).toContain('Das Passwort Ihres Kontos');
  });

  it('are found by region, then by language, before those that Rekey brings along', () => {
    const templates = templatesFrom({ 'pt.txt': 'pt {{link}}', 'pt-BR.txt': 'pt-BR {{link}}' });
    const sent = (locale: string) =>
      composeNotice(aNotice({ locale, link: 'L' }), templates).text.slice(0, 9);
    expect(sent('pt-BR')).toBe('pt-BR L');
    expect(sent('pt-BR-x-any')).toBe('pt-BR L');
    expect(sent('pt-PT')).toBe('pt L');
    expect(sent('en-US')).toBe('The passw');
  });

  it('teach Rekey a language, with its dates', () => {
    const files = {
      'fr.subject.txt': 'Mot de passe changé',
      'fr.txt': '{{when}} {{link}} {{client}}',
      'fr.html': '<p lang="fr">{{link}}</p>',
    };
    const notice = aNotice({ locale: 'fr-CA', origin: { address: '', client: null } });
    const { subject, text } = composeNotice(notice, templatesFrom(files));
    expect(subject).toBe('Mot de passe changé');
    expect(text).toMatch(/^31 janvier 2026 .* –$/);
  });

  it('leave a section out where its value is not there', () => {
    const source = '{{link}}{{#client}} by {{client}}{{/client}}{{#note}}: {{note}}{{/note}}';
    const templates = templatesFrom({ 'en.txt': source });
    const sent = (unusual: Parameters<typeof aNotice>[0]) =>
      composeNotice(aNotice({ link: 'L', ...unusual }), templates).text;
    expect(sent({})).toBe('L by Firefox/145.0');
    expect(sent({ origin: { address: '', client: null } })).toBe('L');
    expect(sent({ service: { name: 'Notes', emailText: 'Hi {{link}}' } })).toBe(
      'L by Firefox/145.0: Hi {{link}}',
    );
  });

  it('escape every value in HTML, and keep the lines of a note', () => {
    const html = '<a href="{{link}}" title=\'{{service}}\'>{{note}}</a>';
    const notice = aNotice({
      link: 'https://a.example/?b="><script>',
      service: { name: `'"><b>`, emailText: 'one <i>\ntwo' },
    });
    expect(composeNotice(notice, templatesFrom({ 'en.html': html })).html).toBe(
      '<a href="https://a.example/?b=&quot;&gt;&lt;script&gt;" title=\'&#39;&quot;&gt;&lt;b&gt;\'>one &lt;i&gt;<br>\ntwo</a>',
    );
  });

  it.each(noticeKinds)('are of one kind of mail, and leave the others alone: %s', (kind) => {
    const templates = readTemplates(aFolder(of(kind, { 'en.txt': 'Mine: {{link}}' })));
    for (const each of noticeKinds) {
      const notice = aNotice({ kind: each, link: 'L' });
      const expected = each === kind ? 'Mine: L' : composeNotice(notice, templatesOf()).text;
      expect(composeNotice(notice, templates).text).toBe(expected);
    }
  });

  it('can be those that Rekey brings along: they pass its own test', () => {
    const files = noticeKinds.flatMap((kind) =>
      [...builtInSources(kind)].flatMap(([language, sources]) =>
        parts.map((part) => [`${kind}/${language}${suffixes[part]}`, sources[part]] as const),
      ),
    );
    expect(files).toHaveLength(15 * noticeKinds.length);
    const templates = readTemplates(aFolder(Object.fromEntries(files)));
    for (const kind of noticeKinds) {
      for (const locale of ['en', 'de-CH', 'es', 'pt', 'ja', 'fr']) {
        const service = { name: 'Notes', emailText: 'Call us.' };
        const notice = aNotice({ kind, locale, service });
        expect(composeNotice(notice, templates)).toEqual(composeNotice(notice, templatesOf()));
      }
    }
  });
});

describe('a folder is refused', () => {
  const values = [
    'service',
    'account',
    'newemail',
    'factor',
    'key',
    'expires',
    'when',
    'address',
    'device',
    'client',
    'link',
    'host',
    'until',
    'note',
    'support',
    'brand',
    'color',
    'logo',
  ]
    .map((name) => `{{${name}}}`)
    .concat(
      ['newemail', 'factor', 'key', 'expires', 'address', 'client', 'note', 'support', 'logo'].map(
        (name) => `{{#${name}}}…{{/${name}}}`,
      ),
    )
    .join(', ');

  it.each<[string, string, string, string]>([
    ['without the link', 'en.txt', 'Hello', 'en.txt:1 lacks {{link}}, outside of any section'],
    [
      'with the link only where there is a note',
      'en.html',
      '{{#note}}{{link}}{{/note}}',
      'en.html:1 lacks {{link}}, outside of any section',
    ],
    [
      'with a value that is not known',
      'en.txt',
      'a\n{{link}}\n{{name}}',
      `en.txt:3 has {{name}}, which is not known; it may have ${values}`,
    ],
    [
      'with a link in the subject',
      'de.subject.txt',
      '{{link}}',
      'de.subject.txt:1 has {{link}}, which is not known; it may have {{service}}',
    ],
    [
      'with braces that mean nothing',
      'en.txt',
      '{{link}}\n{{ link }}',
      'en.txt:2 has {{ without a name and }} after it',
    ],
    ['with a section that stays open', 'en.txt', '{{link}}{{#note}}\n', 'en.txt:2 lacks {{/note}}'],
    [
      'with a section that was never open',
      'en.txt',
      '{{link}}{{/note}}',
      `en.txt:1 has {{/note}}, which closes nothing; it may have ${values}`,
    ],
    [
      'with a section in a section',
      'en.txt',
      '{{link}}{{#note}}{{#client}}{{/note}}',
      `en.txt:1 has {{#client}} inside of {{#note}}; it may have ${values}`,
    ],
    [
      'with a section of what is always there',
      'en.txt',
      '{{link}}{{#when}}',
      `en.txt:1 has {{#when}}, which is not known; it may have ${values}`,
    ],
    [
      'with a value in a tag that could leave it',
      'en.html',
      '<p>{{link}}</p>\n<a class="x" href={{link}}>',
      'en.html:2 has a value in a tag without quotes around it',
    ],
    [
      'with an empty subject',
      'en.subject.txt',
      ' \n',
      'en.subject.txt:1 must have one line of text',
    ],
    [
      'with a subject of two lines',
      'en.subject.txt',
      'a\nb',
      'en.subject.txt:1 must have one line of text',
    ],
    [
      'with a file that is no template',
      'README.md',
      '',
      'README.md is not named like a template, such as en.html or pt-BR.subject.txt',
    ],
    [
      'with a locale in another spelling',
      'pt-br.txt',
      '{{link}}',
      'pt-br.txt is not named like a template, such as en.html or pt-BR.subject.txt',
    ],
    [
      'with a file that is too large',
      'en.txt',
      `{{link}}${'a'.repeat(100_000)}`,
      'en.txt is larger than 100 kB',
    ],
  ])('%s', (_what, name, content, problem) => {
    const place = `factor_change${path.sep}`;
    expect(problemsOf(of('factor_change', { [name]: content }))).toEqual([`${place}${problem}`]);
  });

  it('with what is not UTF-8', () => {
    expect(problemsOf({ 'update_password/en.txt': Buffer.from([0xe9]) })).toEqual([
      path.join('update_password', 'en.txt is not UTF-8'),
    ]);
  });

  it('with half of a language that Rekey does not speak', () => {
    const files = { 'fr.txt': '{{link}}', 'fr-CA.txt': '{{link}}' };
    expect(problemsOf(of('update_password', files))).toEqual([
      path.join('update_password', 'fr.subject.txt is missing: Rekey itself does not speak fr'),
      path.join('update_password', 'fr.html is missing: Rekey itself does not speak fr'),
    ]);
  });

  it.each([
    ['a folder of no kind of mail', 'welcome/en.txt', 'welcome'],
    ['a template outside of the folders', 'en.txt', 'en.txt'],
  ])('with %s', (_what, file, name) => {
    expect(problemsOf({ [file]: '{{link}}' })).toEqual([
      `${name} is not the folder of a kind of mail: ${noticeKinds.join(', ')}`,
    ]);
  });

  it('with a file in the place of the folder of a kind', () => {
    expect(problemsOf({ factor_change: '' })).toEqual([
      expect.stringMatching(/factor_change is no folder that can be read \(ENOTDIR\)$/),
    ]);
  });

  it('for all that is wrong with it at once, in every folder', () => {
    const files = { 'en.txt': '{{a}}\n{{b}}', 'de.txt': '', 'x.md': '' };
    expect(
      problemsOf({
        ...of('update_password', files),
        ...of('factor_change', files),
        'welcome/en.txt': '',
        'en.txt': '',
      }),
    ).toHaveLength(12);
  });

  it('where it is not there, or is none', () => {
    const folder = aFolder({ file: '' });
    for (const [name, code] of [
      ['none', 'ENOENT'],
      ['file', 'ENOTDIR'],
    ]) {
      const place = path.join(folder, name ?? '');
      expect(() => readTemplates(place)).toThrow(
        `MAIL_TEMPLATES ${place} is no folder that can be read (${code})`,
      );
    }
  });
});

it.each(noticeKinds)('the templates that Rekey brings along have no fault: %s', (kind) => {
  for (const sources of builtInSources(kind).values()) {
    for (const part of parts)
      expect(parseTemplate(sources[part], part, { hasLink: hasLink(kind) }).faults).toEqual([]);
  }
});
