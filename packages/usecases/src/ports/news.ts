import type { Id } from '@rekey/domain';

/** Tells of events that have come to the feeds of services, whichever server put them there. */
export interface News {
  /**
   * Resolves when events of one of these services, or of any, may have been put in their places since the call: at once
   * where this process did it, within a quarter of a second where another one did. Resolves as well when the signal is
   * aborted. Call it before the read whose emptiness is to be waited on: nothing is missed then.
   */
  next(serviceIds: readonly Id[] | null, signal: AbortSignal): Promise<void>;
  /** Says that this process has put events of these services in their places. */
  tell(serviceIds: readonly Id[]): void;
  /** Says that another process has given the places that this one was about to give: those who wait hear of it at once. */
  look(): void;
}
