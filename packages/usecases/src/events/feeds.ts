import { type Id, type Instant, TooManyRequests } from '@rekey/domain';
import type { Ports, SequencedEvent } from '../ports/index.ts';
import { eventsAfter, type Place } from './place.ts';

type Needs = Pick<Ports, 'database' | 'news' | 'places' | 'settings'>;

/** Events of a service that are remembered for those who follow it; who is further behind asks the database. */
const REMEMBERED = 1000;
const PAGE = 500;
/** How often it is found out up to when a feed is complete, where somebody is to be told. */
const BEAT_MS = 200;
/** How often it is looked whether the keys are still good that streams were opened with. */
const CHECK_MS = 400;
const RETRY_MS = 500;
/** Streams that are told of news in one turn of the event loop: others are answered in between. */
const WOKEN = 50;
const RETRY_AFTER_S = 10;

/** The end of a feed, read once for all in this process who follow it. */
type Tail = {
  readonly serviceId: Id;
  /** The latest events, without gaps up to `last`. */
  readonly recent: SequencedEvent[];
  /** The place up to which the feed was read; -1 for not at all yet. */
  last: number;
  /** The instant up to which everything that was committed is among what was read; null for none. */
  completeUntil: Instant | null;
  readonly readers: Set<() => void>;
  /** How many of them have to be told up to when it is complete. */
  beats: number;
  readonly stop: AbortController;
};

/** The streams that were opened with a key, and how to find out whether it is still good. */
type Opener = { readonly isGood: () => Promise<boolean>; readonly streams: Set<AbortController> };

/** What of a feed comes after a place. */
export type Following = {
  /** Up to so many events after that place, none where there are none yet. */
  after(place: Place, limit: number): Promise<readonly SequencedEvent[]>;
  /** Resolves when there may be more, or the instant is another one, or after a time, or when the stream is to end. */
  change(ms: number): Promise<void>;
  /** Up to when what was read is complete, for who has read all of it. */
  completeUntil(): Instant | null;
};

export type Stream = Following & {
  /** Aborted when the stream is to end. */
  readonly signal: AbortSignal;
  close(): void;
};

/**
 * All in this process who wait for events. A feed is read once for all of them, and nobody who waits holds a connection of
 * the database or anything else that others need.
 */
export class Feeds {
  readonly #ports: Needs;
  readonly #tails = new Map<Id, Tail>();
  readonly #openers = new Map<string, Opener>();
  /** How many wait for events of a service. */
  readonly #waiting = new Map<Id, number>();
  #total = 0;
  #isBeating = false;
  #isChecking = false;
  #turns = Promise.resolve();

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /**
   * Follows a feed until it is closed. `opener`: the key that it is opened with, by a name. Throws `TooManyRequests` where too many
   * follow already.
   */
  open(
    serviceId: Id,
    {
      hasBeats,
      opener,
      signal,
    }: {
      readonly hasBeats: boolean;
      readonly opener?: { readonly name: string; isGood(): Promise<boolean> } | undefined;
      readonly signal: AbortSignal;
    },
  ): Stream {
    this.#admit(serviceId);
    const own = new AbortController();
    const tail = this.#tailOf(serviceId);
    // What came since somebody looked last is not passed over.
    let isChanged = true;
    let wake = () => {};
    const reader = () => {
      isChanged = true;
      wake();
    };
    tail.readers.add(reader);
    if (hasBeats) this.#beat(tail);
    const forget = opener && this.#watch(opener.name, opener.isGood, own);
    const all = AbortSignal.any([signal, own.signal]);
    let isOpen = true;
    const close = () => {
      if (!isOpen) return;
      isOpen = false;
      own.abort();
      reader();
      tail.readers.delete(reader);
      if (hasBeats) tail.beats -= 1;
      forget?.();
      this.#release(tail);
    };
    // Also where nobody ever looks at the stream.
    all.addEventListener('abort', close, { once: true });
    if (all.aborted) close();

    return {
      signal: all,
      after: async (place, limit) => {
        const { recent, last } = tail;
        if (last >= 0 && place.sequence >= last) return [];
        if (last >= 0 && place.sequence >= last - recent.length) {
          return recent.slice(recent.length - (last - place.sequence)).slice(0, limit);
        }
        await this.#turn();
        return this.#ports.database.read((stores) => eventsAfter(stores, serviceId, place, limit));
      },
      change: async (ms) => {
        if (!isChanged) {
          await new Promise<void>((resolve) => {
            const timer = setTimeout(resolve, ms);
            wake = () => {
              clearTimeout(timer);
              resolve();
            };
          });
        }
        isChanged = false;
      },
      completeUntil: () => tail.completeUntil,
      close,
    };
  }

