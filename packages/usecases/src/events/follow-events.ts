import {
  type Actor,
  type Event,
  type EventType,
  endsTrust,
  type Id,
  IllegalArgument,
  type Instant,
  may,
  NotFound,
} from '@rekey/domain';
import type { Ports, SequencedEvent } from '../ports/index.ts';
import { findCaller } from '../shared/find-caller.ts';
import { type Feeds, type Following, nextTurn, type Stream } from './feeds.ts';
import {
  cursorOf,
  eventsAfter,
  type Place,
  placeAt,
  placeBefore,
  placeOf,
  placeOfOldest,
} from './place.ts';

type Needs = Pick<
  Ports,
  'database' | 'secrets' | 'macs' | 'news' | 'places' | 'clock' | 'settings'
>;

export type EventsInput = {
  /** Whose events; a service's own unless it is named. */
  readonly serviceId?: Id | undefined;
  /** Where to go on; from the oldest event on without it. */
  readonly after?: string | undefined;
  /** Without a cursor: not from the oldest on, but from before what happened in the last so many milliseconds. */
  readonly sinceMs?: number | undefined;
  readonly limit: number;
  /** Events of these types alone. */
  readonly types?: readonly EventType[] | undefined;
  /** Whether only what ends trust is asked for. */
  readonly isRevocations?: boolean | undefined;
};

export type EventsOutput = {
  readonly events: readonly Event[];
  /** Where to go on. */
  readonly next: string;
  /** Everything that was committed until then is among what was read so far; null where there is more to read. */
  readonly completeUntil: Instant | null;
};

/** Something of a stream: an event, or that there was none. */
export type StreamItem = {
  readonly event: Event | null;
  /** Where to go on after it. */
  readonly cursor: string;
  /** Everything that was committed until then came before this. */
  readonly completeUntil: Instant | null;
};

export type OpenedStream = {
  /** When the request was there, by the clock of this server: who asked knows by it how far the two clocks differ. */
  readonly openedAt: Instant;
  readonly items: AsyncGenerator<readonly StreamItem[], void>;
};

/** So many events are looked at for one answer; where none of them is of a type that is asked for, it is empty. */
const MOST_READ = 10_000;
const PAGE = 500;

/** Tells a service what happened to its users, in one order. */
export class FollowEvents {
  readonly #ports: Needs;
  readonly #feeds: Feeds;

  constructor(ports: Needs, feeds: Feeds) {
    this.#ports = ports;
    this.#feeds = feeds;
  }

  /**
   * Answers what is there after the cursor; where there is nothing, waits for it up to `waitMs`.
   * Throws `NotFound` for services that are unknown or foreign, `IllegalArgument` where an operator names none,
   * `BadCursor`, and `TooManyRequests` where too many wait already.
   */
  async execute(
    actor: Actor,
    {
      waitMs = 0,
      signal = never,
      ...input
    }: EventsInput & {
      readonly waitMs?: number | undefined;
      readonly signal?: AbortSignal | undefined;
    },
  ): Promise<EventsOutput> {
    const serviceId = await this.#serviceOf(actor, input.serviceId);
    // Nobody misses what was committed before the question.
    const until = await this.#ports.places.give({ isPatient: true });
    const start = await this.#start(serviceId, input);
    const first = await this.#read(start, input, databaseOf(this.#ports, serviceId));
    if (waitMs === 0 || first.events.length > 0 || !first.isEnd) {
      return this.#output(serviceId, first, until);
    }
    const stream = this.#feeds.open(serviceId, { hasBeats: false, signal });
    try {
      const over = performance.now() + waitMs;
      let last = first;
      for (;;) {
        const leftMs = over - performance.now();
        if (leftMs <= 0 || stream.signal.aborted)
          return await this.#conclude(serviceId, last, input);
        await stream.change(leftMs);
        last = await this.#read(last.place, input, stream);
        if (last.events.length > 0) return this.#output(serviceId, last, null);
      }
    } finally {
      stream.close();
    }
  }

  /**
   * Opens a stream of what comes after the cursor, without an end of its own. `heartbeatMs`: how often it says that there
   * was nothing; of revocations, that comes as often as it is known up to when they are complete, and not otherwise.
   * `key`: the value that the caller was authenticated with; the stream ends soon after it is good no more. Throws like
   * `execute`, before the stream begins.
   */
  async open(
    actor: Actor,
    {
      heartbeatMs,
      signal,
      key,
      ...input
    }: EventsInput & {
      readonly heartbeatMs: number;
      readonly signal: AbortSignal;
      readonly key: string;
    },
  ): Promise<OpenedStream> {
    const serviceId = await this.#serviceOf(actor, input.serviceId);
    const hasBeats = input.isRevocations ?? false;
    const { database, secrets, clock } = this.#ports;
    const name = secrets.digest(key);
    const isGood = async () => {
      const now = clock.now();
      return (await database.read((stores) => findCaller(stores, name, now))) !== null;
    };
    const openedAt = clock.now();
    const stream = this.#feeds.open(serviceId, { hasBeats, opener: { name, isGood }, signal });
    try {
      await this.#ports.places.give({ isPatient: true });
      const start = await this.#start(serviceId, input);
      // Here, where it can still be refused.
      const first = await this.#read(start, input, databaseOf(this.#ports, serviceId));
      const items = this.#follow(serviceId, first, { ...input, heartbeatMs }, stream);
      return { openedAt, items };
    } catch (error) {
      stream.close();
      throw error;
    }
  }

