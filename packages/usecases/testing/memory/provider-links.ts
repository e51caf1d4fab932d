import type { ProviderLinks } from '../../src/ports/index.ts';
import type { Tables } from './tables.ts';

export const providerLinks = ({ providerLinks: links }: Tables): ProviderLinks => {
  const ofUser = (userId: string) => links.rows().filter((link) => link.userId === userId);
  return {
    insert: async (link) => {
      const isTaken = links.find(
        (other) =>
          other.provider === link.provider &&
          ((other.issuer === link.issuer && other.subject === link.subject) ||
            other.userId === link.userId),
      );
      if (isTaken) return false;
      links.put(link.id, link);
      return true;
    },
    find: async ({ provider, issuer, subject }) =>
      links.find(
        (link) => link.provider === provider && link.issuer === issuer && link.subject === subject,
      ) ?? null,
    ofUser: async (userId) => ofUser(userId).toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    touch: async (id, now) => {
      const link = links.get(id);
      if (link) links.put(id, { ...link, lastUsedAt: now });
    },
    remove: async (id, userId) => {
      const link = links.get(id);
      if (link?.userId !== userId) return null;
      links.delete(id);
      return link.provider;
    },
    removeAllOf: async (userId) => {
      const removed = ofUser(userId);
      for (const { id } of removed) links.delete(id);
      return removed;
    },
  };
};
