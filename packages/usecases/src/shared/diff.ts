import type { Json, JsonObject } from '@rekey/domain';

/**
 * What differs between two states of a thing, as an entry of the audit has it: `[field, old, new]` for each field, under
 * the names of the wire. Null where nothing differs.
 */
export function diffOf<T extends object>(before: T, after: T): JsonObject | null {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]) as Set<keyof T & string>;
  const rows = [...names]
    .map((name): [string, Json, Json] => [
      onWire(name),
      written(name, before[name] as Json | undefined),
      written(name, after[name] as Json | undefined),
    ])
    .filter(([name, old, now]) => name !== 'updated_at' && !isAlike(old, now));
  return rows.length === 0 ? null : { type: 'diff', data: rows };
}

/** The names of the fields that differ. */
export const fieldsOf = (diff: JsonObject | null): string[] =>
  ((diff?.data ?? []) as [string, Json, Json][]).map(([name]) => name);

/** Instants are written as on the wire. */
const written = (name: string, value: Json | undefined = null): Json =>
  name.endsWith('At') && typeof value === 'number' ? new Date(value).toISOString() : value;

const isAlike = (one: Json, other: Json): boolean => JSON.stringify(one) === JSON.stringify(other);

const onWire = (name: string): string =>
  name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
