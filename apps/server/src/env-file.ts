import { readFileSync } from 'node:fs';

/** What a file `.env` says, and every line of it that could be read in more than one way, or in none. */
export type EnvFile = {
  readonly values: ReadonlyMap<string, string>;
  readonly problems: readonly string[];
  /** Of lines that are taken as they are, where other programs would take them in another way. */
  readonly doubts: readonly string[];
};

/** Reads a file `.env`; one that is not there says nothing. */
export function readEnvFile(file: string): EnvFile {
  try {
    return parseEnvFile(new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file)));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const nothing = { values: new Map(), doubts: [] };
    if (code === 'ENOENT') return { ...nothing, problems: [] };
    const isEncoding = code === 'ERR_ENCODING_INVALID_ENCODED_DATA';
    const problem = isEncoding ? 'is not UTF-8' : `cannot be read (${code})`;
    return { ...nothing, problems: [`the file .env ${problem}`] };
  }
}

const NAME = /^[ \t]*(?:export[ \t]+)?([A-Za-z_]\w*)[ \t]*=[ \t]*/;
/** What may follow a value, up to the end of its line. */
const REST = /^[ \t]*(?:#.*)?$/;

/**
 * Reads lines `NAME=VALUE` as shells and container engines do: a `#` begins a comment at the start of a line or after
 * white space, and nowhere else. Values may stand in quotes, and then go over lines; in double quotes, `\n` is a new line.
 */
export function parseEnvFile(text: string): EnvFile {
  const values = new Map<string, string>();
  const lineOf = new Map<string, number>();
  const problems: string[] = [];
  const doubts: string[] = [];
  const lines = text
    .replace(/^\uFEFF/, '')
    .replaceAll(/\r\n?/g, '\n')
    .split('\n');

  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index] ?? '';
    const at = `the file .env, line ${index + 1}:`;
    if (/^[ \t]*(?:#|$)/.test(line)) continue;
    const [start, name] = NAME.exec(line) ?? [];
    if (start === undefined || name === undefined) {
      // Its words are not repeated: they may be a secret.
      problems.push(`${at} must be NAME=VALUE`);
      continue;
    }
    let rest = line.slice(start.length);
    let value: string;
    const [quote = ''] = /^["'`]/.exec(rest) ?? [];
    if (quote === '') {
      const isEmpty = rest.startsWith('#') && /[ \t]$/.test(start);
      value = isEmpty ? '' : rest.replace(/[ \t]+#.*$/, '').trim();
    } else {
      while (rest.indexOf(quote, 1) < 0 && index < lines.length - 1) {
        index += 1;
        rest += `\n${lines[index]}`;
      }
      const end = rest.indexOf(quote, 1);
      if (end < 0) {
        problems.push(`${at} ${name} has a quote that does not end`);
        break;
      }
      value = rest.slice(1, end);
      if (quote === '"' && /\\(?!n)/.test(value)) {
        problems.push(`${at} ${name} has a backslash, which needs '…' around it`);
        continue;
      }
      if (quote === '"') value = value.replaceAll('\\n', '\n');
      if (!REST.test(rest.slice(end + 1))) {
        problems.push(
          `${at} ${name} goes on behind its quote; a quote in it needs others around it`,
        );
        continue;
      }
    }
    if (quote !== "'" && /\$[{(]/.test(value)) {
      problems.push(`${at} ${name} names another variable or command, which is not filled in`);
    } else if (/[^\P{Cc}\n\t]/u.test(value)) {
      // The environment of a process ends a value at the first NUL.
      problems.push(`${at} ${name} has a character that is none of a text`);
    } else if (quote === '' && value.endsWith('\\')) {
      problems.push(`${at} ${name} ends in a backslash, and does not go on in the next line`);
    } else if (lineOf.has(name)) {
      problems.push(`${at} ${name} is there already, in line ${lineOf.get(name)}`);
    }
    if (quote !== "'" && /\$\w/.test(value)) {
      doubts.push(`${at} ${name} has a $, which is taken as it is; '…' around it says so to all`);
    }
    lineOf.set(name, index + 1);
    values.set(name, value);
  }
  return { values, problems, doubts };
}
