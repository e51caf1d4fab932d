import {
  DAY_MS,
  type Delivery,
  hasOwnMailbox,
  type Id,
  nowhere,
  type OneTimeToken,
  type Origin,
  type Purpose,
  purposeRules,
  type User,
} from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';
import { checkMailBudget, countAsked, spendMailBudget } from './mail-budget.ts';

type OweNeeds = Pick<Ports, 'secrets' | 'linkTokens' | 'clock' | 'ids' | 'settings'>;
type Owner = Pick<
  User,
  'id' | 'email' | 'emailProven' | 'emailChanged' | 'createdBy' | 'locale' | 'timezone'
>;

/**
 * Throws `TooManyRequests` where the owner of an account could not be mailed that it changed: no change goes without its
 * mail. Accounts that somebody vouches for can always be mailed to.
 */
export async function checkOwing(
  ports: Pick<Ports, 'database' | 'secrets' | 'clock' | 'settings'>,
  user: Owner,
  origin: Origin,
): Promise<void> {
  if (!hasOwnMailbox(user)) await checkMailBudget(ports, { to: user.email, origin });
}

/** A right that is to be mailed. */
type OwedRight = {
  readonly purpose: Purpose;
  readonly serviceId: Id;
  readonly origin: Origin;
} & Partial<Pick<OneTimeToken, 'version' | 'details'>>;

/**
 * Owes the owner of an account, which is locked, a mail with a link, in the transaction of the change that the mail is
 * about. Answers the right that the link carries. Throws like `checkOwing`, for others may have come in between.
 * `isCounted`: whether the mail was counted against the budgets already.
 */
export async function owe(
  ports: OweNeeds,
  stores: Stores,
  of: OwedRight & { readonly user: Owner; readonly isCounted?: true },
): Promise<OneTimeToken> {
  const { purpose, user, origin } = of;
  if (!hasOwnMailbox(user) && !of.isCounted) {
    const refusal = await spendMailBudget(ports, stores, { to: user.email, origin });
    if (refusal) throw refusal;
  }
  const { id: userId, email, locale, timezone } = user;
  return insertOwed(ports, stores, of, { userId, email, locale, timezone, kind: purpose });
}

/** The person to whom something is owed, and the kind of the mail. */
type Recipient<Owner extends Id | null> = Pick<OneTimeToken<Owner>, 'userId' | 'email'> &
  Pick<Delivery, 'locale' | 'timezone' | 'kind'>;

async function insertOwed<Owner extends Id | null>(
  { linkTokens, clock, ids, settings }: Omit<OweNeeds, 'secrets'>,
  { oneTimeTokens, deliveries }: Pick<Stores, 'oneTimeTokens' | 'deliveries'>,
  { purpose, serviceId, origin, version = null, details = null }: OwedRight,
  { userId, email, locale, timezone, kind }: Recipient<Owner>,
): Promise<OneTimeToken<Owner>> {
  const now = clock.now();
  const token: OneTimeToken<Owner> = {
    id: ids.next(),
    purpose,
    userId,
    serviceId,
    email,
    origin,
    keyId: linkTokens.currentKeyId(),
    createdAt: now,
    expiresAt: now + lifeMs(purpose, settings),
    version,
    details,
  };
  await oneTimeTokens.insert(token);
  await deliveries.insert({
    id: ids.next(),
    createdAt: now,
    channel: 'mail',
    kind,
    tokenId: token.id,
    userId,
    serviceId,
    to: email,
    locale,
    timezone,
    // A link that no longer works is not worth a mail.
    deadline: token.expiresAt,
  });
  return token;
}

/** Owes an address, which was counted against the budgets, a mail with the link of a registration. Answers its right. */
export async function oweRegistration(
  ports: OweNeeds,
  stores: Stores,
  { to, ...of }: Omit<OwedRight, 'purpose'> & { readonly to: Omit<Recipient<null>, 'userId'> },
): Promise<OneTimeToken<null>> {
  return insertOwed(ports, stores, { ...of, purpose: 'register' }, { ...to, userId: null });
}

/**
 * Owes a mail that anybody can start: beyond the budgets of such mails there is none, and nobody is told. Answers the
 * right that the link carries, or null.
 */
export async function oweAsked(
  ports: OweNeeds & Pick<Ports, 'mailTally'>,
  stores: Stores,
  of: OwedRight & { readonly user: Owner },
): Promise<OneTimeToken | null> {
  const mail = { to: of.user.email, origin: of.origin };
  if (!(await countAsked(ports, stores, mail))) return null;
  return owe(ports, stores, { ...of, isCounted: true });
}

/**
 * Owes a mail about something that happens with or without it. Answers like `oweAsked`, and never null where somebody
 * vouches for the account. Strangers can use up what goes to the mailboxes of the others, and must keep nobody out by that.
 */
export async function oweNews(
  ports: OweNeeds & Pick<Ports, 'mailTally'>,
  stores: Stores,
  of: OwedRight & { readonly user: Owner },
): Promise<OneTimeToken | null> {
  return hasOwnMailbox(of.user) ? owe(ports, stores, of) : oweAsked(ports, stores, of);
}

/**
 * Owes nobody anything, with as much work as `owe`, where nobody may learn by the time that it takes whether there is an
 * account. Answers the right of nobody, which is good at no time.
 */
export async function oweNobody(
  { linkTokens, clock, ids }: Pick<Ports, 'linkTokens' | 'clock' | 'ids'>,
  { oneTimeTokens, deliveries }: Stores,
  { purpose, serviceId, version = null, details = null }: OwedRight,
): Promise<OneTimeToken<null>> {
  const now = clock.now();
  const token: OneTimeToken<null> = {
    id: ids.next(),
    purpose,
    userId: null,
    serviceId,
    email: '',
    origin: nowhere,
    keyId: linkTokens.currentKeyId(),
    createdAt: now,
    expiresAt: now,
    version,
    details,
  };
  await oneTimeTokens.insert(token);
  const delivery = {
    id: ids.next(),
    createdAt: now,
    channel: 'mail',
    kind: purpose,
    tokenId: token.id,
    userId: null,
    serviceId,
    to: '',
    locale: 'en',
    timezone: 'Etc/UTC',
    deadline: now,
  } as const;
  await deliveries.insert(delivery, { isClosed: true });
  return token;
}

/** How long a right for that purpose is good. */
export function lifeMs(purpose: Purpose, settings: Ports['settings']): number {
  const { revokeTokenTtlMs, resetTokenTtlMs, registerTokenTtlMs } = settings;
  const lives = {
    revoke: revokeTokenTtlMs,
    reset: resetTokenTtlMs,
    register: registerTokenTtlMs,
    recover: DAY_MS,
  };
  return lives[purposeRules[purpose].life];
}
