import {
  type Event,
  Forbidden,
  formServiceId,
  IllegalArgument,
  InvalidOneTimeToken,
  operator,
  type Service,
  Unauthorized,
  type User,
} from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import {
  asNobody,
  asService,
  endOf,
  failingAt,
  nobody,
  ORIGIN,
  PASSWORD,
  planted,
  recording,
  root,
  START,
  settings,
  tokenIn,
  type World,
  world,
} from '../../testing/index.ts';
import { type Ports, useCases } from '../index.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const EMAIL = 'ada@example.com';
const OWN = 'a password of Ada';
const asked = { name: 'Ada Lovelace', email: EMAIL, locale: 'de', timezone: 'Europe/Berlin' };

async function prepare() {
  const w = world();
  await w.useCases.audit.beginAudit.execute(operator);
  await w.useCases.services.openFormService.execute(operator);
  const { service } = await addService(w);
  return { w, service };
}

/** A service whose chain of the audit begins as it should. */
async function addService(w: World, name = 'Shop') {
  const input = { name, url: 'https://shop.example', userAllowRegister: true };
  return w.useCases.services.createServiceWithKey.execute(operator, input);
}

const register = (ports: Ports, service: Service, input: object = {}, origin = ORIGIN) =>
  useCases(ports).users.register.execute(asService(service, origin), { ...asked, ...input });
const confirm = (ports: Ports, token: string, input: object = {}, actor: object = nobody) =>
  useCases(ports).users.confirmRegistration.execute(actor as typeof nobody, {
    token,
    password: OWN,
    ...input,
  });
const mailsTo = (w: World, email = EMAIL) =>
  w.channels.mail.sent.filter((mail) => mail.to === email);
/** The token in the link of the latest registration. */
async function linkOf(w: World, email = EMAIL): Promise<string> {
  await w.deliver();
  const mail = mailsTo(w, email).findLast(({ kind }) => kind.startsWith('register'));
  return tokenIn(mail?.link ?? '');
}
async function asks(w: World, service: Service, input: object = {}): Promise<string> {
  await register(w, service, input);
  return linkOf(w);
}
const accountOf = (w: World, email = EMAIL) =>
  w.database.read(({ users }) => users.findByEmail(email));
const logIn = (w: World, service: Service, password = OWN) =>
  endOf(w.useCases.sessions.login.execute(asService(service), { email: EMAIL, password }));
const eventsOf = (w: World, from = 0) =>
  (w.database.snapshot() as { events: [string, Event][] }).events
    .slice(from)
    .map(([, { type, serviceId, userId }]) => ({ type, serviceId, userId }));
const typesAt = async (w: World, service: Service, userId?: string) => {
  const { entries } = await w.useCases.audit.listAudit.execute(asService(service), {
    limit: 100,
    userIds: userId === undefined ? undefined : [userId],
  });
  return entries.map(({ type }) => type);
};
const faultsOf = async (w: World) =>
  (await w.useCases.audit.verifyAudit.execute(operator)).flatMap(({ fault }) => fault ?? []);
const prove = (w: World, { id }: User) =>
  w.database.transact(({ users }) => users.markValid(id, true, START));

