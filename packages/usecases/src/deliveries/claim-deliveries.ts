import type { Actor } from '@rekey/domain';
import type { Owed, Ports } from '../ports/index.ts';
import { onlyOperator } from '../shared/only-operator.ts';
import { LONGEST_WAIT_MS } from './retries.ts';

type Needs = Pick<Ports, 'database' | 'clock'>;

/** Longer than an outlet may take: a delivery whose lease ran out belongs to a server that died. */
const LEASE_MS = 60_000;

/** No delivery is put off as far as this: one that is was put off by a clock that was wrong. */
const TOO_FAR_MS = 2 * LONGEST_WAIT_MS;

/** Leases deliveries that are due, so that nobody else makes them meanwhile. */
export class ClaimDeliveries {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /** Answers up to `limit` of them, the longest due first. */
  async execute(actor: Actor, { limit }: { readonly limit: number }): Promise<Owed[]> {
    onlyOperator(actor);
    const { database, clock } = this.#ports;
    const now = clock.now();
    const tooFar = now + TOO_FAR_MS;
    if (!(await database.read(({ deliveries }) => deliveries.hasDue(now, tooFar)))) return [];
    return database.transact(({ deliveries }) =>
      deliveries.claim(now, tooFar, now + LEASE_MS, limit),
    );
  }
}
