import { IllegalArgument } from './errors.ts';

/** A value of JSON. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export type JsonObject = { readonly [name: string]: Json };

const MAX_DEPTH = 32;

/** An object of JSON that can be written down and read again as it is: not too deep, and without numbers beyond all bounds. */
export function parseJsonObject(value: unknown, field: string): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw refused(field, 'must be an object');
  }
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    // Looked at level by level: a call for each would run out of stack before it finds out.
    if (depth === MAX_DEPTH) throw refused(field, `must be at most ${MAX_DEPTH} levels deep`);
    // A literal such as 1e999 is read as infinity, which JSON cannot write.
    if (level.some((each) => typeof each === 'number' && !Number.isFinite(each))) {
      throw refused(field, 'has a number that is too large');
    }
    level = level.flatMap((each) =>
      typeof each === 'object' && each !== null ? Object.values(each) : [],
    );
  }
  return value as JsonObject;
}

const refused = (field: string, message: string) =>
  new IllegalArgument([{ field, message, code: 'malformed' }]);
