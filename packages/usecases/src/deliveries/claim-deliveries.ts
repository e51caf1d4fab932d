import type { Actor, Id, Instant } from '@rekey/domain';
import type { Attempts, Deliveries, Owed, Ports, Stores, Waiting } from '../ports/index.ts';
import { onlyOperator } from '../shared/only-operator.ts';
import { Lanes } from './lanes.ts';
import { LONGEST_WAIT_MS } from './retries.ts';

type Needs = Pick<Ports, 'database' | 'clock'>;

/** Longer than an outlet may take: a delivery whose lease ran out belongs to a server that died. */
const LEASE_MS = 60_000;

/** No delivery is put off as far as this: one that is was put off by a clock that was wrong. */
const TOO_FAR_MS = 2 * LONGEST_WAIT_MS;

/** Deliveries that one query looks at: more than a domain gets lanes. */
const LOOK = 8;
/** Queries of one claim and kind of attempt. Where more domains wait, the next claim goes on. */
const MOST_LOOKS = 32;

/** Leases deliveries that are due for the free lanes of a server, so that nobody else makes them meanwhile. */
export class ClaimDeliveries {
  readonly #ports: Needs;
  /** Recipient domains take turns: those after this one are next. */
  readonly #turn: Record<Attempts, string> = { first: '', repeated: '' };

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /**
   * Answers up to `limit` deliveries: first attempts before repeated ones, and no more for one account or one recipient
   * domain than its share of the lanes, of which others are `underWay`.
   */
  async execute(
    actor: Actor,
    { limit, underWay = [] }: { readonly limit: number; readonly underWay?: readonly Owed[] },
  ): Promise<Owed[]> {
    onlyOperator(actor);
    const { database, clock } = this.#ports;
    const claimed: Owed[] = [];
    for (;;) {
      const now = clock.now();
      const tooFar = now + TOO_FAR_MS;
      const lanes = new Lanes(limit - claimed.length, [...underWay, ...claimed]);
      const ids = await database.read((stores) => this.#pick(stores, lanes, now, tooFar));
      if (ids.length === 0) return claimed;
      const leased = await database.transact(({ deliveries }) =>
        deliveries.lease(ids, now, tooFar, now + LEASE_MS),
      );
      claimed.push(...leased);
      // Where another server was quicker at some of them, there may be more.
      if (leased.length === 0 || leased.length === ids.length) return claimed;
    }
  }

  async #pick({ deliveries }: Stores, lanes: Lanes, now: Instant, tooFar: Instant): Promise<Id[]> {
    const first = await this.#round(deliveries, lanes, 'first', now);
    const repeated = await this.#round(deliveries, lanes, 'repeated', now);
    const picked = [...first, ...repeated];
    const found =
      picked.length > 0
        ? picked
        : (await deliveries.stray(tooFar, LOOK)).filter((each) => lanes.take(each));
    return found.map(({ id }) => id);
  }

  /** Goes round the domains, from the one on that the last claim ended at, until all were asked or no lane is left. */
  async #round(
    deliveries: Deliveries,
    lanes: Lanes,
    attempts: Attempts,
    now: Instant,
  ): Promise<Waiting[]> {
    const picked: Waiting[] = [];
    let domain = this.#turn[attempts];
    let isFromStart = domain === '';
    for (let look = 0; look < MOST_LOOKS && lanes.haveRoomFor(attempts); look += 1) {
      const found = await deliveries.waiting(attempts, domain, lanes.users, LOOK);
      const taken = found.filter((each) => each.dueAt <= now && lanes.take(each));
      picked.push(...taken);
      const last = found.length < LOOK ? null : found.at(-1);
      // The last domain may have more, of accounts that have no lane.
      if (last && taken.length > 0 && lanes.haveRoomFor(attempts, last.domain)) continue;
      domain = last?.domain ?? '';
      if (!last && isFromStart) break;
      isFromStart ||= !last;
    }
    const isDone = lanes.haveRoomFor(attempts);
    this.#turn[attempts] = isDone ? domain : (picked.at(-1)?.domain ?? domain);
    return picked;
  }
}