  async *#follow(
    serviceId: Id,
    first: Page,
    input: EventsInput & { readonly heartbeatMs: number },
    stream: Stream,
  ): AsyncGenerator<readonly StreamItem[], void> {
    const { isRevocations = false, heartbeatMs } = input;
    try {
      let page = first;
      /** Taken before the page is read: what comes meanwhile may be missing in it. */
      let until: Instant | null = null;
      let beatAt = isRevocations ? 0 : performance.now() + heartbeatMs;
      let told: Instant | null = null;
      while (!stream.signal.aborted) {
        if (page.events.length > 0) yield page.events.map((event) => this.#item(serviceId, event));
        if (page.isEnd) {
          const now = performance.now();
          const isNews = !isRevocations || (until !== null && until !== told);
          if (now >= beatAt && isNews) {
            const cursor = cursorOf(this.#ports, serviceId, page.place);
            yield [{ event: null, cursor, completeUntil: until }];
            told = until;
            beatAt = performance.now() + heartbeatMs;
          }
          await stream.change(Math.max(beatAt - performance.now(), 0) || heartbeatMs);
        }
        if (stream.signal.aborted) return;
        until = stream.completeUntil();
        page = await this.#read(page.place, input, stream);
      }
    } finally {
      stream.close();
    }
  }

  /** Looks once more, and says up to when that is complete. */
  async #conclude(serviceId: Id, { place }: Page, input: EventsInput): Promise<EventsOutput> {
    const until = await this.#ports.places.give({ isPatient: true });
    const page = await this.#read(place, input, databaseOf(this.#ports, serviceId));
    return this.#output(serviceId, page, until);
  }

  /** Looks at events after a place until there are as many as are asked for, or no more. */
  async #read(
    from: Place,
    { limit, types, isRevocations }: EventsInput,
    { after }: Pick<Following, 'after'>,
  ): Promise<Page> {
    const isAsked = (event: Event) =>
      (types === undefined || types.includes(event.type)) && (!isRevocations || endsTrust(event));
    const events: SequencedEvent[] = [];
    let place = from;
    for (let read = 0; read < MOST_READ; ) {
      const isAll = types === undefined && !isRevocations;
      const found = await after(place, isAll ? Math.min(limit - events.length, PAGE) : PAGE);
      for (const event of found) {
        place = placeAt(event);
        if (isAsked(event)) events.push(event);
        if (events.length === limit) return { events, place, isEnd: false };
      }
      if (found.length === 0) return { events, place, isEnd: true };
      read += found.length;
    }
    return { events, place, isEnd: false };
  }

  #item(serviceId: Id, event: SequencedEvent): StreamItem {
    const cursor = cursorOf(this.#ports, serviceId, placeAt(event));
    return { event, cursor, completeUntil: null };
  }

  #output(serviceId: Id, { events, place, isEnd }: Page, until: Instant | null): EventsOutput {
    const next = cursorOf(this.#ports, serviceId, place);
    return { events, next, completeUntil: isEnd ? until : null };
  }

  async #serviceOf(actor: Actor, named: Id | undefined): Promise<Id> {
    const serviceId = named ?? (actor.kind === 'service' ? actor.service.id : undefined);
    if (serviceId === undefined) {
      const message = 'is required with a root key: it says whose events are meant';
      throw new IllegalArgument([{ field: 'serviceId', message, code: 'required' }]);
    }
    if (!may(actor, 'read events', { serviceId })) throw new NotFound();
    // A service that was deleted has its last events for who administers it.
    const service = await this.#ports.database.read(({ services }) => services.find(serviceId));
    if (service === null) throw new NotFound();
    return serviceId;
  }

  async #start(serviceId: Id, { after, sinceMs }: EventsInput): Promise<Place> {
    if (after !== undefined) return placeOf(this.#ports, serviceId, after);
    const since = sinceMs === undefined ? null : this.#ports.clock.now() - sinceMs;
    return this.#ports.database.read((stores) =>
      since === null ? placeOfOldest(stores, serviceId) : placeBefore(stores, serviceId, since),
    );
  }
}

type Page = {
  readonly events: readonly SequencedEvent[];
  readonly place: Place;
  /** Whether there was nothing more. */
  readonly isEnd: boolean;
};

const never = new AbortController().signal;

const databaseOf = (
  { database }: Pick<Ports, 'database'>,
  serviceId: Id,
): Pick<Following, 'after'> => ({
  after: async (place, limit) => {
    await nextTurn();
    return database.read((stores) => eventsAfter(stores, serviceId, place, limit));
  },
});
