import { type Actor, InvalidToken, isUsable, type Key, may, type User } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';

type Needs = Pick<Ports, 'database' | 'secrets'>;

/** Tells a service whose key it was given, where the key is one of its own for a user. */
export class VerifyKey {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /** Throws `InvalidToken` unless the key is one of a user at the service and usable, and the user enabled. */
  async execute(
    actor: Actor,
    { value }: { readonly value: string },
  ): Promise<{ user: User; key: Key }> {
    const { database, secrets } = this.#ports;
    const digest = secrets.digest(value);
    const found = await database.read(({ keys }) => keys.findByDigest(digest));
    if (!found || !may(actor, 'use token', found.key)) throw new InvalidToken();
    const { user, key } = found;
    if (!user?.isEnabled || !isUsable(key)) throw new InvalidToken();
    return { user, key };
  }
}
