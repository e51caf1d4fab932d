import { type Id, InvalidToken, type Origin } from '@rekey/domain';
import type { Ports } from './ports.ts';
import { record } from './record.ts';
import { retireKey } from './retire-key.ts';

type Needs = Pick<Ports, 'database' | 'secrets' | 'macs' | 'clock' | 'ids'>;

export type RevokeKeyInput = {
  readonly serviceId: Id;
  readonly value: string;
  readonly origin?: Origin | undefined;
};

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
  async execute({ serviceId, value, origin }: RevokeKeyInput): Promise<Id> {
    const { database, secrets, clock } = this.#ports;
    const digest = secrets.digest(value);
    return database.transact(async (stores) => {
      const found = await stores.keys.findByDigest(digest);
      if (found?.key.serviceId !== serviceId || found.key.userId === null) throw new InvalidToken();
      const { id, userId } = found.key;
      if (!(await retireKey(stores, { id, userId }, clock.now()))) throw new InvalidToken();
      const event = { action: 'key_revoke', serviceId, userId, subjectId: id, origin } as const;
      return record(this.#ports, stores, event);
    });
  }
}
