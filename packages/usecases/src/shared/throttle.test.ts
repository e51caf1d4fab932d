import {
  type Actor,
  Forbidden,
  IllegalArgument,
  InvalidCredentials,
  Overloaded,
  operator,
  TooManyRequests,
} from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import {
  anId,
  asNobody,
  asService,
  asUser,
  endOf,
  failingAt,
  NEW_PASSWORD,
  ORIGIN,
  type Owner,
  PASSWORD,
  planted,
  recording,
  START,
  type World,
  settings as wide,
  world,
} from '../../testing/index.ts';
import { type Hasher, type Ports, useCases } from '../index.ts';

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const throttle = { accountFree: 5, clientPerMinute: 300, changesPerHour: 10 };

/** A world with the limits as they are by default, and an owner in it. */
async function narrowWorld(limits: Partial<typeof throttle> = {}) {
  const w = { ...world(), settings: { ...wide, throttle: { ...throttle, ...limits } } };
  return { w, owner: await w.addOwner() };
}

type Try = { email?: string; password?: string; address?: string; device?: string | undefined };

const login = (
  ports: Ports,
  { user, service }: Owner,
  { address = ORIGIN.address, ...claim }: Try = {},
) =>
  endOf(
    useCases(ports).sessions.login.execute(asService(service, { address, client: null }), {
      email: user.email,
      password: PASSWORD,
      ...claim,
    }),
  );

const update = (
  ports: Ports,
  { user, service }: Owner,
  details: { password?: string; newPassword?: string; device?: string } = {},
  actor: Actor = asService(service),
) =>
  endOf(
    useCases(ports).passwords.updatePassword.execute(actor, {
      email: user.email,
      password: PASSWORD,
      newPassword: NEW_PASSWORD,
      ...details,
    }),
  );

/** The device that a right login hands out. */
async function deviceOf(
  ports: Ports,
  { user, service }: Owner,
  { password = PASSWORD, device }: Try = {},
) {
  const claim = { email: user.email, password, device } as const;
  return (await useCases(ports).sessions.login.execute(asService(service), claim)).device;
}

const wrong = 'wrong horse';

/** Fails that often, at one moment. */
async function fail(w: Ports, owner: Owner, times: number, how: Try = {}): Promise<void> {
  for (let i = 0; i < times; i += 1) {
    expect(await login(w, owner, { password: wrong, ...how })).toBeInstanceOf(InvalidCredentials);
  }
}

/** Fails that often, each time as soon as it may; answers the seconds that it had to wait each time. */
async function failPatiently(w: World, owner: Owner, times: number, how: Try = {}) {
  const waits: number[] = [];
  for (let failed = 0; failed < times; ) {
    const end = await login(w, owner, { password: wrong, ...how });
    if (end instanceof TooManyRequests) {
      waits.push(end.retryAfterS);
      w.clock.set(w.clock.now() + end.retryAfterS * SECOND_MS);
    } else {
      expect(end).toBeInstanceOf(InvalidCredentials);
      failed += 1;
    }
  }
  return waits;
}

/** Fills the account at its service, from networks that take no part in the tests. */
async function besiege(w: World, owner: Owner): Promise<void> {
  let end: unknown;
  for (let i = 0; !(end instanceof TooManyRequests); i += 1) {
    expect(i, 'tries that are let through').toBeLessThan(1000);
    end = await login(w, owner, { password: wrong, address: `bot ${i}` });
  }
}

const refusal = (name: string, retryAfterS: number) =>
  expect.objectContaining({
    code: 'too_many_requests',
    retryAfterS,
    limit: expect.objectContaining({ name }),
  });

/** All there is to be told by an answer, and the hashes that it took. */
async function told(w: World, trying: () => Promise<unknown>) {
  const work = w.hasher.work();
  const end = await trying();
  const error = end instanceof Error ? { ...end, message: end.message } : end;
  return { end: error, hashes: w.hasher.work() - work };
}

