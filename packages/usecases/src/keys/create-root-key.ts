import { type Actor, type Key, parseName } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { newKey } from '../shared/new-key.ts';
import { onlyOperator } from '../shared/only-operator.ts';
import { record } from '../shared/record.ts';

type Needs = Pick<Ports, 'database' | 'secrets' | 'macs' | 'clock' | 'ids'>;

/** Hands out, once, a key with which the operator may look at the users and keys of every service. */
export class CreateRootKey {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  async execute(
    actor: Actor,
    input: { readonly name: string },
  ): Promise<{ key: Key; value: string }> {
    onlyOperator(actor);
    const name = parseName(input.name);

    const of = { type: 'KEY', name, serviceId: null, userId: null } as const;
    const { key, value, secret } = newKey(this.#ports, of);
    await this.#ports.database.transact(async (stores) => {
      await stores.keys.insert(key, secret);
      const entry = { type: 'rekey:RootKeyCreate', serviceId: null, subjectId: key.id } as const;
      await record(this.#ports, stores, actor, entry);
    });
    return { key, value };
  }
}
