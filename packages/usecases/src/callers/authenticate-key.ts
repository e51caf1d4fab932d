import { isUsable, type Service, Unauthorized } from '@rekey/domain';
import type { Ports } from './ports.ts';

type Needs = Pick<Ports, 'database' | 'secrets'>;

/** Who calls: a service, or the operator with a root key, who may look at everything and act for nobody. */
export type Caller =
  | { readonly kind: 'service'; readonly service: Service }
  | { readonly kind: 'root' };

/** Finds out whose key a request carries. */
export class AuthenticateKey {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /** Throws `Unauthorized` for anything but a usable key of a service, or of the operator. */
  async execute(value: string): Promise<Caller> {
    const { database, secrets } = this.#ports;
    const digest = secrets.digest(value);
    const found = await database.read(({ keys }) => keys.findByDigest(digest));
    if (found === null || !isUsable(found.key) || found.key.userId !== null) {
      throw new Unauthorized();
    }
    const { key, service } = found;
    if (key.serviceId === null) return { kind: 'root' };
    // Whatever became of the service: its key is never the operator's.
    if (service === null) throw new Unauthorized();
    return { kind: 'service', service };
  }
}