describe('wrong tries at an account from one network', () => {
  test('are free five times, then wait 1, 3, 5, 10 and 10 seconds, and are ten in all', async () => {
    const { w, owner } = await narrowWorld();
    await fail(w, owner, 5);
    expect(await failPatiently(w, owner, 5)).toEqual([1, 3, 5, 10, 10]);
    const end = await login(w, owner, { password: wrong });
    // A tenth of a day, since the first of them.
    expect(end).toEqual(refusal('account', 8640 - 29));
  });

  test('get through at most twenty times in any 24 hours, however patient they are', async () => {
    const { w, owner } = await narrowWorld();
    const instants: number[] = [];
    while (w.clock.now() < START + 3 * DAY_MS) {
      await failPatiently(w, owner, 1);
      instants.push(w.clock.now());
    }
    for (const start of instants) {
      const within = instants.filter((at) => at >= start && at < start + DAY_MS);
      expect(within.length).toBeLessThanOrEqual(20);
    }
    // One for each that leaks out, besides the ten that fit in.
    expect(instants).toHaveLength(40);
  });

  test('within a wait are refused without a hash, right ones too, and prolong nothing', async () => {
    const { w, owner } = await narrowWorld();
    await fail(w, owner, 5);
    for (let i = 0; i < 50; i += 1) {
      w.clock.set(START + i * 10);
      for (const password of [wrong, PASSWORD]) {
        const { end, hashes } = await told(w, () => login(w, owner, { password }));
        expect(end).toEqual(refusal('account', 1));
        expect(hashes).toBe(0);
      }
    }
    w.clock.set(START + SECOND_MS);
    expect(await login(w, owner)).toBe('done');
  });

  test('that are refused write nothing, and open no transaction', async () => {
    const { w, owner } = await narrowWorld();
    await fail(w, owner, 5);
    const before = w.database.snapshot();
    const transact = () => Promise.reject(planted);
    const end = await login({ ...w, database: { ...w.database, transact } }, owner);
    expect(end).toEqual(refusal('account', 1));
    expect(w.database.snapshot()).toEqual(before);
  });

  test('leave no other trace if right ones come in between', async () => {
    const tell = async (isRight: boolean) => {
      const { w, owner } = await narrowWorld();
      const waits: unknown[] = [];
      for (let i = 0; i < 8; i += 1) {
        if (isRight) await login(w, owner);
        waits.push(await failPatiently(w, owner, 1));
        if (isRight) await login(w, owner);
      }
      return waits;
    };
    expect(await tell(true)).toEqual(await tell(false));
  });

  test('let the owner in from another network', async () => {
    const { w, owner } = await narrowWorld();
    await failPatiently(w, owner, 10);
    expect(await login(w, owner)).toBeInstanceOf(TooManyRequests);
    expect(await login(w, owner, { address: '198.51.100.1' })).toBe('done');
  });

  test('are of all addresses of a network of IPv6, and of one address of IPv4', async () => {
    const { w, owner } = await narrowWorld();
    await fail(w, owner, 5, { address: '2001:db8::1' });
    expect(await login(w, owner, { address: '2001:db8::2' })).toBeInstanceOf(TooManyRequests);
    expect(await login(w, owner, { address: '2001:db8:0:1::1' })).toBe('done');
  });

  test('are of the account, whatever its spelling', async () => {
    const { w, owner } = await narrowWorld();
    await fail(w, owner, 5, { email: owner.user.email.toUpperCase() });
    expect(await login(w, owner)).toBeInstanceOf(TooManyRequests);
  });

  test('through one service bring no wait at another, whether or not the account is used there', async () => {
    const { w, owner } = await narrowWorld();
    const [stranger, second] = [await w.addService(), await w.addService()];
    await w.addKey({ serviceId: second.id, userId: owner.user.id });
    for (const service of [stranger, second]) {
      await failPatiently(w, { ...owner, service }, 10);
      expect(await login(w, { ...owner, service })).toBeInstanceOf(TooManyRequests);
    }
    await fail(w, owner, 5);
  });

  test('are logins and changes together', async () => {
    const { w, owner } = await narrowWorld();
    await fail(w, owner, 3);
    const change = () => update(w, owner, { password: wrong });
    expect(await change()).toBeInstanceOf(InvalidCredentials);
    expect(await change()).toBeInstanceOf(InvalidCredentials);
    expect(await change()).toEqual(refusal('account', 1));
    expect(await login(w, owner)).toEqual(refusal('account', 1));
  });

  test('are none where they are malformed', async () => {
    const { w, owner } = await narrowWorld();
    for (let i = 0; i < 9; i += 1) {
      expect(await login(w, owner, { password: '\ud800' })).toBeInstanceOf(IllegalArgument);
    }
    expect(await login(w, owner)).toBe('done');
  });
});

