import { type Actor, emptyBucket, type Id, NotFound } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { onlyOperator } from '../shared/only-operator.ts';
import { record } from '../shared/record.ts';
import { knownCounts } from './known-counts.ts';

type Needs = Pick<Ports, 'database' | 'places' | 'secrets' | 'macs' | 'clock' | 'ids' | 'settings'>;

/** Forgets the tries at an account, so that its owner may try again at once. */
export class ResetThrottles {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /**
   * Answers how many counts were not empty. Throws `NotFound` where there is no such user. Each service that knows the
   * user has an entry of it, or else the operator.
   */
  async execute(actor: Actor, { userId }: { readonly userId: Id }): Promise<number> {
    onlyOperator(actor);
    const { database, places, clock } = this.#ports;
    await places.caughtUp();
    return database.transact(async (stores) => {
      const user = await stores.users.get(userId);
      if (user === null) throw new NotFound();
      const keys = (await knownCounts(this.#ports, stores, user)).map(({ key }) => key);
      const found = keys.length === 0 ? [] : await stores.throttles.lock(keys);
      const forgetAt = clock.now();
      if (keys.length > 0) {
        await stores.throttles.put(keys.map((key) => ({ key, bucket: emptyBucket, forgetAt })));
      }
      const knowing = await stores.services.knowing(userId);
      const type = 'rekey:ThrottleReset';
      for (const serviceId of knowing.length > 0 ? knowing : [null]) {
        await record(this.#ports, stores, actor, { type, serviceId, userId });
      }
      return found.filter(({ level }) => level > 0).length;
    });
  }
}
