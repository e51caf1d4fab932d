import {
  type Actor,
  type AuditType,
  DAY_MS,
  emptyBucket,
  type Filling,
  HOUR_MS,
  type Id,
  type Instant,
  type Limit,
  MINUTE_MS,
  networkOf,
  type Origin,
  type Place,
  type Purpose,
  placeOf,
  refusalOf,
  TooManyRequests,
  takeBack,
} from '@rekey/domain';
import type { OneTimeTokens, Ports, Settings, Stores, Throttles } from '../ports/index.ts';
import type { Presented } from './known-device.ts';
import type { Recorder } from './record.ts';
import { recordFailures } from './record-failures.ts';
import {
  hasRoom,
  keyIn,
  keyOf,
  lockTries,
  longest,
  type Slot,
  stored,
  tries,
  withoutTry,
  withTry,
} from './tries.ts';

// The rules, and the attacks that each is there for: docs/decisions/0011-throttling.md

type Needs = Pick<Ports, 'database' | 'secrets' | 'clock' | 'settings'>;

/**
 * Wrong tries at an account through one service that fit in, of which as many leak out in a day: no more than twice as
 * many, a hundred, get through in any 24 hours (NIST SP 800-63B-4, 3.2.2).
 */
const ACCOUNT_CAPACITY = 50;
/** The part of them that one network can use up. */
const SHARE = 1 / 5;
/** Between tries at an account from one network, once the free ones are used up. */
const SPACING_MS = [1000, 3000, 5000, 10_000];
/** Wrong tries from a device that is known, before it is a stranger's; as many leak out in an hour. */
const DEVICE_CAPACITY = 10;

/** A try that was counted as a failure, until it turns out to be none. */
export type Counted = readonly (Slot & Filling)[];

type Admission =
  | {
      readonly counted: Counted;
      /** The refusal that a stranger gets here and now, and so everybody who is wrong; null where strangers are let through. */
      readonly refusal: TooManyRequests | null;
      /** Whether the next try has to wait, and would not have to but for this one. */
      readonly bringsWait: boolean;
    }
  | {
      readonly counted: null;
      readonly refusal: TooManyRequests;
      /** Whether the refusal has to cost as much as a look, because another account would know the device or session. */
      readonly looksInVain: boolean;
    };

/**
 * Counts a try at an account as a failure, before anything is looked at: tries at the same time cannot outrun the
 * count. A try from a device that the account knows counts for that device alone, and is let through whatever strangers
 * did. All others count for their network at the service, their network at the account, and the account; each service
 * has counts of its own, and accounts that do not exist count alike. A refused try counts nowhere, unless its refusal
 * costs a look: then it counts for the device.
 */
export async function admit(
  { database, secrets, clock, settings }: Needs,
  { serviceId, origin }: Place,
  account: string,
  device: Presented | null,
): Promise<Admission> {
  const network = networkOf(origin.address);
  const slot = (limit: Limit, ...of: string[]) => ({ key: keyOf(secrets, limit, ...of), limit });
  const own = device === null ? [] : [slot(deviceLimit, device.countedAs)];
  const strangers = [
    slot(clientLimit(settings), serviceId, network),
    slot(networkLimit(settings), serviceId, account, network),
    slot(accountLimit(settings), serviceId, account),
  ];

  // A flood ends here: it writes nothing, and nobody waits for its locks.
  const slots = [...own, ...strangers];
  const buckets = await database.read(({ throttles }) => throttles.get(slots.map(keyIn)));
  const seen = tries(slots, buckets, clock.now());
  const refusal = longest(seen.slice(own.length));
  const isSpent = !seen.slice(0, own.length).some(hasRoom);
  // Waits that begin anew, because the clock went back, have to be kept.
  const isSettled = seen.every(({ before, current }) => before === current);
  if (refusal !== null && isSpent && isSettled) {
    return { counted: null, refusal, looksInVain: false };
  }

  const count = async ({ throttles }: Pick<Stores, 'throttles'>): Promise<Admission> => {
    const now = clock.now();
    const mine = await lockTries(throttles, own, now);
    if (device?.isKnown && mine.some(hasRoom)) {
      await throttles.put(mine.map(withTry));
      return { counted: mine, refusal, bringsWait: false };
    }
    const theirs = await lockTries(throttles, strangers, now);
    const theirRefusal = longest(theirs);
    const counted = (theirRefusal === null ? [...mine, ...theirs] : mine).filter(hasRoom);
    await throttles.put(
      [...mine, ...theirs].map((each) =>
        counted.includes(each) ? withTry(each) : withoutTry(each),
      ),
    );
    if (theirRefusal !== null) {
      return { counted: null, refusal: theirRefusal, looksInVain: counted.length > 0 };
    }
    const bringsWait = theirs.some(({ limit, after }) => refusalOf(limit, after, now) !== null);
    return { counted, refusal: null, bringsWait };
  };
  // What becomes of a try is committed later, and takes the count to the disk before anybody is told of it.
  return database.transact(count, 'with the next one');
}

/** The try was right, or neither right nor wrong: everything is as if it had not been, so that a success shows nowhere. */
export async function takeBackTry(throttles: Throttles, counted: Counted): Promise<void> {
  const buckets = await throttles.lock(counted.map(keyIn));
  await throttles.put(
    counted.map((filling, index) =>
      stored(filling, takeBack(buckets[index] ?? emptyBucket, filling)),
    ),
  );
}

/** Tries at an account through one service. */
export type AccountCount = Slot & {
  readonly serviceId: Id;
  readonly account: string;
  /** Null for the tries of all networks. */
  readonly network: string | null;
};