describe('the ceiling of an account', () => {
  test('is fifty wrong tries at once from all networks together, and then one for each that is forgotten', async () => {
    const { w, owner } = await narrowWorld();
    await besiege(w, owner);
    const wait = DAY_MS / 50 / SECOND_MS;
    expect(await login(w, owner)).toEqual(refusal('account-day', wait));
    w.clock.set(START + wait * SECOND_MS - 1);
    expect(await login(w, owner)).toEqual(refusal('account-day', 1));
    w.clock.set(START + wait * SECOND_MS);
    await fail(w, owner, 1, { address: 'bot 100' });
    expect(await login(w, owner)).toEqual(refusal('account-day', wait));
  });

  test('is reached by no fewer than five networks', async () => {
    const { w, owner } = await narrowWorld();
    for (let network = 0; network < 4; network += 1) {
      await failPatiently(w, owner, 10, { address: `bot ${network}` });
    }
    expect(await login(w, owner)).toBe('done');
  });

  test('is a hundred wrong tries in any 24 hours', async () => {
    const { w, owner } = await narrowWorld();
    const instants: number[] = [];
    for (let i = 0; w.clock.now() < START + 3 * DAY_MS; i += 1) {
      await failPatiently(w, owner, 1, { address: `bot ${i}` });
      instants.push(w.clock.now());
    }
    for (const start of instants) {
      const within = instants.filter((at) => at >= start && at < start + DAY_MS);
      expect(within.length).toBeLessThanOrEqual(100);
    }
    expect(instants.length).toBeGreaterThanOrEqual(200);
  });

  test('is not raised by right logins in between', async () => {
    const { w, owner } = await narrowWorld();
    for (let i = 0; i < 50; i += 1) {
      expect(await login(w, owner)).toBe('done');
      await fail(w, owner, 1, { address: `bot ${i}` });
    }
    expect(await login(w, owner)).toBeInstanceOf(TooManyRequests);
  });

  test('is of one service', async () => {
    const { w, owner } = await narrowWorld();
    const second = await w.addService();
    await w.addKey({ serviceId: second.id, userId: owner.user.id });
    await besiege(w, owner);
    expect(await login(w, owner)).toBeInstanceOf(TooManyRequests);
    expect(await login(w, { ...owner, service: second })).toBe('done');
  });

  test('is ten times the free tries of a network in 24 hours, if those are more than ten', async () => {
    const { w, owner } = await narrowWorld({ accountFree: 30 });
    for (let i = 0; i < 5; i += 1) await fail(w, owner, 30, { address: `bot ${i}` });
    expect(await login(w, owner)).toEqual(refusal('account-day', DAY_MS / 150 / SECOND_MS));
  });
});

describe('whether an account exists', () => {
  const everyState: [string, (w: World) => Promise<Owner>][] = [
    ['enabled', (w) => w.addOwner()],
    ['disabled', (w) => w.addOwner({ isEnabled: false })],
    ['without a password', (w) => w.addOwner({}, { passwordHash: null })],
    ['to be changed', (w) => w.addOwner({ passwordRequireUpdate: true })],
    ['unknown', async (w) => ({ ...(await w.addOwner()), user: (await narrowWorld()).owner.user })],
  ];

  test.each(everyState)('shows in no wait: %s', async (_state, prepare) => {
    const { w } = await narrowWorld();
    const owner = await prepare(w);
    await fail(w, owner, 5);
    expect(await failPatiently(w, owner, 4)).toEqual([1, 3, 5, 10]);
    const { end, hashes } = await told(w, () => login(w, owner, { password: wrong }));
    expect(end).toEqual({
      name: 'TooManyRequests',
      code: 'too_many_requests',
      message: 'this was tried too often; wait before the next try',
      limit: { name: 'account', quota: 10, windowMs: DAY_MS },
      retryAfterS: 10,
    });
    expect(hashes).toBe(0);
  });

  test('is not written down: the address of a stranger is nowhere', async () => {
    const { w, owner } = await narrowWorld();
    await fail(w, owner, 1, { email: 'stranger@example.net', address: '198.51.100.77' });
    const { throttles } = w.database.snapshot() as { throttles: unknown };
    expect(JSON.stringify(w.database.snapshot())).not.toContain('stranger');
    expect(JSON.stringify(throttles)).not.toContain('198.51.100.77');
  });
});

