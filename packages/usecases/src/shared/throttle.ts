import {
  checkWait,
  countTry,
  type Id,
  type Instant,
  type Limit,
  networkOf,
  noTries,
  type Origin,
  type Tally,
  TooManyRequests,
  takeBack,
} from '@rekey/domain';
import type { PasswordChanges, Ports, Settings, StoredTally, Stores, Throttles } from './ports.ts';
import { type Recorder, record } from './record.ts';

type Needs = Pick<Ports, 'database' | 'secrets' | 'clock' | 'settings'>;

/** Milliseconds. */
const MINUTE = 60_000;
const HOUR = 3_600_000;
const DAY = 86_400_000;
/** How long an address stays known to an account that somebody logged in to from there. */
const KNOWN_FOR = 30 * DAY;

/** NIST SP 800-63B-4, 3.2.2: an account has no more failed tries than this; here, in a day. */
const CEILING = 100;
/** Between tries at an account from one address, once the free ones are used up. */
const WAITS = [1000, 3000, 5000, 10_000];
/** And from an address that has failed as often as the ceiling has it, and is known: it is never shut out altogether. */
const LONG_WAIT = 15 * MINUTE;

/** Who tries to prove what. */
export type Attempt = {
  /** What the account is known by: whatever is tried in vain for one name is counted together. */
  readonly account: string;
  readonly serviceId: Id;
  readonly origin: Origin;
};

/** An attempt that was counted as a failure, until it turns out to be none. */
export type Counted = {
  readonly client: CountedTry;
  readonly pair: CountedTry;
  readonly account: CountedTry;
  /** Whether the next try has to wait, and would not have to but for this one. */
  readonly bringsWait: boolean;
};
type CountedTry = { readonly key: string; readonly limit: Limit; readonly since: Instant };

/**
 * Counts an attempt as a failure, and looks at it only then, so that attempts at the same time cannot
 * outrun the count. Throws `TooManyRequests`, and counts nothing, where the client, the account from this address,
 * or the account from all addresses that are not known to it has to wait. Accounts that do not exist count alike.
 * Where the look comes to nothing, because a hash cannot be made or the database fails, the attempt counts no more.
 */
export async function attempt<T>(
  ports: Needs,
  what: Attempt,
  look: () => Promise<T>,
): Promise<{ found: T; counted: Counted }> {
  const counted = await countAttempt(ports, what);
  try {
    return { found: await look(), counted };
  } catch (error) {
    await forgetAttempt(ports, counted);
    throw error;
  }
}

async function countAttempt(ports: Needs, attempt: Attempt): Promise<Counted> {
  const { database, secrets, clock, settings } = ports;
  const { account: name, origin } = attempt;
  const network = networkOf(origin.address);
  const client = { key: clientKey(ports, attempt), limit: clientLimit(settings) };
  const pair = { key: keyOf(secrets, 'pair', name, network), limit: pairLimit(settings) };
  const account = { key: keyOf(secrets, 'account', name), limit: accountLimit(settings) };

  const counting = async ({ throttles }: Stores) => {
    const now = clock.now();
    const held = await holdAll(throttles, client, pair, account);
    const isKnown = held.pair.knownUntil > now;
    const counted = {
      client: countTry(client.limit, held.client, now),
      pair: countTry(pair.limit, held.pair, now),
      // The ceiling is for strangers: it counts who is known, and does not stop them.
      account: countTry(
        account.limit,
        isKnown ? { ...held.account, freeAt: 0 } : held.account,
        now,
      ),
    };
    await throttles.put([
      stored(client, counted.client),
      stored(pair, counted.pair),
      stored(account, counted.account),
    ]);
    return {
      client: { ...client, since: counted.client.since },
      pair: { ...pair, since: counted.pair.since },
      account: { ...account, since: counted.account.since },
      bringsWait:
        beginsWait(held.client, counted.client, now) ||
        beginsWait(held.pair, counted.pair, now) ||
        beginsWait(held.account, counted.account, now),
    };
  };
  // Nobody learns what the attempt came to before that is recorded, and the count is on the disk with it.
  return database.transact(counting, { isLazy: true });
}

/**
 * The attempt succeeded: forgets what failed for the account from this address, and nothing that failed
 * from elsewhere; the address is known from now on. In the transaction of what the success leads to.
 */
export async function clearAttempt(
  throttles: Throttles,
  { client, pair, account }: Counted,
  now: Instant,
): Promise<void> {
  const held = await holdAll(throttles, client, pair, account);
  await throttles.put([
    stored(client, takeBackOne(client, held.client)),
    stored(pair, {
      ...takeBack(pair.limit, held.pair, held.pair.tries),
      knownUntil: now + KNOWN_FOR,
    }),
    stored(account, takeBack(account.limit, held.account, held.pair.tries)),
  ]);
}

