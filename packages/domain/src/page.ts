import type { Id } from './ids.ts';

/** Rows of a page where nobody says how many. */
export const DEFAULT_PAGE_SIZE = 50;
export const MAX_PAGE_SIZE = 1000;

/** A page of a list in the order of ids, which is that of time. It has at most `limit` rows, ascending. */
export type IdPage = {
  /** Only rows after that id: the first of them. */
  readonly after?: Id | undefined;
  /** Only rows before that id: the last of them, unless `after` is given too. */
  readonly before?: Id | undefined;
  readonly limit: number;
};