describe('a device that is known', () => {
  test('lets a right password in, whatever strangers did', async () => {
    const { w, owner } = await narrowWorld({ clientPerMinute: 20 });
    const device = await deviceOf(w, owner);
    await besiege(w, owner);
    await failPatiently(w, await w.addOwner({}, { service: owner.service }), 9);
    for (const address of [ORIGIN.address, 'bot 1', 'a new network']) {
      expect(await login(w, owner, { address })).toBeInstanceOf(TooManyRequests);
      expect(await login(w, owner, { address, device })).toBe('done');
    }
    expect(await update(w, owner)).toBeInstanceOf(TooManyRequests);
    expect(await update(w, owner, { device })).toBe('done');
  });

  test('is any session of the user, which can change the password whatever strangers did', async () => {
    const { w, owner } = await narrowWorld();
    const grant = await w.logIn(owner);
    await besiege(w, owner);
    expect(await update(w, owner)).toBeInstanceOf(TooManyRequests);
    expect(await update(w, owner, {}, asUser(grant))).toBe('done');
  });

  test('is handed out by each login, and is the same device from one to the next', async () => {
    const { w, owner } = await narrowWorld();
    const first = await deviceOf(w, owner);
    w.clock.set(START + DAY_MS);
    const second = await deviceOf(w, owner, { device: first });
    expect(w.deviceTokens.verify(second)).toEqual({
      ...w.deviceTokens.verify(first),
      issuedAt: START + DAY_MS,
    });
    const other = w.deviceTokens.verify(await deviceOf(w, owner));
    expect(other?.id).not.toBe(w.deviceTokens.verify(first)?.id);
  });

  test.each<[string, (w: World, owner: Owner, device: string) => Promise<string> | string]>([
    ['none', () => ''],
    ['malformed', () => 'no token'],
    ['too long', () => 'd'.repeat(16_000)],
    ['cut off', (_w, _owner, device) => device.slice(0, -1)],
    ['of another account', async (w) => deviceOf(w, await w.addOwner())],
    [
      'forged',
      (w, { user }) => {
        const device = { id: anId(), userId: user.id, version: 1, epoch: 1, issuedAt: START };
        return w.deviceTokens.make(device).replace('device.k1', 'device.k2');
      },
    ],
    [
      'as old as ninety days',
      (w, _owner, device) => {
        w.clock.set(w.clock.now() + 90 * DAY_MS);
        return device;
      },
    ],
    [
      'of before a lock',
      async (w, { user }, device) => {
        const credential = await w.credentialOf(user);
        await w.database.transact(async ({ users }) => {
          await users.lockOut(user.id, START);
        });
        expect((await w.credentialOf(user))?.deviceEpoch).not.toBe(credential?.deviceEpoch);
        return device;
      },
    ],
  ])('is none where the token is %s: nothing is refused for it', async (_what, make) => {
    const { w, owner } = await narrowWorld();
    const device = await make(w, owner, await deviceOf(w, owner));
    const besieged = async (claim: Try) => {
      await besiege(w, owner);
      return login(w, owner, claim);
    };
    expect(await login(w, owner, { password: wrong, device })).toBeInstanceOf(InvalidCredentials);
    expect(await update(w, owner, { password: wrong, device })).toBeInstanceOf(InvalidCredentials);
    expect(await besieged({ device, address: 'elsewhere' })).toBeInstanceOf(TooManyRequests);
  });

  test('tells a wrong password what strangers are told, after one hash', async () => {
    const { w, owner } = await narrowWorld();
    const device = await deviceOf(w, owner);
    const ghost = { ...owner, user: { ...owner.user, email: 'ghost@example.com' } };
    const attempt = { password: wrong, device };
    for (const siege of [async () => undefined, besiege]) {
      await siege(w, owner);
      await siege(w, ghost);
      const mistyped = await told(w, () => login(w, owner, attempt));
      const strange = await told(w, () => login(w, ghost, attempt));
      expect(mistyped).toEqual(strange);
      expect(mistyped.hashes).toBe(1);
    }
  });

  test('has its wrong passwords recorded, over the ceiling too', async () => {
    const { w, owner } = await narrowWorld();
    const device = await deviceOf(w, owner);
    await besiege(w, owner);
    const { database, done } = recording(w.database);
    expect(await login({ ...w, database }, owner, { password: wrong, device })).toEqual(
      refusal('account-day', 1728),
    );
    expect(done).toEqual(['users.isThere', 'audit.insert']);
  });

  test('leaves no trace with strangers: neither wrong nor right passwords count for them', async () => {
    const { w, owner } = await narrowWorld();
    const device = await deviceOf(w, owner);
    await fail(w, owner, 9, { device });
    expect(await login(w, owner, { device })).toBe('done');
    await fail(w, owner, 1, { device });
    await fail(w, owner, 5);
    expect(await login(w, owner)).toEqual(refusal('account', 1));
  });

  test('counts like a stranger’s after ten wrong passwords', async () => {
    const { w, owner } = await narrowWorld();
    const device = await deviceOf(w, owner);
    await fail(w, owner, 10 + 5, { device });
    expect(await login(w, owner, { device })).toEqual(refusal('account', 1));
    expect(await login(w, owner, { device, address: '198.51.100.1' })).toBe('done');
  });

  test('is a stranger’s after ten wrong passwords, and is known again once they are forgotten', async () => {
    const { w, owner } = await narrowWorld();
    const device = await deviceOf(w, owner);
    await besiege(w, owner);
    const mistype = () => told(w, () => login(w, owner, { password: wrong, device }));
    for (let i = 0; i < 10; i += 1) expect((await mistype()).hashes).toBe(1);
    expect(await mistype()).toEqual({ end: refusal('account-day', 1728), hashes: 0 });
    expect(await login(w, owner, { device })).toBeInstanceOf(TooManyRequests);
    w.clock.set(START + HOUR_MS / 10 - 1);
    expect(await login(w, owner, { device })).toBeInstanceOf(TooManyRequests);
    w.clock.set(START + HOUR_MS / 10);
    expect(await login(w, owner, { device })).toBe('done');
    w.clock.set(START + HOUR_MS);
    await besiege(w, owner);
    for (let i = 0; i < 10; i += 1) expect((await mistype()).hashes).toBe(1);
    expect((await mistype()).hashes).toBe(0);
  });

  test('keeps its wrong passwords through logins, and leaves other devices theirs', async () => {
    const { w, owner } = await narrowWorld();
    const [first, second] = [await deviceOf(w, owner), await deviceOf(w, owner)];
    await besiege(w, owner);
    const mistype = (device: string) => login(w, owner, { password: wrong, device });
    for (let i = 0; i < 9; i += 1) await mistype(first);
    const device = await deviceOf(w, owner, { device: first });
    await mistype(device);
    expect(await login(w, owner, { device })).toBeInstanceOf(TooManyRequests);
    expect(await login(w, owner, { device: second })).toBe('done');
  });

  test('of before a change of the password is known, and guesses no more than one with all others', async () => {
    const { w, owner } = await narrowWorld();
    const earlier = [await deviceOf(w, owner), await deviceOf(w, owner), await deviceOf(w, owner)];
    const [device] = earlier;
    expect(await update(w, owner, { device: device! })).toBe('done');
    await besiege(w, owner);
    const password = NEW_PASSWORD;
    expect(await login(w, owner, { password, device })).toBe('done');
    const work = w.hasher.work();
    for (let i = 0; i < 10; i += 1) {
      for (const device of earlier) await login(w, owner, { password: wrong, device });
    }
    expect(w.hasher.work() - work).toBe(10);
    expect(await login(w, owner, { password, device })).toBeInstanceOf(TooManyRequests);
    w.clock.set(START + HOUR_MS / 10);
    // A login with the new password makes it one of its own again.
    const renewed = await deviceOf(w, owner, { password, device });
    for (let i = 0; i < 9; i += 1) {
      await login(w, owner, { password: wrong, device: renewed });
      await login(w, owner, { password: wrong, device: earlier[1] });
    }
    expect(await login(w, owner, { password, device: earlier[1] })).toBeInstanceOf(TooManyRequests);
    expect(await login(w, owner, { password, device: renewed })).toBe('done');
  });

  test('does not wait anew with each try after the clock went back', async () => {
    const { w, owner } = await narrowWorld();
    const device = await deviceOf(w, owner);
    await besiege(w, owner);
    for (let i = 0; i < 10; i += 1) await login(w, owner, { password: wrong, device });
    const back = START - DAY_MS;
    for (let minute = 0; minute < 6; minute += 1) {
      w.clock.set(back + minute * MINUTE_MS);
      expect(await login(w, owner, { device })).toBeInstanceOf(TooManyRequests);
    }
    w.clock.set(back + 6 * MINUTE_MS);
    expect(await login(w, owner, { device })).toBe('done');
  });
});

