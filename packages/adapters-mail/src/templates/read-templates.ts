import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { languages } from './languages.ts';
import { type Part, parseTemplate, parts, type Template } from './template.ts';
import { type Templates, tagsOf, templatesOf } from './templates.ts';

/** Bytes. Clients cut longer mails off, at the end, which may be where the link is. */
const MAX_SIZE = 100_000;

/** How the file of each part ends; a file is named after the locale that it is for. */
export const suffixes: Readonly<Record<Part, string>> = {
  subject: '.subject.txt',
  text: '.txt',
  html: '.html',
};

/** Everything that is wrong with a folder of templates, a line each. */
export class TemplateError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

/**
 * Reads the templates of a folder and checks all of them, so that none is in the way of a mail later.
 * Throws a `TemplateError` that names every file and line that is not right. Files whose name starts with a dot are passed over.
 */
export function readTemplates(folder: string): Templates {
  const problems: string[] = [];
  const overrides = new Map<string, Partial<Record<Part, Template>>>();
  for (const name of namesIn(folder)) {
    const file = path.join(folder, name);
    const known = partOf(name);
    if (known === null) {
      problems.push(`${file} is not named like a template, such as en.html or pt-BR.subject.txt`);
      continue;
    }
    const { locale, part } = known;
    const source = readSource(file);
    const isReadable = typeof source === 'string';
    const { template, faults } = parseTemplate(isReadable ? source : '', part);
    problems.push(
      ...(isReadable
        ? faults.map(({ line, message }) => `${file}:${line} ${message}`)
        : [`${file} ${source.message}`]),
    );
    // Counted as there, whatever is wrong with it: that is said already.
    overrides.set(locale, { ...overrides.get(locale), [part]: template });
  }
  for (const locale of overrides.keys()) {
    const tags = tagsOf(locale);
    const missing = parts.filter(
      (part) => !tags.some((tag) => languages.has(tag) || overrides.get(tag)?.[part]),
    );
    for (const part of missing) {
      const file = path.join(folder, `${tags.at(-1)}${suffixes[part]}`);
      problems.push(`${file} is missing: Rekey itself does not speak ${tags.at(-1)}`);
    }
  }
  if (problems.length > 0) throw new TemplateError([...new Set(problems)]);
  return templatesOf(overrides);
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => !name.startsWith('.'))
      .sort();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new TemplateError([`MAIL_TEMPLATES ${folder} is no folder that can be read (${code})`]);
  }
}

function partOf(name: string): { locale: string; part: Part } | null {
  const part = parts.find((each) => name.endsWith(suffixes[each]));
  if (part === undefined) return null;
  const locale = name.slice(0, -suffixes[part].length);
  // In its one spelling: `pt-br.txt` beside `pt-BR.txt` would be two for one.
  return tagsOf(locale)[0] === locale ? { locale, part } : null;
}

/** The text of a file, or what is wrong with it. */
function readSource(file: string): string | Error {
  try {
    if (statSync(file).size > MAX_SIZE) return new Error(`is larger than ${MAX_SIZE / 1000} kB`);
    const text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file));
    return text.replaceAll('\r\n', '\n');
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    return new Error(code.includes('ENCODING') ? 'is not UTF-8' : `cannot be read (${code})`);
  }
}
