import { types } from './differences.ts';
import { definitions } from './swagger.ts';

const scalars: Record<string, (value: unknown) => boolean> = {
  boolean: (value) => typeof value === 'boolean',
  'date-time': (value) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/.test(String(value)),
  int64: (value) => typeof value === 'string' && /^-?\d+$/.test(value),
  integer: Number.isInteger,
  KeyType: (value) => ['KEY', 'TOKEN', 'TOTP'].includes(String(value)),
  object: (value) => isObject(value),
  string: (value) => typeof value === 'string',
};

/** All that keeps a value from being of that type, as mojzu/sso documents it; additional members are allowed. */
export function faults(value: unknown, type: string, at = type): string[] {
  const differs = types[at] ?? types[type];
  if (differs !== undefined && differs.rekey !== type) return faults(value, differs.rekey, at);
  if (type.endsWith('?')) {
    return value === null || value === undefined ? [] : faults(value, type.slice(0, -1), at);
  }
  if (type.endsWith('[]')) {
    if (!Array.isArray(value)) return [`${at} is no list`];
    return value.flatMap((item) => faults(item, type.slice(0, -2), at));
  }
  const members = definitions.get(type);
  if (members === undefined) return scalars[type]?.(value) ? [] : [`${at} is no ${type}`];
  if (!isObject(value)) return [`${at} is no object`];
  return [...members].flatMap(([name, of]) => faults(value[name], of, `${type}.${name}`));
}

/** All that keeps a message from being one that a client of mojzu/sso sends. */
export function faultsOfRequest(message: Record<string, unknown>, type: string): string[] {
  const unknown = Object.keys(message).filter((name) => !definitions.get(type)?.has(name));
  return [...unknown.map((name) => `${type} has no ${name}`), ...faults(message, type)];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
