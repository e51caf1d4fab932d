import {
  type Actor,
  checkWait,
  countTry,
  type Id,
  type Instant,
  type Limit,
  networkOf,
  noTries,
  type Origin,
  type Place,
  placeOf,
  type Tally,
  TooManyRequests,
  takeBack,
} from '@rekey/domain';
import type { OneTimeTokens, Ports, Settings, StoredTally, Throttles } from '../ports/index.ts';
import { type Recorder, record } from './record.ts';
import { tell } from './tell.ts';

type Needs = Pick<Ports, 'database' | 'secrets' | 'clock' | 'settings'>;

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** How long an address stays known to an account that somebody logged in to from there. */
const KNOWN_FOR_MS = 30 * DAY_MS;

/** NIST SP 800-63B-4, 3.2.2: an account has no more failed tries than this; here, in a day. */
const CEILING = 100;
/** Between tries at an account from one address, once the free ones are used up. */
const WAITS_MS = [1000, 3000, 5000, 10_000];
/** Between tries from an address that has failed as often as the ceiling has it, and is known: it is never locked out. */
const LONG_WAIT_MS = 15 * MINUTE_MS;

/** A try that was counted as a failure, until it turns out to be none. */
export type Counted = {
  readonly client: CountedTry;
  readonly pair: CountedTry;
  readonly account: CountedTry;
  /** Whether the next try has to wait, and would not have to but for this one. */
  readonly bringsWait: boolean;
};
type CountedTry = { readonly key: string; readonly limit: Limit; readonly since: Instant };

/**
 * Counts a try at an account as a failure, before anything is looked at: tries at the same time cannot outrun the
 * count. Throws `TooManyRequests`, and counts nothing, where the client, the account from this address, or the account
 * from all addresses that are not known to it has to wait. Accounts that do not exist count alike.
 */
export async function countFailure(
  { database, secrets, clock, settings }: Needs,
  place: Place,
  name: string,
): Promise<Counted> {
  const network = networkOf(place.origin.address);
  const client = { key: clientKey(secrets, place), limit: clientLimit(settings) };
  const pair = { key: keyOf(secrets, 'pair', name, network), limit: pairLimit(settings) };
  const account = { key: keyOf(secrets, 'account', name), limit: accountLimit(settings) };

  return database.transact(async ({ throttles }) => {
    const now = clock.now();
    const before = await lockAll(throttles, { client, pair, account });
    const isKnown = before.pair.knownUntil > now;
    const after = {
      client: countTry(client.limit, before.client, now),
      pair: countTry(pair.limit, before.pair, now),
      // The ceiling is for strangers: an address that is known counts, and is not stopped.
      account: countTry(
        account.limit,
        isKnown ? { ...before.account, freeAt: 0 } : before.account,
        now,
      ),
    };
    await throttles.put([
      stored(client, after.client),
      stored(pair, after.pair),
      stored(account, after.account),
    ]);
    return {
      client: { ...client, since: after.client.since },
      pair: { ...pair, since: after.pair.since },
      account: { ...account, since: after.account.since },
      bringsWait:
        beginsWait(before.client, after.client, now) ||
        beginsWait(before.pair, after.pair, now) ||
        beginsWait(before.account, after.account, now),
    };
  });
}

/**
 * The try succeeded: forgets what failed for the account from this address, and nothing that failed from elsewhere;
 * the address is known from now on. In the transaction of what the success leads to.
 */
export async function clearFailures(
  throttles: Throttles,
  { client, pair, account }: Counted,
  now: Instant,
): Promise<void> {
  const before = await lockAll(throttles, { client, pair, account });
  await throttles.put([
    stored(client, takeBackOne(client, before.client)),
    stored(pair, {
      ...takeBack(pair.limit, before.pair, before.pair.tries),
      knownUntil: now + KNOWN_FOR_MS,
    }),
    stored(account, takeBack(account.limit, before.account, before.pair.tries)),
  ]);
}

