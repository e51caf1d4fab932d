import { type Actor, placeOf } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { checkClient } from '../shared/throttle.ts';

type Needs = Pick<Ports, 'database' | 'secrets' | 'clock' | 'settings'>;

/** Turns away, before anything else is looked at, a client that has failed too often in this minute. */
export class AdmitClient {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /** Throws `TooManyRequests`; counts nothing. */
  async execute(actor: Actor): Promise<void> {
    await checkClient(this.#ports, placeOf(actor));
  }
}
