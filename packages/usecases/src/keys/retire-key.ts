import { type Actor, type Id, IllegalArgument, type Key } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { checkLastKey, lockKey } from '../shared/find-key.ts';
import { record } from '../shared/record.ts';
import { retireKey } from '../shared/retire-key.ts';

type Needs = Pick<Ports, 'database' | 'macs' | 'clock' | 'ids'>;

/** Takes a key back by its id, for good: it stays in lists, as one that was revoked. */
export class RetireKey {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /** Throws like `DeleteKey`, and `IllegalArgument` for a key that was revoked before. */
  async execute(actor: Actor, { id }: { readonly id: Id }): Promise<Key> {
    return this.#ports.database.transact(async (stores) => {
      const key = await lockKey(stores, actor, id);
      await checkLastKey(this.#ports, stores, actor, key, null, 'id');
      const now = this.#ports.clock.now();
      if (!(await retireKey(this.#ports, stores, key, now))) {
        const message = 'is that of a key that was revoked';
        throw new IllegalArgument([{ field: 'id', message, code: 'not_allowed' }]);
      }
      const { serviceId, userId } = key;
      const entry = { type: 'rekey:KeyRevoke', serviceId, userId, subjectId: id } as const;
      await record(this.#ports, stores, actor, entry);
      return { ...key, updatedAt: now, isEnabled: false, isRevoked: true };
    });
  }
}
