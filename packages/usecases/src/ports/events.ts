import type { Event, EventType, Id, Instant } from '@rekey/domain';

/** The changes that services may know of: one row for each, written in its transaction. */
export interface Events {
  /** Adds an event, which is pending until it has its place: see `Pending`. */
  insert(event: Event): Promise<void>;
  /** Adds events to the feeds of their services, each at its place. */
  append(events: readonly SequencedEvent[]): Promise<void>;
  /** The place of the newest event that a feed ever had, of each of these services; 0 where it had none. */
  ends(serviceIds: readonly Id[]): Promise<ReadonlyMap<Id, number>>;
  /**
   * Up to `limit` events of a service, of these types if any are named, from the one after that place on, in the order of
   * their places. An event that is there at a place is never followed by one at an earlier place.
   */
  follow(
    serviceId: Id,
    after: number,
    limit: number,
    types?: readonly EventType[],
  ): Promise<SequencedEvent[]>;
  /**
   * The places of the oldest and of the newest event of a service that are kept. `last` is 0 where there never was one, and
   * stays when events are pruned; where none is kept, `first` is the place of the next one.
   */
  bounds(serviceId: Id): Promise<{ readonly first: number; readonly last: number }>;
  /**
   * Deletes up to `limit` events from before the instant, of each service the first ones; answers how many that were.
   * An old one that comes after a young one stays with it.
   */
  prune(before: Instant, limit: number): Promise<number>;
}

/** An event at its place in the feed of its service: 1 for the first, without gaps. */
export type SequencedEvent = Event & { readonly sequence: number };
