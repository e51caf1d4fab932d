import { IllegalArgument, type ViolationCode } from './errors.ts';

/** A value of JSON. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export type JsonObject = { readonly [name: string]: Json };

const MAX_DEPTH = 32;

/**
 * Whether a number of JSON is kept as it was written. Others are changed as soon as they are read: 1e999 becomes infinity,
 * which JSON cannot write, and 9007199254740993 becomes its even neighbour.
 */
export const isExact = (value: number): boolean =>
  Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value));

/** What to do about a number that is not exact. */
export const SAFE_NUMBERS =
  'must have no whole number beyond 9007199254740991 (2^53 - 1): send such a number as a string';

/** An object of JSON that can be written down and read again as it is: not too deep, and without numbers that it would change. */
export function parseJsonObject(value: unknown, field: string): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw refused(field, 'must be an object');
  }
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    // Looked at level by level: a call for each would run out of stack before it finds out.
    if (depth === MAX_DEPTH) throw refused(field, `must be at most ${MAX_DEPTH} levels deep`);
    if (level.some((each) => typeof each === 'number' && !isExact(each))) {
      throw refused(field, SAFE_NUMBERS, 'out_of_range');
    }
    level = level.flatMap((each) =>
      typeof each === 'object' && each !== null ? Object.values(each) : [],
    );
  }
  return value as JsonObject;
}

const refused = (field: string, message: string, code: ViolationCode = 'malformed') =>
  new IllegalArgument([{ field, message, code }]);
