import type { Id, Key, Service } from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';
import { newKey } from './new-key.ts';

/** Gives a user, who is locked, a TOKEN key of a service; null where there is one, or the service was deleted meanwhile. */
export async function makeTokenKey(
  ports: Pick<Ports, 'ids' | 'clock' | 'secrets'>,
  { services, keys }: Pick<Stores, 'services' | 'keys'>,
  userId: Id,
  { id: serviceId, name }: Service,
): Promise<Key | null> {
  // Kept, so that it is not deleted meanwhile.
  if ((await services.keep(serviceId)) === null) return null;
  const { key, secret } = newKey(ports, { type: 'TOKEN', name, serviceId, userId });
  return (await keys.insert(key, secret)) ? key : null;
}
