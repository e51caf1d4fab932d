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
  hasRoom,
  keyIn,
  keyOf,
  lockTries,
  longest,
  type Slot,
  type Try,
  tries,
  withoutTry,
  withTry,
} from './tries.ts';

// What each budget is there for: docs/decisions/0036-mail-budgets.md and 0054-new-devices.md

type Needs = Pick<Ports, 'secrets' | 'clock' | 'settings'>;

/** A mail that somebody starts for whom nobody vouches. */
type StartedMail = {
  /** A canonical e-mail address. */
  readonly to: string;
  /** Of the request that starts it. */
  readonly origin: Origin;
  /** Whether the request comes from where the owner of the mailbox has been: then strangers cannot use up all there is. */
  readonly isOwners?: boolean;
};

/** Mails that are asked for count apart from those about changes: whoever signs many people up keeps no change of theirs away. */
type Counted = StartedMail & { readonly isAsked?: true };

/** To one mailbox in any 24 hours; in any hour, no more than half as many. */
const TO_MAILBOX_PER_DAY = 20;
/** Of mails that its owner asks for, and that strangers cannot use up. */
const TO_OWNER_PER_DAY = 6;
const FROM_CLIENT_PER_HOUR = 60;

/** Throws `TooManyRequests` where a budget for the mail is used up; nothing is counted. */
export async function checkMailBudget(
  ports: Needs & Pick<Ports, 'database'>,
  mail: StartedMail,
): Promise<void> {
  const refusal = await look(ports, mail);
  if (refusal !== null) throw refusal;
}

/**
 * Counts the mail against its budgets, in the transaction that owes it; answers the refusal where one of them is used up,
 * and then nothing is counted.
 */
export async function spendMailBudget(
  ports: Needs,
  { throttles }: Pick<Stores, 'throttles'>,
  mail: Counted,
): Promise<TooManyRequests | null> {
  const found = await lockTries(throttles, slotsOf(ports, mail), ports.clock.now());
  const { refusal, spent } = decide(found);
  await throttles.put(found.map((each) => (spent.includes(each) ? withTry : withoutTry)(each)));
  return refusal;
}

/**
 * Whether a mail that reports no change may be owed, as far as a look tells that counts nothing. One that may not is withheld:
 * whoever asked for it is answered as usual, and it is counted as such.
 */
export async function mayAsk(
  ports: Needs & Pick<Ports, 'database' | 'mailTally'>,
  mail: StartedMail,
): Promise<boolean> {
  return isLetThrough(ports, await look(ports, { ...mail, isAsked: true }));
}

/** Counts a mail like `spendMailBudget`; answers whether it may be owed. One that may not is withheld, see `mayAsk`. */
export async function countAsked(
  ports: Needs & Pick<Ports, 'mailTally'>,
  stores: Pick<Stores, 'throttles'>,
  mail: StartedMail,
): Promise<boolean> {
  return isLetThrough(ports, await spendMailBudget(ports, stores, { ...mail, isAsked: true }));
}

function isLetThrough(
  { mailTally }: Pick<Ports, 'mailTally'>,
  refusal: TooManyRequests | null,
): boolean {
  if (refusal !== null) mailTally.withheld(refusal.limit.name);
  return refusal === null;
}

async function look(
  { database, ...ports }: Needs & Pick<Ports, 'database'>,
  mail: Counted,
): Promise<TooManyRequests | null> {
  const slots = slotsOf(ports, mail);
  const buckets = await database.read(({ throttles }) => throttles.get(slots.map(keyIn)));
  const seen = tries(slots, buckets, ports.clock.now());
  const { refusal } = decide(seen);
  // Waits that begin anew, because the clock went back, have to be kept.
  if (refusal !== null && seen.some(({ before, current }) => before !== current)) {
    await database.transact(async ({ throttles }) => {
      const found = await lockTries(throttles, slots, ports.clock.now());
      await throttles.put(found.map(withoutTry));
    });
  }
  return refusal;
}

/** What is left of the budgets decides; what the owner has alone lets a mail through where nothing is. */
function decide(found: readonly Try[]): {
  readonly refusal: TooManyRequests | null;
  readonly spent: readonly Try[];
} {
  const isOwn = ({ limit }: Try) => limit === ownLimit;
  const shared = found.filter((each) => !isOwn(each));
  // Counted from the first mail on: together with the others, the owner gets no more of them than strangers leave.
  const own = found.filter((each) => isOwn(each) && hasRoom(each));
  const refusal = longest(shared);
  if (refusal === null) return { refusal, spent: [...own, ...shared] };
  return { refusal: own.length > 0 ? null : refusal, spent: own };
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
  const slots = mails.flatMap((mail) => [
    slotsOf(ports, mail),
    slotsOf(ports, { ...mail, isAsked: true }),
  ]);
  const [first = []] = slots;
  // All mailboxes, then all clients, and so on.
  const keys = first.flatMap((_, budget) => slots.flatMap((of) => of[budget]?.key ?? []).sort());
  await throttles.lock([...new Set(keys)]);
}

/** By what is scarce: accounts and addresses are not. Always in this order, so that two never wait for each other. */
function slotsOf({ secrets, settings }: Needs, mail: Counted): Slot[] {
  const { to, origin, isOwners, isAsked } = mail;
  const { mailPerHour } = settings;
  const mailbox = mailboxOf(to);
  const slot = (limit: Limit, ...of: string[]) => ({ key: keyOf(secrets, limit, ...of), limit });
  return [
    ...(isOwners ? [slot(ownLimit, mailbox)] : []),
    slot(mailboxLimit, mailbox),
    // The server and the command line are no client.
    ...(origin.address === ''
      ? []
      : [slot(clientLimit, networkOf(origin.address), ...(isAsked ? ['asked'] : []))]),
    slot(atMost('mail-domain', mailPerHour / 2, HOUR_MS), domainOf(mailbox)),
    slot(atMost('mail', mailPerHour, HOUR_MS)),
  ];
}

/** A limit of so many in any stretch of time that long: half of them fit in, and as many leak out in that time. */
function atMost(name: string, count: number, windowMs: number): Limit {
  const capacity = Math.max(1, Math.floor(count / 2));
  return { name, capacity, leakMs: windowMs / capacity };
}

const ownLimit = atMost('mailbox-owner', TO_OWNER_PER_DAY, DAY_MS);
const mailboxLimit = atMost('mailbox', TO_MAILBOX_PER_DAY, DAY_MS);
const clientLimit = atMost('mail-client', FROM_CLIENT_PER_HOUR, HOUR_MS);
