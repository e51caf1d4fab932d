import { type Actor, HOUR_MS, type Limit, placeOf, Unauthorized } from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';
import { oweAsked } from '../shared/owe.ts';
import { keyOf, lockTries, longest, withTry } from '../shared/tries.ts';

type Needs = Pick<
  Ports,
  'database' | 'secrets' | 'linkTokens' | 'mailTally' | 'clock' | 'ids' | 'settings'
>;

/** Three at once, and then one each twenty minutes. */
const limit: Limit = { name: 'validation', capacity: 3, leakMs: HOUR_MS / 3 };

/** Mails a person who is logged in once more, for a proof of the address. Earlier links work on. */
export class SendValidation {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /**
   * Nothing is sent where the address is proven, nor beyond the budgets for mails that strangers start. Throws
   * `TooManyRequests` for a person who asks too often.
   */
  async execute(actor: Actor): Promise<void> {
    if (actor.kind !== 'user') throw new Unauthorized();
    const { database } = this.#ports;
    const { userId } = actor.session;
    await database.transact(async (stores) => {
      const user = (await stores.users.lock(userId))?.user;
      if (!user?.isEnabled) throw new Unauthorized();
      if (user.emailProven) return;
      await this.#count(stores, userId);
      await oweAsked(this.#ports, stores, { purpose: 'validate_email', user, ...placeOf(actor) });
    });
  }

  async #count({ throttles }: Pick<Stores, 'throttles'>, userId: string): Promise<void> {
    const { secrets, clock } = this.#ports;
    const slot = { key: keyOf(secrets, limit, userId), limit };
    const found = await lockTries(throttles, [slot], clock.now());
    const refusal = longest(found);
    if (refusal !== null) throw refusal;
    await throttles.put(found.map(withTry));
  }
}
