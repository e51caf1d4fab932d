import type { Instant } from '@rekey/domain';
import type { Awaited, ProviderStates } from '../../src/ports/index.ts';
import type { Tables } from './tables.ts';

export const providerStates = ({ providerStates: states }: Tables): ProviderStates => {
  const find = ({ digest, provider, serviceId, userId, binding }: Awaited, now: Instant) => {
    const state = states.get(digest);
    const isAwaited =
      state?.provider === provider &&
      state.serviceId === serviceId &&
      state.userId === userId &&
      state.binding === binding;
    return isAwaited && state.expiresAt > now ? state : undefined;
  };
  return {
    insert: async (state) => states.put(state.digest, state),
    find: async (awaited, now) => find(awaited, now)?.sealed ?? null,
    spend: async (awaited, now) => {
      const state = find(awaited, now);
      if (state) states.delete(state.digest);
      return state !== undefined;
    },
    endAllOf: async (userId) => {
      for (const state of states.rows()) if (state.userId === userId) states.delete(state.digest);
    },
    prune: async (now, limit) => {
      const expired = states
        .rows()
        .filter(({ expiresAt }) => expiresAt <= now)
        .slice(0, limit);
      for (const { digest } of expired) states.delete(digest);
      return expired.length;
    },
  };
};
