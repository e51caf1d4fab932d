import type { Id, Instant } from '@rekey/domain';

/** Answers to requests that may come again, by the key that each request came with. */
export interface KeptAnswers {
  /** The answer that is kept under an id; null where there is none. */
  get(id: string): Promise<KeptAnswer | null>;
  /**
   * Keeps an answer. Where one is kept under its id, the transaction fails, at its commit at the latest, and changes
   * nothing. A user who does not exist is left out; the answer goes with one who does.
   */
  insert(answer: KeptAnswer): Promise<void>;
  /** Forgets an answer, only if it is the one that was kept at that instant. */
  delete(answer: Pick<KeptAnswer, 'id' | 'createdAt'>): Promise<void>;
  /** Forgets up to `limit` answers that were kept before; answers how many. */
  prune(before: Instant, limit: number): Promise<number>;
}

export type KeptAnswer = {
  /** Says who asked, and with which key, to nobody but those who know both. */
  readonly id: string;
  /** Says what was asked, in the same way. */
  readonly fingerprint: string;
  readonly createdAt: Instant;
  /** The person whom the answer shows something of. */
  readonly userId: Id | null;
  /** The session that the answer has a token of. */
  readonly sessionId: Id | null;
  /** The answer. Nobody can read it who has the database alone. */
  readonly sealed: string;
};
