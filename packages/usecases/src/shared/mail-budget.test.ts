import { formServiceId, formServiceName, type Origin, type User } from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import {
  asNobody,
  asService,
  deliverAll,
  endOf,
  NEW_PASSWORD,
  ORIGIN,
  PASSWORD,
  START,
  settings,
  world,
} from '../../testing/index.ts';
import { type Settings, useCases } from '../index.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** A world with people who signed up alone, for whom nobody vouches. */
async function aWorld(changed: Partial<Settings> = {}) {
  const w = world();
  const ports = { ...w, settings: { ...settings, ...changed } };
  const rooms = useCases(ports);
  const form = await w.addService({ id: formServiceId, name: formServiceName });
  const passwords = new Map<string, string>();
  const addresses = new Map<string, User>();

  /** Changes the password of the account of that address, which is made where there is none. */
  const change = async (email: string, origin: Origin = ORIGIN, service = form) => {
    const user = addresses.get(email) ?? (await w.addOwner({ email }, { service })).user;
    addresses.set(email, user);
    const password = passwords.get(email) ?? PASSWORD;
    const newPassword = password === PASSWORD ? NEW_PASSWORD : PASSWORD;
    const input = { email, password, newPassword };
    const end = await endOf(
      rooms.passwords.updatePassword.execute(asService(service, origin), input),
    );
    const isDone = !(end instanceof Error);
    if (isDone) passwords.set(email, newPassword);
    return isDone ? 'done' : end;
  };
  const mails = async () => {
    await deliverAll(rooms);
    return w.channels.mail.sent.length;
  };
  const userOf = (email: string) => addresses.get(email)!;
  return { w, rooms, form, change, mails, userOf };
}

const from = (network: number): Origin => ({ address: `198.51.100.${network}`, client: null });
const done = (count: number) => Array<string>(count).fill('done');
const refusedBy = (name: string) =>
  expect.objectContaining({ name: 'TooManyRequests', limit: expect.objectContaining({ name }) });

