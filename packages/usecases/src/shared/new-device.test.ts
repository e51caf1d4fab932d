import { DAY_MS, formServiceId, formServiceName, HOUR_MS, type Origin } from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import {
  asNobody,
  asService,
  deliverAll,
  endOf,
  NEW_PASSWORD,
  ORIGIN,
  type Owner,
  PASSWORD,
  recording,
  START,
  settings,
  tokenIn,
  type World,
  world,
} from '../../testing/index.ts';
import { type Ports, type Settings, useCases } from '../index.ts';

const HOME = ORIGIN;
const network = (host: number): Origin => ({ address: `198.51.100.${host}`, client: 'thief/1.0' });
const THIEF = network(1);

/** What a login changes, but for counts of tries. */
function changedBy(w: World) {
  const { sessions, users, deliveries, events } = w.database.snapshot() as {
    readonly [table: string]: unknown;
  };
  return { sessions, users, deliveries, events };
}

/** A service that tells of new devices, an owner who logged in at home, and all mails about new devices. */
async function prepare({
  changed = {},
  isFresh = false,
}: {
  changed?: Partial<Settings>;
  isFresh?: boolean;
} = {}) {
  const w = world();
  const ports: Ports = { ...w, settings: { ...settings, ...changed } };
  const rooms = useCases(ports);
  const service = await w.addService({ newDeviceMail: true });
  const owner = await w.addOwner({}, { service });

  type From = { readonly device?: string; readonly of?: Owner; readonly password?: string };
  const logIn = (origin: Origin, { device, of = owner, password = PASSWORD }: From = {}) =>
    rooms.sessions.login.execute(asService(of.service, origin), {
      email: of.user.email,
      password,
      device,
    });
  /** The mails about new devices, and where they say that the login came from. */
  const told = async () => {
    await deliverAll(rooms);
    return w.channels.mail.sent.filter(({ kind }) => kind === 'new_device');
  };
  const addresses = async () => (await told()).map(({ origin }) => origin.address);
  const device = isFresh ? '' : (await logIn(HOME)).device;
  return { w, ports, rooms, service, owner, logIn, told, addresses, device };
}

