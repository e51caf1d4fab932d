import {
  type Actor,
  Forbidden,
  formServiceId,
  type Grant,
  IllegalArgument,
  InvalidCredentials,
  InvalidOneTimeToken,
  NotFound,
  operator,
  TooManyRequests,
  Unauthorized,
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
  ORIGIN,
  PASSWORD,
  START,
  type World,
  world,
} from '../../testing/index.ts';
import { type Ports, useCases } from '../index.ts';

/** A person of the built-in service, with a session there. */
async function person(w: World, email = 'orion@example.com') {
  const asked = { name: 'Orion', email, password: PASSWORD };
  const { user, access } = await w.useCases.users.signUpAndLogIn.execute(nobody, asked);
  const grant = (await w.accessTokens.verify(access.token)) as Grant;
  return { user, email: user.email, token: access.token, grant, actor: asUser(grant) };
}

async function prepare() {
  const w = world();
  await w.useCases.audit.beginAudit.execute(operator);
  await w.useCases.services.openFormService.execute(operator);
  return { w, orion: await person(w) };
}

/** A person who was made an admin, with a session from after that. */
async function anAdmin(w: World, email = 'admin@example.com') {
  const { user } = await person(w, email);
  await w.useCases.users.changeRole.execute(operator, { id: user.id, isAdmin: true });
  return person(w, email);
}

/** A person with a session at another service, and with a key of the built-in one where `isHere`. */
async function foreigner(w: World) {
  const owner = await w.addOwner();
  const grant = await w.logIn(owner);
  return { ...owner, email: owner.user.email, token: grant.token, actor: asUser(grant) };
}

const update = (ports: Ports, actor: Actor, input: object) =>
  useCases(ports).users.updateAccount.execute(actor, input as { email: string });
const remove = (ports: Ports, actor: Actor, input: object) =>
  useCases(ports).users.deleteAccount.execute(actor, input as { email: string });
const read = ({ database }: World, id: string) => database.read(({ users }) => users.get(id));
const typesOf = async (w: World, userId: string) => {
  const { entries } = await w.useCases.audit.listAudit.execute(operator, {
    userIds: [userId],
    limit: 100,
  });
  return entries.map(({ type, outcome }) => `${type} ${outcome}`);
};
const fieldsOf = (end: unknown) => {
  expect(end).toBeInstanceOf(IllegalArgument);
  return (end as IllegalArgument).violations.map(({ field, code }) => `${field} ${code}`);
};

