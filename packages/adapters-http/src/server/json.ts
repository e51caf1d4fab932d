import type { BodyKind } from './body.ts';
import { HttpError } from './problem.ts';
import { FaultyFields, MAX_FIELDS, violation } from './validation.ts';

export const jsonBody: BodyKind = {
  mediaType: 'application/json',
  charsets: ['utf-8'],
  addParser(app) {
    app.addContentTypeParser(
      'application/json',
      { parseAs: 'buffer' },
      async (_request: unknown, bytes: Buffer) => parseJson(decodeUtf8(bytes)),
    );
  },
};

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text of a body; bytes that are not UTF-8 are refused, not repaired. */
export function decodeUtf8(bytes: Buffer): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new HttpError('bad_request', 'the body is not valid UTF-8');
  }
}

/** The value of a body, which leaves nothing to interpretation: keys that come twice are faulty. */
function parseJson(text: string): unknown {
  if (text === '') return undefined;
  const value = parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  if (Object.keys(value).length > MAX_FIELDS) {
    throw new HttpError('bad_request', `the body has more than ${MAX_FIELDS} fields`);
  }
  const repeated = repeatedKeys(text);
  if (repeated.length === 0) return value;
  const violations = repeated.map((key) => violation(key, 'is given more than once', 'repeated'));
  return new FaultyFields(value as Record<string, unknown>, violations);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new HttpError('bad_request', 'the body is not valid JSON');
  }
}

/** Keys that an object of a valid JSON text has twice: `JSON.parse` keeps the last in silence, others the first. */
function repeatedKeys(text: string): string[] {
  const repeated = new Set<string>();
  /** The keys of each object, and of each list none, that is open. */
  const open: Set<string>[] = [];
  let string = '';
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    if (char === '"') {
      const end = endOfString(text, at);
      string = text.slice(at, end + 1);
      at = end;
    } else if (char === '{' || char === '[') open.push(new Set());
    else if (char === '}' || char === ']') open.pop();
    else if (char === ':') {
      // Outside of strings, a colon stands after a key and nowhere else.
      const key: string = string.includes('\\') ? JSON.parse(string) : string.slice(1, -1);
      const keys = open.at(-1);
      if (keys?.has(key)) repeated.add(key);
      keys?.add(key);
    }
  }
  return [...repeated];
}

/** The place of the quotation mark that ends the string. Looked for by the engine itself, for a string may be long. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end;
}

/** Whether an odd number of backslashes stands before that place. */
function isEscaped(text: string, at: number): boolean {
  let first = at;
  while (text[first - 1] === '\\') first -= 1;
  return (at - first) % 2 === 1;
}
