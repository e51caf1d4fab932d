import { InvalidCredentials, type Service, TooManyRequests } from '@rekey/domain';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Database, useCases } from '../../src/index.ts';
import type { Open, OpenDatabase } from '../contracts/index.ts';
import { anId } from '../fixtures.ts';
import { asService, PASSWORD, type World, world } from '../world.ts';

const SECOND_MS = 1000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Promise P6: wrong passwords of strangers that are looked at in any 24 hours, through one service. */
const MOST_A_DAY = 100;
/** Promise P6: wrong passwords from a known device until it is a stranger's; as many are forgotten in an hour. */
const MOST_OF_A_DEVICE = 10;

const STEPS_A_RUN = 100;

/** At the own service of the account, or at another one of the operator. */
const where = fc.constantFrom('own', 'other');
const network = fc.constantFrom(
  '192.0.2.1',
  '192.0.2.2',
  '198.51.100.3',
  '2001:db8::4',
  '10.0.0.5',
);
const device = fc.nat({ max: 3 });

const steps = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant('guess'),
      where,
      network,
      times: fc.integer({ min: 1, max: 12 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("guess with another account's device"), network }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('owner logs in'),
      network,
      device: fc.option(device),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('owner mistypes'),
      network,
      device,
      times: fc.integer({ min: 1, max: 4 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('time passes'),
      ms: fc.oneof(
        fc.nat({ max: 20 * SECOND_MS }),
        fc.nat({ max: 6 * HOUR_MS }),
        fc.constant(DAY_MS),
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('clock goes back'),
      ms: fc.nat({ max: 3 * DAY_MS }),
    }),
  },
);
type Step = typeof steps extends fc.Arbitrary<infer T> ? T : never;

/**
 * Plays strangers, owners, other services and clocks against a database, at random, and checks promises P5 and P6 after
 * each step. Beside the account there is a ghost: a name that nobody has. Whatever strangers try at the account they
 * try at the ghost as well, and must not be able to tell the two apart.
 */
export function throttlingModel(name: string, open: Open, stepCount: number): void {
  describe(`throttling on ${name}`, () => {
    let opened: OpenDatabase;
    beforeAll(async () => {
      opened = await open();
    });
    afterAll(() => opened.close());

    test('lets owners in, bounds guesses and tells nothing, whatever anybody does', async () => {
      const w = world(opened.database);
      const throttle = { accountFree: 5, clientPerMinute: 40, changesPerHour: 100 };
      const all = useCases({ ...w, settings: { ...w.settings, throttle } });
      const runs = fc.array(steps, { minLength: STEPS_A_RUN, maxLength: STEPS_A_RUN });
      await fc.assert(
        fc.asyncProperty(runs, async (run) => {
          const scene = await sceneOn({ ...w, useCases: all });
          for (const step of run) await scene.play(step);
        }),
        { numRuns: Math.ceil(stepCount / STEPS_A_RUN) },
      );
    });
  });
}

type Outcome = 'in' | 'wrong' | { readonly limit: string; readonly retryAfterS: number };

