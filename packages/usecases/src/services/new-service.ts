import { parseService, type Service, serviceDefaults } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import type { CreateServiceInput } from './create-service.ts';

/** A service that is made now; throws `IllegalArgument`. */
export function newService(
  { clock, ids }: Pick<Ports, 'clock' | 'ids'>,
  input: CreateServiceInput,
): Service {
  const fields = parseService(input);
  const now = clock.now();
  return { id: ids.next(), createdAt: now, updatedAt: now, ...serviceDefaults, ...fields };
}