  /** All who are behind read one page in each turn of the event loop together: others are answered in between. */
  #turn(): Promise<void> {
    this.#turns = this.#turns.then(nextTurn);
    return this.#turns;
  }

  #admit(serviceId: Id): void {
    const { perService, total } = this.#ports.settings.streams;
    const waiting = this.#waiting.get(serviceId) ?? 0;
    const quota = waiting >= perService ? perService : total;
    if (waiting >= perService || this.#total >= total) {
      throw new TooManyRequests({ name: 'event-streams', quota, windowMs: 1000 }, RETRY_AFTER_S);
    }
    this.#waiting.set(serviceId, waiting + 1);
    this.#total += 1;
  }

  #release({ serviceId, readers, stop }: Tail): void {
    this.#total -= 1;
    const waiting = (this.#waiting.get(serviceId) ?? 1) - 1;
    if (waiting === 0) this.#waiting.delete(serviceId);
    else this.#waiting.set(serviceId, waiting);
    if (readers.size > 0) return;
    this.#tails.delete(serviceId);
    stop.abort();
  }

  #tailOf(serviceId: Id): Tail {
    const known = this.#tails.get(serviceId);
    if (known) return known;
    const tail: Tail = {
      serviceId,
      recent: [],
      last: -1,
      completeUntil: null,
      readers: new Set(),
      beats: 0,
      stop: new AbortController(),
    };
    this.#tails.set(serviceId, tail);
    void this.#run(tail);
    return tail;
  }

  async #run(tail: Tail): Promise<void> {
    const { signal } = tail.stop;
    while (!signal.aborted) {
      const turn = new AbortController();
      const news = this.#ports.news.next([tail.serviceId], AbortSignal.any([signal, turn.signal]));
      try {
        await this.#readOn(tail, null);
        await news;
      } catch {
        // Where the database does not answer, those who follow get no instant either, and ask for themselves.
        await pause(RETRY_MS);
      }
      turn.abort();
    }
  }

  /** Reads what is new, and tells everybody. `until`: an instant before the reading. */
  async #readOn(tail: Tail, until: Instant | null): Promise<void> {
    const { database } = this.#ports;
    const { serviceId, recent } = tail;
    let isNews = until !== null;
    for (;;) {
      const from = tail.last;
      const found = await database.read(async ({ events }) => {
        if (from >= 0) return events.follow(serviceId, from, PAGE);
        return (await events.bounds(serviceId)).last;
      });
      if (typeof found === 'number') {
        // Read by two at once, the first one counts.
        if (tail.last < 0) tail.last = found;
        isNews = true;
        continue;
      }
      const fresh = found.filter(({ sequence: place }) => place > tail.last);
      const last = fresh.at(-1);
      if (last !== undefined) {
        recent.push(...fresh);
        tail.last = last.sequence;
        if (recent.length > REMEMBERED) recent.splice(0, recent.length - REMEMBERED);
        isNews = true;
      }
      if (found.length < PAGE) break;
    }
    if (until !== null) tail.completeUntil = Math.max(until, tail.completeUntil ?? 0);
    if (isNews) await this.#wake(tail);
  }

  async #wake({ readers }: Tail): Promise<void> {
    let woken = 0;
    for (const reader of [...readers]) {
      reader();
      woken += 1;
      if (woken % WOKEN === 0) await nextTurn();
    }
  }

  /** One more has to be told up to when that feed is complete. */
  #beat(tail: Tail): void {
    tail.beats += 1;
    if (this.#isBeating) return;
    this.#isBeating = true;
    void this.#beatOn();
  }

  async #beatOn(): Promise<void> {
    for (;;) {
      const tails = [...this.#tails.values()].filter(({ beats }) => beats > 0);
      if (tails.length === 0) break;
      try {
        const until = await this.#ports.places.give({ isPatient: false });
        if (until !== null) await Promise.all(tails.map((tail) => this.#readOn(tail, until)));
      } catch {
        // No instant is told, and those who rest on it notice.
      }
      await pause(BEAT_MS);
    }
    this.#isBeating = false;
  }

  /** Ends a stream when its key is not good any more. Answers how to forget the stream. */
  #watch(name: string, isGood: Opener['isGood'], stream: AbortController): () => void {
    const opener = this.#openers.get(name) ?? { isGood, streams: new Set() };
    this.#openers.set(name, opener);
    opener.streams.add(stream);
    if (!this.#isChecking) {
      this.#isChecking = true;
      void this.#check();
    }
    return () => {
      opener.streams.delete(stream);
      if (opener.streams.size === 0) this.#openers.delete(name);
    };
  }

  async #check(): Promise<void> {
    while (this.#openers.size > 0) {
      await pause(CHECK_MS);
      const all = [...this.#openers.values()];
      await Promise.all(
        all.map(async ({ isGood, streams }) => {
          // Where the database does not answer, nobody knows.
          if (await isGood().catch(() => true)) return;
          for (const stream of [...streams]) stream.abort();
        }),
      );
    }
    this.#isChecking = false;
  }
}

/** The next turn of the event loop: SQLite answers without one. */
export const nextTurn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