describe('the device of another account', () => {
  test('makes refusals cost a look ten times, and one more for each that it forgets', async () => {
    const { w, owner } = await narrowWorld();
    const device = await deviceOf(w, await w.addOwner({}, { service: owner.service }));
    await besiege(w, owner);
    const work = w.hasher.work();
    for (let i = 0; i < 30; i += 1) {
      const end = await login(w, owner, { device });
      expect(end).toEqual(refusal('account-day', 1728));
    }
    expect(w.hasher.work() - work).toBe(10);
    w.clock.set(START + HOUR_MS / 10);
    expect((await told(w, () => login(w, owner, { device }))).hashes).toBe(1);
    expect((await told(w, () => login(w, owner, { device }))).hashes).toBe(0);
  });

  test('counts like none where strangers are let through, and a right password gets in with it', async () => {
    const { w, owner } = await narrowWorld();
    const device = await deviceOf(w, await w.addOwner({}, { service: owner.service }));
    expect(await login(w, owner, { device })).toBe('done');
    await fail(w, owner, 5, { device });
    expect(await login(w, owner)).toEqual(refusal('account', 1));
  });
});

describe('the wrong tries of a network at a service', () => {
  const someone = (i: number) => ({ email: `user-${i}@example.net`, password: wrong });

  test('are so many in a minute, whoever is tried, and then one for each that is forgotten', async () => {
    const { w, owner } = await narrowWorld({ clientPerMinute: 20 });
    for (let i = 0; i < 20; i += 1) await fail(w, owner, 1, someone(i));
    expect(await told(w, () => login(w, owner))).toEqual({ end: refusal('client', 3), hashes: 0 });
    w.clock.set(START + 3 * SECOND_MS - 1);
    expect(await login(w, owner)).toEqual(refusal('client', 1));
    w.clock.set(START + 3 * SECOND_MS);
    await fail(w, owner, 1, someone(20));
    expect(await login(w, owner)).toEqual(refusal('client', 3));
  });

  test('are of no other network, and of no other service', async () => {
    const { w, owner } = await narrowWorld({ clientPerMinute: 20 });
    for (let i = 0; i < 20; i += 1) await fail(w, owner, 1, someone(i));
    const other = await w.addOwner();
    expect(await login(w, other)).toBe('done');
    expect(await login(w, owner, { address: '198.51.100.1' })).toBe('done');
  });

  test('are none where the logins are right, however many', async () => {
    const { w, owner } = await narrowWorld({ clientPerMinute: 20 });
    for (let i = 0; i < 50; i += 1) expect(await login(w, owner)).toBe('done');
  });

  test('stay where a right login under way is taken back', async () => {
    const { w, owner } = await narrowWorld({ clientPerMinute: 2 });
    const hasher = {
      ...w.hasher,
      verify: async (...asked: Parameters<Hasher['verify']>) => {
        await fail(w, owner, 1, someone(1));
        return w.hasher.verify(...asked);
      },
    };
    expect(await login({ ...w, hasher }, owner)).toBe('done');
    await fail(w, owner, 1, someone(2));
    expect(await login(w, owner)).toEqual(refusal('client', 30));
  });
});