async function forgetAttempt(
  { database }: Pick<Needs, 'database'>,
  { client, pair, account }: Counted,
): Promise<void> {
  await database.transact(async ({ throttles }) => {
    const held = await holdAll(throttles, client, pair, account);
    await throttles.put([
      stored(client, takeBackOne(client, held.client)),
      stored(pair, takeBackOne(pair, held.pair)),
      stored(account, takeBackOne(account, held.account)),
    ]);
  });
}

/** Throws `TooManyRequests` where the client has used up its failures of this minute; counts nothing. */
export async function checkClient(
  ports: Needs,
  client: Pick<Attempt, 'serviceId' | 'origin'>,
): Promise<void> {
  const key = clientKey(ports, client);
  const tally = await ports.database.read(({ throttles }) => throttles.get(key));
  checkWait(clientLimit(ports.settings), tally, ports.clock.now());
}

/** Counts that somebody signs up; throws `TooManyRequests` where too many did from that address in this minute. */
export async function countSignUp(
  ports: Needs & Recorder,
  { serviceId, origin }: Pick<Attempt, 'serviceId' | 'origin'>,
): Promise<void> {
  const { database, secrets, clock, settings } = ports;
  const signUp = {
    key: keyOf(secrets, 'sign-up', networkOf(origin.address)),
    limit: signUpLimit(settings),
  };
  await database.transact(async (stores) => {
    const now = clock.now();
    const [tally = noTries] = await stores.throttles.hold([signUp.key]);
    const counted = countTry(signUp.limit, tally, now);
    await stores.throttles.put([stored(signUp, counted)]);
    if (beginsWait(tally, counted, now)) {
      await record(ports, stores, { action: 'throttle', outcome: 'failure', serviceId, origin });
    }
  });
}

/** Throws `TooManyRequests` where the user's password was changed too often in the last hour: each change is a mail. */
export async function checkChanges(
  changes: PasswordChanges,
  { throttle: { changesPerHour } }: Settings,
  userId: Id,
  now: Instant,
): Promise<void> {
  const first = await changes.nthLatest(userId, changesPerHour);
  const freeAt = first === null ? 0 : first + HOUR;
  if (freeAt <= now) return;
  const limit = { name: 'change', quota: changesPerHour, window: HOUR };
  throw new TooManyRequests(limit, Math.ceil((freeAt - now) / 1000));
}

const quota = (name: string, quota: number, window: number): Limit => ({
  name,
  quota,
  window,
  waitAfter: (tries) => (tries < quota ? 0 : Number.POSITIVE_INFINITY),
});

const clientLimit = ({ throttle }: Settings) => quota('client', throttle.clientPerMinute, MINUTE);

/** A sign-up costs as much as a login, leaves something behind, and is done once in a lifetime. */
const signUpLimit = ({ throttle }: Settings) =>
  quota('sign-up', Math.ceil(throttle.clientPerMinute / 5), MINUTE);

/** More free tries than the ceiling has raise it. */
const ceiling = ({ throttle }: Settings) => Math.max(CEILING, throttle.accountFree);

const accountLimit = (settings: Settings) => quota('account-day', ceiling(settings), DAY);

function pairLimit(settings: Settings): Limit {
  const free = settings.throttle.accountFree;
  const most = ceiling(settings);
  return {
    name: 'account',
    quota: free,
    window: DAY,
    waitAfter(tries) {
      if (tries < free) return 0;
      if (tries >= most) return LONG_WAIT;
      return WAITS[Math.min(tries - free, WAITS.length - 1)] ?? LONG_WAIT;
    },
  };
}

/** Says nothing of whom it stands for: what strangers type must not be kept. */
const keyOf = (secrets: Needs['secrets'], ...parts: readonly string[]): string =>
  secrets.digest(JSON.stringify(parts));

const clientKey = (
  { secrets }: Needs,
  { serviceId, origin }: Pick<Attempt, 'serviceId' | 'origin'>,
): string => keyOf(secrets, 'client', serviceId, networkOf(origin.address));

/** In one order everywhere, so that no two wait for each other. */
async function holdAll(
  throttles: Throttles,
  ...[client, pair, account]: readonly [{ key: string }, { key: string }, { key: string }]
): Promise<Record<'client' | 'pair' | 'account', Tally>> {
  const tallies = await throttles.hold([client.key, pair.key, account.key]);
  return {
    client: tallies[0] ?? noTries,
    pair: tallies[1] ?? noTries,
    account: tallies[2] ?? noTries,
  };
}

/** Whether a try makes the next one wait that would not have waited before. */
const beginsWait = (before: Tally, after: Tally, now: Instant): boolean =>
  after.freeAt > now && after.freeAt !== before.freeAt;

/** A window that began since then has not counted the try. */
const takeBackOne = ({ limit, since }: CountedTry, tally: Tally): Tally =>
  tally.since === since ? takeBack(limit, tally, 1) : tally;

const stored = ({ key, limit }: Omit<CountedTry, 'since'>, tally: Tally): StoredTally => ({
  key,
  tally,
  forgetAt: Math.max(tally.since + limit.window, tally.knownUntil),
});
