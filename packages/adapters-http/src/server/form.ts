import type { Violation } from '@rekey/domain';
import { FaultyFields, violation } from './validation.ts';

export const FORM_TYPE = 'application/x-www-form-urlencoded';

type Fields = Record<string, string>;

/** The fields of a form or a query: one is faulty that comes twice, or whose percent-encoding means nothing. */
export function parseForm(text: string): Fields | FaultyFields {
  const fields = new Map<string, string>();
  const faults = new Map<string, Violation>();
  const refuse = (name: string, message: string, code: 'malformed' | 'repeated') =>
    faults.set(name, violation(name, message, code));

  for (const pair of text.split('&').filter(Boolean)) {
    const end = pair.indexOf('=');
    // Without a `=` nobody can tell a name from a value, and a value is never repeated.
    const name = end === -1 ? null : decode(pair.slice(0, end));
    const value = decode(pair.slice(end + 1));
    if (name === null) refuse('', 'must be name=value, percent-encoded', 'malformed');
    else if (fields.has(name)) refuse(name, 'is given more than once', 'repeated');
    else if (value === null) refuse(name, 'is not properly percent-encoded', 'malformed');
    else fields.set(name, value);
  }
  const all = Object.fromEntries(fields);
  return faults.size === 0 ? all : new FaultyFields(all, [...faults.values()]);
}

/** Null for `%` without two hexadecimal digits, and for bytes that are not UTF-8. */
function decode(text: string): string | null {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return null;
  }
}
