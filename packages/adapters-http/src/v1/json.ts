import type { FastifyRequest } from 'fastify';
import { decodeUtf8 } from '../body.ts';
import { HttpError, refusedFields } from '../problem.ts';
import { plainName } from '../validation.ts';

/** A content-type parser for JSON that leaves nothing to interpretation. */
export async function parseJsonBody(_request: FastifyRequest, bytes: Buffer): Promise<unknown> {
  if (bytes.length === 0) return undefined;
  const text = decodeUtf8(bytes);
  const value = parse(text);
  if (isPlain(value, text)) return value;
  const repeated = repeatedKeys(text);
  if (repeated.length > 0) {
    const message = 'is given more than once';
    throw refusedFields(repeated.map((key) => ({ field: plainName(key), message })));
  }
  return value;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new HttpError('bad_request', 'the body is not valid JSON');
  }
}

/** Whether a flat object, as most bodies are, has no key twice: then nothing stands in quotes but what became of it. */
function isPlain(value: unknown, text: string): boolean {
  if (typeof value !== 'object' || value === null || text.includes('\\')) return false;
  const members = Object.values(value);
  const strings = members.filter((member) => typeof member === 'string').length;
  const isFlat = members.every((member) => typeof member !== 'object');
  return isFlat && text.split('"').length - 1 === 2 * (members.length + strings);
}

const TOKENS = /"(?:[^"\\]|\\.)*"|[{}[\]:]/g;

/** Keys that an object of a valid JSON text has twice: `JSON.parse` keeps the last in silence, others the first. */
function repeatedKeys(text: string): string[] {
  const repeated = new Set<string>();
  const open: Set<string>[] = [];
  let lastString = '';
  for (const [token] of text.matchAll(TOKENS)) {
    if (token === '{' || token === '[') open.push(new Set());
    else if (token === '}' || token === ']') open.pop();
    else if (token !== ':') lastString = token;
    else {
      // Outside of strings, a colon stands after a key and nowhere else.
      const key: string = JSON.parse(lastString);
      const keys = open.at(-1);
      if (keys?.has(key)) repeated.add(key);
      keys?.add(key);
    }
  }
  return [...repeated];
}
