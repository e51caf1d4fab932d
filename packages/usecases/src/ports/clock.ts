import type { Id, Instant } from '@rekey/domain';

export interface Clock {
  now(): Instant;
}

export interface Ids {
  /** A new UUID, version 7. */
  next(): Id;
}