describe('a registration', () => {
  test('owes the address a mail, in its language, and makes nothing else', async () => {
    const { w, service } = await prepare();
    await register(w, service, { email: 'Ada@EXAMPLE.com' });
    expect(await accountOf(w)).toBeNull();
    expect(eventsOf(w).filter(({ type }) => type.startsWith('user'))).toEqual([]);
    await w.deliver();
    expect(mailsTo(w)).toMatchObject([
      { kind: 'register', locale: 'de', timezone: 'Europe/Berlin', origin: ORIGIN },
    ]);
    const link = new URL(mailsTo(w)[0]?.link ?? '');
    expect(link.searchParams.get('type')).toBe('register');
    expect(link.searchParams.get('email')).toBe(EMAIL);
    expect(await typesAt(w, service)).toContain('sso:AuthLocalRegister');
  });

  test('is refused where the service takes none, to root keys, and for every argument that is wrong', async () => {
    const { w, service } = await prepare();
    const closed = { ...service, userAllowRegister: false };
    const end = await endOf(register(w, closed));
    expect(end).toBeInstanceOf(Forbidden);
    expect(end).toMatchObject({ code: 'registration_closed' });
    expect(await endOf(w.useCases.users.register.execute(root, asked))).toBeInstanceOf(
      Unauthorized,
    );
    const wrong = { name: '', email: 'ada', locale: '', timezone: 'Nowhere' };
    const refused = await endOf(register(w, service, wrong));
    expect(refused).toBeInstanceOf(IllegalArgument);
    const fields = (refused as IllegalArgument).violations.map(({ field }) => field);
    expect(fields).toEqual(['name', 'email', 'locale', 'timezone']);
    await w.deliver();
    expect(w.channels.mail.sent).toEqual([]);
  });

  test('voids the link of an earlier one', async () => {
    const { w, service } = await prepare();
    const first = await asks(w, service);
    const second = await asks(w, service);
    expect(await endOf(confirm(w, first))).toBeInstanceOf(InvalidOneTimeToken);
    await confirm(w, second);
    expect(await logIn(w, service)).toBe('done');
  });

  test('mails a mailbox ten times at most, and voids no link where it mails none', async () => {
    const { w, service } = await prepare();
    for (let n = 0; n < 15; n += 1) {
      const origin = { ...ORIGIN, address: `192.0.2.${n}` };
      expect(await endOf(register(w, service, {}, origin))).toBe('done');
    }
    const token = await linkOf(w);
    expect(mailsTo(w)).toHaveLength(10);
    expect(await endOf(confirm(w, token))).toBe('done');
  });

  /** What a service can find at an address. */
  const states: Record<string, (w: World, service: Service) => Promise<unknown>> = {
    'has no account': async () => {},
    'has an account here': (w, service) => w.addOwner({ email: EMAIL }, { service }),
    'has an account elsewhere': (w) => w.addOwner({ email: EMAIL }),
    'has an account whose owner proved it': async (w) =>
      prove(w, (await w.addOwner({ email: EMAIL })).user),
    'has an account here whose owner proved it': async (w, service) =>
      prove(w, (await w.addOwner({ email: EMAIL }, { service })).user),
    'has an account that is disabled': (w) => w.addOwner({ email: EMAIL, isEnabled: false }),
    'has an account that is locked': async (w) => {
      const { user } = await w.addOwner({ email: EMAIL });
      await w.database.transact(({ users }) => users.lockOut(user.id, START));
    },
    'has an account of the open sign-up': (w) =>
      w.useCases.users.signUp.execute(nobody, { name: 'A', email: EMAIL, password: PASSWORD }),
    'is reserved for the owner of another account': async (w, service) => {
      const { user } = await w.addOwner({}, { service });
      await reserve(w, user, service, EMAIL);
    },
  };
  const mailed: Record<string, string | null> = {
    'has an account whose owner proved it': 'register_known',
    'has an account here whose owner proved it': 'register_known',
    'has an account that is disabled': null,
    'has an account that is locked': null,
    'is reserved for the owner of another account': null,
  };

  test.each(Object.keys(states))(
    'is as much work, and mails what it should, where the address %s',
    async (state) => {
      const [some, none] = [await prepare(), await prepare()];
      await states[state]?.(some.w, some.service);
      await some.w.deliver();
      const work = async ({ w, service }: typeof some) => {
        const { database, done } = recording(w.database);
        const hashes = w.hasher.work();
        const answer = await register({ ...w, database }, service);
        return { answer, done, hashes: w.hasher.work() - hashes };
      };
      const before = mailsTo(some.w).length;
      const [worked, expected] = [await work(some), await work(none)];
      expect(worked).toEqual(expected);
      expect(worked.hashes).toBe(0);
      await some.w.deliver();
      const kinds = mailsTo(some.w)
        .slice(before)
        .map(({ kind }) => kind);
      const kind = state in mailed ? mailed[state] : 'register';
      expect(kinds).toEqual(kind === null ? [] : [kind]);
    },
  );
});

/** Gives the owner of another account the right to take an address back, from which it was moved just now. */
const reserve = (w: World, user: User, service: Service, email: string) =>
  w.database.transact(({ oneTimeTokens }) =>
    oneTimeTokens.insert({
      id: w.ids.next(),
      purpose: 'update_email',
      userId: user.id,
      serviceId: service.id,
      email,
      origin: ORIGIN,
      keyId: w.linkTokens.currentKeyId(),
      createdAt: w.clock.now(),
      expiresAt: w.clock.now() + settings.revokeTokenTtlMs,
      version: null,
      details: { newEmail: user.email },
    }),
  );

