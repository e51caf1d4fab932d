import {
  type Actor,
  DAY_MS,
  type Event,
  Forbidden,
  formServiceId,
  type Grant,
  IllegalArgument,
  InvalidCredentials,
  InvalidOneTimeToken,
  NotFound,
  operator,
  TooManyRequests,
  type User,
  WrongState,
} from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import {
  asNobody,
  asService,
  asUser,
  endOf,
  failingAt,
  NEW_PASSWORD,
  nobody,
  type Owner,
  PASSWORD,
  planted,
  recording,
  START,
  settings,
  tokenIn,
  type World,
  world,
} from '../../testing/index.ts';
import { type Ports, useCases } from '../index.ts';

const OLD = 'ada@example.com';
const NEW = 'ada@example.net';

const move = (ports: Ports, actor: Actor, input: object = {}) =>
  endOf(
    useCases(ports).users.updateEmail.execute(actor, {
      email: OLD,
      password: PASSWORD,
      newEmail: NEW,
      ...input,
    }),
  );
const update = (ports: Ports, actor: Actor, input: object) =>
  useCases(ports)
    .users.updateAccount.execute(actor, { email: OLD, ...input })
    .catch((error: unknown) => error);
const create = (ports: Ports, actor: Actor, email: string) =>
  endOf(
    useCases(ports).users.createUser.execute(actor, { name: 'Eve', email, password: PASSWORD }),
  );
const press = (w: World, actor: Actor, token: string) =>
  endOf(w.useCases.recovery.lockAccount.execute(actor, { token }));
const userOf = ({ database }: World, { id }: Pick<User, 'id'>) =>
  database.read(({ users }) => users.get(id));
const refused = (end: unknown) => {
  expect(end).toBeInstanceOf(IllegalArgument);
  return (end as IllegalArgument).violations.map(({ field, code }) => `${field} ${code}`);
};

/** Everything that is mailed since the last time, as "kind to". */
async function mails(w: World) {
  const before = w.channels.mail.sent.length;
  await w.deliver();
  return w.channels.mail.sent.slice(before);
}
const tablesOf = ({ database }: World) => database.snapshot() as Record<string, unknown>;
const said = (sent: Awaited<ReturnType<typeof mails>>) =>
  sent.map(({ kind, to }) => `${kind} ${to}`).sort();
const linkOf = (sent: Awaited<ReturnType<typeof mails>>, kind: string) =>
  sent.find((mail) => mail.kind === kind)?.link ?? '';

async function prepare(details: Partial<User> = {}) {
  const w = world();
  await w.useCases.services.openFormService.execute(operator);
  const owner = await w.addOwner({ email: OLD, ...details });
  return { w, owner, by: asService(owner.service) };
}

/** A person of the built-in service with a session there, whose address is proven unless something else is said. */
async function person(w: World, { email = OLD, isProven = true } = {}) {
  const asked = { name: 'Ada', email, password: PASSWORD };
  const { user, access } = await w.useCases.users.signUpAndLogIn.execute(nobody, asked);
  if (isProven) await w.database.transact(({ users }) => users.markValid(user.id, true, START));
  await w.deliver();
  const grant = (await w.accessTokens.verify(access.token)) as Grant;
  return { user, token: access.token, grant, actor: asUser(grant) };
}

async function preparePerson(of: { isProven?: boolean } = {}) {
  const w = world();
  await w.useCases.services.openFormService.execute(operator);
  return { w, ada: await person(w, of) };
}

