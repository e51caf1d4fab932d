import type { Services } from '../../src/ports/index.ts';
import type { Tables } from './tables.ts';

export const services = ({ services, users, keys }: Tables): Services => ({
  insert: async (service) => {
    if (services.has(service.id)) return false;
    services.put(service.id, service);
    return true;
  },
  get: async (id) => services.get(id) ?? null,
  ids: async () => services.rows().map(({ id }) => id),
  knowing: async (userId) => {
    const maker = users.get(userId)?.user.createdBy;
    const of = keys
      .rows()
      .flatMap(({ key }) => (key.userId === userId ? (key.serviceId ?? []) : []));
    return [...new Set([...(maker ? [maker] : []), ...of])];
  },
});