/** The try came to nothing, neither right nor wrong: it counts no more. */
export async function uncount(
  throttles: Throttles,
  { client, pair, account }: Counted,
): Promise<void> {
  const before = await lockAll(throttles, { client, pair, account });
  await throttles.put([
    stored(client, takeBackOne(client, before.client)),
    stored(pair, takeBackOne(pair, before.pair)),
    stored(account, takeBackOne(account, before.account)),
  ]);
}

/** Throws `TooManyRequests` where the client has used up its failures of this minute; counts nothing. */
export async function checkClient(ports: Needs, place: Place): Promise<void> {
  const key = clientKey(ports.secrets, place);
  const tally = await ports.database.read(({ throttles }) => throttles.get(key));
  checkWait(clientLimit(ports.settings), tally, ports.clock.now());
}

/** Counts a sign-up; throws `TooManyRequests` where too many came from that address in this minute. */
export async function countSignUp(ports: Needs & Recorder, actor: Actor): Promise<void> {
  const { database, secrets, clock, settings } = ports;
  const { serviceId, origin } = placeOf(actor);
  const signUp = {
    key: keyOf(secrets, 'sign-up', networkOf(origin.address)),
    limit: signUpLimit(settings),
  };
  await database.transact(async (stores) => {
    const now = clock.now();
    const [tally = noTries] = await stores.throttles.lock([signUp.key]);
    const counted = countTry(signUp.limit, tally, now);
    await stores.throttles.put([stored(signUp, counted)]);
    if (!beginsWait(tally, counted, now)) return;
    await tell(ports, stores, { type: 'throttle.reached', serviceId, userId: null });
    const type = 'rekey:Throttle';
    await record(ports, stores, actor, { type, outcome: 'failure', serviceId });
  });
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

const quota = (name: string, quota: number, windowMs: number): Limit => ({
  name,
  quota,
  windowMs,
  waitMsAfter: (tries) => (tries < quota ? 0 : Number.POSITIVE_INFINITY),
});

const clientLimit = ({ throttle }: Settings) =>
  quota('client', throttle.clientPerMinute, MINUTE_MS);

/** A sign-up costs as much as a login, leaves something behind, and is done once in a lifetime. */
const signUpLimit = ({ throttle }: Settings) =>
  quota('sign-up', Math.ceil(throttle.clientPerMinute / 5), MINUTE_MS);

/** More free tries than the ceiling has raise it. */
const ceiling = ({ throttle }: Settings) => Math.max(CEILING, throttle.accountFree);

const accountLimit = (settings: Settings) => quota('account-day', ceiling(settings), DAY_MS);

function pairLimit(settings: Settings): Limit {
  const free = settings.throttle.accountFree;
  const most = ceiling(settings);
  return {
    name: 'account',
    quota: free,
    windowMs: DAY_MS,
    waitMsAfter(tries) {
      if (tries < free) return 0;
      if (tries >= most) return LONG_WAIT_MS;
      return WAITS_MS[Math.min(tries - free, WAITS_MS.length - 1)] ?? LONG_WAIT_MS;
    },
  };
}

/** Says nothing of whom it stands for: what strangers type must not be kept. */
const keyOf = (secrets: Needs['secrets'], ...parts: readonly string[]): string =>
  secrets.digest(JSON.stringify(parts));

const clientKey = (
  secrets: Needs['secrets'],
  { serviceId, origin }: { readonly serviceId: Id; readonly origin: Origin },
): string => keyOf(secrets, 'client', serviceId, networkOf(origin.address));

/** In one order everywhere, so that no two wait for each other. */
async function lockAll(
  throttles: Throttles,
  { client, pair, account }: Record<'client' | 'pair' | 'account', { readonly key: string }>,
): Promise<Record<'client' | 'pair' | 'account', Tally>> {
  const tallies = await throttles.lock([client.key, pair.key, account.key]);
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
  forgetAt: Math.max(tally.since + limit.windowMs, tally.knownUntil),
});
