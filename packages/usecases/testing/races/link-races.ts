import {
  type Delivery,
  formServiceId,
  type Id,
  isRefusal,
  type OneTimeToken,
  operator,
  type Purpose,
  purposes,
  Unavailable,
} from '@rekey/domain';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Database, type Stores, useCases } from '../../src/index.ts';
import type { Open } from '../contracts/opened.ts';
import { PLACE, START } from '../fixtures.ts';
import { gate } from '../gate.ts';
import { skips } from '../skips.ts';
import { watched } from '../watched.ts';
import { PASSWORD, type World, world } from '../world.ts';
import {
  type Act,
  type Case,
  chosen,
  type Event,
  events,
  idle,
  type Link,
  links,
  logIn,
  makeKey,
  presses,
  type Reach,
  usableOf,
} from './links.ts';
import { track } from './track.ts';

type W = World<Database>;

/**
 * Races of every link that is mailed with everything that may happen to its account at that moment. Both come to what the
 * one after the other comes to on a database in memory, where nobody races. `stripes`: of so many races one is run, always
 * the same ones, with each link and each event among them.
 */
export function linkRacesContract(name: string, open: Open, stripes = 1): void {
  const left = `${stripes - 1} of ${stripes} races of links on ${name}, but in the long form`;
  skips(stripes > 1, left);

  describe(`races of links on ${name}`, () => {
    const { world: w, concurrency } = track(open);
    beforeAll(async () => {
      await w().useCases.services.openFormService.execute(operator);
    });

    test('are about every purpose whose link does something', () => {
      const raced = new Set(Object.values(links).map(({ purpose }) => purpose));
      expect(purposes.filter((each) => !raced.has(each))).toEqual(idle);
    });

    for (const [row, [of, link]] of Object.entries(links).entries()) {
      const raced = Object.entries(events).filter(
        ([, { never = [] }], column) => !never.includes(of) && (row + column) % stripes === 0,
      );
      describe(`the link of ${of}`, () => {
        test.each(raced)(
          'and %s at once come to what one after the other comes to',
          async (_what, event) => {
            const [first, last] = [await inTurn(link, event, 0), await inTurn(link, event, 1)];
            const turns = [first.turns, last.turns];
            // Where transactions wait for each other, only their order is left to chance.
            const isCrowd = concurrency() > 1;
            const ways = [
              ...upTo(first.turns).map((turn) => overtaken(0, turn)),
              ...upTo(last.turns).map((turn) => overtaken(1, turn)),
              ...(isCrowd ? [atOnce(turns), atOnce(turns)] : []),
            ];
            for (const way of ways) {
              const outcome = await outcomeOf(w(), link, event, way, isCrowd);
              expect([first.outcome, last.outcome]).toContainEqual(outcome);
            }
          },
        );
      });
    }
  });
}

/** Whoever presses the link is the first racer; the event is the other one. */
type Racer = 0 | 1;
/** Runs a racer to its end. `before`: what comes before its `n`th transaction changes anything. */
type Run = (racer: Racer, before?: (n: number) => Promise<void>) => Promise<string>;
type Way = (run: Run) => Promise<readonly [string, string]>;

/** What one after the other comes to, and how many transactions the first one takes. */
async function inTurn(link: Link, event: Event, first: Racer) {
  const w: W = world();
  await w.useCases.services.openFormService.execute(operator);
  let turns = 0;
  const outcome = await outcomeOf(w, link, event, async (run) => {
    const end = await run(first, async (n) => {
      turns = n;
    });
    return inOrder(first, end, await run(other(first)));
  });
  return { outcome, turns };
}

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

/** One is about to change something, in its transaction of that number, when the other begins, and ends. */
const overtaken =
  (slow: Racer, turn: number): Way =>
  async (run) => {
    const isThere = Promise.withResolvers<void>();
    const mayGoOn = Promise.withResolvers<void>();
    const ending = run(slow, async (n) => {
      if (n !== turn) return;
      isThere.resolve();
      await mayGoOn.promise;
    }).finally(isThere.resolve);
    await isThere.promise;
    const end = await run(other(slow));
    mayGoOn.resolve();
    return inOrder(slow, await ending, end);
  };

