import { formServiceId, type Service } from '@rekey/domain';
import type { Settings } from '../ports/index.ts';

/** The name that people know a service by: nobody calls the built-in one by its own name. */
export const serviceNameFor = (
  { id, name }: Pick<Service, 'id' | 'name'>,
  { brandName }: Settings,
): string => (id === formServiceId ? brandName : name);