describe('a login from a device and a network that are new to the account', () => {
  test('is told to the owner, with a link that locks the account', async () => {
    const { w, rooms, owner, service, logIn, told } = await prepare();
    await logIn(THIEF);
    const [mail, ...others] = await told();
    expect(others).toEqual([]);
    expect(mail).toMatchObject({ to: owner.user.email, happenedAt: START, origin: THIEF });
    expect(mail?.linkExpiresAt).toBe(START + 7 * DAY_MS);

    const token = tokenIn(mail?.link ?? '');
    await rooms.recovery.lockAccount.execute(asService(service), { token });
    const account = await w.database.read(({ users }) => users.get(owner.user.id));
    expect(account).toMatchObject({ isLocked: true, isEnabled: false });
    expect(await endOf(logIn(THIEF))).toMatchObject({ name: 'InvalidCredentials' });
  });

  test('is told at the built-in service, whose name the mail has', async () => {
    const { w, rooms, logIn, told } = await prepare();
    const form = await w.addService({ id: formServiceId, name: formServiceName });
    await w.database.transact(async ({ services }) => {
      await services.update({ ...form, newDeviceMail: true });
    });
    const person = await w.addOwner({ emailProven: true }, { service: form });
    const logInAlone = (origin: Origin) =>
      rooms.sessions.login.execute(asNobody(origin), {
        email: person.user.email,
        password: PASSWORD,
      });
    await logInAlone(HOME);
    await logInAlone(THIEF);
    await logIn(HOME);
    expect(await told()).toMatchObject([{ to: person.user.email, service: { name: 'Rekey' } }]);
  });

  test('is told once for each network, also in a flood of them', async () => {
    const { logIn, addresses } = await prepare();
    for (const host of [1, 1, 2, 1, 2]) await logIn(network(host));
    expect(await addresses()).toEqual(['198.51.100.1', '198.51.100.2']);
  });

  test('is told after a flood of wrong passwords from anywhere, which are told to nobody', async () => {
    const { logIn, addresses } = await prepare();
    for (let n = 10; n < 60; n += 1) await endOf(logIn(network(n), { password: 'wrong horse' }));
    expect(await addresses()).toEqual([]);
    await logIn(THIEF);
    expect(await addresses()).toEqual([THIEF.address]);
  });

  test('is told after every budget for mails that strangers start is used up', async () => {
    const { rooms, owner, service, logIn, addresses } = await prepare({
      changed: { mailPerHour: 2 },
    });
    for (let n = 10; n < 40; n += 1) {
      await rooms.passwords.requestReset.execute(asService(service, network(n)), {
        email: owner.user.email,
      });
    }
    await logIn(THIEF);
    expect(await addresses()).toEqual([THIEF.address]);
  });

  test('is refused where the owner was told ten times in the last hour, and one from anywhere known is not', async () => {
    const throttle = { ...settings.throttle, changesPerHour: 10 };
    const { w, logIn, device, told } = await prepare({ changed: { throttle } });
    for (let n = 1; n <= 10; n += 1) await logIn(network(n));
    const before = changedBy(w);
    expect(await endOf(logIn(network(11)))).toMatchObject({
      name: 'TooManyRequests',
      retryAfterS: 3600,
      limit: { name: 'new-device', quota: 10, windowMs: HOUR_MS },
    });
    expect(changedBy(w)).toEqual(before);
    await logIn(HOME);
    await logIn(network(11), { device });
    expect(await told()).toHaveLength(10);
    w.clock.set(START + HOUR_MS);
    await logIn(network(12));
    expect(await told()).toHaveLength(11);
  });

  test('is in no other transaction than the login: both are there, or none', async () => {
    const { w, logIn, told } = await prepare();
    const { database } = w;
    const failing = {
      ...w,
      database: {
        ...database,
        transact: ((work) =>
          database.transact(async (stores) => {
            const deliveries = {
              ...stores.deliveries,
              insert: async () => {
                throw new Error('planted');
              },
            };
            return work({ ...stores, deliveries });
          })) as typeof database.transact,
      },
    };
    const { service, user } = await w.addOwner();
    await w.database.transact(({ services }) =>
      services.update({ ...service, newDeviceMail: true }),
    );
    const claim = { email: user.email, password: PASSWORD };
    await w.useCases.sessions.login.execute(asService(service, HOME), claim);
    const before = changedBy(w);
    const login = useCases(failing).sessions.login.execute(asService(service, THIEF), claim);
    expect(await endOf(login)).toMatchObject({ message: 'planted' });
    expect(changedBy(w)).toEqual(before);
    await logIn(HOME);
    expect(await told()).toEqual([]);
  });
});

describe('nobody is told of', () => {
  test('the first login ever to a new account, nor of more from there', async () => {
    const { w, logIn, addresses } = await prepare({ isFresh: true });
    w.clock.set(START + 30 * DAY_MS - 1);
    await logIn(HOME);
    await logIn(HOME);
    expect(await addresses()).toEqual([]);
    await logIn(THIEF);
    expect(await addresses()).toEqual([THIEF.address]);
  });

  test('a login from a device that the account knows, wherever it goes, and its networks are known from then on', async () => {
    const { logIn, device, addresses } = await prepare();
    await logIn(network(2), { device });
    await logIn(network(2));
    expect(await addresses()).toEqual([]);
  });

  test('a login from a network that the account logged in from in the last ninety days', async () => {
    const { w, logIn, addresses } = await prepare();
    w.clock.set(START + 80 * DAY_MS);
    await logIn(HOME);
    w.clock.set(START + 160 * DAY_MS);
    await logIn({ ...HOME, client: 'another browser' });
    expect(await addresses()).toEqual([]);
  });

  test('a login at a service that wants no such mails, and its network is known from then on', async () => {
    const { w, owner, logIn, addresses } = await prepare();
    const quiet = await w.addService();
    await w.addKey({ serviceId: quiet.id, userId: owner.user.id });
    const of = { ...owner, service: quiet };
    await logIn(network(2), { of });
    await logIn(network(2));
    expect(await addresses()).toEqual([]);
  });

  test('the login after a reset, from the network that the reset came from', async () => {
    const { w, rooms, service, owner, logIn, addresses } = await prepare();
    await rooms.passwords.requestReset.execute(asService(service), { email: owner.user.email });
    await w.deliver();
    const link = w.channels.mail.sent.findLast(({ kind }) => kind === 'reset_password')?.link;
    const input = { token: tokenIn(link ?? ''), password: NEW_PASSWORD };
    await rooms.passwords.confirmReset.execute(asService(service, network(2)), input);
    await logIn(network(2), { password: NEW_PASSWORD });
    expect(await addresses()).toEqual([]);
    // The thief may have been at home.
    await logIn(HOME, { password: NEW_PASSWORD });
    expect(await addresses()).toEqual([HOME.address]);
  });
});

