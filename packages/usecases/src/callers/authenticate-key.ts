import { type Actor, Unauthorized } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { findCaller } from '../shared/find-caller.ts';
import { countWrongKey } from '../shared/throttle.ts';

type Needs = Pick<
  Ports,
  'database' | 'secrets' | 'macs' | 'keyUses' | 'clock' | 'ids' | 'settings'
>;

type Kind<K extends Actor['kind']> = Extract<Actor, { readonly kind: K }>;

/** Finds out whose key a request carries: a service's, or the operator's. */
export class AuthenticateKey {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /**
   * Throws `Unauthorized` for anything but a usable key of a service, or a root key, and `TooManyRequests` where too
   * many of those came from one network. A right key gets in whatever others did.
   */
  async execute(
    nobody: Kind<'nobody'>,
    { key: value }: { readonly key: string },
  ): Promise<Kind<'service' | 'root'>> {
    const actor = await this.#find(nobody, value);
    if (actor !== null) return actor;
    await countWrongKey(this.#ports, nobody);
    throw new Unauthorized();
  }

  async #find({ origin }: Kind<'nobody'>, value: string): Promise<Kind<'service' | 'root'> | null> {
    const { database, secrets, keyUses, clock } = this.#ports;
    const digest = secrets.digest(value);
    const now = clock.now();
    const found = await database.read((stores) => findCaller(stores, digest, now));
    if (found === null) return null;
    const { key, service } = found;
    keyUses.note({ id: key.id, at: now });
    const known = { keyId: key.id, origin };
    return service
      ? { kind: 'service', service, user: null, ...known }
      : { kind: 'root', ...known };
  }
}