/** The counts of strangers' tries at accounts, of all networks together and of these networks. */
export const accountCounts = (
  { secrets, settings }: Pick<Ports, 'secrets' | 'settings'>,
  of: {
    readonly serviceIds: readonly Id[];
    readonly accounts: readonly string[];
    readonly networks: readonly string[];
  },
): AccountCount[] =>
  of.serviceIds.flatMap((serviceId) =>
    of.accounts.flatMap((account) =>
      [null, ...of.networks].map((network) => {
        const limit = network === null ? accountLimit(settings) : networkLimit(settings);
        const parts = network === null ? [account] : [account, network];
        const key = keyOf(secrets, limit, serviceId, ...parts);
        return { key, limit, serviceId, account, network };
      }),
    ),
  );

/** Counts a sign-up; throws `TooManyRequests` where too many came from that network in this minute. */
export async function countSignUp(ports: Needs & Recorder, actor: Actor): Promise<void> {
  await countOf(ports, placeOf(actor), signUpLimit(ports.settings), []);
}

/**
 * Counts and records a key that proves nothing; throws `TooManyRequests` where too many of them came from that network
 * in this minute.
 */
export async function countWrongKey(
  ports: Needs & Recorder,
  { origin }: Pick<Place, 'origin'>,
): Promise<void> {
  const place = { serviceId: null, origin };
  await countOf(ports, place, wrongKeyLimit(ports.settings), ['rekey:KeyAuth']);
}

/** Counts what may be done so often from one network, and records it under those types. */
async function countOf(
  ports: Needs & Recorder,
  { serviceId, origin }: { readonly serviceId: Id | null; readonly origin: Origin },
  limit: Limit,
  types: readonly AuditType[],
): Promise<void> {
  const { database, secrets, clock } = ports;
  const slot = { key: keyOf(secrets, limit, networkOf(origin.address)), limit };
  // A flood ends here: it writes nothing, and nobody waits for its locks.
  const buckets = await database.read(({ throttles }) => throttles.get([slot.key]));
  const [seen] = tries([slot], buckets, clock.now());
  // Waits that begin anew, because the clock went back, have to be kept.
  if (seen?.refusal && seen.before === seen.current) throw seen.refusal;

  const refusal = await database.transact(async (stores) => {
    const now = clock.now();
    const found = await lockTries(stores.throttles, [slot], now);
    const refusal = longest(found);
    await stores.throttles.put(found.map(refusal ? withoutTry : withTry));
    if (refusal !== null) return refusal;
    const bringsWait = found.some(({ after }) => refusalOf(limit, after, now));
    const failures = [...types, ...(bringsWait ? (['rekey:Throttle'] as const) : [])];
    const of = { serviceId, userId: null };
    const asker = { kind: 'unnamed', origin } as const;
    await recordFailures(ports, stores, asker, failures, of, 'unauthorized');
    return null;
  });
  if (refusal) throw refusal;
}

/**
 * What happens to an account so often in that time at most, for each time is a mail to its owner; `name`: as callers are
 * told. Each address has a count of wrong tries of its own, and is reserved when it is left: there are fewer of those.
 */
const changes = {
  update_password: { name: 'change', windowMs: HOUR_MS },
  update_email: { name: 'change', windowMs: DAY_MS },
  new_device: { name: 'new-device', windowMs: HOUR_MS },
} as const satisfies Partial<Record<Purpose, Pick<TooManyRequests['limit'], 'name' | 'windowMs'>>>;

/** Throws `TooManyRequests` where that happened to the account too often lately. */
export async function checkChanges(
  oneTimeTokens: OneTimeTokens,
  { throttle: { changesPerHour } }: Settings,
  userId: Id,
  now: Instant,
  purpose: keyof typeof changes = 'update_password',
): Promise<void> {
  const first = await oneTimeTokens.nthLatest(userId, purpose, changesPerHour);
  const { name, windowMs } = changes[purpose];
  const freeAt = first === null ? 0 : first + windowMs;
  if (freeAt <= now) return;
  const limit = { name, quota: changesPerHour, windowMs };
  throw new TooManyRequests(limit, Math.ceil((freeAt - now) / 1000));
}

const clientLimit = ({ throttle: { clientPerMinute } }: Settings): Limit => ({
  name: 'client',
  capacity: clientPerMinute,
  leakMs: MINUTE_MS / clientPerMinute,
});

/** A sign-up costs as much as a login, leaves something behind, and is done once in a lifetime. */
const signUpLimit = ({ throttle }: Settings): Limit => {
  const capacity = Math.ceil(throttle.clientPerMinute / 5);
  return { name: 'sign-up', capacity, leakMs: MINUTE_MS / capacity };
};

/** A right key always gets in: nobody guesses one of 256 bits. */
const wrongKeyLimit = (settings: Settings): Limit => ({ ...clientLimit(settings), name: 'key' });

/** More free tries than fit in make room for themselves. */
const networkCapacity = ({ throttle: { accountFree } }: Settings): number =>
  Math.max(ACCOUNT_CAPACITY * SHARE, accountFree);

const networkLimit = (settings: Settings): Limit => {
  const capacity = networkCapacity(settings);
  const free = settings.throttle.accountFree;
  return {
    name: 'account',
    capacity,
    leakMs: DAY_MS / capacity,
    spacingMs: (tries) => {
      if (tries < free) return 0;
      return SPACING_MS[Math.min(tries - free, SPACING_MS.length - 1)] ?? 0;
    },
  };
};

const accountLimit = (settings: Settings): Limit => {
  const capacity = networkCapacity(settings) / SHARE;
  return { name: 'account-day', capacity, leakMs: DAY_MS / capacity };
};

const deviceLimit: Limit = {
  name: 'device',
  capacity: DEVICE_CAPACITY,
  leakMs: HOUR_MS / DEVICE_CAPACITY,
};
