import { type Actor, SECOND_MS } from '@rekey/domain';
import type { Ports, WebhookLease } from '../ports/index.ts';
import { onlyOperator } from '../shared/only-operator.ts';

type Needs = Pick<Ports, 'database' | 'clock'>;

/** Longer than a call may take: a webhook whose lease ran out was leased by a server that died. */
export const LEASE_MS = 30 * SECOND_MS;

/** Leases webhooks that there is something to do for, so that no other server does it meanwhile. */
export class LeaseWebhooks {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  async execute(actor: Actor, { limit }: { readonly limit: number }): Promise<WebhookLease[]> {
    onlyOperator(actor);
    const { database, clock } = this.#ports;
    const now = clock.now();
    // A look writes nothing: most of them find nothing to do.
    const ids = await database.read(({ webhooks }) => webhooks.withWork(now, limit));
    if (ids.length === 0) return [];
    return database.transact(({ webhooks }) => webhooks.lease(ids, now, now + LEASE_MS));
  }
}