async function sceneOn(w: World<Database>) {
  const { sessions } = w.useCases;
  const { user, service: own } = await w.addOwner();
  const other = await w.addService();
  const ghost = `ghost-${anId()}@example.com`;
  // The thief has an account too, and so a device token that is good for something else.
  const thief = await w.addOwner({}, { service: own });

  /** Server time that passed: it only runs on while the clock goes back. */
  let elapsed = 0;
  /** When the clock last went back: waits begin anew then. */
  let wentBack = Number.NEGATIVE_INFINITY;
  /** When wrong passwords of strangers were looked at. */
  const looks: number[] = [];
  const devices: { token: string; issuedAt: number; wrongs: number[] }[] = [];
  /** The wait that a try was told, by service and network, unless a try was let through since. */
  const told = new Map<string, { retryAfterS: number; freeAt: number }>();
  let hasOwnTries = false;

  async function logIn(
    at: Service,
    email: string,
    password: string,
    address: string,
    token?: string,
  ): Promise<{ outcome: Outcome; device: string | null }> {
    const actor = asService(at, { address, client: null });
    const input = { email, password, device: token, tokenForm: 'signed' } as const;
    try {
      const { device } = await sessions.login.execute(actor, input);
      return { outcome: 'in', device };
    } catch (error) {
      if (error instanceof InvalidCredentials) return { outcome: 'wrong', device: null };
      if (!(error instanceof TooManyRequests)) throw error;
      const { limit, retryAfterS } = error;
      return { outcome: { limit: limit.name, retryAfterS }, device: null };
    }
  }

  /** A wrong password at the account and at the ghost. */
  async function guess(at: Service, address: string, token?: string): Promise<void> {
    const { outcome } = await logIn(at, user.email, 'wrong password', address, token);
    const { outcome: ghostly } = await logIn(at, ghost, 'wrong password', address, token);
    expect(outcome, 'an account reads like a name that nobody has').toEqual(ghostly);
    expect(outcome, 'a wrong password').not.toBe('in');
    if (outcome === 'in') return;
    if (outcome === 'wrong') {
      told.clear();
      if (at !== own) return;
      hasOwnTries = true;
      looks.push(elapsed);
      const today = looks.filter((look) => look > elapsed - DAY_MS);
      expect(today.length, 'guesses in 24 hours').toBeLessThanOrEqual(MOST_A_DAY);
      return;
    }
    const { limit, retryAfterS } = outcome;
    const place = `${at.id} ${address}`;
    const before = told.get(place);
    if (before) {
      expect(retryAfterS, 'no wait grows').toBeLessThanOrEqual(before.retryAfterS);
      expect(elapsed, 'no wait lasts longer than it was told').toBeLessThan(before.freeAt);
    }
    const freeAt = elapsed + retryAfterS * SECOND_MS;
    told.set(place, { retryAfterS, freeAt: Math.min(freeAt, before?.freeAt ?? freeAt) });
    if (limit !== 'client' && at === own) {
      expect(hasOwnTries, 'another service fills nothing here').toBe(true);
    }
  }

  /** Whether a device is known still by the promise; false also where that hangs on parts of a second. */
  const isKnown = ({ issuedAt, wrongs }: (typeof devices)[number]): boolean => {
    const isYoung = w.clock.now() < issuedAt + 90 * DAY_MS;
    const last = wrongs.at(-1) ?? 0;
    const isForgiven = wentBack < last && elapsed >= last + HOUR_MS;
    return isYoung && (wrongs.length < MOST_OF_A_DEVICE || isForgiven);
  };
  const deviceAt = (index: number) =>
    devices.length === 0 ? undefined : devices[index % devices.length];

  async function ownerLogsIn(address: string, index: number | null): Promise<void> {
    const known = index === null ? undefined : deviceAt(index);
    const { outcome, device } = await logIn(own, user.email, PASSWORD, address, known?.token);
    if (known && isKnown(known)) expect(outcome, 'from a device that is known').toBe('in');
    expect(outcome, 'a right password is never called wrong').not.toBe('wrong');
    // A right password that is not looked at is a try like another.
    if (outcome !== 'in')
      expect(await logIn(own, ghost, PASSWORD, address)).toMatchObject({ outcome });
    if (device && !known) devices.push({ token: device, issuedAt: w.clock.now(), wrongs: [] });
  }

  async function ownerMistypes(address: string, index: number): Promise<void> {
    const mine = deviceAt(index);
    if (!mine) return;
    // Beyond its limit the device is a stranger's, whose tries the ghost would have to have as well.
    if (!isKnown(mine)) return;
    const { outcome } = await logIn(own, user.email, 'mistyped', address, mine.token);
    expect(outcome).not.toBe('in');
    mine.wrongs.push(elapsed);
  }

  async function play(step: Step): Promise<void> {
    switch (step.kind) {
      case 'guess':
        for (let time = 0; time < step.times; time += 1) {
          await guess(step.where === 'own' ? own : other, step.network);
        }
        return;
      case "guess with another account's device": {
        const { device } = await logIn(own, thief.user.email, PASSWORD, '203.0.113.200');
        return guess(own, step.network, device ?? undefined);
      }
      case 'owner logs in':
        return ownerLogsIn(step.network, step.device);
      case 'owner mistypes':
        for (let time = 0; time < step.times; time += 1) {
          await ownerMistypes(step.network, step.device);
        }
        return;
      case 'time passes':
        elapsed += step.ms;
        w.clock.set(w.clock.now() + step.ms);
        return;
      case 'clock goes back':
        wentBack = elapsed;
        for (const each of told.values()) each.freeAt = Number.POSITIVE_INFINITY;
        w.clock.set(w.clock.now() - step.ms);
        return;
    }
  }
  return { play };
}
