import { HOUR_MS, type Instant } from '@rekey/domain';

const FIRST_WAIT_MS = 1000;
export const LONGEST_WAIT_MS = HOUR_MS;

/** When a delivery that failed at its `attempt`th try is due again: after 1 s, doubling with each attempt, 1 h at most. */
export const nextTry = (now: Instant, attempt: number): Instant =>
  now + Math.min(FIRST_WAIT_MS * 2 ** (attempt - 1), LONGEST_WAIT_MS);
