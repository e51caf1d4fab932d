import type { Id, Service } from '@rekey/domain';
import type { Services } from '../../src/ports/index.ts';
import type { Tables } from './tables.ts';

export const services = ({ services, deletedServices, users, keys }: Tables): Services => {
  const get = async (id: string): Promise<Service | null> =>
    deletedServices.has(id) ? null : (services.get(id) ?? null);
  const knowing = (userId: Id): Id[] => {
    const maker = users.get(userId)?.user.createdBy;
    const of = keys
      .rows()
      .filter(({ key }) => key.userId === userId && key.type !== 'TOTP')
      .flatMap(({ key }) => key.serviceId ?? []);
    return [...new Set([...(maker ? [maker] : []), ...of])];
  };

  return {
    insert: async (service) => {
      if (services.has(service.id)) return false;
      services.put(service.id, service);
      return true;
    },
    get,
    find: async (id) => services.get(id) ?? null,
    list: async ({ ids, isEnabled }, { after, before, limit }) => {
      const found = services
        .rows()
        .filter(({ id }) => !deletedServices.has(id) && (ids === undefined || ids.includes(id)))
        .filter((each) => isEnabled === undefined || each.isEnabled === isEnabled)
        .filter(({ id }) => after === undefined || id > after)
        .filter(({ id }) => before === undefined || id < before)
        .sort((a, b) => (a.id < b.id ? -1 : 1));
      const isLast = before !== undefined && after === undefined;
      return isLast ? found.slice(-limit) : found.slice(0, limit);
    },
    lock: get,
    keep: get,
    update: async (service) => services.put(service.id, service),
    hasUserKeys: async (id) =>
      keys.rows().some(({ key }) => key.serviceId === id && key.userId !== null && !key.isRevoked),
    delete: async (remains) => {
      for (const [keyId, { key }] of keys.entries()) {
        if (key.serviceId === remains.id && key.userId === null) keys.delete(keyId);
      }
      services.put(remains.id, remains);
      deletedServices.put(remains.id, remains.updatedAt);
    },
    ids: async () => services.rows().map(({ id }) => id),
    knowing: async (userId) => knowing(userId),
    seeing: async (userId) => {
      const all = services
        .rows()
        .filter(({ id, seesAllUsers }) => seesAllUsers && !deletedServices.has(id));
      return [...new Set([...knowing(userId), ...all.map(({ id }) => id)])];
    },
  };
};
