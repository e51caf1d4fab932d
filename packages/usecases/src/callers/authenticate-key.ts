import { type Actor, isUsable, Unauthorized } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';

type Needs = Pick<Ports, 'database' | 'secrets'>;

/** Finds out whose key a request carries: a service's, or the operator's. */
export class AuthenticateKey {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /** Throws `Unauthorized` for anything but a usable key of a service, or a root key. */
  async execute(
    { origin }: Extract<Actor, { kind: 'nobody' }>,
    { key: value }: { readonly key: string },
  ): Promise<Extract<Actor, { kind: 'service' | 'root' }>> {
    const { database, secrets } = this.#ports;
    const digest = secrets.digest(value);
    const found = await database.read(({ keys }) => keys.findByDigest(digest));
    if (found === null || !isUsable(found.key) || found.key.userId !== null) {
      throw new Unauthorized();
    }
    const { key, service } = found;
    if (key.serviceId === null) return { kind: 'root', origin };
    // Whatever became of the service: its key is never the operator's.
    if (service === null) throw new Unauthorized();
    return { kind: 'service', service, origin };
  }
}
