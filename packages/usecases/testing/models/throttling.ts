import { InvalidCredentials, type Service, TooManyRequests } from '@rekey/domain';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Database, useCases } from '../../src/index.ts';
import type { Open, OpenDatabase } from '../contracts/index.ts';
import { anId, START } from '../fixtures.ts';
import { asService, asUser, NEW_PASSWORD, PASSWORD, type World, world } from '../world.ts';

const SECOND_MS = 1000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Promise P6: wrong tries of strangers that are looked at in any 24 hours, through one service. */
const MOST_A_DAY = 100;
/** Promise P6: those of them that come from one network. */
const MOST_OF_A_NETWORK = 20;
/** Promise P6: wrong passwords from a known device until it is a stranger's; as many are forgotten in an hour. */
const MOST_OF_A_DEVICE = 10;

const CLIENT_PER_MINUTE = 8;
/** The longest wait of each limit, whatever the clock does: until one more try fits in. */
const LONGEST_WAITS_S: Readonly<Record<string, number>> = {
  client: 60 / CLIENT_PER_MINUTE,
  account: 86_400 / 10,
  'account-day': 86_400 / 50,
};

const STEPS_A_RUN = 100;
const NETWORKS = 7;
const MOST_DEVICES = 5;

const network = fc.nat({ max: NETWORKS - 1 });
const device = fc.nat({ max: MOST_DEVICES - 1 });
/** The service of the account, another one that the account uses, and one that has nothing to do with it. */
const where = fc.constantFrom('own', 'own', 'own', 'second', 'foreign');
const what = fc.constantFrom('password', 'password', 'code');

const weighted = <T>(weight: number, arbitrary: fc.Arbitrary<T>) => ({ weight, arbitrary });
const record = <Kind extends string, Model extends object>(
  kind: Kind,
  model: { [Name in keyof Model]: fc.Arbitrary<Model[Name]> },
) => fc.record({ kind: fc.constant(kind), ...model }) as fc.Arbitrary<{ kind: Kind } & Model>;

const ownerLogsIn = record('the owner logs in', { network, device: fc.option(device) });
const timePasses = (...ms: fc.Arbitrary<number>[]) =>
  record('time passes', { ms: fc.oneof(...ms) });

const steps = fc.oneof(
  weighted(
    12,
    record('strangers guess', { where, what, network, times: fc.integer({ min: 1, max: 8 }) }),
  ),
  weighted(
    3,
    record('strangers guess at once', {
      where,
      what,
      network,
      times: fc.integer({ min: 2, max: 12 }),
    }),
  ),
  weighted(
    2,
    record('a stranger guesses with a device of another account', {
      where,
      network,
      times: fc.integer({ min: 1, max: 12 }),
    }),
  ),
  weighted(3, record('strangers guess from everywhere', { where, what })),
  weighted(5, ownerLogsIn),
  weighted(
    2,
    record('the owner mistypes', { network, device, times: fc.integer({ min: 1, max: 4 }) }),
  ),
  weighted(1, record('the owner changes the password', { network, device })),
  weighted(2, record('a victim logs in', {})),
  weighted(1, record('a victim changes the password', {})),
  weighted(1, record('a thief guesses with all devices of the victim', {})),
  weighted(
    5,
    timePasses(fc.nat({ max: 20 * SECOND_MS }), fc.nat({ max: 6 * HOUR_MS }), fc.constant(DAY_MS)),
  ),
  weighted(1, record('the clock goes back', { ms: fc.nat({ max: 3 * DAY_MS }) })),
);
/** Many networks, day and night. */
const siege = fc.oneof(
  weighted(
    5,
    record('strangers guess from everywhere', {
      where: fc.constant('own' as const),
      what: fc.constant('password' as const),
    }),
  ),
  weighted(5, timePasses(fc.nat({ max: 2 * HOUR_MS }))),
  weighted(1, ownerLogsIn),
);
type Step = typeof steps extends fc.Arbitrary<infer T> ? T : never;

const playOf = (step: fc.Arbitrary<Step>) =>
  fc.array(step, { minLength: STEPS_A_RUN, maxLength: STEPS_A_RUN });

