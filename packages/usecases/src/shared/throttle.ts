import {
  type Actor,
  type Bucket,
  emptyAt,
  emptyBucket,
  fill,
  type Id,
  type Instant,
  type Limit,
  networkOf,
  type Place,
  placeOf,
  refusalOf,
  settled,
  TooManyRequests,
  takeBack,
} from '@rekey/domain';
import type { OneTimeTokens, Ports, Settings, StoredBucket, Throttles } from '../ports/index.ts';
import { type Recorder, record } from './record.ts';
import { tell } from './tell.ts';

// The rules, and the attacks that each is there for: docs/decisions/0011-throttling.md

type Needs = Pick<Ports, 'database' | 'secrets' | 'clock' | 'settings'>;

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

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
export type Counted = readonly {
  readonly key: string;
  readonly limit: Limit;
  readonly before: Bucket;
  readonly after: Bucket;
}[];

export type Admission = {
  /** The refusal that a stranger gets here and now, and so everybody who is wrong; null where tries are let through. */
  readonly refusal: TooManyRequests | null;
  /** Null where the try is not let through: nothing may be looked at then. */
  readonly counted: Counted | null;
  /** Whether the next try has to wait, and would not have to but for this one. */
  readonly bringsWait: boolean;
};

/**
 * Counts a try at an account as a failure, before anything is looked at: tries at the same time cannot outrun the
 * count. A try from a known device is counted for that device alone, and let through whatever strangers did; all others
 * are counted for their network at the service, their network at the account, and the account. Each service has counts
 * of its own, and accounts that do not exist count alike.
 */
export async function admit(
  { database, secrets, clock, settings }: Needs,
  { serviceId, origin }: Place,
  account: string,
  device: Id | null,
): Promise<Admission> {
  const network = networkOf(origin.address);
  const slot = (limit: Limit, ...of: string[]) => ({ key: keyOf(secrets, limit, ...of), limit });
  const strangers = [
    slot(clientLimit(settings), serviceId, network),
    slot(networkLimit(settings), serviceId, account, network),
    slot(accountLimit(settings), serviceId, account),
  ];
  const own = device === null ? [] : [slot(deviceLimit, device)];

  return database.transact(async ({ throttles }) => {
    const now = clock.now();
    const found = await lockAll(throttles, [...strangers, ...own]);
    const tries = found.map(({ key, limit, before }) => ({
      key,
      limit,
      before,
      after: fill(limit, settled(before, now), now),
      refusal: refusalOf(limit, settled(before, now), now),
    }));
    const [theirs, mine] = [tries.slice(0, strangers.length), tries.slice(strangers.length)];
    const refusal = longest(theirs.flatMap((each) => each.refusal ?? []));
    const isKnown = mine.some((each) => each.refusal === null);
    const counted = isKnown ? mine : refusal === null ? theirs : null;
    // A known device leaves no trace with strangers, not even that of a clock that went back.
    const touched = (isKnown ? mine : tries).map((each) => ({
      ...each,
      bucket: counted?.includes(each) ? each.after : settled(each.before, now),
    }));
    await throttles.put(touched.map(stored));
    const bringsWait =
      !isKnown && refusal === null && theirs.some((each) => refusalOf(each.limit, each.after, now));
    return { refusal, counted, bringsWait };
  });
}

/** The try was right, or neither right nor wrong: everything is as if it had not been, so that a success shows nowhere. */
export async function takeBackTry(throttles: Throttles, counted: Counted): Promise<void> {
  const buckets = await throttles.lock(counted.map(({ key }) => key));
  await throttles.put(
    counted.map((filling, index) =>
      stored({ ...filling, bucket: takeBack(buckets[index] ?? emptyBucket, filling) }),
    ),
  );
}

/** Counts a sign-up; throws `TooManyRequests` where too many came from that network in this minute. */
export async function countSignUp(ports: Needs & Recorder, actor: Actor): Promise<void> {
  const { database, secrets, clock, settings } = ports;
  const { serviceId, origin } = placeOf(actor);
  const limit = signUpLimit(settings);
  const key = keyOf(secrets, limit, networkOf(origin.address));
  const refusal = await database.transact(async (stores) => {
    const now = clock.now();
    const [found = emptyBucket] = await stores.throttles.lock([key]);
    const before = settled(found, now);
    const refusal = refusalOf(limit, before, now);
    const bucket = refusal ? before : fill(limit, before, now);
    await stores.throttles.put([stored({ key, limit, bucket })]);
    if (refusal === null && refusalOf(limit, bucket, now)) {
      await tell(ports, stores, { type: 'throttle.reached', serviceId, userId: null });
      const type = 'rekey:Throttle';
      await record(ports, stores, actor, { type, outcome: 'failure', serviceId });
    }
    return refusal;
  });
  if (refusal) throw refusal;
}

/** Throws `TooManyRequests` where the user's password was changed too often in the last hour: each change is a mail. */
export async function checkChanges(
  oneTimeTokens: OneTimeTokens,
  { throttle: { changesPerHour } }: Settings,
  userId: Id,
  now: Instant,
): Promise<void> {
  const first = await oneTimeTokens.nthLatest(userId, 'update_password', changesPerHour);
  const freeAt = first === null ? 0 : first + HOUR_MS;
  if (freeAt <= now) return;
  const limit = { name: 'change', quota: changesPerHour, windowMs: HOUR_MS };
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
    spacingMs: (level) => {
      if (level < free) return 0;
      return SPACING_MS[Math.min(Math.floor(level - free), SPACING_MS.length - 1)] ?? 0;
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

/** Says nothing of whom it stands for, not even to a reader of the database who guesses. */
const keyOf = (secrets: Needs['secrets'], limit: Limit, ...parts: readonly string[]): string =>
  secrets.blind(JSON.stringify([limit.name, ...parts]));

type Slot = { readonly key: string; readonly limit: Limit };

async function lockAll(
  throttles: Throttles,
  slots: readonly Slot[],
): Promise<(Slot & { before: Bucket })[]> {
  const buckets = await throttles.lock(slots.map(({ key }) => key));
  return slots.map((slot, index) => ({ ...slot, before: buckets[index] ?? emptyBucket }));
}

/** One that is told less would come back too early. */
const longest = (refusals: readonly TooManyRequests[]): TooManyRequests | null =>
  refusals.toSorted((a, b) => b.retryAfterS - a.retryAfterS)[0] ?? null;

const stored = ({ key, limit, bucket }: Slot & { readonly bucket: Bucket }): StoredBucket => ({
  key,
  bucket,
  forgetAt: emptyAt(limit, bucket),
});