describe('the own account', () => {
  test('is read with a session of any service', async () => {
    const { w, orion } = await prepare();
    const { readOwnAccount } = w.useCases.users;
    expect(await readOwnAccount.execute(orion.actor)).toMatchObject({ id: orion.user.id });
    const other = await foreigner(w);
    expect(await readOwnAccount.execute(other.actor)).toMatchObject({ id: other.user.id });
    for (const actor of [nobody, operator, asService(other.service)]) {
      expect(await endOf(readOwnAccount.execute(actor))).toBeInstanceOf(Unauthorized);
    }
  });

  test('gets another name, and the session another token', async () => {
    const { w, orion } = await prepare();
    w.clock.set(START + 60_000);
    const { user, access, device } = await update(w, orion.actor, {
      email: 'ORION@example.com',
      name: ' Rigel ',
    });
    expect(user).toMatchObject({ name: 'Rigel', updatedAt: START + 60_000 });
    expect(await read(w, orion.user.id)).toEqual(user);
    expect(access.token).not.toBe(orion.token);
    const { sessionId } = orion.grant;
    expect(await w.accessTokens.verify(access.token)).toMatchObject({ sessionId });
    expect(await w.isLive(orion.token)).toBe(true);
    expect(w.deviceTokens.verify(device)).toMatchObject({ userId: orion.user.id });
    expect(await typesOf(w, orion.user.id)).toContain('sso:UserUpdate success');
  });

  test('has a session that lasts as long as its new token, and no longer than a login may', async () => {
    const { w, orion } = await prepare();
    const endOfSession = async () =>
      (await w.database.read(({ sessions }) => sessions.findOpen(orion.grant.sessionId)))?.session
        .expiresAt;
    w.clock.set(START + 1_800_000);
    const { access } = await update(w, orion.actor, { email: orion.email, name: 'Rigel' });
    expect(await endOfSession()).toBe(access.expiresAt);
    const settings = { ...w.settings, sessionTtlMs: 6_000_000 };
    w.clock.set(START + 3_000_000);
    await update({ ...w, settings }, orion.actor, { email: orion.email, name: 'Vega' });
    expect(await endOfSession()).toBe(START + 6_000_000);
  });

  test('gets another password with the current one; other sessions end, and a mail is owed', async () => {
    const { w, orion } = await prepare();
    const other = await person(w);
    const { user, access } = await update(w, orion.actor, {
      email: orion.email,
      name: 'Rigel',
      password: PASSWORD,
      newPassword: NEW_PASSWORD,
    });
    expect(user).toMatchObject({ name: 'Rigel' });
    expect(await read(w, orion.user.id)).toEqual(user);
    expect(await w.isLive(access.token)).toBe(true);
    expect(await w.isLive(other.token)).toBe(false);
    const login = (password: string) =>
      endOf(w.useCases.sessions.login.execute(asNobody(), { email: orion.email, password }));
    expect(await login(NEW_PASSWORD)).toBe('done');
    expect(await login(PASSWORD)).toBeInstanceOf(InvalidCredentials);
    await w.deliver();
    expect(w.channels.mail.sent.map(({ to, kind }) => [to, kind])).toEqual([
      [orion.email, 'validate_email'],
      [orion.email, 'update_password'],
    ]);
    const types = await typesOf(w, orion.user.id);
    expect(types).toContain('sso:AuthLocalUpdatePassword success');
    expect(types).toContain('sso:UserUpdate success');
  });

  test('is changed as a whole or not at all', async () => {
    const input = {
      email: 'orion@example.com',
      name: 'Rigel',
      password: PASSWORD,
      newPassword: NEW_PASSWORD,
    };
    const { w, orion } = await prepare();
    const before = w.database.snapshot('throttles');
    let fails = 0;
    for (let n = 1; ; n += 1) {
      const broken = { ...w, database: failingAt(w.database, n) };
      if ((await endOf(update(broken, orion.actor, input))) === 'done') break;
      fails += 1;
      expect(w.database.snapshot('throttles')).toEqual(before);
    }
    expect(fails).toBeGreaterThan(8);
  });

  test.each<[string, object, string[]]>([
    ['for nothing to do', {}, ['name required']],
    ['for a new password alone', { newPassword: NEW_PASSWORD }, ['password required']],
    [
      'for all that is wrong at once',
      { email: 'orion', name: '', password: PASSWORD, newPassword: 'short' },
      ['email unusable', 'name malformed', 'newPassword too_short'],
    ],
    [
      'for the password that it has',
      { password: PASSWORD, newPassword: PASSWORD },
      ['newPassword same_as_current'],
    ],
  ])('refuses a change %s', async (_why, input, expected) => {
    const { w, orion } = await prepare();
    const before = w.database.snapshot();
    const end = await endOf(update(w, orion.actor, { email: orion.email, ...input }));
    expect(fieldsOf(end)).toEqual(expected);
    expect(w.database.snapshot()).toEqual(before);
  });

  test('is not changed with a wrong password, which counts as a try', async () => {
    const { w, orion } = await prepare();
    for (const change of [{ name: 'Rigel' }, { newPassword: NEW_PASSWORD }]) {
      const input = { email: orion.email, password: 'not this one', ...change };
      expect(await endOf(update(w, orion.actor, input))).toBeInstanceOf(InvalidCredentials);
    }
    expect(await read(w, orion.user.id)).toMatchObject({ name: 'Orion', updatedAt: START });
    const failures = (await typesOf(w, orion.user.id)).filter((type) => type.endsWith('failure'));
    expect(failures).toHaveLength(2);
  });

  test('is changed with a session of another service only by somebody who knows the password', async () => {
    const { w } = await prepare();
    const { actor, email, user } = await foreigner(w);
    const name = 'Rigel';
    expect(await endOf(update(w, actor, { email, name }))).toBeInstanceOf(Forbidden);
    const wrong = update(w, actor, { email, name, password: 'not this one' });
    expect(await endOf(wrong)).toBeInstanceOf(InvalidCredentials);
    expect(await update(w, actor, { email, name, password: PASSWORD })).toMatchObject({
      user: { id: user.id, name },
    });
  });

  test('is not changed in a session that has ended meanwhile', async () => {
    const { w, orion } = await prepare();
    await w.database.transact(({ sessions }) => sessions.end(orion.grant.sessionId, START));
    for (const more of [
      {},
      { password: PASSWORD },
      { password: PASSWORD, newPassword: NEW_PASSWORD },
    ]) {
      const input = { email: orion.email, name: 'Rigel', ...more };
      expect(await endOf(update(w, orion.actor, input))).toBeInstanceOf(Unauthorized);
    }
    expect(await read(w, orion.user.id)).toMatchObject({ name: 'Orion', updatedAt: START });
  });

  test('of somebody else is forbidden, whether or not there is one', async () => {
    const { w, orion } = await prepare();
    const { email } = await person(w, 'rigel@example.com');
    for (const other of [email, 'nobody@example.com', 'nobody@nowhere']) {
      const changing = update(w, orion.actor, { email: other, name: 'Eve', password: PASSWORD });
      expect(await endOf(changing)).toBeInstanceOf(Forbidden);
      const deleting = remove(w, orion.actor, { email: other, password: PASSWORD });
      expect(await endOf(deleting)).toBeInstanceOf(Forbidden);
    }
  });

  test('is deleted with the password, and nothing of it stays', async () => {
    const { w, orion } = await prepare();
    await w.deliver();
    await remove(w, orion.actor, { email: orion.email, password: PASSWORD });
    expect(await read(w, orion.user.id)).toBeNull();
    expect(await w.isLive(orion.token)).toBe(false);
    await w.deliver();
    const left = JSON.stringify(w.database.snapshot());
    // Nor of the browser that asked for it.
    for (const trace of ['Orion', 'orion@example.com', ORIGIN.address, ORIGIN.client ?? '']) {
      expect(left).not.toContain(trace);
    }
    expect(await typesOf(w, orion.user.id)).toContain('sso:UserDelete success');
    expect(await w.useCases.audit.verifyAudit.execute(operator)).toSatisfy(
      (reports: { fault: unknown }[]) => reports.every(({ fault }) => fault === null),
    );
    // The address is free again.
    expect((await person(w)).user.id).not.toBe(orion.user.id);
  });

  test('is deleted with one last mail about it, which has no link that does anything', async () => {
    const { w, orion } = await prepare();
    const admin = await anAdmin(w);
    const other = await person(w, 'other@example.com');
    await w.deliver();
    await remove(w, orion.actor, { email: orion.email, password: PASSWORD });
    await remove(w, admin.actor, { email: other.email });
    await w.deliver();
    const sent = w.channels.mail.sent.slice(-2);
    expect(sent.map(({ kind, to }) => [kind, to])).toEqual([
      ['account_deleted', orion.email],
      ['account_deleted', other.email],
    ]);
    const token = new URL(sent[0]?.link ?? '').searchParams.get('token') ?? '';
    for (const press of [
      w.useCases.recovery.lockAccount.execute(nobody, { token }),
      w.useCases.deliveries.readNotice.execute(nobody, { token }),
    ]) {
      expect(await endOf(press)).toBeInstanceOf(InvalidOneTimeToken);
    }
  });

  test('that nobody proved is not deleted where no mail could tell so, but by an admin', async () => {
    const { w, orion } = await prepare();
    const admin = await anAdmin(w);
    const ports = { ...w, settings: { ...w.settings, mailPerHour: 2 } };
    const claim = { email: orion.email, password: PASSWORD };
    await w.useCases.passwords.requestReset.execute(nobody, { email: 'x@example.com' });
    expect(await endOf(remove(ports, orion.actor, claim))).toBeInstanceOf(TooManyRequests);
    expect(await read(w, orion.user.id)).not.toBeNull();
    expect(await endOf(remove(ports, admin.actor, claim))).toBe('done');
    expect(await read(w, orion.user.id)).toBeNull();
  });

  test('is not deleted without the password, nor with a wrong one', async () => {
    const { w, orion } = await prepare();
    expect(fieldsOf(await endOf(remove(w, orion.actor, { email: orion.email })))).toEqual([
      'password required',
    ]);
    const wrong = remove(w, orion.actor, { email: orion.email, password: 'not this one' });
    expect(await endOf(wrong)).toBeInstanceOf(InvalidCredentials);
    expect(await read(w, orion.user.id)).toMatchObject({ name: 'Orion', updatedAt: START });
  });

  test('is not deleted while a change can still be taken back', async () => {
    const { w, orion } = await prepare();
    const input = { email: orion.email, password: PASSWORD, newPassword: NEW_PASSWORD };
    await update(w, orion.actor, input);
    const deleting = () =>
      endOf(remove(w, orion.actor, { email: orion.email, password: NEW_PASSWORD }));
    const end = await deleting();
    expect(end).toBeInstanceOf(WrongState);
    expect(end).toMatchObject({ code: 'recent_change' });
    // A right password stays a right one, whatever it comes to.
    const throttle = { ...w.settings.throttle, accountFree: 1 };
    const ports = { ...w, settings: { ...w.settings, throttle } };
    for (let n = 0; n < 3; n += 1) {
      const again = remove(ports, orion.actor, { email: orion.email, password: NEW_PASSWORD });
      expect(await endOf(again)).toMatchObject({ code: 'recent_change' });
    }
    expect(await read(w, orion.user.id)).not.toBeNull();
  });

  test('is deleted once the link of the change is over', async () => {
    const { w, orion } = await prepare();
    await w.useCases.passwords.updatePassword.execute(orion.actor, w.change(orion));
    w.clock.set(START + w.settings.revokeTokenTtlMs);
    const again = await w.useCases.sessions.login.execute(nobody, {
      email: orion.email,
      password: NEW_PASSWORD,
    });
    const actor = asUser((await w.accessTokens.verify(again.access.token)) as Grant);
    await remove(w, actor, { email: orion.email, password: NEW_PASSWORD });
    expect(await read(w, orion.user.id)).toBeNull();
  });

  test('of another service is deleted there with the password', async () => {
    const { w } = await prepare();
    const { actor, email, user } = await foreigner(w);
    expect(fieldsOf(await endOf(remove(w, actor, { email })))).toEqual(['password required']);
    await remove(w, actor, { email, password: PASSWORD });
    expect(await read(w, user.id)).toBeNull();
  });

  test('is for nobody without a session', async () => {
    const { w, orion } = await prepare();
    for (const actor of [nobody, operator]) {
      const input = { email: orion.email, name: 'Eve', password: PASSWORD };
      expect(await endOf(update(w, actor, input))).toBeInstanceOf(Unauthorized);
      expect(await endOf(remove(w, actor, input))).toBeInstanceOf(Unauthorized);
    }
  });
});

