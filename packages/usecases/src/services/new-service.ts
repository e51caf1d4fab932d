import { type GivenService, parseService, type Service, serviceDefaults } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';

/** All that is left out has the value of `serviceDefaults`. */
export type CreateServiceInput = GivenService & { readonly name: string; readonly url: string };

/** A service that is made now; throws `IllegalArgument`. */
export function newService(
  { clock, ids }: Pick<Ports, 'clock' | 'ids'>,
  input: CreateServiceInput,
): Service {
  const fields = parseService(input);
  const now = clock.now();
  return { id: ids.next(), createdAt: now, updatedAt: now, ...serviceDefaults, ...fields };
}