describe('a try that turns out to be no failure', () => {
  test('counts as one while it is under way', async () => {
    const { w, owner } = await narrowWorld();
    const ends: unknown[] = [];
    const hasher = {
      ...w.hasher,
      verify: async (...asked: Parameters<Hasher['verify']>) => {
        ends.push(await login(w, owner));
        await fail(w, owner, 4);
        ends.push(await login(w, owner));
        return w.hasher.verify(...asked);
      },
    };
    expect(await login({ ...w, hasher }, owner)).toBe('done');
    expect(ends).toEqual(['done', refusal('account', 1)]);
    expect(await login(w, owner)).toBe('done');
  });

  test('does not count where no hash can be made, and costs no transaction where that is known before', async () => {
    const { w, owner } = await narrowWorld();
    const isFull = async () => {
      throw new Overloaded(3);
    };
    const racing = { ...w, hasher: { ...w.hasher, verify: isFull } };
    for (let i = 0; i < 9; i += 1) {
      expect(await login(racing, owner, { password: wrong })).toBeInstanceOf(Overloaded);
    }
    await fail(w, owner, 5);

    const admit = () => {
      throw new Overloaded(3);
    };
    const full = { ...w, hasher: { ...w.hasher, admit } };
    const before = w.database.snapshot();
    expect(await login(full, owner)).toBeInstanceOf(Overloaded);
    expect(w.database.snapshot()).toEqual(before);
  });

  test('does not count where the password must be changed first', async () => {
    const { w } = await narrowWorld();
    const owner = await w.addOwner({ passwordRequireUpdate: true });
    for (let i = 0; i < 9; i += 1) expect(await login(w, owner)).toBeInstanceOf(Forbidden);
  });

  test('does not count where the new password is refused, or cannot be hashed', async () => {
    const { w, owner } = await narrowWorld();
    const settings = { ...w.settings, passwordPolicy: 'standard' as const };
    for (let i = 0; i < 9; i += 1) {
      const end = await update({ ...w, settings }, owner, { newPassword: 'password' });
      expect(end).toBeInstanceOf(IllegalArgument);
    }
    const hash = async () => {
      throw new Overloaded(3);
    };
    for (let i = 0; i < 9; i += 1) {
      const ports = { ...w, hasher: { ...w.hasher, hash } };
      expect(await update(ports, owner)).toBeInstanceOf(Overloaded);
    }
    expect(await update(w, owner)).toBe('done');
  });

  test('does not count where its transaction fails', async () => {
    const { w, owner } = await narrowWorld();
    await fail(w, owner, 4);
    const before = w.database.snapshot();
    for (let i = 0; i < 9; i += 1) {
      const broken = { ...w, database: failingAt(w.database, 4) };
      expect(await login(broken, owner)).toBe(planted);
      expect(w.database.snapshot()).toEqual(before);
    }
    expect(await login(w, owner)).toBe('done');
  });
});