describe('a change of address by a service', () => {
  test('is made at once with the password, and ends all sessions', async () => {
    const { w, owner, by } = await prepare({ emailValid: true, emailProven: true });
    const { token } = await w.logIn(owner);
    w.clock.set(START + 1000);
    expect(await move(w, by, { newEmail: 'ADA@Example.NET' })).toBe('done');
    expect(await userOf(w, owner.user)).toMatchObject({
      email: NEW,
      emailValid: false,
      emailProven: false,
      updatedAt: START + 1000,
    });
    expect(await w.isLive(token)).toBe(false);
    const { login } = w.useCases.sessions;
    const claim = { email: OLD, password: PASSWORD };
    expect(await endOf(login.execute(by, claim))).toBeInstanceOf(InvalidCredentials);
    expect(await endOf(login.execute(by, { ...claim, email: NEW }))).toBe('done');
  });

  test('is mailed to the address from before, and asks the new one for a proof', async () => {
    const { w, owner, by } = await prepare();
    await move(w, by);
    const sent = await mails(w);
    expect(said(sent)).toEqual([`update_email ${OLD}`, `validate_email ${NEW}`]);
    const news = sent.find(({ kind }) => kind === 'update_email');
    expect(news).toMatchObject({ newEmail: 'a***@example.net' });
    await w.useCases.users.validateEmail.execute(by, {
      token: tokenIn(linkOf(sent, 'validate_email')),
      isProof: true,
    });
    expect(await userOf(w, owner.user)).toMatchObject({ emailValid: true, emailProven: true });
  });

  test('leads to the own page of the service with both addresses', async () => {
    const { w, owner, by } = await prepare();
    const page = 'https://app.example/local';
    await w.database.transact(({ services }) =>
      services.update({ ...owner.service, providerLocalUrl: page }),
    );
    await move(w, by);
    const { searchParams } = new URL(linkOf(await mails(w), 'update_email'));
    expect([...searchParams].slice(0, 3)).toEqual([
      ['type', 'update_email'],
      ['email', NEW],
      ['old_email', OLD],
    ]);
  });

  test('is recorded and told at every service that knows the user, with the addresses at its own', async () => {
    const { w, owner, by } = await prepare();
    const other = await w.addService();
    await w.addKey({ serviceId: other.id, userId: owner.user.id });
    await move(w, by);
    const { entries } = await w.useCases.audit.listAudit.execute(operator, {
      types: ['sso:AuthLocalUpdateEmail'],
      limit: 10,
    });
    const at = (id: string) => entries.filter(({ serviceId }) => serviceId === id);
    expect(at(owner.service.id)).toMatchObject([
      { outcome: 'success', userId: owner.user.id, data: { type: 'diff' } },
    ]);
    expect(at(other.id)).toMatchObject([{ data: null, subjectId: null, origin: null }]);
    const { events } = tablesOf(w) as { events: [string, Event][] };
    const told = events.map(([, event]) => event).filter(({ type }) => type === 'email.changed');
    expect(told.map(({ serviceId }) => serviceId).sort()).toEqual(
      [owner.service.id, other.id].sort(),
    );
  });

  test('proves nothing with a wrong password, for a user of another service, and for nobody, after one hash', async () => {
    const { w, by } = await prepare();
    const stranger = asService(await w.addService());
    const spent: number[] = [];
    for (const [actor, input] of [
      [by, { password: 'not this one' }],
      [by, { email: 'nobody@example.com' }],
      [by, { password: 'not this one', newEmail: 'taken@example.com' }],
      [stranger, {}],
    ] as const) {
      const before = w.hasher.work();
      expect(await move(w, actor, input)).toBeInstanceOf(InvalidCredentials);
      spent.push(w.hasher.work() - before);
    }
    expect(new Set(spent).size).toBe(1);
    expect(await mails(w)).toEqual([]);
  });

  test('is refused in one way for an address that is taken, reserved or none, and the try does not count', async () => {
    const { w, owner, by } = await prepare();
    await w.addOwner({ email: 'taken@example.com' });
    const mover = await w.addOwner({ email: 'left@example.com' }, { service: owner.service });
    await move(w, by, { email: mover.user.email, newEmail: 'moved@example.com' });
    await mails(w);
    const throttle = { ...settings.throttle, accountFree: 1 };
    const ports = { ...w, settings: { ...settings, throttle } };
    for (const newEmail of ['taken@example.com', 'left@example.com', 'no address']) {
      expect(refused(await move(ports, by, { newEmail }))).toEqual(['newEmail unusable']);
    }
    // No other try failed.
    expect(await move(ports, by, { password: 'wrong one' })).toBeInstanceOf(InvalidCredentials);
    expect(await move(ports, by, { password: 'wrong one' })).toBeInstanceOf(TooManyRequests);
    expect(await userOf(w, owner.user)).toMatchObject({ email: OLD });
    expect(await mails(w)).toEqual([]);
  });

  test('costs as much where the address is reserved as where it is taken', async () => {
    const { w, owner, by } = await prepare();
    await w.addOwner({ email: 'taken@example.com' });
    const mover = await w.addOwner({ email: 'left@example.com' }, { service: owner.service });
    await move(w, by, { email: mover.user.email, newEmail: 'moved@example.com' });
    const workOf = async (newEmail: string) => {
      const { database, done } = recording(w.database);
      await move({ ...w, database }, by, { newEmail });
      return done;
    };
    expect(await workOf('left@example.com')).toEqual(await workOf('taken@example.com'));
  });

  test('goes to another address than the current one', async () => {
    const { w, by } = await prepare();
    expect(refused(await move(w, by, { newEmail: OLD.toUpperCase() }))).toEqual([
      'newEmail same_as_current',
    ]);
  });

  test('waits for a password that must be changed first', async () => {
    const { w, by } = await prepare({ passwordRequireUpdate: true });
    expect(await move(w, by)).toMatchObject({
      name: 'Forbidden',
      code: 'password_update_required',
    });
  });

  test('happens so often in a day, and not more', async () => {
    const { w, by } = await prepare();
    const { throttle } = settings;
    const ports = { ...w, settings: { ...settings, throttle: { ...throttle, changesPerHour: 2 } } };
    expect(await move(ports, by)).toBe('done');
    expect(await move(ports, by, { email: NEW, newEmail: OLD })).toBe('done');
    expect(await move(ports, by)).toBeInstanceOf(TooManyRequests);
    w.clock.set(START + DAY_MS - 1);
    expect(await move(ports, by)).toBeInstanceOf(TooManyRequests);
    w.clock.set(START + DAY_MS);
    expect(await move(ports, by)).toBe('done');
  });

  test('is made whole or not at all, whatever fails on the way', async () => {
    const { w, by } = await prepare();
    const { users, oneTimeTokens, deliveries } = tablesOf(w);
    const before = { users, oneTimeTokens, deliveries };
    for (let n = 1; ; n += 1) {
      const end = await move({ ...w, database: failingAt(w.database, n) }, by);
      if (end === 'done') break;
      expect(end).toBe(planted);
      const { users, oneTimeTokens, deliveries } = tablesOf(w);
      expect({ users, oneTimeTokens, deliveries }).toMatchObject(before);
      if (n > 100) throw new Error('it never ends');
    }
  });

  test('keeps the devices of the person known', async () => {
    const { w, owner, by } = await prepare();
    const { device } = await w.useCases.sessions.login.execute(by, {
      email: OLD,
      password: PASSWORD,
    });
    await move(w, by);
    const again = await w.useCases.sessions.login.execute(by, {
      email: NEW,
      password: PASSWORD,
      device,
    });
    const [one, other] = [device, again.device].map((token) => w.deviceTokens.verify(token)?.id);
    expect(one).toBe(other);
    expect(owner.user.email).toBe(OLD);
  });

  test('voids a reset and a proof that wait in the mailbox from before, and no kill switch', async () => {
    const { w, owner, by } = await prepare();
    const kill = await w.changeAndReadMail(owner);
    const password = NEW_PASSWORD;
    await w.useCases.passwords.requestReset.execute(by, { email: OLD });
    const reset = tokenIn(linkOf(await mails(w), 'reset_password'));
    expect(await move(w, by, { password })).toBe('done');
    await move(w, by, { password, email: NEW, newEmail: OLD });
    const { confirmReset } = w.useCases.passwords;
    expect(
      await endOf(confirmReset.execute(by, { token: reset, password: 'a third one' })),
    ).toBeInstanceOf(InvalidOneTimeToken);
    expect(await press(w, by, kill)).toBe('done');
  });
});

