import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { hasLink, type NoticeKind, noticeKinds } from '@rekey/domain';
import { languageOf } from '@rekey/wording';
import { type Part, parseTemplate, parts, type Template } from './template.ts';
import { type Templates, tagsOf, templatesOf } from './templates.ts';

/** Clients cut longer mails off at the end, which may be where the link is. */
const MAX_BYTES = 100_000;

/** The end of the file name of each part; the beginning is the locale. */
export const suffixes: Readonly<Record<Part, string>> = {
  subject: '.subject.txt',
  text: '.txt',
  html: '.html',
};

/** Everything that is wrong with a folder of templates, a line each. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

/** The templates of one kind, by locale. */
type Locales = Map<string, Partial<Record<Part, Template>>>;

/**
 * Reads the operator's templates, a folder for each kind of notice, and checks all of them, so that none can stop a mail
 * later. Throws a `TemplateError` that names every faulty file and line. Names that start with a dot are passed over.
 */
export function readTemplates(folder: string): Templates {
  const problems: string[] = [];
  const overrides = new Map<NoticeKind, Locales>();
  for (const name of namesIn(folder, problems)) {
    const kind = noticeKinds.find((each) => each === name);
    if (kind === undefined) {
      problems.push(
        `${path.join(folder, name)} is not the folder of a kind of mail: ${noticeKinds.join(', ')}`,
      );
    } else {
      overrides.set(kind, readKind(path.join(folder, name), { hasLink: hasLink(kind) }, problems));
    }
  }
  if (problems.length > 0) throw new TemplateError(problems);
  return templatesOf(overrides);
}

function readKind(folder: string, of: { hasLink: boolean }, problems: string[]): Locales {
  const locales: Locales = new Map();
  for (const name of namesIn(folder, problems)) {
    const file = path.join(folder, name);
    const known = partOf(name);
    if (known === null) {
      problems.push(`${file} is not named like a template, such as en.html or pt-BR.subject.txt`);
      continue;
    }
    const { locale, part } = known;
    const source = readSource(file);
    const isReadable = typeof source === 'string';
    const { template, faults } = parseTemplate(isReadable ? source : '', part, of);
    problems.push(
      ...(isReadable
        ? faults.map(({ line, message }) => `${file}:${line} ${message}`)
        : [`${file} ${source.message}`]),
    );
    // A faulty file counts as there: its faults are named already.
    locales.set(locale, { ...locales.get(locale), [part]: template });
  }
  problems.push(...missingFrom(folder, locales));
  return locales;
}

/** Every part that a language lacks which Rekey does not speak. */
function missingFrom(folder: string, locales: Locales): Set<string> {
  const missing = [...locales.keys()].flatMap((locale) => {
    const tags = tagsOf(locale);
    const lacks = (part: Part) =>
      !tags.some((tag) => languageOf(tag) !== null || locales.get(tag)?.[part]);
    return parts.filter(lacks).map((part) => {
      const file = path.join(folder, `${tags.at(-1)}${suffixes[part]}`);
      return `${file} is missing: Rekey itself does not speak ${tags.at(-1)}`;
    });
  });
  return new Set(missing);
}

function namesIn(folder: string, problems: string[]): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => !name.startsWith('.'))
      .sort();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    problems.push(`MAIL_TEMPLATES ${folder} is no folder that can be read (${code})`);
    return [];
  }
}

function partOf(name: string): { locale: string; part: Part } | null {
  const part = parts.find((each) => name.endsWith(suffixes[each]));
  if (part === undefined) return null;
  const locale = name.slice(0, -suffixes[part].length);
  // In its one spelling: `pt-br.txt` beside `pt-BR.txt` would be two for one.
  return tagsOf(locale)[0] === locale ? { locale, part } : null;
}

/** The text of a file, or an Error that says why there is none. */
function readSource(file: string): string | Error {
  try {
    if (statSync(file).size > MAX_BYTES) return new Error(`is larger than ${MAX_BYTES / 1000} kB`);
    const text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file));
    return text.replaceAll('\r\n', '\n');
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    return new Error(code.includes('ENCODING') ? 'is not UTF-8' : `cannot be read (${code})`);
  }
}
