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
    const caller = await database.read(async ({ keys, services }): Promise<Caller | null> => {
      const key = await keys.findByDigest(digest);
      if (key === null || !isUsable(key) || key.userId !== null) return null;
      if (key.serviceId === null) return { kind: 'root' };
      const service = await services.get(key.serviceId);
      return service && { kind: 'service', service };
    });
    if (caller === null) throw new Unauthorized();
    return caller;
  }
}