describe('the owner is told of', () => {
  test('the first login ever to an account that is older than thirty days', async () => {
    const { w, logIn, addresses } = await prepare({ isFresh: true });
    w.clock.set(START + 30 * DAY_MS);
    await logIn(THIEF);
    expect(await addresses()).toEqual([THIEF.address]);
  });

  test('a login from a network that was not used for ninety days', async () => {
    const { w, logIn, addresses } = await prepare();
    w.clock.set(START + 91 * DAY_MS);
    await logIn(HOME);
    expect(await addresses()).toEqual([HOME.address]);
  });

  test('a login with the device of somebody else', async () => {
    const { w, service, logIn, addresses } = await prepare();
    const other = await w.addOwner({}, { service });
    const { device } = await logIn(THIEF, { of: other });
    await logIn(THIEF, { device });
    expect(await addresses()).toEqual([THIEF.address]);
  });

  test('a login with a device that was forgotten, from anywhere, once all sessions were ended', async () => {
    const { w, rooms, owner, logIn, device, addresses } = await prepare();
    const { token } = await w.logIn(owner);
    await rooms.sessions.logOut.execute(asService(owner.service), { token, all: true });
    await logIn(network(2), { device });
    await logIn(HOME);
    expect(await addresses()).toEqual(['198.51.100.2', HOME.address]);
  });
});

describe('an account that nobody vouches for', () => {
  test('is told of new devices within the budget of its mailbox, and let in without a word beyond it', async () => {
    const { w, rooms, logIn, addresses } = await prepare();
    const form = await w.addService({
      id: formServiceId,
      name: formServiceName,
      newDeviceMail: true,
    });
    const of = await w.addOwner({ email: 'ada@example.com' }, { service: form });
    await logIn(HOME, { of });
    for (let n = 1; n <= 9; n += 1) await logIn(network(n), { of });
    // A stranger has the tenth.
    const email = 'ada+stranger@example.com';
    await rooms.passwords.requestReset.execute(asNobody(network(100)), { email });
    await logIn(network(11), { of });
    expect(await addresses()).toHaveLength(9);
    // The silent login made nothing known.
    w.clock.set(START + 3 * HOUR_MS);
    await logIn(network(11), { of });
    expect(await addresses()).toHaveLength(10);
  });
});

describe('a login', () => {
  const verbs = async (origin: Origin, { hasDevice = false, isAgain = false } = {}) => {
    const { w, ports, service, owner, device, logIn } = await prepare();
    if (isAgain) await logIn(origin);
    const { database, done } = recording(w.database);
    const claim = { email: owner.user.email, password: PASSWORD };
    await useCases({ ...ports, database }).sessions.login.execute(asService(service, origin), {
      ...claim,
      device: hasDevice ? device : undefined,
    });
    return done;
  };

  test('asks no more of the database for this, where the network is known', async () => {
    expect(await verbs(HOME)).toEqual([
      'users.noteLogin',
      'keys.findToken',
      'sessions.insert',
      'sessions.insertRefresh',
      'events.insert',
      'audit.insert',
    ]);
    expect(await verbs(THIEF, { isAgain: true })).toEqual(await verbs(HOME));
  });

  test('asks for one write more where the device is known and the network is not', async () => {
    const more = (await verbs(THIEF, { hasDevice: true })).length;
    expect(more).toBe((await verbs(HOME, { hasDevice: true })).length + 1);
  });

  test('keeps networks under marks that are of one account', async () => {
    const { w, service, owner, logIn } = await prepare();
    const other = await w.addOwner({}, { service });
    await logIn(HOME, { of: other });
    const [a, b] = await Promise.all([w.credentialOf(owner.user), w.credentialOf(other.user)]);
    expect(a?.networks).not.toBe(b?.networks);
    expect(a?.networks).toMatch(/^\[\[".+",1,\d+\]\]$/);
  });
});