/** Nobody changes anything for good, in the last transaction, before both are about to. */
const atOnce =
  (turns: readonly number[]): Way =>
  (run) => {
    const bothIn = gate(2);
    const racing = (racer: Racer) =>
      run(racer, async (n) => {
        if (n === turns[racer]) await bothIn();
        // Whoever is refused before that is waited for no longer.
      }).finally(() => void bothIn());
    return Promise.all([racing(0), racing(1)]);
  };

const other = (racer: Racer): Racer => (racer === 0 ? 1 : 0);
const inOrder = (racer: Racer, end: string, another: string) =>
  racer === 0 ? ([end, another] as const) : ([another, end] as const);

/** What becomes of a link and an event in the life of somebody who was not there before. */
async function outcomeOf(w: W, link: Link, event: Event, way: Way, isCrowd = false) {
  w.clock.set(START);
  const mailed: Mailed = { rights: [], mails: [] };
  const on = (database: Database) => ({ ...w, database: listening(database, mailed) });
  const of = await somebody(w, link, mailed);
  const step = async (act: Act) => {
    w.clock.set(w.clock.now() + 1000);
    const ports = on(w.database);
    const given = await act(useCases(ports), of, ports);
    if (typeof given === 'string') of.given = given;
    await look(w, of);
  };
  const makeKiller = async () => {
    if (of.killer !== '' || of.keyId === '') return;
    await step(makeKey);
    of.killer = of.tokenOf('factor_change');
  };
  await makeKiller();
  if (event.before) await step(event.before);
  await step(link.mail);
  of.token = of.tokenOf(link.purpose);
  of.password = link.password ?? of.password;
  await makeKiller();
  if (event.after) await step(event.after);
  // Somebody whose account is closed has no session.
  await endOf(logIn, on(w.database), of);

  const acts = [of.press, event.happen];
  const ends = await way((racer, before) => {
    const database = before ? stopping(w.database, before, isCrowd) : w.database;
    return endOf(acts[racer] as Act, on(database), of);
  });
  const left = await leftOf(w, of, mailed);
  w.clock.set(START);
  return { ends, ...left };
}

/** What was mailed to the person of a race. */
type Mailed = { readonly rights: OneTimeToken<Id | null>[]; readonly mails: Delivery[] };

async function somebody(w: W, link: Link, { rights, mails }: Mailed): Promise<Case> {
  const id = w.ids.next();
  const number = Number.parseInt(id.slice(-6), 16);
  const near = `${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`;
  const first = `ada-${number}@example.com`;
  const service = await w.addService({
    userAllowRegister: true,
    ownerRecovery: true,
    newDeviceMail: true,
    providerGoogleOauth2Url: 'https://shop.example/back',
  });
  const other = await w.addService({ userAllowRegister: true });
  const isNobody = link.account === 'nobody’s';
  const owner = isNobody
    ? null
    : await w.addOwner(
        {
          email: first,
          ...(link.account === 'signed up' && { createdBy: formServiceId }),
          ...(link.account === 'proven' && { emailValid: true, emailProven: true }),
        },
        { service, ...(link.account === 'without a password' && { passwordHash: null }) },
      );
  const last = (purpose: Purpose) => {
    const right = rights.findLast((each) => each.purpose === purpose);
    if (right === undefined) throw new Error(`no link of ${purpose} was mailed`);
    return right;
  };
  return {
    id: owner?.user.id ?? id,
    service,
    other,
    from: { address: `10.${near}`, client: null },
    elsewhere: { address: `11.${near}`, client: null },
    first,
    email: first,
    password: PASSWORD,
    keyId: owner?.tokenKey.id ?? '',
    killer: '',
    purpose: link.purpose,
    token: '',
    press: presses[link.press],
    given: '',
    tokenOf: (purpose) => w.linkTokens.make(last(purpose)),
    mailed: (purpose) => {
      const mail = mails.find(({ tokenId }) => tokenId === last(purpose).id);
      if (mail === undefined) throw new Error(`no mail of ${purpose} is owed`);
      return mail;
    },
  };
}

/** Looks at the account as it is now. */
async function look(w: W, of: Case): Promise<void> {
  await w.database.read(async ({ users, keys }) => {
    const user = (await users.get(of.id)) ?? (await users.findByEmail(of.first))?.user;
    if (!user) return;
    of.id = user.id;
    of.email = user.email;
    const key = await keys.findToken(user.id, of.service.id, w.clock.now());
    of.keyId = key?.id ?? of.keyId;
  });
}