describe('the link of a registration', () => {
  test('makes the account with a key of the service, proven, and tells its owner', async () => {
    const { w, service } = await prepare();
    const token = await asks(w, service);
    const from = eventsOf(w).length;
    const { quality } = await confirm(w, token, { passwordAllowReset: false });
    expect(quality).toMatchObject({ strength: expect.any(Number) });
    const account = await accountOf(w);
    expect(account?.user).toMatchObject({
      name: 'Ada Lovelace',
      email: EMAIL,
      locale: 'de',
      timezone: 'Europe/Berlin',
      isEnabled: true,
      emailValid: true,
      emailProven: true,
      passwordAllowReset: false,
      passwordRequireUpdate: false,
      createdBy: service.id,
    });
    const userId = account?.user.id;
    expect(await logIn(w, service)).toBe('done');
    const told = { serviceId: service.id, userId };
    expect(eventsOf(w, from).slice(0, 2)).toEqual([
      { type: 'user.created', ...told },
      { type: 'key.created', ...told },
    ]);
    expect(await typesAt(w, service, userId)).toEqual(
      expect.arrayContaining(['sso:UserCreate', 'sso:KeyCreate', 'sso:AuthLocalRegisterConfirm']),
    );
    expect(await faultsOf(w)).toEqual([]);
    await w.deliver();
    const mail = mailsTo(w).at(-1);
    expect(mail).toMatchObject({ kind: 'register_confirm', locale: 'de' });
    await w.useCases.recovery.lockAccount.execute(nobody, {
      token: tokenIn(mail?.link ?? ''),
    });
    expect((await accountOf(w))?.user.isLocked).toBe(true);
  });

  test('makes one account, however often it is pressed', async () => {
    const { w, service } = await prepare();
    const token = await asks(w, service);
    const ends = await Promise.all(Array.from({ length: 8 }, () => endOf(confirm(w, token))));
    expect(ends.filter((end) => end === 'done')).toHaveLength(1);
    for (const end of ends) if (end !== 'done') expect(end).toBeInstanceOf(InvalidOneTimeToken);
  });

  test('makes an account without a password where none is given', async () => {
    const { w, service } = await prepare();
    const token = await asks(w, service);
    expect(await confirm(w, token, { password: undefined })).toEqual({ quality: null });
    expect((await accountOf(w))?.credential.passwordHash).toBeNull();
  });

  test('stays good where the password is refused', async () => {
    const { w, service } = await prepare();
    const token = await asks(w, service);
    for (const password of ['', 'short', 'x'.repeat(1000)]) {
      expect(await endOf(confirm(w, token, { password }))).toBeInstanceOf(IllegalArgument);
    }
    expect(await endOf(confirm(w, token))).toBe('done');
  });

  test('is good for the service that it was made for, and for nobody who has another key', async () => {
    const { w, service } = await prepare();
    const { service: other } = await addService(w, 'Other');
    const token = await asks(w, service);
    const foreign = await endOf(confirm(w, token, {}, asService(other)));
    expect(foreign).toBeInstanceOf(InvalidOneTimeToken);
    expect(await endOf(confirm(w, token, {}, asService(service)))).toBe('done');
  });

  test('ends after its time', async () => {
    const { w, service } = await prepare();
    const token = await asks(w, service);
    w.clock.set(START + settings.registerTokenTtlMs);
    expect(await endOf(confirm(w, token))).toBeInstanceOf(InvalidOneTimeToken);
  });

  /** What happens after the mail. */
  const events: Record<string, (w: World, service: Service) => Promise<unknown>> = {
    'the service is disabled': (w, { id }) =>
      w.useCases.services.updateService.execute(operator, { id, isEnabled: false }),
    'the service takes registrations no more': (w, { id }) =>
      w.useCases.services.updateService.execute(operator, { id, userAllowRegister: false }),
    'an account with the address is made and disabled': (w) =>
      w.addOwner({ email: EMAIL, isEnabled: false }),
    'an account with the address is made and locked': async (w) => {
      const { user } = await w.addOwner({ email: EMAIL });
      await w.database.transact(({ users }) => users.lockOut(user.id, START));
    },
    'an account with the address is made and deleted': async (w) => {
      const { user } = await w.addOwner({ email: EMAIL });
      await w.useCases.users.deleteUser.execute(operator, { id: user.id });
    },
    'somebody can take the address back': async (w, service) => {
      const { user } = await w.addOwner({}, { service });
      await reserve(w, user, service, EMAIL);
    },
  };
  test.each(Object.keys(events))('is good no more once %s', async (event) => {
    const { w, service } = await prepare();
    const token = await asks(w, service);
    await events[event]?.(w, service);
    const before = w.database.snapshot();
    expect(await endOf(confirm(w, token))).toBeInstanceOf(InvalidOneTimeToken);
    expect(w.database.snapshot()).toEqual(before);
  });

  test('of another purpose makes nothing', async () => {
    const { w } = await prepare();
    const token = await w.changeAndReadMail(await w.addOwner());
    for (const wrong of [token, '', 'a.b.c', 'x'.repeat(10_000)]) {
      expect(await endOf(confirm(w, wrong))).toBeInstanceOf(InvalidOneTimeToken);
    }
  });

  test('does all or nothing, wherever it fails', async () => {
    const made = async (w: World) => (await accountOf(w)) !== null;
    for (let step = 1; ; step += 1) {
      const { w, service } = await prepare();
      const token = await asks(w, service);
      const before = w.database.snapshot();
      const end = await endOf(confirm({ ...w, database: failingAt(w.database, step) }, token));
      if (end === 'done') {
        expect(step).toBeGreaterThan(8);
        expect(await made(w)).toBe(true);
        break;
      }
      expect(end).toBe(planted);
      expect(w.database.snapshot()).toEqual(before);
      expect(await endOf(confirm(w, token))).toBe('done');
    }
  });

  test('leaves nothing of somebody who did not go on, once it expired', async () => {
    const { w, service } = await prepare();
    await asks(w, service);
    w.clock.set(START + 2 * HOUR_MS);
    await w.useCases.maintenance.prune.execute(operator);
    expect(JSON.stringify(w.database.snapshot())).not.toMatch(/ada@example|Lovelace/);
  });

  test('leaves nothing of the person whose account was deleted', async () => {
    const { w, service } = await prepare();
    await confirm(w, await asks(w, service));
    await w.deliver();
    const id = (await accountOf(w))?.user.id ?? '';
    await w.useCases.users.deleteUser.execute(operator, { id });
    expect(JSON.stringify(w.database.snapshot())).not.toMatch(/ada@example|Lovelace/);
    expect(await faultsOf(w)).toEqual([]);
  });
});

