import {
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
  endOf,
  failingAt,
  NEW_PASSWORD,
  ORIGIN,
  type Owner,
  PASSWORD,
  planted,
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

type Try = { email?: string; password?: string; address?: string };

const login = (
  ports: Ports,
  { user, service }: Owner,
  { email = user.email, password = PASSWORD, address = ORIGIN.address }: Try = {},
) =>
  endOf(
    useCases(ports).sessions.login.execute(asService(service, { address, client: null }), {
      email,
      password,
      tokenForm: 'signed',
    }),
  );

const update = (
  ports: Ports,
  { user, service }: Owner,
  details: { password?: string; newPassword?: string } = {},
) =>
  endOf(
    useCases(ports).passwords.updatePassword.execute(asService(service), {
      email: user.email,
      password: PASSWORD,
      newPassword: NEW_PASSWORD,
      ...details,
    }),
  );

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

const refusal = (name: string, retryAfterS: number) =>
  expect.objectContaining({
    code: 'too_many_requests',
    retryAfterS,
    limit: expect.objectContaining({ name }),
  });

describe('tries at an account from one address', () => {
  test('five are free, then each waits: 1, 3, 5 and then always 10 seconds', async () => {
    const { w, owner } = await narrowWorld();
    await fail(w, owner, 5);
    expect(await failPatiently(w, owner, 7)).toEqual([1, 3, 5, 10, 10, 10, 10]);
  });

  test('within the wait are refused without a hash, right ones too, and do not prolong it', async () => {
    const { w, owner } = await narrowWorld();
    await fail(w, owner, 5);
    const work = w.hasher.work();
    for (let i = 0; i < 50; i += 1) {
      w.clock.set(START + i * 10);
      expect(await login(w, owner, { password: wrong })).toEqual(refusal('account', 1));
      expect(await login(w, owner)).toEqual(refusal('account', 1));
    }
    expect(w.hasher.work()).toBe(work);
    w.clock.set(START + SECOND_MS);
    expect(await login(w, owner)).toBe('done');
  });

  test('are free again after a success', async () => {
    const { w, owner } = await narrowWorld();
    for (let round = 0; round < 4; round += 1) {
      await fail(w, owner, 4);
      expect(await login(w, owner)).toBe('done');
    }
  });

  test('are forgotten after a day', async () => {
    const { w, owner } = await narrowWorld();
    await fail(w, owner, 5);
    w.clock.set(START + DAY_MS);
    await fail(w, owner, 5);
  });

  test('do not keep the owner out at another address', async () => {
    const { w, owner } = await narrowWorld();
    await fail(w, owner, 5);
    expect(await login(w, owner)).toBeInstanceOf(TooManyRequests);
    expect(await login(w, owner, { address: '198.51.100.1' })).toBe('done');
  });

  test('count for all of a network of IPv6, and for one address of IPv4', async () => {
    const { w, owner } = await narrowWorld();
    await fail(w, owner, 5, { address: '2001:db8::1' });
    expect(await login(w, owner, { address: '2001:db8::2' })).toBeInstanceOf(TooManyRequests);
    expect(await login(w, owner, { address: '2001:db8:0:1::1' })).toBe('done');
  });

  test('count whatever the spelling of the account, and whatever the service', async () => {
    const { w, owner } = await narrowWorld();
    await fail(w, owner, 3, { email: owner.user.email.toUpperCase() });
    await fail(w, { ...owner, service: await w.addService() }, 2);
    expect(await login(w, owner)).toBeInstanceOf(TooManyRequests);
  });

  test('count for logins and changes together', async () => {
    const { w, owner } = await narrowWorld();
    await fail(w, owner, 3);
    const change = () => update(w, owner, { password: wrong });
    expect(await change()).toBeInstanceOf(InvalidCredentials);
    expect(await change()).toBeInstanceOf(InvalidCredentials);
    expect(await change()).toEqual(refusal('account', 1));
    expect(await login(w, owner)).toEqual(refusal('account', 1));
  });

  test('that are malformed do not count', async () => {
    const { w, owner } = await narrowWorld();
    for (let i = 0; i < 9; i += 1) {
      expect(await login(w, owner, { password: '\ud800' })).toBeInstanceOf(IllegalArgument);
    }
    expect(await login(w, owner)).toBe('done');
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
    expect(await failPatiently(w, owner, 5)).toEqual([1, 3, 5, 10, 10]);
    const end = await login(w, owner, { password: wrong });
    expect({ ...(end as TooManyRequests), message: (end as Error).message }).toEqual({
      name: 'TooManyRequests',
      code: 'too_many_requests',
      message: 'this was tried too often; wait before the next try',
      limit: expect.objectContaining({ name: 'account', quota: 5, windowMs: DAY_MS }),
      retryAfterS: 10,
    });
  });

  test('is not written down: the address of a stranger is nowhere', async () => {
    const { w, owner } = await narrowWorld();
    await fail(w, owner, 1, { email: 'stranger@example.net', address: '198.51.100.77' });
    const kept = (...except: Parameters<typeof w.database.snapshot>) =>
      JSON.stringify(w.database.snapshot(...except));
    expect(kept()).not.toContain('stranger');
    // Whom it came from is in the audit, and nowhere else.
    expect(kept('audit')).not.toContain('198.51.100.77');
  });
});

describe('the ceiling of an account', () => {
  /** A hundred failures from as many addresses. */
  async function exhausted() {
    const { w, owner } = await narrowWorld();
    expect(await login(w, owner, { address: 'home' })).toBe('done');
    for (let i = 0; i < 100; i += 1) await fail(w, owner, 1, { address: `bot ${i}` });
    return { w, owner };
  }

  test('is a hundred failures a day, from all addresses together', async () => {
    const { w, owner } = await exhausted();
    expect(await login(w, owner, { address: 'bot 100' })).toEqual(
      refusal('account-day', DAY_MS / SECOND_MS),
    );
    w.clock.set(START + DAY_MS - 1);
    expect(await login(w, owner, { address: 'bot 100' })).toEqual(refusal('account-day', 1));
    w.clock.set(START + DAY_MS);
    expect(await login(w, owner, { address: 'bot 100' })).toBe('done');
  });

  test('does not stop an address from which the owner logged in, which still has its own waits', async () => {
    const { w, owner } = await exhausted();
    expect(await login(w, owner, { address: 'home' })).toBe('done');
    await fail(w, owner, 5, { address: 'home' });
    expect(await login(w, owner, { address: 'home' })).toEqual(refusal('account', 1));
  });

  test('is not lifted for others by the owner’s success', async () => {
    const { w, owner } = await exhausted();
    await fail(w, owner, 2, { address: 'home' });
    expect(await login(w, owner, { address: 'home' })).toBe('done');
    expect(await login(w, owner, { address: 'bot 100' })).toBeInstanceOf(TooManyRequests);
  });

  test('counts no failures that the owner’s success made good', async () => {
    const { w, owner } = await narrowWorld();
    for (let round = 0; round < 30; round += 1) {
      await fail(w, owner, 4, { address: 'home' });
      expect(await login(w, owner, { address: 'home' })).toBe('done');
    }
    expect(await login(w, owner, { address: 'new phone' })).toBe('done');
  });

  test('stops an address again that was not used for thirty days', async () => {
    const { w, owner } = await narrowWorld();
    expect(await login(w, owner, { address: 'home' })).toBe('done');
    w.clock.set(START + 30 * DAY_MS);
    for (let i = 0; i < 100; i += 1) await fail(w, owner, 1, { address: `bot ${i}` });
    expect(await login(w, owner, { address: 'home' })).toBeInstanceOf(TooManyRequests);
  });

  test('makes a known address that fails as often wait a quarter of an hour, and never longer', async () => {
    const { w, owner } = await narrowWorld();
    expect(await login(w, owner)).toBe('done');
    await failPatiently(w, owner, 100);
    expect(await failPatiently(w, owner, 3)).toEqual([900, 900, 900]);
    w.clock.set(w.clock.now() + 15 * MINUTE_MS);
    expect(await login(w, owner)).toBe('done');
  });

  test('is raised with the free tries', async () => {
    const { w, owner } = await narrowWorld({ accountFree: 150 });
    await fail(w, owner, 150);
    expect(await login(w, owner)).toBeInstanceOf(TooManyRequests);
  });
});

describe('the failures of a client', () => {
  const someone = (i: number) => ({ email: `user-${i}@example.net`, password: wrong });

  test('are so many in a minute, whoever is tried, and then none is looked at', async () => {
    const { w, owner } = await narrowWorld({ clientPerMinute: 20 });
    for (let i = 0; i < 20; i += 1) await fail(w, owner, 1, someone(i));
    const work = w.hasher.work();
    w.clock.set(START + 18_500);
    expect(await login(w, owner)).toEqual(refusal('client', 42));
    expect(w.hasher.work()).toBe(work);
    w.clock.set(START + MINUTE_MS);
    expect(await login(w, owner)).toBe('done');
  });

  test('are its own: another address, and another service, are other clients', async () => {
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

  test('turn it away before anything else is looked at', async () => {
    const { w, owner } = await narrowWorld({ clientPerMinute: 20 });
    const { admitClient } = useCases(w).callers;
    const admit = (address = ORIGIN.address) =>
      endOf(admitClient.execute(asService(owner.service, { address, client: null })));
    for (let i = 0; i < 20; i += 1) {
      expect(await admit()).toBe('done');
      await fail(w, owner, 1, someone(i));
    }
    expect(await admit()).toEqual(refusal('client', 60));
    expect(await admit('198.51.100.1')).toBe('done');
    w.clock.set(START + MINUTE_MS);
    expect(await admit()).toBe('done');
  });

  test('are not taken back in another minute than they were counted in', async () => {
    const { w, owner } = await narrowWorld({ clientPerMinute: 2 });
    const hasher = {
      ...w.hasher,
      verify: async (...asked: Parameters<Hasher['verify']>) => {
        // While the hash is made, the minute ends, and somebody else begins the next.
        w.clock.set(START + MINUTE_MS);
        await fail(w, owner, 1, someone(1));
        return w.hasher.verify(...asked);
      },
    };
    expect(await login({ ...w, hasher }, owner)).toBe('done');
    await fail(w, owner, 1, someone(2));
    expect(await login(w, owner)).toEqual(refusal('client', 60));
  });
});

describe('a try that turns out to be no failure', () => {
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

  test('does not count where its transaction fails, and nothing is cleared by halves', async () => {
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
    const work = w.hasher.work();
    expect(await change(10)).toEqual(refusal('change', 51 * 60));
    // The proof: a stranger who does not know the password is told nothing of changes.
    expect(w.hasher.work() - work).toBe(1);
    expect(await update(w, owner, { password: wrong })).toBeInstanceOf(InvalidCredentials);
    expect(await login(w, owner)).toBe('done');

    w.clock.set(START + HOUR_MS);
    expect(await change(10)).toBe('done');
    expect(await change(11)).toEqual(refusal('change', 60));
    expect(await w.deliver()).toHaveLength(11);
  });
});

describe('sign-ups', () => {
  test('are a fifth as many in a minute as failures, from one address, before any hash', async () => {
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
    const work = w.hasher.work();
    expect(await signUp('192.0.2.7')).toEqual(refusal('sign-up', 60));
    expect(w.hasher.work()).toBe(work);
    expect(await signUp('192.0.2.8')).toBe('done');
    w.clock.set(START + MINUTE_MS);
    expect(await signUp('192.0.2.7')).toBe('done');
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
    for (let i = 0; i < 5; i += 1) {
      expect(await verify(owner.user.id, code())).toBeInstanceOf(InvalidCredentials);
    }
  });
});

describe('the count of tries', () => {
  test('is pruned when it no longer matters: failures after a day, known addresses after thirty', async () => {
    const { w, owner } = await narrowWorld();
    expect(await login(w, owner)).toBe('done');
    await fail(w, owner, 3, { address: '198.51.100.1' });
    const count = () => (w.database.snapshot() as { throttles: unknown[] }).throttles.length;
    const prune = () => w.useCases.maintenance.prune.execute(operator);
    // Two clients, two pairs, one account.
    expect(count()).toBe(5);
    w.clock.set(START + MINUTE_MS);
    expect(await prune()).toBe(2);
    w.clock.set(START + DAY_MS);
    expect(await prune()).toBe(2);
    w.clock.set(START + 29 * DAY_MS);
    await prune();
    expect(count()).toBe(1);
    w.clock.set(START + 30 * DAY_MS);
    await prune();
    expect(count()).toBe(0);
  });
});