describe('the link to the address from before', () => {
  test('locks the account and gives the address back, also after the thief proved another one', async () => {
    const { w, owner, by } = await prepare();
    await move(w, by);
    const sent = await mails(w);
    await w.useCases.users.validateEmail.execute(by, {
      token: tokenIn(linkOf(sent, 'validate_email')),
      isProof: true,
    });
    expect(await press(w, by, tokenIn(linkOf(sent, 'update_email')))).toBe('done');
    expect(await userOf(w, owner.user)).toMatchObject({
      email: OLD,
      emailProven: true,
      isLocked: true,
      isEnabled: false,
    });
  });

  test('works after the thief moved on, and pressed a link of his own', async () => {
    const { w, owner, by } = await prepare();
    await move(w, by);
    const first = tokenIn(linkOf(await mails(w), 'update_email'));
    await move(w, by, { email: NEW, newEmail: 'evil@example.org' });
    const second = tokenIn(linkOf(await mails(w), 'update_email'));
    expect(await press(w, by, second)).toBe('done');
    expect(await userOf(w, owner.user)).toMatchObject({ email: NEW, isLocked: true });
    expect(await press(w, by, first)).toBe('done');
    expect(await userOf(w, owner.user)).toMatchObject({ email: OLD, isLocked: true });
    await w.useCases.recovery.recoverUser.execute(operator, { id: owner.user.id });
    expect(said(await mails(w))).toEqual([`recover ${OLD}`]);
  });
});

