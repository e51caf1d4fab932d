import { TooManyRequests } from './errors.ts';
import type { Instant } from './ids.ts';

/** How often something may be tried. */
export type Limit = {
  /** As callers are told. */
  readonly name: string;
  /** How many tries are free. */
  readonly quota: number;
  /** Milliseconds after the first try at which all is forgotten, waits included. */
  readonly windowMs: number;
  /** Milliseconds to wait after so many tries: 0 while they are free, Infinity for the rest of the window. */
  waitMsAfter(tries: number): number;
};

/** How often something was tried, of late. */
export type Tally = {
  /** When the window began, with the first try. */
  readonly since: Instant;
  readonly tries: number;
  /** From when on the next try is let through; 0 where it need not wait, so that no clock that is behind makes it. */
  readonly freeAt: Instant;
  /** Until when it is remembered that a try succeeded; 0 where none did. */
  readonly knownUntil: Instant;
};

export const noTries: Tally = { since: 0, tries: 0, freeAt: 0, knownUntil: 0 };

/** Throws `TooManyRequests` where a try would have to wait. */
export function checkWait(limit: Limit, tally: Tally, now: Instant): void {
  if (isOver(limit, tally, now) || tally.freeAt <= now) return;
  throw new TooManyRequests(limit, Math.ceil((tally.freeAt - now) / 1000));
}

/** Counts a try that is let through. One that has to wait is refused, and changes nothing. */
export function countTry(limit: Limit, tally: Tally, now: Instant): Tally {
  checkWait(limit, tally, now);
  const fresh = isOver(limit, tally, now);
  const since = fresh ? now : tally.since;
  const tries = fresh ? 1 : tally.tries + 1;
  const wait = limit.waitMsAfter(tries);
  // No wait outlasts the window: whatever happens, it is over then.
  const freeAt = wait === 0 ? 0 : Math.min(now + wait, since + limit.windowMs);
  return { ...tally, since, tries, freeAt };
}

/** Takes tries back, and the wait that the last of them brought. Who had used up the quota before them still has. */
export function takeBack(limit: Limit, tally: Tally, tries: number): Tally {
  const left = Math.max(0, tally.tries - tries);
  const isSpent = limit.waitMsAfter(left) === Number.POSITIVE_INFINITY;
  return { ...tally, tries: left, freeAt: isSpent ? tally.since + limit.windowMs : 0 };
}

/** A window that begins in a future this far off was made by a clock that was wrong, and would last too long. */
const isOver = ({ windowMs }: Limit, { since }: Tally, now: Instant): boolean =>
  Math.abs(now - since) >= windowMs;