const runs = fc.record({
  /** A few settings of THROTTLE_ACCOUNT_FREE that leave the promises as they are. */
  accountFree: fc.constantFrom(1, 5, 10),
  play: fc.oneof(weighted(9, playOf(steps)), weighted(1, playOf(siege))),
});

/**
 * Plays strangers, owners, thieves, other services and clocks against a database, at random, and checks promises P5 and
 * P6 after each step. Beside the account there is a ghost: a name that nobody has, tried from networks of its own.
 * Strangers try at the ghost all that they try at the account, and must not be able to tell the two apart.
 * `MODEL_STEPS` makes the run a long one.
 */
export function throttlingModel(name: string, open: Open, shortRun: number): void {
  const stepCount = Number(process.env.MODEL_STEPS ?? shortRun);

  describe(`throttling on ${name}`, () => {
    let opened: OpenDatabase;
    beforeAll(async () => {
      opened = await open();
    });
    afterAll(() => opened.close());

    test('lets owners in, bounds guesses and tells nothing, whatever anybody does', async () => {
      const w = world(opened.database);
      await fc.assert(
        fc.asyncProperty(runs, async ({ accountFree, play }) => {
          const throttle = {
            accountFree,
            clientPerMinute: CLIENT_PER_MINUTE,
            changesPerHour: 1000,
          };
          const all = useCases({ ...w, settings: { ...w.settings, throttle } });
          const scene = await sceneOn({ ...w, useCases: all }, accountFree);
          for (const step of play) await scene.play(step);
        }),
        { numRuns: Math.ceil(stepCount / STEPS_A_RUN) },
      );
    });
  });
}

type What = 'password' | 'code';
type Outcome = 'done' | 'wrong' | { readonly limit: string; readonly retryAfterS: number };
/** All that a caller can tell: the answer, and how long it took. */
type Told = { readonly outcome: Outcome; readonly hashes: number };

/** A name that strangers try. */
type Target = {
  readonly email: string;
  readonly userId: string;
  readonly networks: readonly string[];
  /** A device that is good for another account. */
  readonly borrowed: Known;
};

/** The wrong tries that one device has, or all devices from before a change together. */
type Allowance = { wrongs: number; forgivenAt: number };
type Known = { readonly token: string; readonly issuedAt: number; allowance: Allowance };

