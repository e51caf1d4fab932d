import {
  DAY_MS,
  domainOf,
  HOUR_MS,
  type Limit,
  mailboxOf,
  networkOf,
  type Origin,
  type TooManyRequests,
} from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';
import {
  keyIn,
  keyOf,
  lockTries,
  longest,
  type Slot,
  tries,
  withoutTry,
  withTry,
} from './tries.ts';

// What each budget is there for: docs/decisions/0036-mail-budgets.md

type Needs = Pick<Ports, 'secrets' | 'clock' | 'settings'>;

/** A mail that somebody starts for whom nobody vouches. */
type StartedMail = {
  /** A canonical e-mail address. */
  readonly to: string;
  /** Of the request that starts it. */
  readonly origin: Origin;
};

/** To one mailbox in any 24 hours; in any hour, no more than half as many. */
const TO_MAILBOX_PER_DAY = 20;
const FROM_CLIENT_PER_HOUR = 60;

/** Throws `TooManyRequests` where a budget for the mail is used up; nothing is counted. */
export async function checkMailBudget(
  { database, ...ports }: Needs & Pick<Ports, 'database'>,
  mail: StartedMail,
): Promise<void> {
  const slots = slotsOf(ports, mail);
  const buckets = await database.read(({ throttles }) => throttles.get(slots.map(keyIn)));
  const seen = tries(slots, buckets, ports.clock.now());
  const refusal = longest(seen);
  if (refusal === null) return;
  // Waits that begin anew, because the clock went back, have to be kept.
  if (seen.some(({ before, current }) => before !== current)) {
    await database.transact(async ({ throttles }) => {
      const found = await lockTries(throttles, slots, ports.clock.now());
      await throttles.put(found.map(withoutTry));
    });
  }
  throw refusal;
}

/**
 * Counts the mail against its budgets, in the transaction that owes it; answers the refusal where one of them is used up,
 * and then nothing is counted.
 */
export async function spendMailBudget(
  ports: Needs,
  { throttles }: Pick<Stores, 'throttles'>,
  mail: StartedMail,
): Promise<TooManyRequests | null> {
  const found = await lockTries(throttles, slotsOf(ports, mail), ports.clock.now());
  const refusal = longest(found);
  await throttles.put(found.map(refusal === null ? withTry : withoutTry));
  return refusal;
}

/**
 * Locks the counts of several mails that one transaction owes, before the first of them: two transactions that owe mails to
 * the mailboxes of each other never wait for each other.
 */
export async function lockMailBudgets(
  ports: Needs,
  { throttles }: Pick<Stores, 'throttles'>,
  mails: readonly StartedMail[],
): Promise<void> {
  const slots = mails.map((mail) => slotsOf(ports, mail));
  const [first = []] = slots;
  // All mailboxes, then all clients, and so on.
  const keys = first.flatMap((_, budget) => slots.flatMap((of) => of[budget]?.key ?? []).sort());
  await throttles.lock([...new Set(keys)]);
}

/** By what is scarce: accounts and addresses are not. Always in this order, so that two never wait for each other. */
function slotsOf({ secrets, settings }: Needs, { to, origin }: StartedMail): Slot[] {
  const { mailPerHour } = settings;
  const mailbox = mailboxOf(to);
  const slot = (limit: Limit, ...of: string[]) => ({ key: keyOf(secrets, limit, ...of), limit });
  return [
    slot(atMost('mailbox', TO_MAILBOX_PER_DAY, DAY_MS), mailbox),
    slot(atMost('mail-client', FROM_CLIENT_PER_HOUR, HOUR_MS), networkOf(origin.address)),
    slot(atMost('mail-domain', mailPerHour / 2, HOUR_MS), domainOf(mailbox)),
    slot(atMost('mail', mailPerHour, HOUR_MS)),
  ];
}

/** A limit of so many in any stretch of time that long: half of them fit in, and as many leak out in that time. */
function atMost(name: string, count: number, windowMs: number): Limit {
  const capacity = Math.max(1, Math.floor(count / 2));
  return { name, capacity, leakMs: windowMs / capacity };
}
