import { type Actor, type Id, isCorrectable, parseEmail } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { onlyOperator } from '../shared/only-operator.ts';
import { record } from '../shared/record.ts';

type Needs = Pick<Ports, 'database' | 'macs' | 'clock' | 'ids'>;

/** The outcome for the delivery; everything but `corrected` changed nothing. */
export type Corrected =
  | 'corrected'
  | 'unknown'
  | 'too late'
  | 'not dead'
  | 'of that address alone'
  | 'same address'
  | 'not the address';

/**
 * Sends a dead delivery to the address that its account has now. The link goes with it: it is of that address from then on.
 * A mail that is about its own address stays dead, and a grant is asked for anew.
 */
export class CorrectDelivery {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /**
   * `email`: the address as the operator expects it. It is never another one than that of the account: whoever gets the
   * mail can lock the account. Throws `IllegalArgument` for a text that is no address.
   */
  async execute(
    actor: Actor,
    { id, email }: { readonly id: Id; readonly email?: string | undefined },
  ): Promise<Corrected> {
    onlyOperator(actor);
    const { database, clock } = this.#ports;
    const expected = email === undefined ? null : parseEmail(email);
    return database.transact(async (stores) => {
      const { deliveries, users } = stores;
      const delivery = await deliveries.get(id);
      if (delivery === null) return 'unknown';
      const { kind, userId, serviceId, deadline } = delivery;
      const account = userId === null ? null : await users.lock(userId);
      if (account === null || !isCorrectable(kind)) return 'of that address alone';
      const to = account.user.email;
      if (expected !== null && expected !== to) return 'not the address';
      if (delivery.to === to) return 'same address';

      const now = clock.now();
      if (!(await deliveries.redirect(id, to, now))) {
        return deadline <= now ? 'too late' : 'not dead';
      }
      const entry = { type: 'rekey:MailCorrect', serviceId, userId, subjectId: id } as const;
      await record(this.#ports, stores, actor, entry);
      return 'corrected';
    });
  }
}
