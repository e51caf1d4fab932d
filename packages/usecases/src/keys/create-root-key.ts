import { type Key, parseName } from '@rekey/domain';
import { newKey } from './new-key.ts';
import type { Ports } from './ports.ts';
import { record } from './record.ts';

type Needs = Pick<Ports, 'database' | 'secrets' | 'macs' | 'clock' | 'ids'>;

/** Hands out, once, a key with which the operator may look at the users and keys of every service. */
export class CreateRootKey {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  async execute(input: { readonly name: string }): Promise<{ key: Key; value: string }> {
    const { database, secrets } = this.#ports;
    const name = parseName(input.name);

    const value = secrets.generate('rkr_');
    const key = newKey(this.#ports, { type: 'KEY', name, serviceId: null, userId: null });
    await database.transact(async (stores) => {
      await stores.keys.insert(key, { digest: secrets.digest(value) });
      const event = { action: 'root_key_create', serviceId: null, subjectId: key.id } as const;
      await record(this.#ports, stores, event);
    });
    return { key, value };
  }
}
