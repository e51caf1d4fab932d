import type { Key } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';

/** A key that is made now. */
export function newKey(
  { ids, clock }: Pick<Ports, 'ids' | 'clock'>,
  of: Pick<Key, 'type' | 'name' | 'serviceId' | 'userId'> & { readonly isEnabled?: boolean },
): Key {
  const now = clock.now();
  const fresh = { id: ids.next(), createdAt: now, updatedAt: now };
  return { ...fresh, isEnabled: true, isRevoked: false, ...of };
}