describe('mails to an account that nobody vouches for', () => {
  test('are ten at one moment to a mailbox, however its address is written, and then the change is refused', async () => {
    const { w, change, mails, userOf } = await aWorld();
    const spellings = Array.from({ length: 5 }, (_, n) => [
      `a.da+${n}@gmail.com`,
      `ada+${n}@googlemail.com`,
    ]);
    const ends: unknown[] = [];
    for (const email of spellings.flat()) ends.push(await change(email));
    expect(ends).toEqual(done(10));

    const end = await change('ada@gmail.com');
    expect(end).toEqual(refusedBy('mailbox'));
    expect(end).toMatchObject({ retryAfterS: 8640 });
    expect(await mails()).toBe(10);
    expect(await w.credentialOf(userOf('ada@gmail.com'))).toMatchObject({ version: 1 });
    expect(await change('bob@gmail.com')).toBe('done');
  });

  test('are at most ten in any hour and twenty in any 24 to a mailbox, whoever starts them', async () => {
    const { w, change } = await aWorld();
    const sentAt: number[] = [];
    for (let now = START; now < START + 4 * DAY_MS; now += 7 * MINUTE_MS) {
      w.clock.set(now);
      if ((await change(`ada+${now % 3}@example.com`, from(now % 200))) === 'done')
        sentAt.push(now);
    }
    const most = (windowMs: number) =>
      Math.max(
        ...sentAt.map((end) => sentAt.filter((at) => at > end - windowMs && at <= end).length),
      );
    expect(most(HOUR_MS)).toBeLessThanOrEqual(10);
    expect(most(DAY_MS)).toBeLessThanOrEqual(20);
    // Ten, and ten more a day.
    expect(sentAt.length).toBeGreaterThanOrEqual(49);
  });

  test('are sixty in any hour from one network, which are half as many at one moment', async () => {
    const { w, change } = await aWorld();
    const network = (host: number) => ({ address: `2001:db8::${host}`, client: null });
    const start = async (count: number, name: string) => {
      const ends: unknown[] = [];
      for (let n = 0; n < count; n += 1)
        ends.push(await change(`${name}-${n}@example.com`, network(n)));
      return ends;
    };
    expect(await start(31, 'ada')).toEqual([...done(30), refusedBy('mail-client')]);
    expect(await change('ada-30@example.com', { address: '2001:db8:0:1::1', client: null })).toBe(
      'done',
    );
    w.clock.set(START + HOUR_MS - 1);
    expect(await start(31, 'bob')).toEqual([
      ...done(29),
      refusedBy('mail-client'),
      refusedBy('mail-client'),
    ]);
  });

  test('are not used up by mails that were asked for from the network, as by people who sign up', async () => {
    const { rooms, change } = await aWorld();
    for (let n = 0; n < 40; n += 1) {
      const person = { name: 'Bob', email: `bob-${n}@example.net`, password: PASSWORD };
      await rooms.users.signUp.execute(asNobody(from(1)), person);
    }
    expect(await change('ada@example.com', from(1))).toBe('done');
  });

  test('are so many in any hour on all servers, and half of them to one domain', async () => {
    const { change } = await aWorld({ mailPerHour: 8 });
    const ends: unknown[] = [];
    for (const [n, domain] of ['a', 'a', 'a', 'b', 'b', 'c'].entries()) {
      ends.push(await change(`ada-${n}@${domain}.example`, from(n)));
    }
    expect(ends).toEqual([...done(2), refusedBy('mail-domain'), ...done(2), refusedBy('mail')]);
  });

  test('are not free where the change is a new key, and the key is refused', async () => {
    const { w, rooms, change, mails, userOf } = await aWorld();
    for (let n = 0; n < 10; n += 1) await change('ada@example.com');
    const shop = await w.addService();
    const before = w.database.snapshot();
    const create = (type: 'KEY' | 'TOKEN' | 'TOTP') => {
      const input = { isEnabled: true, type, name: 'ci', userId: userOf('ada@example.com').id };
      return endOf(rooms.keys.createKey.execute(asService(shop), input));
    };
    expect(await create('KEY')).toEqual(refusedBy('mailbox'));
    expect(w.database.snapshot()).toEqual(before);
    // Nobody is mailed of these.
    expect([await create('TOKEN'), await create('TOTP')]).toEqual(done(2));
    expect(await mails()).toBe(10);
  });

  test('are refused after the proof alone, and a right password that is refused counts as no try', async () => {
    const { w, rooms, form, change, userOf } = await aWorld({
      throttle: { ...settings.throttle, accountFree: 1 },
    });
    for (let n = 0; n < 10; n += 1) await change('ada@example.com');
    for (let n = 0; n < 5; n += 1) {
      expect(await change('ada@example.com')).toEqual(refusedBy('mailbox'));
    }
    expect(await w.credentialOf(userOf('ada@example.com'))).toMatchObject({ version: 11 });
    const wrong = { email: 'ada@example.com', password: 'wrong horse', newPassword: 'yet another' };
    const end = await endOf(rooms.passwords.updatePassword.execute(asService(form), wrong));
    expect(end).toMatchObject({ name: 'InvalidCredentials' });
  });

  test('wait no longer for a clock that went back', async () => {
    const { w, change } = await aWorld();
    for (let n = 0; n < 10; n += 1) await change('ada@example.com');
    const earlier = START - 7 * DAY_MS;
    w.clock.set(earlier);
    expect(await change('ada@example.com')).toEqual(refusedBy('mailbox'));
    w.clock.set(earlier + DAY_MS / 10);
    expect(await change('ada@example.com')).toBe('done');
  });
});

describe('mails to an account that a service made', () => {
  test('are never counted and never refused', async () => {
    const { w, change, mails } = await aWorld({ mailPerHour: 2 });
    const service = await w.addService();
    const ends: unknown[] = [];
    for (let n = 0; n < 40; n += 1) ends.push(await change('ada@example.com', ORIGIN, service));
    expect(ends).toEqual(done(40));
    expect(await mails()).toBe(40);
    expect(await change('bob@example.com')).toBe('done');
  });
});

