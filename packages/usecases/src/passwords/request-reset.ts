import {
  type Account,
  type Actor,
  FIRST_ID,
  type Id,
  type Key,
  parseClaimedEmail,
  parseEmail,
  placeOf,
  type Service,
} from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';
import { countAsked, mayAsk } from '../shared/mail-budget.ts';
import { owe, oweNobody } from '../shared/owe.ts';
import { isOwnersRequest } from '../shared/owner-asks.ts';
import { record } from '../shared/record.ts';
import { recoveryAddress } from '../shared/recovery-address.ts';
import { mayReturn } from '../shared/returning.ts';

type Needs = Pick<
  Ports,
  | 'database'
  | 'secrets'
  | 'macs'
  | 'linkTokens'
  | 'deviceTokens'
  | 'mailTally'
  | 'clock'
  | 'ids'
  | 'settings'
>;

type RequestResetInput = {
  readonly email: string;
  /** The device token that a login handed out. */
  readonly device?: string | undefined;
};

/** What is found under an address, whether or not that is an account. */
type Found = {
  readonly account: Account | null;
  readonly service: Service | null;
  readonly tokenKey: Key | null;
  /** The user, as far as the service may know of it. */
  readonly userId: Id | null;
  /** Whether a reset gives the user a login back that is gone, see `mayReturn`. */
  readonly isReturning: boolean;
  /** The mailbox of the owner, which may be that of the address from before; null where it is not known. */
  readonly mailbox: string | null;
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
   * A newer request voids the link of an older one. Nothing is mailed beyond the budgets for mails that strangers start,
   * of which a part is left to the owner: whoever asks from a device or a network that the account knows. Throws
   * `IllegalArgument` for a text that is no address.
   */
  async execute(actor: Actor, input: RequestResetInput): Promise<void> {
    const email = (actor.kind === 'nobody' ? parseClaimedEmail : parseEmail)(input.email);
    const { serviceId, origin } = placeOf(actor);
    const isOwners = await isOwnersRequest(this.#ports, actor, email, input.device);
    // A flood ends here: it writes nothing.
    if (!(await mayAsk(this.#ports, { to: email, origin, isOwners }))) return;

    await this.#ports.database.transact(async (stores) => {
      const found = await this.#find(stores, email, serviceId);
      const { account, userId, mailbox } = found;
      // Spent for addresses that nobody has as well: what is left of a budget tells nothing.
      const mail = { to: mailbox ?? email, origin, isOwners };
      if (!(await countAsked(this.#ports, stores, mail))) return;

      const owner = mayReset(found) && mailbox !== null ? account : null;
      const now = this.#ports.clock.now();
      await stores.oneTimeTokens.endAll(owner?.user.id ?? FIRST_ID, ['reset_password'], now);
      const right = { purpose: 'reset_password', serviceId, origin } as const;
      const { id: subjectId } = owner
        ? await owe(this.#ports, stores, {
            ...right,
            user: { ...owner.user, email: mail.to },
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

  /**
   * Locks the account, which is also found under an address that its owner can still take back. Asks as much of the
   * database where there is none.
   */
  async #find(stores: Stores, email: string, serviceId: Id): Promise<Found> {
    const { users, keys, services, oneTimeTokens } = stores;
    const now = this.#ports.clock.now();
    const left = await oneTimeTokens.reservedFor(email, now);
    const id = (await users.findByEmail(email))?.user.id ?? left ?? FIRST_ID;
    const locked = await users.lock(id);
    const isMeant = locked?.user.email === email || id === left;
    const account = isMeant ? locked : null;
    const tokenKey = await keys.findToken(id, serviceId, now);
    const isLinked = await keys.linksUser(id, serviceId);
    const service = await services.get(serviceId);
    const of = account?.user ?? { id: FIRST_ID, email };
    const to = await recoveryAddress(this.#ports.settings, { oneTimeTokens }, of, now);
    const mailbox = account && to;
    // A user that the service may not see is not found in its audit either.
    const isKnown = isLinked || account?.user.createdBy === serviceId;
    const userId = account && isKnown ? id : null;
    const user = account?.user ?? null;
    const isReturning = await mayReturn(this.#ports, stores, { user, serviceId });
    return { account, service, tokenKey, userId, mailbox, isReturning };
  }
}

/** Whether the owner may set a new password through the service. */
export function mayReset({
  account,
  service,
  tokenKey,
  isReturning,
}: Pick<Found, 'account' | 'service' | 'tokenKey' | 'isReturning'>): boolean {
  const { isEnabled = false, passwordAllowReset = false } = account?.user ?? {};
  const hasLogin = tokenKey !== null || isReturning;
  return isEnabled && passwordAllowReset && hasLogin && (service?.isEnabled ?? false);
}