/** The database, which tells of each right and mail that is written to it, also by a transaction that comes to nothing. */
function listening(database: Database, { rights, mails }: Mailed): Database {
  const listen = ({ oneTimeTokens, deliveries, ...stores }: Stores): Stores => ({
    ...stores,
    oneTimeTokens: {
      ...oneTimeTokens,
      insert: (right) => {
        rights.push(right);
        return oneTimeTokens.insert(right);
      },
    },
    deliveries: {
      ...deliveries,
      insert: (mail, as) => {
        mails.push(mail);
        return deliveries.insert(mail, as);
      },
    },
  });
  return { ...database, transact: (work) => database.transact((stores) => work(listen(stores))) };
}

/** Verbs that wait for nobody, and keep nobody waiting. */
const LOOKS =
  /\.(?:earliest|find|get|has|have|is|knowing|links|list|lockOf|nthLatest|past|reserved|see)/;

/**
 * The database, but that something else comes before the `n`th transaction, or where many can be open at once before it
 * first locks or changes anything: so whatever it looked up before is old then.
 */
function stopping(
  database: Database,
  before: (n: number) => Promise<void>,
  isCrowd: boolean,
): Database {
  let count = 0;
  return {
    ...database,
    transact: async (work) => {
      count += 1;
      const n = count;
      if (!isCrowd) await before(n);
      let isPast = !isCrowd;
      return database.transact((stores) =>
        work(
          watched(stores, async (verb, call) => {
            if (!isPast && !LOOKS.test(verb)) {
              isPast = true;
              await before(n);
            }
            return call();
          }),
        ),
      );
    },
  };
}

/** A lock takes codes and sessions alike: which of them a racer misses depends on what it looks for first. */
const REFUSED: readonly string[] = ['invalid_credentials', 'unauthorized'];

async function endOf(act: Act, ports: Reach, of: Case): Promise<string> {
  try {
    await act(useCases(ports), of, ports);
    return 'done';
  } catch (error) {
    // As clients do: on a busy machine a lock is waited for longer than a database lets anybody wait.
    if (error instanceof Unavailable) return endOf(act, ports, of);
    if (isRefusal(error)) return REFUSED.includes(error.code) ? 'refused' : error.code;
    throw error;
  }
}

/** What is left: the account, whoever else has an address of it by then, and the links that work. */
async function leftOf(w: W, of: Case, { rights }: Mailed) {
  const now = w.clock.now();
  const page = { limit: 100 };
  const names = new Map([
    [of.service.id, 'the service'],
    [of.other.id, 'another service'],
  ]);
  const masked = (email: string | null | undefined) => email?.replace(/-\d+@/, '@') ?? null;

  return w.database.read(async ({ users, keys, sessions, oneTimeTokens, providerLinks }) => {
    const found = [
      await users.get(of.id),
      ...(await Promise.all([of.first, of.email].map((each) => users.findByEmail(each)))).map(
        (account) => account?.user ?? null,
      ),
    ];
    const people = new Map(found.flatMap((user) => (user ? [[user.id, user] as const] : [])));
    const accounts = await Promise.all(
      [...people.values()].map(async (user) => {
        const account = await users.findByEmail(user.email);
        const hash = account?.credential.passwordHash ?? null;
        const opening: string[] = [];
        for (const password of chosen) {
          const stored = hash === null ? null : { hash, userId: user.id };
          if (await w.hasher.verify(password, stored, PLACE)) opening.push(password);
        }
        const usable = await keys.list(usableOf(user), page);
        const { id, createdAt, updatedAt, lastLoginAt, createdBy, email, ...flags } = user;
        return {
          ...flags,
          isOwn: id === of.id,
          email: masked(email),
          maker: names.get(createdBy ?? '') ?? createdBy,
          hasLoggedIn: lastLoginAt !== null,
          opening,
          recoverTo: masked((await users.lockOf(id))?.recoverTo),
          keys: usable.map((key) => `${key.type} of ${names.get(key.serviceId ?? '')}`).sort(),
          linked: (await providerLinks.ofUser(id)).map(({ provider }) => provider),
          sessions: (await sessions.list({ userIds: [id] }, page, now)).length,
        };
      }),
    );
    const working: string[] = [];
    for (const { id } of rights) {
      const right = await oneTimeTokens.findGood(id, now);
      if (right) working.push(`${right.purpose} to ${masked(right.email)}`);
    }
    return { accounts, working: working.sort() };
  });
}