describe('password changes', () => {
  test('are ten an hour for each account, and each owes its mail', async () => {
    const { w, owner } = await narrowWorld();
    const passwords = [PASSWORD, NEW_PASSWORD];
    const change = (i: number) =>
      update(w, owner, { password: passwords[i % 2]!, newPassword: passwords[(i + 1) % 2]! });
    for (let i = 0; i < 10; i += 1) {
      w.clock.set(START + i * MINUTE_MS);
      expect(await change(i)).toBe('done');
    }
    // After the proof: a stranger who does not know the password is told nothing of changes.
    const eleventh = await told(w, () => change(10));
    expect(eleventh).toEqual({ end: refusal('change', 51 * 60), hashes: 1 });
    expect(await update(w, owner, { password: wrong })).toBeInstanceOf(InvalidCredentials);
    expect(await login(w, owner)).toBe('done');

    w.clock.set(START + HOUR_MS);
    expect(await change(10)).toBe('done');
    expect(await change(11)).toEqual(refusal('change', 60));
    expect(await w.deliver()).toHaveLength(11);
  });
});

describe('sign-ups', () => {
  test('are a fifth as many in a minute as failures, from one network, before any hash', async () => {
    const { w } = await narrowWorld({ clientPerMinute: 20 });
    await w.useCases.services.openFormService.execute(operator);
    const { createUser } = useCases(w).users;
    let count = 0;
    const signUp = (address: string) => {
      count += 1;
      const profile = { name: 'Ada', email: `ada-${count}@example.org`, password: PASSWORD };
      const actor = asNobody({ address, client: null });
      return endOf(createUser.execute(actor, { isEnabled: true, ...profile }));
    };
    for (let i = 0; i < 4; i += 1) expect(await signUp('192.0.2.7')).toBe('done');
    const fifth = await told(w, () => signUp('192.0.2.7'));
    expect(fifth).toEqual({ end: refusal('sign-up', 15), hashes: 0 });
    expect(await signUp('192.0.2.8')).toBe('done');
    w.clock.set(START + 15 * SECOND_MS);
    expect(await signUp('192.0.2.7')).toBe('done');
    expect(await signUp('192.0.2.7')).toEqual(refusal('sign-up', 15));
  });

  test('through a service are not bounded', async () => {
    const { w, owner } = await narrowWorld({ clientPerMinute: 1 });
    const { createUser } = useCases(w).users;
    for (let i = 0; i < 3; i += 1) {
      const profile = { name: 'Ada', email: `ada-${i}@example.org`, password: PASSWORD };
      const creating = createUser.execute(asService(owner.service), {
        isEnabled: true,
        ...profile,
      });
      expect(await endOf(creating)).toBe('done');
    }
  });
});

