import { domainOf, type Id } from '@rekey/domain';
import type { Attempts, Owed, Waiting } from '../ports/index.ts';

/** A delivery, as far as its lane depends on it. */
type Taking = Pick<Waiting, 'userId' | 'domain' | 'attempts'>;

/**
 * The lanes of one server, shared: an account has one of them. A recipient domain, and all repeated attempts together,
 * get another one only while they have fewer than are free. So one that stalls holds half of them at most, several hold
 * less each, and somebody who has none is given the next.
 */
export class Lanes {
  #free: number;
  readonly #users = new Set<Id>();
  readonly #byDomain = new Map<string, number>();
  #repeated = 0;

  constructor(free: number, underWay: readonly Owed[]) {
    this.#free = free + underWay.length;
    for (const { delivery, attempt } of underWay) {
      const { userId, to } = delivery;
      this.#add({ userId, domain: domainOf(to), attempts: attempt === 1 ? 'first' : 'repeated' });
    }
  }

  /** Whether an account that has no lane may have one, for a delivery to that domain if one is given. */
  haveRoomFor(attempts: Attempts, domain = ''): boolean {
    const ofDomain = this.#byDomain.get(domain) ?? 0;
    return ofDomain < this.#free && (attempts === 'first' || this.#repeated < this.#free);
  }

  /** The accounts that have a lane. */
  get users(): readonly Id[] {
    return [...this.#users];
  }

  /** Takes a lane for a delivery; answers whether it may have one. */
  take(delivery: Taking): boolean {
    const { userId, domain, attempts } = delivery;
    const mayTake =
      !(userId !== null && this.#users.has(userId)) && this.haveRoomFor(attempts, domain);
    if (mayTake) this.#add(delivery);
    return mayTake;
  }

  #add({ userId, domain, attempts }: Taking): void {
    this.#free -= 1;
    // Of deleted accounts nobody knows which mails are of one.
    if (userId !== null) this.#users.add(userId);
    this.#byDomain.set(domain, (this.#byDomain.get(domain) ?? 0) + 1);
    if (attempts === 'repeated') this.#repeated += 1;
  }
}
