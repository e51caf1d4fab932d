import formbody from '@fastify/formbody';
import type { Violation } from '@rekey/domain';
import { HttpError } from './problem.ts';
import type { BodyKind } from './routes.ts';
import { FaultyFields, MAX_FIELDS, violation } from './validation.ts';

export const formBody: BodyKind = {
  mediaType: 'application/x-www-form-urlencoded',
  addParser(app) {
    app.register(formbody, { parser: parseBody });
  },
};

/** The plugin has decoded bytes that are not UTF-8 to U+FFFD. A client that means this character encodes it. */
function parseBody(text: string): Record<string, unknown> {
  if (text.includes('\u{FFFD}')) throw new HttpError('bad_request', 'the body is not valid UTF-8');
  return parseForm(text);
}

/**
 * The fields of a form or a query, or `FaultyFields`: a field is faulty that comes twice (a query may mean a list), or
 * whose percent-encoding means nothing.
 */
export function parseForm(text: string): Record<string, unknown> {
  // The query of nearly every request.
  if (text === '') return {};
  const fields = new Map<string, [string, ...string[]]>();
  const faults = new Map<string, Violation>();
  const refuse = (name: string, message: string, code: Violation['code']) =>
    faults.set(name, violation(name, message, code));

  const pairs = text.split('&', MAX_FIELDS + 1);
  if (pairs.length > MAX_FIELDS) refuse('', `is one of more than ${MAX_FIELDS} fields`, 'unknown');
  for (const pair of pairs.slice(0, MAX_FIELDS).filter(Boolean)) {
    const end = pair.indexOf('=');
    // Without a `=` nobody can tell a name from a value, and a value is never repeated.
    const name = end === -1 ? null : decode(pair.slice(0, end));
    const value = decode(pair.slice(end + 1));
    if (name === null) refuse('', 'must be name=value, percent-encoded', 'malformed');
    else if (value === null) refuse(name, 'is not properly percent-encoded', 'malformed');
    else if (!fields.has(name)) fields.set(name, [value]);
    else {
      fields.get(name)?.push(value);
      if (!faults.has(name)) refuse(name, 'is given more than once', 'repeated');
    }
  }
  const first = Object.fromEntries([...fields].map(([name, [value]]) => [name, value]));
  if (faults.size === 0) return first;
  const repeated = [...fields].filter(([name]) => faults.get(name)?.code === 'repeated');
  const lists = Object.fromEntries(repeated);
  return new FaultyFields(first, [...faults.values()], lists) as object as Record<string, unknown>;
}

/** Null for `%` without two hexadecimal digits, and for bytes that are not UTF-8. */
function decode(text: string): string | null {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return null;
  }
}
