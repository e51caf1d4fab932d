import type { NamedKey } from '@rekey/domain';
import { defuse } from './defuse.ts';

/** A key as its owner may know it again: by its name, which is a caller's, and by the beginning of its value. */
export function keyInWords({ name, prefix }: Pick<NamedKey, 'name' | 'prefix'>): string {
  const named = defuse(name);
  const begun = prefix === null ? '' : `rku_${prefix}…`;
  if (named === '') return begun;
  return begun === '' ? named : `${named} (${begun})`;
}