describe('an account whose owner proved the address', () => {
  async function known() {
    const { w, service } = await prepare();
    const owner = await w.addOwner({ email: EMAIL, name: 'Ada', locale: 'ja' });
    await prove(w, owner.user);
    const session = await w.logIn(owner);
    return { w, service, owner, session, token: await asks(w, service) };
  }

  test('is told in its own language that the link only lets it in', async () => {
    const { w } = await known();
    expect(mailsTo(w).at(-1)).toMatchObject({ kind: 'register_known', locale: 'ja' });
  });

  test('is let in at the service, with its name, password and sessions', async () => {
    const { w, service, owner, session, token } = await known();
    const from = eventsOf(w).length;
    // Not even looked at.
    expect(await confirm(w, token, { password: 'x' })).toEqual({ quality: null });
    const account = await accountOf(w);
    expect(account?.user).toMatchObject({ id: owner.user.id, name: 'Ada', locale: 'ja' });
    expect(account?.user.createdBy).toBe(owner.service.id);
    expect(await logIn(w, service, PASSWORD)).toBe('done');
    expect(await w.isLive(session.token)).toBe(true);
    const userId = owner.user.id;
    expect(eventsOf(w, from).slice(0, 2)).toEqual([
      { type: 'user.adopted', serviceId: owner.service.id, userId },
      { type: 'key.created', serviceId: service.id, userId },
    ]);
    expect(await typesAt(w, service, userId)).toContain('sso:AuthLocalRegisterConfirm');
    expect(await typesAt(w, owner.service)).toContain('rekey:UserAdopt');
  });

  test('that is in already gets no second key', async () => {
    const { w, owner } = await known();
    await register(w, owner.service);
    await confirm(w, await linkOf(w));
    const keys = await w.database.read((stores) =>
      stores.keys.list({ userIds: [owner.user.id] }, { limit: 10 }),
    );
    expect(keys.map(({ id }) => id)).toEqual([owner.tokenKey.id]);
  });

  test('that the service keeps out stays out', async () => {
    const { w, owner } = await known();
    const by = asService(owner.service);
    await w.useCases.keys.updateKey.execute(by, { id: owner.tokenKey.id, isEnabled: false });
    const before = mailsTo(w).length;
    await register(w, owner.service);
    await w.deliver();
    expect(mailsTo(w)).toHaveLength(before);
  });
});