describe('a reset that somebody asks for', () => {
  const HOME: Origin = { address: '203.0.113.7', client: null };

  /** An owner who logged in at home, and everybody's requests of resets of that account. */
  async function prepare(changed: Partial<Settings> = {}, details: Partial<User> = {}) {
    const all = await aWorld(changed);
    const { w, rooms } = all;
    const service = await w.addService();
    const owner = await w.addOwner({ email: 'ada@example.com', ...details }, { service });
    const claim = { email: owner.user.email, password: PASSWORD };
    const { device } = await rooms.sessions.login.execute(asService(service, HOME), claim);
    const ask = async (origin: Origin, device?: string) => {
      const before = (await sent()).length;
      const input = { email: owner.user.email, device };
      await rooms.passwords.requestReset.execute(asService(service, origin), input);
      return (await sent()).length > before;
    };
    const sent = async () => {
      await deliverAll(rooms);
      return w.channels.mail.sent;
    };
    const flood = async () => {
      for (let n = 0; n < 40; n += 1) await ask(from(n));
    };
    return { ...all, owner, service, device, ask, sent, flood };
  }

  test('is not mailed beyond the budget, is answered as ever, and counted', async () => {
    const { w, flood, sent } = await prepare();
    await flood();
    expect(await sent()).toHaveLength(10);
    expect(w.mailTally.limits).toEqual(Array(30).fill('mailbox'));
  });

  test('is mailed to the owner whom strangers left nothing: from a known network, and with a known device', async () => {
    const { ask, flood, device, sent } = await prepare();
    await flood();
    expect(await ask(from(100))).toBe(false);
    expect(await ask(HOME)).toBe(true);
    expect(await ask(from(100), device)).toBe(true);
    expect(await ask(HOME)).toBe(true);
    expect(await ask(HOME)).toBe(false);
    expect(await sent()).toHaveLength(13);
  });

  test('leaves a registration at another service to the owner as well, from a known network', async () => {
    const { w, rooms, flood, sent } = await prepare();
    await flood();
    const shop = await w.addService({ userAllowRegister: true });
    const register = async (origin: Origin, email = 'ada@example.com') => {
      const before = (await sent()).length;
      await rooms.users.register.execute(asService(shop, origin), { name: 'Ada', email });
      return (await sent()).slice(before).map(({ kind }) => kind);
    };
    expect(await register(from(100))).toEqual([]);
    expect(await register(HOME)).toEqual(['register']);
    expect(await register(HOME)).toEqual(['register']);
    expect(await register(HOME)).toEqual(['register']);
    expect(await register(HOME)).toEqual([]);
    // Another mailbox of the same person is no account, and knows no network.
    for (let n = 0; n < 12; n += 1) await register(from(n), 'bob@example.com');
    expect(await register(HOME, 'bob@example.com')).toEqual([]);
  });

  test.each([
    ['the server', 'mail', 4],
    ['its client', 'mail-client', 1_000_000],
  ])('is mailed to the owner also where %s has nothing left', async (_, limit, mailPerHour) => {
    const { w, rooms, service, ask } = await prepare({ mailPerHour });
    for (let n = 0; n < 40; n += 1) {
      const input = { email: `bob@${n}.example` };
      await rooms.passwords.requestReset.execute(asService(service, HOME), input);
    }
    expect(new Set(w.mailTally.limits)).toEqual(new Set([limit]));
    expect(await ask(HOME)).toBe(true);
  });

  test('is no more often mailed to a known network that uses up the budget alone', async () => {
    const { w, ask, sent } = await prepare();
    for (let n = 0; n < 40; n += 1) await ask(HOME);
    expect(await sent()).toHaveLength(10);
    w.clock.set(START + HOUR_MS);
    for (let n = 0; n < 40; n += 1) await ask(HOME);
    expect((await sent()).length).toBeLessThanOrEqual(20);
  });

  test('gives nothing to the network of somebody who only signed up with the address', async () => {
    const { w, ask, sent } = await prepare({}, { createdBy: formServiceId });
    for (let n = 0; n < 40; n += 1) await ask(HOME);
    expect(await sent()).toHaveLength(10);
    expect(w.mailTally.limits).toHaveLength(30);
  });

  test('gives nothing to a device of another account', async () => {
    const { w, rooms, service, ask, flood } = await prepare();
    const { user } = await w.addOwner({}, { service });
    const claim = { email: user.email, password: PASSWORD };
    const other = await rooms.sessions.login.execute(asService(service, from(200)), claim);
    await flood();
    expect(await ask(from(200), other.device)).toBe(false);
  });
});
