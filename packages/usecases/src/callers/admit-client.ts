import type { Id, Origin } from '@rekey/domain';
import type { Ports } from './ports.ts';
import { checkClient } from './throttle.ts';

type Needs = Pick<Ports, 'database' | 'secrets' | 'clock' | 'settings'>;

/** Turns away, before anything else is looked at, a client that has failed too often in this minute. */
export class AdmitClient {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  async execute(client: { readonly serviceId: Id; readonly origin: Origin }): Promise<void> {
    await checkClient(this.#ports, client);
  }
}
