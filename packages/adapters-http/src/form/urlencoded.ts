import type { Violation } from '@rekey/domain';
import type { FastifyRequest } from 'fastify';
import { decodeUtf8 } from '../body.ts';
import { refusedFields } from '../problem.ts';
import { plainName } from '../validation.ts';

export const FORM = 'application/x-www-form-urlencoded';

/** A content-type parser for forms: each field once, and percent-encoding that means something. */
export async function parseFormBody(
  _request: FastifyRequest,
  bytes: Buffer,
): Promise<Record<string, string>> {
  const fields = new Map<string, string>();
  const refused = new Map<string, Violation>();
  const refuse = (field: string, message: string) => refused.set(field, { field, message });

  for (const pair of decodeUtf8(bytes).split('&').filter(Boolean)) {
    const end = pair.indexOf('=');
    // Without a `=` nobody can tell a name from a value, and a value is never repeated.
    const name = end === -1 ? null : decode(pair.slice(0, end));
    const value = decode(pair.slice(end + 1));
    if (name === null) refuse('(unnamed)', 'must be name=value, percent-encoded');
    else if (fields.has(name)) refuse(plainName(name), 'is given more than once');
    else if (value === null) refuse(plainName(name), 'is not properly percent-encoded');
    else fields.set(name, value);
  }
  if (refused.size > 0) throw refusedFields([...refused.values()]);
  return Object.fromEntries(fields);
}

/** Null for `%` without two hexadecimal digits, and for what is not UTF-8. */
function decode(text: string): string | null {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return null;
  }
}
