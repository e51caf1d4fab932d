import { type Id, InvalidToken } from '@rekey/domain';
import type { Ports } from './ports.ts';
import { retireKey } from './retire-key.ts';

type Needs = Pick<Ports, 'database' | 'secrets' | 'clock'>;

export type RevokeKeyInput = { readonly serviceId: Id; readonly value: string };

/** Takes back a key of a user at a service, and with a TOKEN key every session that rests on it. */
export class RevokeKey {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /** Throws `InvalidToken` unless the key is one of a user at the service, and not revoked yet. */
  async execute({ serviceId, value }: RevokeKeyInput): Promise<void> {
    const { database, secrets, clock } = this.#ports;
    const digest = secrets.digest(value);
    await database.transact(async (stores) => {
      const key = await stores.keys.findByDigest(digest);
      if (key?.serviceId !== serviceId || key.userId === null) throw new InvalidToken();
      const isMine = await retireKey(stores, { id: key.id, userId: key.userId }, clock.now());
      if (!isMine) throw new InvalidToken();
    });
  }
}