describe('an address that was left', () => {
  test('is taken for everybody else while the link works, and free after it', async () => {
    const { w, owner, by } = await prepare();
    const other = await w.addOwner({ email: 'eve@example.com' }, { service: owner.service });
    await move(w, by);
    const takers: (() => Promise<unknown>)[] = [
      () => create(w, by, OLD),
      () => create(w, operator, OLD),
      () => create(w, nobody, OLD),
      () => move(w, by, { email: other.user.email, newEmail: OLD }),
      () =>
        endOf(
          w.useCases.users.signUp.execute(nobody, { name: 'Eve', email: OLD, password: PASSWORD }),
        ),
      () =>
        endOf(
          w.useCases.users.signUpAndLogIn.execute(nobody, {
            name: 'Eve',
            email: OLD,
            password: PASSWORD,
          }),
        ),
      () => endOf(w.useCases.users.createAdmin.execute(operator, { name: 'Eve', email: OLD })),
    ];
    for (const take of takers) expect(await take()).toBeInstanceOf(IllegalArgument);
    w.clock.set(START + settings.revokeTokenTtlMs - 1);
    for (const take of takers) expect(await take()).toBeInstanceOf(IllegalArgument);
    w.clock.set(START + settings.revokeTokenTtlMs);
    expect(await create(w, nobody, OLD)).toBe('done');
  });

  test('is refused to somebody who signs up like one that is taken, after as much work', async () => {
    const { w, by } = await prepare();
    await w.addOwner({ email: 'taken@example.com' });
    await move(w, by);
    const signUp = async (email: string) => {
      const { database, done } = recording(w.database);
      const before = w.hasher.work();
      const asked = { name: 'Eve', email, password: 'not this one' };
      const end = await endOf(useCases({ ...w, database }).users.signUp.execute(nobody, asked));
      return { end: refused(end), done, hashes: w.hasher.work() - before };
    };
    expect(await signUp(OLD)).toEqual(await signUp('taken@example.com'));
  });

  test('is free for the user who left it, and the new one is reserved then', async () => {
    const { w, owner, by } = await prepare();
    await move(w, by);
    expect(await move(w, by, { email: NEW, newEmail: OLD })).toBe('done');
    expect(await userOf(w, owner.user)).toMatchObject({ email: OLD });
    expect(await create(w, by, NEW)).toBeInstanceOf(IllegalArgument);
  });
});

