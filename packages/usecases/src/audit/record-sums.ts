import { type Actor, type AuditSum, codeOfSum, type Instant } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { onlyOperator } from '../shared/only-operator.ts';
import { record } from '../shared/record.ts';
import { tell } from '../shared/tell.ts';

type Needs = Pick<Ports, 'database' | 'macs' | 'clock' | 'ids'>;

/** Sums that one transaction takes. */
const BATCH = 500;
/** Networks that a minute, a service and a type have an entry each for; all others share one. */
const NAMED = 10;

/**
 * Records the failures that were summed, once their minute is over. However many there were, and from however many
 * networks, they take no more than eleven entries a minute for each service and type.
 */
export class RecordSums {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /** Answers how many entries that made. Safe to run at several servers at once. */
  async execute(actor: Actor): Promise<number> {
    onlyOperator(actor);
    const now = this.#ports.clock.now();
    let total = 0;
    for (;;) {
      const recorded = await this.#recordSome(now);
      if (recorded === null) return total;
      total += recorded;
    }
  }

  /** Null where there was nothing to record. */
  async #recordSome(now: Instant): Promise<number | null> {
    return this.#ports.database.transact(async (stores) => {
      const { audit } = stores;
      const taken = await audit.takeSums(now, BATCH);
      const [first] = taken;
      if (!first) return null;
      const sums = condensed(taken);
      if (taken.length === BATCH) {
        // More sums of that minute may follow.
        for (const sum of sums) await audit.addToSum(sum);
        return 0;
      }
      const { type, serviceId, endsAt: createdAt } = first;
      if (type === 'rekey:Throttle' && serviceId !== null) {
        await tell(this.#ports, stores, { type: 'throttle.reached', serviceId, userId: null });
      }
      for (const { network, count } of sums) {
        const origin = network === null ? null : { address: network, client: null };
        const failure = { outcome: 'failure', code: codeOfSum(type) } as const;
        const entry = { type, ...failure, serviceId, createdAt, count };
        await record(this.#ports, stores, { kind: 'unnamed', origin }, entry);
      }
      return sums.length;
    });
  }
}

/** The networks that failed most often one by one, and all others together. */
function condensed(sums: readonly AuditSum[]): AuditSum[] {
  const named = sums
    .filter(({ network }) => network !== null)
    .toSorted((a, b) => b.count - a.count)
    .slice(0, NAMED);
  const others = sums.filter((sum) => !named.includes(sum));
  const [one] = others;
  if (!one) return named;
  const count = others.reduce((total, sum) => total + sum.count, 0);
  return [...named, { ...one, network: null, count }];
}
