import type { KeptAnswers } from '../../src/ports/index.ts';
import type { Tables } from './tables.ts';

export function keptAnswers({ keptAnswers, users }: Tables): KeptAnswers {
  const find = (id: string) => {
    const answer = keptAnswers.get(id);
    const isGone = answer?.userId != null && !users.has(answer.userId);
    return isGone ? undefined : answer;
  };
  return {
    get: async (id) => find(id) ?? null,
    insert: async (answer) => {
      if (find(answer.id)) throw new Error('an answer is kept under that id');
      const isKnown = answer.userId !== null && users.has(answer.userId);
      keptAnswers.put(answer.id, isKnown ? answer : { ...answer, userId: null });
    },
    delete: async ({ id, createdAt }) => {
      if (keptAnswers.get(id)?.createdAt === createdAt) keptAnswers.delete(id);
    },
    prune: async (before, limit) => {
      const over = keptAnswers
        .rows()
        .filter(({ createdAt }) => createdAt < before)
        .slice(0, limit);
      for (const { id } of over) keptAnswers.delete(id);
      return over.length;
    },
  };
}
