import { type Actor, type Id, levelAt, NotFound, refusalOf, settled } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { onlyOperator } from '../shared/only-operator.ts';
import { knownCounts } from './known-counts.ts';

type Needs = Pick<Ports, 'database' | 'places' | 'secrets' | 'clock' | 'settings'>;

/** Wrong tries at an account that are not forgotten yet. */
export type ReadThrottle = {
  readonly serviceId: Id;
  /** What was tried: a password, or a one-time code. */
  readonly of: 'password' | 'code';
  readonly limit: string;
  /** Null for the tries of all networks. */
  readonly network: string | null;
  readonly tries: number;
  readonly quota: number;
  /** Seconds after which the next try is let through; 0 where it is at once. */
  readonly retryAfterS: number;
};

/** Shows the operator which tries at an account count. */
export class ReadThrottles {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /** Throws `NotFound` where there is no such user. */
  async execute(actor: Actor, { userId }: { readonly userId: Id }): Promise<ReadThrottle[]> {
    onlyOperator(actor);
    const { database, places, clock } = this.#ports;
    await places.caughtUp();
    return database.read(async (stores) => {
      const user = await stores.users.get(userId);
      if (user === null) throw new NotFound();
      const counts = await knownCounts(this.#ports, stores, user);
      const buckets =
        counts.length === 0 ? [] : await stores.throttles.get(counts.map(({ key }) => key));
      const now = clock.now();
      return counts.flatMap(({ serviceId, account, limit, network }, index) => {
        const bucket = settled(buckets[index] ?? { level: 0, at: 0 }, now);
        const tries = Math.ceil(levelAt(limit, bucket, now));
        const { retryAfterS = 0 } = refusalOf(limit, bucket, now) ?? {};
        const of = account === user.email ? ('password' as const) : ('code' as const);
        const { name, capacity: quota } = limit;
        return tries === 0
          ? []
          : [{ serviceId, of, limit: name, network, tries, quota, retryAfterS }];
      });
    });
  }
}
