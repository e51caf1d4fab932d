import {
  DAY_MS,
  type Id,
  isProven,
  nowhere,
  type OneTimeToken,
  type Origin,
  type Purpose,
  purposeRules,
  type User,
} from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';
import { checkMailBudget, countAsked, spendMailBudget } from './mail-budget.ts';

type Owner = Pick<User, 'id' | 'email' | 'emailProven' | 'createdBy' | 'locale' | 'timezone'>;

/**
 * Throws `TooManyRequests` where the owner of an account could not be mailed that it changed: no change goes without its
 * mail. Accounts that somebody vouches for can always be mailed to.
 */
export async function checkOwing(
  ports: Pick<Ports, 'database' | 'secrets' | 'clock' | 'settings'>,
  user: Owner,
  origin: Origin,
): Promise<void> {
  if (!isProven(user)) await checkMailBudget(ports, { to: user.email, origin });
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
  ports: Pick<Ports, 'secrets' | 'linkTokens' | 'clock' | 'ids' | 'settings'>,
  { throttles, oneTimeTokens, deliveries }: Stores,
  of: OwedRight & { readonly user: Owner; readonly isCounted?: true },
): Promise<OneTimeToken> {
  const { linkTokens, clock, ids, settings } = ports;
  const { purpose, user, serviceId, origin } = of;
  if (!isProven(user) && !of.isCounted) {
    const refusal = await spendMailBudget(ports, { throttles }, { to: user.email, origin });
    if (refusal) throw refusal;
  }
  const now = clock.now();
  const token: OneTimeToken = {
    id: ids.next(),
    purpose,
    userId: user.id,
    serviceId,
    email: user.email,
    origin,
    keyId: linkTokens.currentKeyId(),
    createdAt: now,
    expiresAt: now + lifeMs(purpose, settings),
    version: of.version ?? null,
    details: of.details ?? null,
  };
  await oneTimeTokens.insert(token);
  await deliveries.insert({
    id: ids.next(),
    createdAt: now,
    channel: 'mail',
    kind: purpose,
    tokenId: token.id,
    userId: user.id,
    serviceId,
    to: user.email,
    locale: user.locale,
    timezone: user.timezone,
    // A link that no longer works is not worth a mail.
    deadline: token.expiresAt,
  });
  return token;
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