describe('one-time codes', () => {
  test('are throttled apart from passwords, for users who exist or not', async () => {
    const { w, owner } = await narrowWorld();
    const { seed } = await w.addTotp(owner);
    const { verifyTotp } = useCases(w).factors;
    const verify = (userId: string, code: string) =>
      endOf(verifyTotp.execute(asService(owner.service), { userId, code }));
    for (const userId of [owner.user.id, anId()]) {
      for (let i = 0; i < 5; i += 1) {
        expect(await verify(userId, 'no code')).toBeInstanceOf(InvalidCredentials);
      }
      expect(await verify(userId, 'no code')).toEqual(refusal('account', 1));
    }
    const code = () => w.totp.codeAt(seed, w.clock.now());
    expect(await verify(owner.user.id, code())).toEqual(refusal('account', 1));
    expect(await login(w, owner)).toBe('done');
    w.clock.set(START + SECOND_MS);
    expect(await verify(owner.user.id, code())).toBe('done');
    // A code that was used is wrong like any other.
    expect(await verify(owner.user.id, code())).toBeInstanceOf(InvalidCredentials);
    expect(await verify(owner.user.id, code())).toEqual(refusal('account', 3));
  });
});

describe('the count of tries', () => {
  test('is pruned when nothing is left of it', async () => {
    const { w, owner } = await narrowWorld();
    const device = await deviceOf(w, owner);
    await fail(w, owner, 3, { address: '198.51.100.1' });
    await fail(w, owner, 2, { device });
    const count = () => (w.database.snapshot() as { throttles: unknown[] }).throttles.length;
    const prune = async () => {
      await w.useCases.maintenance.prune.execute(operator);
      return count();
    };
    // Two networks, both of them at the account, the account itself, and the device.
    expect(count()).toBe(6);
    // A right login left nothing.
    expect(await prune()).toBe(4);
    w.clock.set(START + 3 * (MINUTE_MS / 300));
    expect(await prune()).toBe(3);
    w.clock.set(START + 2 * (HOUR_MS / 10));
    expect(await prune()).toBe(2);
    w.clock.set(START + 3 * (DAY_MS / 50));
    expect(await prune()).toBe(1);
    w.clock.set(START + 3 * (DAY_MS / 10) - 1);
    expect(await prune()).toBe(1);
    w.clock.set(START + 3 * (DAY_MS / 10));
    expect(await prune()).toBe(0);
  });
});
