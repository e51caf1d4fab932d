import { BadCursor, type Id } from '@rekey/domain';
import type { Ports, SequencedEvent, Stores } from '../ports/index.ts';

/** After an event of a feed. */
export type Place = {
  /** 0 for before the first. */
  readonly sequence: number;
  /** The event itself; empty where it is not kept. */
  readonly id: Id;
};

/** What a cursor says, but for the service. */
const CURSOR = /^(\d{1,15})\.([\da-f-]{0,36})\.(.+)$/;

const macText = (serviceId: Id, { sequence, id }: Place) => `cursor ${serviceId} ${sequence} ${id}`;

/** A text that only this Rekey makes, and that is good for the feed of that service alone. */
export const cursorOf = ({ macs }: Pick<Ports, 'macs'>, serviceId: Id, place: Place): string =>
  `${place.sequence}.${place.id}.${macs.make(macText(serviceId, place))}`;

/** Throws `BadCursor` for what is no cursor of that feed. */
export function placeOf({ macs }: Pick<Ports, 'macs'>, serviceId: Id, cursor: string): Place {
  const [, sequence, id = '', mac = ''] = CURSOR.exec(cursor) ?? [];
  const place = { sequence: Number(sequence), id };
  if (!macs.verify(macText(serviceId, place), mac)) throw new BadCursor('invalid_cursor');
  return place;
}

export const placeAt = ({ sequence, id }: SequencedEvent): Place => ({ sequence, id });

/** The place before all that is kept. */
export async function placeOfOldest({ events }: Pick<Stores, 'events'>, serviceId: Id) {
  const { first } = await events.bounds(serviceId);
  return { sequence: first - 1, id: '' };
}

/**
 * Up to `limit` events after a place. Throws `BadCursor` where events between are not kept any more, and where the feed has
 * become another one since: that of a backup.
 */
export async function eventsAfter(
  { events }: Pick<Stores, 'events'>,
  serviceId: Id,
  { sequence, id }: Place,
  limit: number,
): Promise<SequencedEvent[]> {
  // With the event of the place, which shows that the feed is the one that it was.
  const found = await events.follow(serviceId, Math.max(sequence - 1, 0), limit + 1);
  const [first] = found;
  if (first?.sequence === sequence) {
    if (first.id !== id) throw new BadCursor('cursor_expired');
    return found.slice(1);
  }
  const bounds = await events.bounds(serviceId);
  if (bounds.last < sequence || bounds.first > sequence + 1) throw new BadCursor('cursor_expired');
  return found.slice(0, limit);
}

/** So much later than it happened an event may have got its place: a transaction is never longer, and clocks differ less. */
const DISORDER_MS = 60_000;

/** A place before all events that happened since the instant: found by halving, for places follow the time. */
export async function placeBefore(
  { events }: Pick<Stores, 'events'>,
  serviceId: Id,
  since: number,
): Promise<Place> {
  const bounds = await events.bounds(serviceId);
  let [low, high] = [bounds.first - 1, bounds.last];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const [next] = await events.follow(serviceId, middle, 1);
    if (next === undefined || next.createdAt >= since - DISORDER_MS) high = middle;
    else low = next.sequence;
  }
  const [event] = low < bounds.first ? [] : await events.follow(serviceId, low - 1, 1);
  return event?.sequence === low ? placeAt(event) : { sequence: low, id: '' };
}
