import formbody from '@fastify/formbody';
import type { Violation } from '@rekey/domain';
import type { FastifyInstance } from 'fastify';
import { HttpError, refusedFields } from '../problem.ts';
import { plainName } from '../validation.ts';

export const FORM = 'application/x-www-form-urlencoded';

type Fields = Record<string, string>;

/** Makes forms the one kind of body that is read here: each field once, and percent-encoding that means something. */
export async function takeForms(app: FastifyInstance): Promise<void> {
  app.removeAllContentTypeParsers();
  // A parser that throws would not be caught: what it found wrong is said in its own time.
  await app.register(formbody, { parser: (text) => ({ form: parseForm(text) }) });
  app.addHook('preValidation', (request, _reply, done) => {
    const { form } = (request.body ?? {}) as { form?: Fields | HttpError };
    if (form !== undefined) request.body = form;
    done(form instanceof HttpError ? form : undefined);
  });
}

function parseForm(text: string): Fields | HttpError {
  // What is no UTF-8 arrives as this character; whoever means it can encode it.
  if (text.includes('\u{FFFD}')) {
    return new HttpError('bad_request', 'the body is not valid UTF-8');
  }
  const fields = new Map<string, string>();
  const refused = new Map<string, Violation>();
  const refuse = (field: string, message: string) => refused.set(field, { field, message });

  for (const pair of text.split('&').filter(Boolean)) {
    const end = pair.indexOf('=');
    // Without a `=` nobody can tell a name from a value, and a value is never repeated.
    const name = end === -1 ? null : decode(pair.slice(0, end));
    const value = decode(pair.slice(end + 1));
    if (name === null) refuse('(unnamed)', 'must be name=value, percent-encoded');
    else if (fields.has(name)) refuse(plainName(name), 'is given more than once');
    else if (value === null) refuse(plainName(name), 'is not properly percent-encoded');
    else fields.set(name, value);
  }
  if (refused.size > 0) return refusedFields([...refused.values()]);
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
