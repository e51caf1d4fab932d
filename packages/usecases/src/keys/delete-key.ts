import { type Actor, NotFound } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { checkLastKey, lockKey } from '../shared/find-key.ts';
import { record } from '../shared/record.ts';
import { retireKey } from '../shared/retire-key.ts';
import type { KeyNamed } from './read-key.ts';

type Needs = Pick<Ports, 'database' | 'macs' | 'clock' | 'ids'>;

/**
 * Takes a key back and forgets it, with every session that rests on it. A service that neither made the user of the key
 * nor has another one of it does not see the user from then on.
 */
export class DeleteKey {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /**
   * Throws `NotFound` for unknown and foreign keys alike, and `IllegalArgument` for the last usable key of the service
   * that asks.
   */
  async execute(actor: Actor, { id, userId: mask }: KeyNamed): Promise<void> {
    await this.#ports.database.transact(async (stores) => {
      const key = await lockKey(stores, actor, id);
      if (mask !== undefined && key.userId !== mask) throw new NotFound();
      await checkLastKey(this.#ports, stores, actor, key, null, 'id');
      await retireKey(this.#ports, stores, key, this.#ports.clock.now());
      await stores.keys.delete(id);
      const { serviceId, userId } = key;
      const entry = { type: 'sso:KeyDelete', serviceId, userId, subjectId: id } as const;
      await record(this.#ports, stores, actor, entry);
    });
  }
}