async function sceneOn(w: World<Database>, accountFree: number) {
  const { sessions, passwords, factors } = w.useCases;
  // A run can be played again from its seed.
  w.clock.set(START);
  const { user, service: own } = await w.addOwner();
  const services = { own, second: await w.addService(), foreign: await w.addService() };
  await w.addKey({ serviceId: services.second.id, userId: user.id });
  await w.addTotp({ user, service: own });
  const { user: victim } = await w.addOwner({}, { service: own });

  const networksOf = (side: string) =>
    Array.from({ length: NETWORKS }, (_, index) =>
      index % 2 === 0 ? `2001:db8:${side}:${index}::1` : `10.${side}.0.${index}`,
    );
  const aKnown = (token: string): Known => ({
    token,
    issuedAt: w.clock.now(),
    allowance: { wrongs: 0, forgivenAt: 0 },
  });
  const borrowedDevice = async (): Promise<Known> => {
    const { user, service } = await w.addOwner({}, { service: own });
    const claim = { email: user.email, password: PASSWORD } as const;
    return aKnown((await sessions.login.execute(asService(service), claim)).device);
  };
  const account: Target = {
    email: user.email,
    userId: user.id,
    networks: networksOf('1'),
    borrowed: await borrowedDevice(),
  };
  const ghost: Target = {
    email: `ghost-${anId()}@example.com`,
    userId: anId(),
    networks: networksOf('2'),
    borrowed: await borrowedDevice(),
  };

  /** Server time that passed: it only runs on while the clock goes back. */
  let elapsed = 0;
  /** When wrong tries of strangers at the account were looked at, by service and by what was tried. */
  const looks = new Map<string, { at: number; network: number }[]>();
  /** The wait that a try at the account was told, by place, unless a try was let through since. */
  const waits = new Map<string, { retryAfterS: number; freeAt: number }>();

  let password = PASSWORD;
  const devices: Known[] = [];
  const earlier: Allowance = { wrongs: 0, forgivenAt: 0 };
  const stolen: { readonly token: string; allowance: string }[] = [];
  let victimPassword = PASSWORD;
  const stolenLooks: { at: number; allowance: string }[] = [];

  async function tell(run: () => Promise<unknown>): Promise<Told> {
    const before = w.hasher.work();
    const outcome = await run().then(
      () => 'done' as const,
      (error: unknown) => {
        if (error instanceof InvalidCredentials) return 'wrong' as const;
        if (!(error instanceof TooManyRequests)) throw error;
        const { limit, retryAfterS } = error;
        return { limit: limit.name, retryAfterS };
      },
    );
    return { outcome, hashes: w.hasher.work() - before };
  }

  const logIn = (
    at: Service,
    { email, networks }: Pick<Target, 'email' | 'networks'>,
    network: number,
    claim: { password: string; device?: string | undefined },
  ) => {
    const actor = asService(at, { address: networks[network] ?? '', client: null });
    return sessions.login.execute(actor, { email, ...claim });
  };
  const guess = (at: Service, what: What, target: Target, network: number, device?: string) => {
    if (what === 'password') {
      return tell(() => logIn(at, target, network, { password: 'wrong', device }));
    }
    const actor = asService(at, { address: target.networks[network] ?? '', client: null });
    return tell(() =>
      factors.verifyTotp.execute(actor, { userId: target.userId, code: 'no code' }),
    );
  };

  const looksFrom = ({ id }: Service, network: number) =>
    (['password', 'code'] as const)
      .flatMap((what) => looks.get(`${id} ${what}`) ?? [])
      .filter((look) => look.network === network);

  /** Checks what strangers were told of a guess at the account. */
  function heed(outcome: Outcome, at: Service, what: What, network: number): void {
    expect(outcome, 'a wrong try').not.toBe('done');
    if (outcome === 'done') return;
    const past = looks.get(`${at.id} ${what}`) ?? [];
    if (outcome === 'wrong') {
      waits.clear();
      const today = [...past, { at: elapsed, network }].filter(({ at }) => at > elapsed - DAY_MS);
      looks.set(`${at.id} ${what}`, [...past, { at: elapsed, network }]);
      expect(today.length, 'guesses in 24 hours').toBeLessThanOrEqual(MOST_A_DAY);
      const ofNetwork = today.filter((look) => look.network === network);
      expect(ofNetwork.length, 'guesses of a network').toBeLessThanOrEqual(MOST_OF_A_NETWORK);
      return;
    }
    const { limit, retryAfterS } = outcome;
    expect(retryAfterS, limit).toBeLessThanOrEqual(Math.ceil(LONGEST_WAITS_S[limit] ?? 0));
    const place = `${at.id} ${what} ${network}`;
    const before = waits.get(place);
    if (before) {
      expect(retryAfterS, 'no wait grows').toBeLessThanOrEqual(before.retryAfterS);
      expect(elapsed, 'no wait lasts longer than it was told').toBeLessThan(before.freeAt);
    }
    const freeAt = elapsed + retryAfterS * SECOND_MS;
    waits.set(place, { retryAfterS, freeAt: Math.min(freeAt, before?.freeAt ?? freeAt) });
    const tried = limit === 'client' ? looksFrom(at, network) : past;
    expect(tried.length, 'tries elsewhere bring no wait here').toBeGreaterThan(0);
  }

  /** A wrong try at the account and at the ghost; answers what strangers are told of either. */
  async function guessBoth(at: Service, what: What, network: number, borrows = false) {
    const device = ({ borrowed }: Target) => (borrows ? borrowed.token : undefined);
    const told = await guess(at, what, account, network, device(account));
    const ghostly = await guess(at, what, ghost, network, device(ghost));
    expect(told, 'an account is told like a name that nobody has').toEqual(ghostly);
    if (told.outcome !== 'wrong' && !borrows) expect(told.hashes, 'a refusal').toBe(0);
    heed(told.outcome, at, what, network);
    return told;
  }

  /** A device of another account makes a try cost as much as a known one, as long as that would be known. */
  async function guessBorrowing(at: Service, network: number, times: number): Promise<void> {
    let hashes = 0;
    for (let time = 0; time < times; time += 1) {
      const mayBeKnown = !isSpent(account.borrowed);
      const told = await guessBoth(at, 'password', network, true);
      if (mayBeKnown) expect(told.hashes, 'with a device').toBe(1);
      for (const { borrowed } of [account, ghost]) countWrong(borrowed);
      hashes += told.hashes;
    }
    const most = MOST_OF_A_DEVICE + accountFree;
    expect(hashes, 'looks with the device of another account').toBeLessThanOrEqual(most);
  }

  async function guessAtOnce(at: Service, what: What, network: number, times: number) {
    const ends: Outcome[][] = [];
    const before = w.hasher.work();
    for (const target of [account, ghost]) {
      const all = await Promise.all(
        Array.from({ length: times }, () => guess(at, what, target, network)),
      );
      ends.push(all.map(({ outcome }) => outcome).sort(byText));
    }
    const [told = [], ghostly] = ends;
    expect(told, 'an account is told like a name that nobody has').toEqual(ghostly);
    const looked = told.filter((outcome) => outcome === 'wrong');
    expect(looked.length, 'guesses at once').toBeLessThanOrEqual(accountFree);
    const hashes = what === 'password' ? 2 * looked.length : 0;
    expect(w.hasher.work() - before, 'hashes of guesses at once').toBe(hashes);
    const refusals = told.filter((outcome) => outcome !== 'wrong');
    for (const outcome of [...looked, ...refusals]) heed(outcome, at, what, network);
  }

  const isSpent = ({ allowance: { wrongs, forgivenAt } }: Known): boolean =>
    wrongs >= MOST_OF_A_DEVICE && elapsed < forgivenAt;
  const countWrong = ({ allowance }: Known): void => {
    allowance.wrongs = elapsed < allowance.forgivenAt ? allowance.wrongs + 1 : 1;
    allowance.forgivenAt = elapsed + HOUR_MS;
  };
  /** Whether a device is known by the promise. */
  const isKnown = (device: Known): boolean =>
    w.clock.now() < device.issuedAt + 90 * DAY_MS && !isSpent(device);
  const deviceAt = (index: number | null): Known | undefined =>
    index === null ? undefined : devices[index % devices.length];

  async function ownerLogsIn(network: number, index: number | null): Promise<void> {
    const known = deviceAt(index);
    const wasKnown = known !== undefined && isKnown(known);
    let token: string | null = null;
    const { outcome } = await tell(async () => {
      const claim = { password, device: known?.token };
      token = (await logIn(own, account, network, claim)).device;
    });
    if (wasKnown) expect(outcome, 'from a device that is known').toBe('done');
    expect(outcome, 'a right password is never called wrong').not.toBe('wrong');
    if (outcome !== 'done') {
      // A right password that is not looked at is told like any other.
      const ghostly = await tell(() => logIn(own, ghost, network, { password }));
      expect(outcome).toEqual(ghostly.outcome);
    } else if (token !== null && !known && devices.length < MOST_DEVICES) {
      devices.push(aKnown(token));
    }
  }

  async function ownerMistypes(network: number, index: number): Promise<void> {
    const mine = deviceAt(index);
    // Beyond its limit the device is a stranger's, whose tries the ghost would have to have as well.
    if (!mine || !isKnown(mine)) return;
    const claim = { password: 'mistyped', device: mine.token };
    const told = await tell(() => logIn(own, account, network, claim));
    expect(told.hashes, 'a try from a known device is looked at').toBe(1);
    countWrong(mine);
    const { outcome } = await guessBoth(own, 'password', network);
    expect(told.outcome, 'a known device is told what a stranger is told').toEqual(outcome);
  }

  async function ownerChanges(network: number, index: number): Promise<void> {
    const known = deviceAt(index);
    if (!known || !isKnown(known)) return;
    const claim = { password, device: known.token };
    const { access } = await logIn(own, account, network, claim);
    const grant = await w.accessTokens.verify(access.token);
    if (grant === null) throw new Error('the token of a login is good');
    const newPassword = password === PASSWORD ? NEW_PASSWORD : PASSWORD;
    const actor = asUser(grant, { address: account.networks[network] ?? '', client: null });
    const { outcome } = await tell(() =>
      passwords.updatePassword.execute(actor, { email: user.email, password, newPassword }),
    );
    expect(outcome, 'a change by a session').toBe('done');
    password = newPassword;
    for (const device of devices) device.allowance = earlier;
  }

  const atVictim = { email: victim.email, networks: ['192.0.2.66'] };

  async function victimLogsIn(): Promise<void> {
    if (stolen.length === MOST_DEVICES) return;
    await tell(async () => {
      const at = { ...atVictim, networks: ['198.51.100.66'] };
      const { device } = await logIn(own, at, 0, { password: victimPassword });
      stolen.push({ token: device, allowance: device });
    });
  }

  async function victimChanges(): Promise<void> {
    const newPassword = victimPassword === PASSWORD ? NEW_PASSWORD : PASSWORD;
    const change = { email: victim.email, password: victimPassword, newPassword };
    const { outcome } = await tell(() => passwords.updatePassword.execute(asService(own), change));
    if (outcome !== 'done') return;
    victimPassword = newPassword;
    for (const each of stolen) each.allowance = 'earlier';
  }

  async function thiefGuesses(): Promise<void> {
    const before = stolenLooks.length;
    for (const { token, allowance } of stolen) {
      for (let time = 0; time < MOST_OF_A_DEVICE + 1; time += 1) {
        const { hashes } = await tell(() =>
          logIn(own, atVictim, 0, { password: 'wrong', device: token }),
        );
        if (hashes > 0) stolenLooks.push({ at: elapsed, allowance });
      }
    }
    /** No more than strangers have from one network, and each device besides. */
    const expectFew = (looks: typeof stolenLooks, strangers: number, hours: number) => {
      const allowances = new Set(looks.map(({ allowance }) => allowance)).size;
      const most = strangers + MOST_OF_A_DEVICE * (1 + hours) * allowances;
      expect(looks.length, `with devices in ${hours} hours`).toBeLessThanOrEqual(most);
    };
    expectFew(stolenLooks.slice(before), accountFree, 0);
    const today = stolenLooks.filter(({ at }) => at > elapsed - DAY_MS);
    expectFew(today, MOST_OF_A_NETWORK, 24);
  }

  async function play(step: Step): Promise<void> {
    switch (step.kind) {
      case 'strangers guess':
        for (let time = 0; time < step.times; time += 1) {
          await guessBoth(services[step.where], step.what, step.network);
        }
        return;
      case 'strangers guess from everywhere':
        for (const network of account.networks.keys()) {
          let outcome: Outcome = 'wrong';
          while (outcome === 'wrong') {
            ({ outcome } = await guessBoth(services[step.where], step.what, network));
          }
        }
        return;
      case 'strangers guess at once':
        return guessAtOnce(services[step.where], step.what, step.network, step.times);
      case 'a stranger guesses with a device of another account':
        return guessBorrowing(services[step.where], step.network, step.times);
      case 'the owner logs in':
        return ownerLogsIn(step.network, step.device);
      case 'the owner mistypes':
        for (let time = 0; time < step.times; time += 1) {
          await ownerMistypes(step.network, step.device);
        }
        return;
      case 'the owner changes the password':
        return ownerChanges(step.network, step.device);
      case 'a victim logs in':
        return victimLogsIn();
      case 'a victim changes the password':
        return victimChanges();
      case 'a thief guesses with all devices of the victim':
        return thiefGuesses();
      case 'time passes':
        elapsed += step.ms;
        w.clock.set(w.clock.now() + step.ms);
        return;
      case 'the clock goes back':
        for (const wait of waits.values()) {
          wait.retryAfterS += Math.ceil(step.ms / SECOND_MS);
          wait.freeAt = Number.POSITIVE_INFINITY;
        }
        for (const { allowance } of [...devices, account.borrowed, ghost.borrowed]) {
          allowance.forgivenAt = Number.POSITIVE_INFINITY;
        }
        w.clock.set(w.clock.now() - step.ms);
        return;
    }
  }
  return { play };
}

const byText = (a: Outcome, b: Outcome): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);
