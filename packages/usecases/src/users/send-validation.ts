import {
  type Actor,
  formServiceId,
  HOUR_MS,
  type Id,
  type Limit,
  nowhere,
  Unauthorized,
  type User,
  WrongState,
} from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';
import { oweAsked } from '../shared/owe.ts';
import { keyOf, lockTries, longest, withTry } from '../shared/tries.ts';
import { seenBy } from '../shared/viewer.ts';

type Needs = Pick<
  Ports,
  'database' | 'secrets' | 'linkTokens' | 'mailTally' | 'clock' | 'ids' | 'settings'
>;

/** Three at once, and then one each twenty minutes. */
const limit: Limit = { name: 'validation', capacity: 3, leakMs: HOUR_MS / 3 };

/**
 * Mails a user once more, for a proof of the address: a person who is logged in asks for the own account, a service for a
 * user whom it sees, and the operator for any. Earlier links work on.
 */
export class SendValidation {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /**
   * Nothing is sent where the address is proven or the user is disabled, nor beyond the budgets for mails that strangers
   * start. `id`: the user, where somebody else asks. Throws `NotFound` for unknown and foreign users alike, `WrongState`
   * for an account that its owner locked, and `TooManyRequests` for whoever asks too often.
   */
  async execute(actor: Actor, { id }: { readonly id?: Id } = {}): Promise<void> {
    const userId = actor.kind === 'user' ? actor.session.userId : id;
    if (userId === undefined) throw new Unauthorized();
    await this.#ports.database.transact(async (stores) => {
      const user = (await stores.users.lock(userId))?.user;
      if (actor.kind !== 'user') await seenBy(actor, stores, userId);
      else if (!user?.isEnabled) throw new Unauthorized();
      if (user?.isLocked) throw new WrongState('account_locked');
      if (!user?.isEnabled || user.emailProven) return;
      const serviceId = await serviceOf(actor, stores, user);
      await this.#count(stores, userId, actor.kind === 'service' ? serviceId : null);
      const at = { serviceId, origin: actor.origin ?? nowhere };
      await oweAsked(this.#ports, stores, { purpose: 'validate_email', user, ...at });
    });
  }

  /** For each service apart: none uses up what the person, or another service, can ask for. */
  async #count(
    { throttles }: Pick<Stores, 'throttles'>,
    userId: Id,
    serviceId: Id | null,
  ): Promise<void> {
    const { secrets, clock } = this.#ports;
    const of = serviceId === null ? [userId] : [userId, serviceId];
    const slot = { key: keyOf(secrets, limit, ...of), limit };
    const found = await lockTries(throttles, [slot], clock.now());
    const refusal = longest(found);
    if (refusal !== null) throw refusal;
    await throttles.put(found.map(withTry));
  }
}

/** The service whose link is mailed: the one that asks, or else the one that made the user. */
async function serviceOf(
  actor: Actor,
  { services }: Pick<Stores, 'services'>,
  { createdBy }: User,
): Promise<Id> {
  if (actor.kind === 'service') return actor.service.id;
  if (actor.kind === 'user') return actor.session.serviceId;
  const maker = createdBy === null ? null : await services.get(createdBy);
  return maker?.id ?? formServiceId;
}