describe('a reset after a change of address', () => {
  const ask = async (w: World, actor: Actor, email: string) => {
    await w.useCases.passwords.requestReset.execute(actor, { email });
    return mails(w);
  };

  test('is mailed for seven days to the address that was proven before, whichever is named', async () => {
    const { w, ada } = await preparePerson();
    await update(w, ada.actor, { newEmail: NEW });
    const sent = await mails(w);
    // The mailbox may be a thief's: a proof of it changes nothing.
    const token = new URL(linkOf(sent, 'validate_email')).searchParams.get('code') ?? '';
    await w.useCases.users.validateEmail.execute(nobody, { token, isProof: true });
    expect(said(await ask(w, nobody, NEW))).toEqual([`reset_password ${OLD}`]);
    w.clock.set(START + 7 * DAY_MS - 1);
    expect(said(await ask(w, nobody, OLD))).toEqual([`reset_password ${OLD}`]);
    w.clock.set(START + 7 * DAY_MS);
    expect(said(await ask(w, nobody, OLD))).toEqual([]);
    expect(said(await ask(w, nobody, NEW))).toEqual([`reset_password ${NEW}`]);
  });

  test('is mailed to nobody for seven days where no address was proven', async () => {
    const { w, ada } = await preparePerson({ isProven: false });
    await update(w, ada.actor, { newEmail: NEW });
    await mails(w);
    expect([...(await ask(w, nobody, NEW)), ...(await ask(w, nobody, OLD))]).toEqual([]);
    w.clock.set(START + 7 * DAY_MS);
    expect(said(await ask(w, nobody, NEW))).toEqual([`reset_password ${NEW}`]);
  });

  test('is mailed to the first of several addresses', async () => {
    const { w, ada } = await preparePerson();
    await update(w, ada.actor, { newEmail: NEW });
    await update(w, ada.actor, { email: NEW, newEmail: 'evil@example.org' });
    await mails(w);
    for (const email of [NEW, 'evil@example.org', OLD]) {
      expect(said(await ask(w, nobody, email))).toEqual([`reset_password ${OLD}`]);
    }
  });

  test('sets the password, proves nothing of the new address, and leaves the kill switch good', async () => {
    const { w, ada } = await preparePerson();
    await update(w, ada.actor, { newEmail: NEW });
    const kill = tokenIn(linkOf(await mails(w), 'update_email'));
    const token = tokenIn(linkOf(await ask(w, nobody, NEW), 'reset_password'));
    const { user } = await w.useCases.passwords.confirmReset.execute(nobody, {
      token,
      password: NEW_PASSWORD,
    });
    expect(user).toMatchObject({ email: NEW, emailValid: false, emailProven: false });
    expect(await userOf(w, ada.user)).toEqual(user);
    expect(said(await mails(w))).toEqual([`reset_password_confirm ${OLD}`]);
    expect(await w.isLive(ada.token)).toBe(false);
    const claim = { email: NEW, password: NEW_PASSWORD };
    expect(await endOf(w.useCases.sessions.login.execute(nobody, claim))).toBe('done');
    expect(await press(w, nobody, kill)).toBe('done');
    expect(await userOf(w, ada.user)).toMatchObject({ email: OLD });
  });

  test('of an account that has its address back goes there', async () => {
    const { w, ada } = await preparePerson({ isProven: false });
    await update(w, ada.actor, { newEmail: NEW });
    await update(w, ada.actor, { email: NEW, newEmail: OLD });
    await mails(w);
    expect(said(await ask(w, nobody, OLD))).toEqual([`reset_password ${OLD}`]);
  });
});

