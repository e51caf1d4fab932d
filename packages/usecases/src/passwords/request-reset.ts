import {
  type Account,
  type Actor,
  DAY_MS,
  FIRST_ID,
  type Id,
  type Key,
  parseClaimedEmail,
  parseEmail,
  placeOf,
  type Service,
  TooManyRequests,
} from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';
import { checkMailBudget, spendMailBudget } from '../shared/mail-budget.ts';
import { owe, oweNobody } from '../shared/owe.ts';
import { record } from '../shared/record.ts';

type Needs = Pick<
  Ports,
  'database' | 'secrets' | 'macs' | 'linkTokens' | 'clock' | 'ids' | 'settings'
>;

/** For so long after a change of the address a new password takes a proof of it. */
const MOVED_MS = 7 * DAY_MS;

/** What is found under an address, whether or not that is an account. */
type Found = {
  readonly account: Account | null;
  readonly service: Service | null;
  readonly tokenKey: Key | null;
  /** The user, as far as the service may know of it. */
  readonly userId: Id | null;
  /** Whether the address is new, and nobody proved it: the owner may still have the one from before, and be robbed. */
  readonly isMoved: boolean;
};

/**
 * "Forgot it?": owes the owner of an account a mail whose link sets a new password. Until then the old one works.
 * Nobody learns whether there is an account: whatever is found, the work and the answer are equal.
 */
export class RequestReset {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /**
   * A newer request voids the link of an older one. Nothing is mailed beyond the budgets for mails that strangers start.
   * Throws `IllegalArgument` for a text that is no address.
   */
  async execute(actor: Actor, input: { readonly email: string }): Promise<void> {
    const email = (actor.kind === 'nobody' ? parseClaimedEmail : parseEmail)(input.email);
    const { serviceId, origin } = placeOf(actor);
    const mail = { to: email, origin };
    // A flood ends here: it writes nothing.
    if (await isTooMuch(checkMailBudget(this.#ports, mail))) return;

    await this.#ports.database.transact(async (stores) => {
      const found = await this.#find(stores, email, serviceId);
      // Spent for addresses that nobody has as well: what is left of a budget tells nothing.
      if ((await spendMailBudget(this.#ports, stores, mail)) !== null) return;

      const { account, userId } = found;
      const owner = mayReset(found) && !found.isMoved ? account : null;
      const now = this.#ports.clock.now();
      await stores.oneTimeTokens.endAll(owner?.user.id ?? FIRST_ID, ['reset_password'], now);
      const right = { purpose: 'reset_password', serviceId, origin } as const;
      const { id: subjectId } = owner
        ? await owe(this.#ports, stores, {
            ...right,
            user: owner.user,
            version: owner.credential.version,
            isCounted: true,
          })
        : await oweNobody(this.#ports, stores, right);
      // An entry for every request: a sum would cost less, and there are no more of them than there may be mails.
      await record(this.#ports, stores, actor, {
        type: 'sso:AuthLocalResetPassword',
        serviceId,
        userId,
        subjectId,
        outcome: owner ? 'success' : 'failure',
      });
    });
  }

  /** Locks the account. Asks as much of the database where there is none. */
  async #find(stores: Stores, email: string, serviceId: Id): Promise<Found> {
    const { users, keys, services, oneTimeTokens } = stores;
    const now = this.#ports.clock.now();
    const id = (await users.findByEmail(email))?.user.id ?? FIRST_ID;
    const locked = await users.lock(id);
    const account = locked?.user.email === email ? locked : null;
    const tokenKey = await keys.findToken(id, serviceId, now);
    const isLinked = await keys.linksUser(id, serviceId);
    const service = await services.get(serviceId);
    const move = await oneTimeTokens.earliest(id, ['update_email'], now - MOVED_MS);
    // A user that the service may not see is not found in its audit either.
    const isKnown = isLinked || account?.user.createdBy === serviceId;
    const userId = account && isKnown ? id : null;
    const isMoved = move !== null && !account?.user.emailProven;
    return { account, service, tokenKey, userId, isMoved };
  }
}

/** Whether the owner may set a new password through the service. */
export function mayReset({
  account,
  service,
  tokenKey,
}: Pick<Found, 'account' | 'service' | 'tokenKey'>): boolean {
  const { isEnabled = false, passwordAllowReset = false } = account?.user ?? {};
  return isEnabled && passwordAllowReset && tokenKey !== null && (service?.isEnabled ?? false);
}

async function isTooMuch(checking: Promise<void>): Promise<boolean> {
  try {
    await checking;
    return false;
  } catch (error) {
    if (error instanceof TooManyRequests) return true;
    throw error;
  }
}
