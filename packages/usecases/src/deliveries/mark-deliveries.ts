import type { Actor, Id, NoticeKind } from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';
import { onlyOperator } from '../shared/only-operator.ts';
import { record } from '../shared/record.ts';
import type { Handed } from './hand-over.ts';
import { nextTry } from './retries.ts';

type Needs = Pick<Ports, 'database' | 'macs' | 'clock' | 'ids'>;

/** The outcome of one attempt at a delivery, for the log; `lost claim`: somebody else took it over meanwhile. */
export type Delivered = {
  readonly id: Id;
  readonly kind: NoticeKind;
  readonly attempt: number;
  readonly outcome: 'sent' | 'put off' | 'dead' | 'lost claim';
  readonly reason: string | null;
  /** The error behind the reason, where more is known: it names neither the recipient nor the link. */
  readonly detail: string | null;
};

/**
 * Marks what was handed over, in one transaction for all of it. A delivery that failed is tried again, later each time,
 * until its deadline; then, or when it is refused for good, it is dead.
 */
export class MarkDeliveries {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /** Throws `Unavailable` where the database does not answer: nothing is marked then. */
  async execute(actor: Actor, handed: readonly Handed[]): Promise<Delivered[]> {
    onlyOperator(actor);
    return this.#ports.database.transact(async (stores) => {
      const marked: { readonly of: Handed; readonly outcome: Delivered['outcome'] }[] = [];
      // Locked in one order: two transactions that share deliveries never deadlock.
      for (const of of handed.toSorted(byId)) {
        marked.push({ of, outcome: await this.#mark(stores, of) });
      }
      const closed = marked
        .filter(({ outcome }) => outcome === 'sent' || outcome === 'dead')
        .map(({ of, outcome }) => ({ ...of.owed.delivery, isSent: outcome === 'sent' }));
      for (const { id: subjectId, serviceId, userId, isSent } of closed) {
        const outcome = isSent ? 'success' : 'failure';
        const entry = { type: 'rekey:MailSend', outcome, serviceId, userId, subjectId } as const;
        await record(this.#ports, stores, actor, entry);
      }
      return marked.map(({ of: { owed, failure }, outcome }) => ({
        id: owed.delivery.id,
        kind: owed.delivery.kind,
        attempt: owed.attempt,
        outcome,
        reason: failure?.message ?? null,
        detail: failure?.detail ?? null,
      }));
    });
  }

  async #mark({ deliveries }: Stores, { owed, failure }: Handed): Promise<Delivered['outcome']> {
    const { delivery, attempt } = owed;
    const now = this.#ports.clock.now();
    const claim = { id: delivery.id, attempt };
    if (failure === null) {
      return (await deliveries.markSent(claim, now)) ? 'sent' : 'lost claim';
    }
    const next = nextTry(now, attempt);
    if (failure.isPermanent || next >= delivery.deadline) {
      return (await deliveries.giveUp(claim, now, failure.message)) ? 'dead' : 'lost claim';
    }
    return (await deliveries.putOff(claim, next, failure.message)) ? 'put off' : 'lost claim';
  }
}

const byId = ({ owed: a }: Handed, { owed: b }: Handed): number =>
  a.delivery.id < b.delivery.id ? -1 : 1;
