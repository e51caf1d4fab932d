import {
  type Account,
  type Actor,
  FIRST_ID,
  Forbidden,
  type Id,
  parseAll,
  parseEmail,
  parseLocale,
  parseName,
  parseTimezone,
  Unauthorized,
} from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';
import { isJoining } from '../shared/joining.ts';
import { isKeptOut } from '../shared/kept-out.ts';
import { countAsked, mayAsk } from '../shared/mail-budget.ts';
import { oweNobody, oweRegistration } from '../shared/owe.ts';
import { isOwnersRequest } from '../shared/owner-asks.ts';
import { record } from '../shared/record.ts';

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

type RegisterInput = {
  readonly name: string;
  readonly email: string;
  readonly locale?: string | undefined;
  readonly timezone?: string | undefined;
};

/**
 * Somebody asks to register at a service: owes the address a mail with a link, and makes nothing else. Nobody learns
 * whether there is an account: whatever is found, the work and the answer are equal.
 */
export class Register {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /**
   * A newer request voids the link of an older one. Nothing is mailed beyond the budgets for mails that strangers start,
   * of which a part is left to the owner of an account: whoever asks from a network that the account knows. Throws `IllegalArgument`, and `Forbidden` where the service takes no registrations.
   */
  async execute(actor: Actor, input: RegisterInput): Promise<void> {
    if (actor.kind !== 'service') throw new Unauthorized();
    const { email, ...details } = parseAll({
      name: () => parseName(input.name),
      email: () => parseEmail(input.email),
      locale: () => parseLocale(input.locale ?? 'en'),
      timezone: () => parseTimezone(input.timezone ?? 'Etc/UTC'),
    });
    const { origin, service } = actor;
    if (!service.userAllowRegister) throw new Forbidden('registration_closed');
    const isOwners = await isOwnersRequest(this.#ports, actor, email);
    const mail = { to: email, origin, isOwners };
    // A flood ends here: it writes nothing.
    if (!(await mayAsk(this.#ports, mail))) return;

    await this.#ports.database.transact(async (stores) => {
      const { account, isOpen, isKnown } = await findRegistrant(this.#ports, stores, {
        email,
        serviceId: service.id,
      });
      // Spent for accounts that get no mail as well: what is left of a budget tells nothing.
      if (!(await countAsked(this.#ports, stores, mail))) return;

      await stores.oneTimeTokens.endRegistrations(email, this.#ports.clock.now());
      const right = { serviceId: service.id, origin } as const;
      const person = account !== null && isJoining(account.user) ? account.user : null;
      const kind = person === null ? 'register' : 'register_known';
      const { locale, timezone } = person ?? details;
      const { id: subjectId } = isOpen
        ? await oweRegistration(this.#ports, stores, {
            ...right,
            details,
            to: { email, locale, timezone, kind },
          })
        : await oweNobody(this.#ports, stores, { ...right, purpose: 'register' });
      await record(this.#ports, stores, actor, {
        type: 'sso:AuthLocalRegister',
        serviceId: service.id,
        userId: account !== null && isKnown ? account.user.id : null,
        subjectId,
      });
    });
  }
}

/** What an address is to somebody who registers with it at a service. */
export type Registrant = {
  /** The account that has it. */
  readonly account: Account | null;
  /** Whether a registration can come to anything. */
  readonly isOpen: boolean;
  /** Whether the service may know of the account. */
  readonly isKnown: boolean;
};

/** Looks an address up, with as much work whether or not it has an account. */
export async function findRegistrant(
  { clock }: Pick<Ports, 'clock'>,
  { users, keys, oneTimeTokens }: Stores,
  { email, serviceId }: { readonly email: string; readonly serviceId: Id },
): Promise<Registrant> {
  const now = clock.now();
  const account = await users.findByEmail(email);
  const id = account?.user.id ?? FIRST_ID;
  const isReserved = await oneTimeTokens.isReserved(email, now, id);
  const isLinked = await keys.linksUser(id, serviceId);
  const isShut = await isKeptOut({ keys }, { userId: id, serviceId }, now);
  const user = account?.user ?? null;
  const isOpenTo = user === null || (user.isEnabled && !user.isLocked);
  // Whoever takes over from a squatter had none of the keys that keep somebody out.
  const isWelcome = !(user?.emailProven && isShut);
  return {
    account,
    isOpen: isOpenTo && isWelcome && !isReserved,
    isKnown: user !== null && (isLinked || user.createdBy === serviceId),
  };
}
