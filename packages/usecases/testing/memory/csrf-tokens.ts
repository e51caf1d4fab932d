import type { CsrfTokens } from '../../src/ports/index.ts';
import type { Tables } from './tables.ts';

export const csrfTokens = ({ csrfTokens }: Tables): CsrfTokens => ({
  insert: async (token) => csrfTokens.put(token.digest, token),
  spend: async (digest, serviceId, now) => {
    const token = csrfTokens.get(digest);
    if (token?.serviceId !== serviceId || token.expiresAt <= now) return false;
    csrfTokens.delete(digest);
    return true;
  },
  prune: async (now, limit) => {
    const expired = csrfTokens
      .rows()
      .filter(({ expiresAt }) => expiresAt <= now)
      .slice(0, limit);
    for (const { digest } of expired) csrfTokens.delete(digest);
    return expired.length;
  },
});
