import { type Actor, type Id, InvalidToken, may } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { record } from '../shared/record.ts';
import { retireKey } from '../shared/retire-key.ts';

type Needs = Pick<Ports, 'database' | 'secrets' | 'macs' | 'clock' | 'ids'>;

/** Takes back a key of a user at a service, and with a TOKEN key every session that rests on it. */
export class RevokeKey {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /**
   * Throws `InvalidToken` unless the key is one of a user at the service, and not revoked yet.
   * Answers the id of the entry in the audit.
   */
  async execute(actor: Actor, { value }: { readonly value: string }): Promise<Id> {
    const { database, secrets, clock } = this.#ports;
    const digest = secrets.digest(value);
    return database.transact(async (stores) => {
      const found = await stores.keys.findByDigest(digest);
      if (!found || !may(actor, 'use token', found.key)) throw new InvalidToken();
      const { id, userId, serviceId } = found.key;
      if (userId === null || serviceId === null) throw new InvalidToken();
      const key = { id, userId, serviceId };
      if (!(await retireKey(this.#ports, stores, key, clock.now()))) throw new InvalidToken();
      const entry = { type: 'sso:AuthKeyRevoke', serviceId, userId, subjectId: id } as const;
      return record(this.#ports, stores, actor, entry);
    });
  }
}
