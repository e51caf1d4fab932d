import {
  type Actor,
  canLock,
  type FactorChange,
  factorIn,
  type Id,
  type Instant,
  InvalidOneTimeToken,
  keyIn,
  maskedEmail,
  may,
  type NamedKey,
  type OneTimeToken,
  type Origin,
  type Purpose,
  type User,
} from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';
import { isJoining } from '../shared/joining.ts';
import { serviceNameFor } from '../shared/service-name.ts';

type Needs = Pick<Ports, 'database' | 'linkTokens' | 'clock' | 'settings'>;
type Right = OneTimeToken<Id | null>;

/** The facts that the page of a link tells. */
export type Told = {
  readonly purpose: Purpose;
  /** The name that people know the service by. */
  readonly serviceName: string;
  /** The address that the user had when it happened. */
  readonly email: string;
  /** The address that the account has now, in part, where the link is about that; null elsewhere. */
  readonly newEmail: string | null;
  /** The key that the link is about; null elsewhere. */
  readonly key: NamedKey | null;
  /** The factor that was added or removed, where the link is about that; null elsewhere. */
  readonly factor: FactorChange | null;
  readonly happenedAt: Instant;
  readonly origin: Origin;
  readonly locale: string;
  readonly timezone: string;
  /** The place where people find help; null for none. */
  readonly supportUrl: string | null;
  /** Whether the address of a registration has an account, which the link only lets in at the service. */
  readonly isJoining: boolean;
  /** Whether its owner can open the account again, once this link has locked it, without anybody's help. */
  readonly canRecover: boolean;
};

/** Tells what a mailed link is about, and spends nothing: only where the link would be good now. */
export class ReadNotice {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /** Throws `InvalidOneTimeToken` for any other token. */
  async execute(actor: Actor, { token: text }: { readonly token: string }): Promise<Told> {
    const { database, linkTokens, clock, settings } = this.#ports;
    const right = linkTokens.verify(text);
    if (right === null) throw new InvalidOneTimeToken();

    return database.read(async (stores) => {
      const { services, users, oneTimeTokens } = stores;
      const now = clock.now();
      const token = await oneTimeTokens.findGood(right.id, now);
      if (token === null) {
        const isOfDeleted = await oneTimeTokens.isOfDeleted(right.id, now);
        throw new InvalidOneTimeToken({ isOfDeleted });
      }
      const service = await services.find(token.serviceId);
      const user = token.userId === null ? null : await users.get(token.userId);
      const { details } = token;
      const joining = await findJoining(stores, token);
      const asked = details && 'name' in details ? details : null;
      const person = user ?? joining ?? asked;
      if (!service || !person || token.purpose !== right.purpose) throw new InvalidOneTimeToken();
      if (!may(actor, 'use link', { serviceId: service.id })) throw new InvalidOneTimeToken();
      if (!(await isAlive(stores, token, user))) throw new InvalidOneTimeToken();
      const { purpose, email, createdAt: happenedAt, origin } = token;
      return {
        purpose,
        serviceName: serviceNameFor(service, settings),
        email,
        newEmail: details && 'newEmail' in details ? maskedEmail(details.newEmail) : null,
        key: keyIn(details),
        factor: factorIn(details),
        happenedAt,
        origin,
        locale: person.locale,
        timezone: person.timezone,
        supportUrl: service.supportUrl ?? settings.supportUrl,
        isJoining: joining !== null,
        canRecover: service.ownerRecovery && canLock(purpose),
      };
    });
  }
}

/** The user whom the link of a registration only lets in at its service; null for every other link. */
async function findJoining({ users }: Stores, { purpose, email }: Right): Promise<User | null> {
  if (purpose !== 'register') return null;
  const account = await users.findByEmail(email);
  return account !== null && isJoining(account.user) ? account.user : null;
}

/** Whether what a link gives can still be had: it ends with the address, or the credential, that it was made for. */
async function isAlive(
  { users }: Stores,
  { purpose, email, version }: Right,
  user: User | null,
): Promise<boolean> {
  if (purpose === 'recover') return user?.isLocked === true;
  if (purpose === 'validate_email') return user?.email === email;
  if (purpose !== 'reset_password' && purpose !== 'invite') return true;
  const account = await users.findByEmail(email);
  const isOfUser = account !== null && account.user.id === user?.id && user.isEnabled;
  return isOfUser && account.credential.version === version;
}