/** Ways to prepare an account for somebody else's address. */
const squatters: Record<string, (w: World, service: Service) => Promise<{ readonly user: User }>> =
  {
    'a sign-up': async (w) => ({
      user: await w.useCases.users.signUp.execute(nobody, {
        name: 'Mallory',
        email: EMAIL,
        password: PASSWORD,
      }),
    }),
    'a sign-up with a visit to its link': async (w) => {
      const input = { name: 'Mallory', email: EMAIL, password: PASSWORD };
      const user = await w.useCases.users.signUp.execute(nobody, input);
      await w.database.transact(({ users }) => users.markValid(user.id, false, START));
      return { user };
    },
    'the service itself': (w, service) =>
      w.useCases.users.createUser.execute(asService(service), {
        name: 'Mallory',
        email: EMAIL,
        password: PASSWORD,
        tokenKey: true,
        attributes: { plan: 'of Mallory' },
      }),
    'another service': async (w) =>
      w.useCases.users.createUser.execute(asService((await addService(w, 'Other')).service), {
        name: 'Mallory',
        email: EMAIL,
        password: PASSWORD,
        tokenKey: true,
        attributes: { plan: 'of Mallory' },
      }),
    'the operator': (w) =>
      w.useCases.users.createUser.execute(operator, {
        name: 'Mallory',
        email: EMAIL,
        password: PASSWORD,
      }),
  };

describe.each(Object.keys(squatters))('an account that was prepared by %s', (way) => {
  test('is the owner’s alone once the link of a registration is pressed', async () => {
    const { w, service } = await prepare();
    const prepareAccount = squatters[way];
    if (!prepareAccount) throw new Error('there is such a way');
    const { user } = await prepareAccount(w, service);
    // All that whoever prepared it can hold on to.
    const maker = user.createdBy ?? service.id;
    const made = await w.database.read(({ services }) => services.get(maker));
    const by = asService(made as Service);
    const login = await w.useCases.sessions.login
      .execute(maker === formServiceId ? asNobody() : by, { email: EMAIL, password: PASSWORD })
      .catch(() => null);
    const { value } = await w.useCases.keys.createKey.execute(root, {
      type: 'KEY',
      name: 'of Mallory',
      userId: user.id,
      serviceId: service.id,
    });
    const device = login?.device;

    await confirm(w, await asks(w, service));
    const account = await accountOf(w);
    expect(account?.user).toMatchObject({
      id: user.id,
      name: 'Ada Lovelace',
      isAdmin: false,
      emailProven: true,
      createdBy: service.id,
    });
    expect(await logIn(w, service, OWN)).toBe('done');
    expect(await logIn(w, service, PASSWORD)).not.toBe('done');
    if (login) expect(await w.isLive(login.access.token)).toBe(false);
    if (login?.refresh) {
      const refresh = w.useCases.sessions.refreshToken.execute(by, { token: login.refresh.token });
      expect(await endOf(refresh)).not.toBe('done');
    }
    const verify = w.useCases.keys.verifyKey.execute(asService(service), { value });
    expect(await endOf(verify)).not.toBe('done');
    const left = await w.database.read((stores) => stores.users.attributesOf(user.id));
    expect(left).toEqual([]);
    if (device !== undefined) {
      const { throttle } = settings;
      const few = { ...w, settings: { ...settings, throttle: { ...throttle, accountFree: 1 } } };
      const claim = { email: EMAIL, password: 'a guess of Mallory', device };
      for (let n = 0; n < 2; n += 1) {
        await endOf(useCases(few).sessions.login.execute(asService(service), claim));
      }
      const known = await endOf(
        useCases(few).sessions.login.execute(asService(service), { ...claim, password: OWN }),
      );
      // A device of Mallory's is no known device any more: it waits like everybody else's.
      expect(known).not.toBe('done');
    }
    if (maker !== service.id && maker !== formServiceId && login === null) {
      const seen = await w.database.read(({ users }) => users.see(user.id, maker));
      expect(seen?.isVisible ?? false).toBe(false);
    }
    expect(await faultsOf(w)).toEqual([]);
  });
});

describe('an account that somebody moved to the address', () => {
  test('goes back to the address that it had, and whoever proves this one gets another', async () => {
    const { w, service } = await prepare();
    const input = { name: 'Mallory', email: 'mallory@example.com', password: PASSWORD };
    const { user, access } = await w.useCases.users.signUpAndLogIn.execute(nobody, input);
    await w.database.transact(({ users }) => users.changeEmail(user.id, EMAIL, START));
    const form = await w.database.read(({ services }) => services.get(formServiceId));
    await reserve(w, { ...user, email: EMAIL }, form as Service, user.email);

    w.clock.set(START + DAY_MS);
    await confirm(w, await asks(w, service));
    const account = await accountOf(w);
    expect(account?.user.id).not.toBe(user.id);
    expect(await logIn(w, service)).toBe('done');
    expect(await w.isLive(access.token)).toBe(false);
    expect((await accountOf(w, user.email))?.user).toMatchObject({
      id: user.id,
      name: 'Mallory',
      emailProven: false,
    });
    expect(await faultsOf(w)).toEqual([]);
  });
});