describe('an admin', () => {
  test('is made by the operator alone, which ends the sessions of the user and is recorded', async () => {
    const { w, orion } = await prepare();
    const { changeRole } = w.useCases.users;
    const grant = { id: orion.user.id, isAdmin: true };
    for (const actor of [nobody, orion.actor]) {
      expect(await endOf(changeRole.execute(actor, grant))).not.toBe('done');
    }
    expect(await changeRole.execute(operator, grant)).toMatchObject({ isAdmin: true });
    expect(await w.isLive(orion.token)).toBe(false);
    const again = await person(w);
    // Nothing changes, so nothing ends.
    await changeRole.execute(operator, grant);
    expect(await w.isLive(again.token)).toBe(true);
    expect(await changeRole.execute(operator, { ...grant, isAdmin: false })).toMatchObject({
      isAdmin: false,
    });
    expect(await w.isLive(again.token)).toBe(false);
    const roles = (await typesOf(w, orion.user.id)).filter((type) => type.includes('Role'));
    expect(roles.sort()).toEqual(['rekey:RoleGrant success', 'rekey:RoleRevoke success']);
    const unknown = { id: w.ids.next(), isAdmin: true };
    expect(await endOf(changeRole.execute(operator, unknown))).toBeInstanceOf(NotFound);
  });

  test('acts in the name of the built-in service, and is named beside it', async () => {
    const { w, orion } = await prepare();
    const admin = await anAdmin(w);
    const actor = await w.useCases.callers.admitAdmin.execute(admin.actor);
    expect(actor).toMatchObject({
      kind: 'service',
      service: { id: formServiceId },
      user: { userId: admin.user.id },
    });
    for (const other of [orion.actor, nobody, operator, (await foreigner(w)).actor]) {
      expect(await endOf(w.useCases.callers.admitAdmin.execute(other))).toBeInstanceOf(Forbidden);
    }
  });

  test('is none with a session of another service, nor once the role is taken', async () => {
    const { w } = await prepare();
    const admin = await anAdmin(w);
    const service = await w.addService();
    await w.addKey({ serviceId: service.id, userId: admin.user.id });
    const elsewhere = asUser(await w.logIn({ user: admin.user, service }));
    const { admitAdmin } = w.useCases.callers;
    expect(await endOf(admitAdmin.execute(elsewhere))).toBeInstanceOf(Forbidden);
    // As it stands in the database, whatever the token says.
    await w.database.transact(({ users }) => users.setAdmin(admin.user.id, false, START));
    expect(await endOf(admitAdmin.execute(admin.actor))).toBeInstanceOf(Forbidden);
  });

  test('changes the name of others, and gets no token of theirs', async () => {
    const { w, orion } = await prepare();
    const admin = await anAdmin(w);
    const { user, access, device } = await update(w, admin.actor, {
      email: orion.email,
      name: 'Rigel',
    });
    expect(user).toMatchObject({ id: orion.user.id, name: 'Rigel' });
    expect(await w.accessTokens.verify(access.token)).toMatchObject({ userId: admin.user.id });
    expect(w.deviceTokens.verify(device)).toMatchObject({ userId: admin.user.id });
    const password = { email: orion.email, password: PASSWORD, newPassword: NEW_PASSWORD };
    expect(fieldsOf(await endOf(update(w, admin.actor, password)))).toEqual([
      'newPassword not_allowed',
    ]);
  });

  test('deletes others, but for people whom another service has a key of', async () => {
    const { w, orion } = await prepare();
    const admin = await anAdmin(w);
    const shared = await person(w, 'shared@example.com');
    const service = await w.addService();
    await w.addKey({ serviceId: service.id, userId: shared.user.id });
    expect(await endOf(remove(w, admin.actor, { email: shared.email }))).toBeInstanceOf(Forbidden);
    await remove(w, admin.actor, { email: orion.email });
    expect(await read(w, orion.user.id)).toBeNull();
  });

  test('sees nobody whom the built-in service does not see', async () => {
    const { w } = await prepare();
    const admin = await anAdmin(w);
    const { email, user } = await foreigner(w);
    for (const other of [email, 'nobody@example.com']) {
      const changing = update(w, admin.actor, { email: other, name: 'Eve' });
      expect(await endOf(changing)).toBeInstanceOf(NotFound);
      expect(await endOf(remove(w, admin.actor, { email: other }))).toBeInstanceOf(NotFound);
    }
    expect(await read(w, user.id)).toMatchObject({ name: user.name });
  });

  test('stays where there is no other one who can log in', async () => {
    const { w } = await prepare();
    const admin = await anAdmin(w);
    const { email } = admin;
    for (const input of [{ email }, { email, password: PASSWORD }]) {
      expect(fieldsOf(await endOf(remove(w, admin.actor, input)))).toEqual(['email not_allowed']);
    }
    const second = await anAdmin(w, 'second@example.com');
    const row = { ...second.user, isEnabled: false };
    await w.database.transact(({ users }) => users.update(row));
    expect(fieldsOf(await endOf(remove(w, admin.actor, { email })))).toEqual(['email not_allowed']);
    await w.database.transact(({ users }) => users.update({ ...row, isEnabled: true }));
    await remove(w, admin.actor, { email, password: PASSWORD });
    expect(await read(w, admin.user.id)).toBeNull();
  });

  test('stays, one of two, where both leave at once, or each deletes the other', async () => {
    for (const turned of [false, true]) {
      const { w } = await prepare();
      const both = [await anAdmin(w), await anAdmin(w, 'second@example.com')];
      const emails = both.map(({ email }) => email);
      const targets = turned ? emails.toReversed() : emails;
      const ends = await Promise.all(
        both.map(({ actor }, n) =>
          endOf(remove(w, actor, { email: targets[n], password: PASSWORD })),
        ),
      );
      expect(ends.filter((end) => end === 'done')).toHaveLength(1);
    }
  });

  test('does not delete the own account past the link of a mail either', async () => {
    const { w } = await prepare();
    const admin = await anAdmin(w);
    await anAdmin(w, 'second@example.com');
    await w.useCases.passwords.updatePassword.execute(admin.actor, w.change(admin));
    expect(await endOf(remove(w, admin.actor, { email: admin.email }))).toMatchObject({
      code: 'recent_change',
    });
  });
});