describe('a change of the own address', () => {
  test('takes a session alone, goes on with another token, and ends the other sessions', async () => {
    const { w, ada } = await preparePerson();
    const other = await person(w);
    const changed = (await update(w, ada.actor, { newEmail: NEW })) as {
      user: User;
      access: { token: string };
    };
    expect(changed.user).toMatchObject({ email: NEW, emailValid: false });
    expect(await userOf(w, ada.user)).toEqual(changed.user);
    const { sessionId } = ada.grant;
    expect(await w.accessTokens.verify(changed.access.token)).toMatchObject({ sessionId });
    expect(await w.isLive(changed.access.token)).toBe(true);
    expect(await w.isLive(other.token)).toBe(false);
    expect(said(await mails(w))).toEqual([`update_email ${OLD}`, `validate_email ${NEW}`]);
  });

  test('takes the right password where one is given, or where the settings demand one', async () => {
    const { w, ada } = await preparePerson();
    const strict = { ...w, settings: { ...settings, usersEmailChange: 'password' as const } };
    expect(await update(w, ada.actor, { newEmail: NEW, password: 'wrong one' })).toBeInstanceOf(
      InvalidCredentials,
    );
    expect(refused(await update(strict, ada.actor, { newEmail: NEW }))).toEqual([
      'password required',
    ]);
    expect(await update(strict, ada.actor, { newEmail: NEW, password: PASSWORD })).toMatchObject({
      user: { email: NEW },
    });
  });

  test('comes with a name and a password in one step, and both mails go to the address from before', async () => {
    const { w, ada } = await preparePerson();
    const input = {
      name: 'Rigel',
      newEmail: NEW,
      password: PASSWORD,
      newPassword: NEW_PASSWORD,
    };
    const { user } = (await update(w, ada.actor, input)) as { user: User };
    expect(user).toMatchObject({ name: 'Rigel', email: NEW });
    expect(await userOf(w, ada.user)).toEqual(user);
    expect(said(await mails(w))).toEqual([
      `update_email ${OLD}`,
      `update_password ${OLD}`,
      `validate_email ${NEW}`,
    ]);
    const claim = { email: NEW, password: NEW_PASSWORD };
    expect(await endOf(w.useCases.sessions.login.execute(nobody, claim))).toBe('done');
  });

  test('with a password changes both or neither, whatever fails on the way', async () => {
    const { w, ada } = await preparePerson();
    const input = { name: 'R', newEmail: NEW, password: PASSWORD, newPassword: NEW_PASSWORD };
    const before = await userOf(w, ada.user);
    for (let n = 1; n < 100; n += 1) {
      const end = await update({ ...w, database: failingAt(w.database, n) }, ada.actor, input);
      if (end !== planted) {
        expect(end).toMatchObject({ user: { email: NEW, name: 'R' } });
        return;
      }
      expect(await userOf(w, ada.user)).toEqual(before);
      expect(await mails(w)).toEqual([]);
    }
    throw new Error('it never ends');
  });

  test('is not one to the current address, and something else has to change then', async () => {
    const { w, ada } = await preparePerson();
    expect(refused(await update(w, ada.actor, { newEmail: OLD }))).toEqual([
      'newEmail same_as_current',
    ]);
    expect(await update(w, ada.actor, { newEmail: OLD, name: 'Rigel' })).toMatchObject({
      user: { name: 'Rigel', email: OLD },
    });
    expect(await mails(w)).toEqual([]);
  });

  test('is refused where no mail could go to the address from before, which nobody proved', async () => {
    const { w, ada } = await preparePerson({ isProven: false });
    const ports = { ...w, settings: { ...settings, mailPerHour: 2 } };
    await w.useCases.passwords.requestReset.execute(nobody, { email: 'x@example.com' });
    expect(await update(ports, ada.actor, { newEmail: NEW })).toBeInstanceOf(TooManyRequests);
    expect(await userOf(w, ada.user)).toMatchObject({ email: OLD });
  });

  test('happens without the mail to the new address where its mailbox is full', async () => {
    const { w, ada } = await preparePerson();
    for (let n = 0; n < 12; n += 1) {
      const from = asNobody({ address: `198.51.100.${n}`, client: null });
      await w.useCases.passwords.requestReset.execute(from, { email: NEW });
    }
    await mails(w);
    expect(await update(w, ada.actor, { newEmail: NEW })).toMatchObject({ user: { email: NEW } });
    expect(said(await mails(w))).toEqual([`update_email ${OLD}`]);
  });

  test('looks for taken addresses no faster than a sign-up', async () => {
    const { w, ada } = await preparePerson();
    await person(w, { email: 'taken@example.com' });
    const { throttle } = settings;
    const ports = {
      ...w,
      settings: { ...settings, throttle: { ...throttle, clientPerMinute: 15 } },
    };
    const ends = [];
    for (let n = 0; n < 6; n += 1) {
      ends.push(await update(ports, ada.actor, { newEmail: 'taken@example.com' }));
    }
    expect(ends[0]).toBeInstanceOf(IllegalArgument);
    expect(ends.at(-1)).toBeInstanceOf(TooManyRequests);
  });

  test('keeps a thief from deleting the account past the link to the owner', async () => {
    const { w, ada } = await preparePerson();
    await update(w, ada.actor, { newEmail: NEW });
    const deleting = w.useCases.users.deleteAccount.execute(ada.actor, {
      email: NEW,
      password: PASSWORD,
    });
    expect(await endOf(deleting)).toBeInstanceOf(WrongState);
  });

  test('of somebody else is for an admin, whose token stays the own one', async () => {
    const { w, ada } = await preparePerson();
    const { user } = await person(w, { email: 'admin@example.com' });
    await w.useCases.users.changeRole.execute(operator, { id: user.id, isAdmin: true });
    const admin = await person(w, { email: 'admin@example.com' });
    const eve = await person(w, { email: 'eve@example.com' });
    expect(await update(w, eve.actor, { newEmail: NEW })).toBeInstanceOf(Forbidden);
    const ofOwn = { newEmail: NEW, isOwn: true };
    expect(await update(w, admin.actor, ofOwn)).toBeInstanceOf(Forbidden);
    expect(
      await update(w, admin.actor, { email: 'nobody@example.com', newEmail: NEW }),
    ).toBeInstanceOf(NotFound);

    const changed = (await update(w, admin.actor, { name: 'Rigel', newEmail: NEW })) as {
      user: User;
      access: { token: string };
    };
    expect(changed.user).toMatchObject({ id: ada.user.id, email: NEW, name: 'Rigel' });
    expect(await userOf(w, ada.user)).toMatchObject({ email: NEW, name: 'Rigel' });
    expect(await w.accessTokens.verify(changed.access.token)).toMatchObject({
      userId: admin.user.id,
    });
    expect(await w.isLive(ada.token)).toBe(false);
    expect(said(await mails(w))).toEqual([`update_email ${OLD}`, `validate_email ${NEW}`]);
  });

  test('of a user of a service is not an admin’s', async () => {
    const { w } = await preparePerson();
    const { user } = await person(w, { email: 'admin@example.com' });
    await w.useCases.users.changeRole.execute(operator, { id: user.id, isAdmin: true });
    const admin = await person(w, { email: 'admin@example.com' });
    const owner: Owner = await w.addOwner({ email: 'foreign@example.com' });
    await w.addKey({ serviceId: formServiceId, userId: owner.user.id });
    const foreign = { email: 'foreign@example.com', newEmail: NEW };
    expect(await update(w, admin.actor, foreign)).toBeInstanceOf(Forbidden);
    expect(await userOf(w, owner.user)).toMatchObject({ email: 'foreign@example.com' });
  });
});
