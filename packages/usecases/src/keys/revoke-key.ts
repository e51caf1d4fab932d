import { type Actor, type Id, InvalidToken, type Key, may, parseAsked } from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';
import { record } from '../shared/record.ts';
import { recordAsked } from '../shared/record-custom.ts';
import { retireKey } from '../shared/retire-key.ts';

type Needs = Pick<Ports, 'database' | 'secrets' | 'macs' | 'clock' | 'ids'>;

type RevokeKeyInput = {
  readonly value: string;
  /** The type of an entry of the service's own. */
  readonly audit?: string | undefined;
};

/** Takes back a key of a user at a service by its value, and with a TOKEN key every session that rests on it. */
export class RevokeKey {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /**
   * Throws `InvalidToken` unless the key is one of a user at the service, and not revoked yet.
   * Answers the id of the entry that was asked for, if one was.
   */
  async execute(actor: Actor, { value, audit }: RevokeKeyInput): Promise<Id | null> {
    const asked = parseAsked(audit);
    const { database, clock } = this.#ports;
    return database.transact(async (stores) => {
      const key = await this.#find(stores, value);
      if (!key || !may(actor, 'use token', key)) throw new InvalidToken();
      const { id, userId, serviceId } = key;
      if (userId === null) throw new InvalidToken();
      if (!(await retireKey(this.#ports, stores, key, clock.now()))) throw new InvalidToken();
      const entry = { type: 'sso:AuthKeyRevoke', serviceId, userId, subjectId: id } as const;
      await record(this.#ports, stores, actor, entry);
      return recordAsked(this.#ports, stores, actor, asked, { userId, userKeyId: id });
    });
  }

  /** The key of a value, which may be a seed. */
  async #find({ keys }: Stores, value: string): Promise<Key | null> {
    const { secrets, clock } = this.#ports;
    const isSeed = /^[A-Z2-7]+$/.test(value);
    const digests = isSeed ? secrets.blindIndexes(value) : [secrets.digest(value)];
    for (const digest of digests) {
      const found = await keys.findByDigest(digest, clock.now());
      if (found !== null) return found.key;
    }
    return null;
  }
}
