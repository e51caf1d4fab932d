import {
  formServiceId,
  IllegalArgument,
  InvalidOneTimeToken,
  NotFound,
  operator,
  Unauthorized,
  WrongState,
} from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import {
  asService,
  aUser,
  endOf,
  failingAt,
  NEW_PASSWORD,
  nobody,
  PASSWORD,
  planted,
  root,
  START,
  settings,
  tokenIn,
  type World,
  world,
} from '../../testing/index.ts';
import { useCases } from '../index.ts';

const EVE = { name: 'Eve', email: 'eve@example.com' };

/** The token in the latest mail of an invitation. */
async function invitation(w: World): Promise<string> {
  await w.deliver();
  const mail = w.channels.mail.sent.findLast(({ kind }) => kind === 'invite');
  return tokenIn(mail?.link ?? 'none:');
}

const accept = (w: World, token: string, password = NEW_PASSWORD) =>
  w.useCases.passwords.confirmReset.execute(nobody, { token, password });

describe('a user who is made with an invitation', () => {
  async function prepare() {
    const w = world();
    const service = await w.addService();
    const by = asService(service);
    const input = { ...EVE, tokenKey: true, invite: true };
    const { user } = await w.useCases.users.createUser.execute(by, input);
    return { w, service, by, user, token: await invitation(w) };
  }

  test('chooses a password with the link of a mail, which proves the address', async () => {
    const { w, service, user, token } = await prepare();
    expect(w.channels.mail.sent).toMatchObject([
      { to: EVE.email, linkExpiresAt: START + settings.revokeTokenTtlMs },
    ]);
    const { user: proven } = await accept(w, token);
    expect(proven).toMatchObject({ id: user.id, emailValid: true, emailProven: true });
    expect(await endOf(w.logIn({ user, service }, NEW_PASSWORD))).toBe('done');
    await w.deliver();
    expect(w.channels.mail.sent.at(-1)).toMatchObject({ kind: 'reset_password_confirm' });
  });

  test('is recorded, and so is what became of it', async () => {
    const { w, by, user, token } = await prepare();
    await accept(w, token);
    const { entries } = await w.useCases.audit.listAudit.execute(by, { limit: 100 });
    const types = entries.filter(({ userId }) => userId === user.id).map(({ type }) => type);
    expect(types).toEqual(
      expect.arrayContaining(['sso:UserCreate', 'rekey:UserInvite', 'rekey:UserInviteConfirm']),
    );
  });

  test('may have no key of the service yet', async () => {
    const w = world();
    const by = asService(await w.addService());
    await w.useCases.users.createUser.execute(by, { ...EVE, invite: true });
    expect(await endOf(accept(w, await invitation(w)))).toBe('done');
  });

  test('is no longer invited once it has a password', async () => {
    const { w, by, user, token } = await prepare();
    await w.useCases.passwords.requestReset.execute(by, { email: user.email });
    await w.deliver();
    const reset = tokenIn(w.channels.mail.sent.at(-1)!.link);
    await w.useCases.passwords.confirmReset.execute(by, { token: reset, password: PASSWORD });
    expect(await endOf(accept(w, token))).toBeInstanceOf(InvalidOneTimeToken);
  });

  test('is no longer invited once it was disabled', async () => {
    const { w, user, token } = await prepare();
    const { updateUser } = w.useCases.users;
    await updateUser.execute(operator, { id: user.id, isEnabled: false });
    await updateUser.execute(operator, { id: user.id, isEnabled: true });
    expect(await endOf(accept(w, token))).toBeInstanceOf(InvalidOneTimeToken);
  });

  test('has no password along', async () => {
    const w = world();
    const by = asService(await w.addService());
    const input = { ...EVE, invite: true, password: PASSWORD };
    const end = await endOf(w.useCases.users.createUser.execute(by, input));
    expect(end).toMatchObject({ violations: [{ field: 'invite', code: 'not_allowed' }] });
  });

  test('is invited to the page that Rekey hosts by a root key', async () => {
    const w = world();
    await w.useCases.services.openFormService.execute(operator);
    await w.useCases.users.createUser.execute(root, { ...EVE, invite: true });
    const token = await invitation(w);
    expect(w.channels.mail.sent[0]?.link).toMatch(/^https:\/\/rekey\.example\/local\?/);
    expect(await endOf(accept(w, token))).toBe('done');
  });

  test('is there with its mail, or not at all', async () => {
    for (let n = 1; ; n += 1) {
      const w = world();
      const by = asService(await w.addService());
      const before = w.database.snapshot();
      const broken = { ...w, database: failingAt(w.database, n) };
      const { createUser } = useCases(broken).users;
      const end = await endOf(createUser.execute(by, { ...EVE, tokenKey: true, invite: true }));
      if (end === 'done') break;
      expect(end).toBe(planted);
      expect(w.database.snapshot()).toEqual(before);
    }
  });
});

describe('an invitation by the operator', () => {
  const invite = (w: World, id: string) => w.useCases.users.inviteUser.execute(operator, { id });

  test('lets a user without a password choose one, through the service that made it', async () => {
    const w = world();
    const owner = await w.addOwner({}, { passwordHash: null });
    await invite(w, owner.user.id);
    const token = await invitation(w);
    const link = new URL(w.channels.mail.sent[0]!.link);
    expect(link.origin + link.pathname).toBe(owner.service.providerLocalUrl);
    await accept(w, token);
    expect(await endOf(w.logIn(owner, NEW_PASSWORD))).toBe('done');
  });

  test('takes the place of an earlier one', async () => {
    const w = world();
    const { user } = await w.addOwner({}, { passwordHash: null });
    await invite(w, user.id);
    const earlier = await invitation(w);
    await invite(w, user.id);
    expect(await endOf(accept(w, earlier))).toBeInstanceOf(InvalidOneTimeToken);
    expect(await endOf(accept(w, await invitation(w)))).toBe('done');
  });

  test('leads to the page that Rekey hosts where the service is gone', async () => {
    const w = world();
    await w.useCases.services.openFormService.execute(operator);
    const service = await w.addService();
    const user = await w.addUser(service, {}, null);
    await w.useCases.services.deleteService.execute(operator, { id: service.id });
    await invite(w, user.id);
    expect(await endOf(accept(w, await invitation(w)))).toBe('done');
  });

  test('is for nobody who has a password, is disabled, locked or not there', async () => {
    const w = world();
    const { user, service } = await w.addOwner();
    const disabled = await w.addUser(service, { isEnabled: false }, null);
    const locked = await w.addUser(service, {}, null);
    await w.database.transact(({ users }) => users.lockOut(locked.id, START));
    expect(await endOf(invite(w, user.id))).toBeInstanceOf(IllegalArgument);
    expect(await endOf(invite(w, disabled.id))).toBeInstanceOf(IllegalArgument);
    expect(await endOf(invite(w, locked.id))).toBeInstanceOf(WrongState);
    expect(await endOf(invite(w, aUser({ createdBy: null }).id))).toBeInstanceOf(NotFound);
    const end = await endOf(
      w.useCases.users.inviteUser.execute(asService(service), { id: user.id }),
    );
    expect(end).toBeInstanceOf(Unauthorized);
  });
});

describe('an admin whom the operator makes', () => {
  async function prepare() {
    const w = world();
    await w.useCases.audit.beginAudit.execute(operator);
    await w.useCases.services.openFormService.execute(operator);
    const create = (email = EVE.email) =>
      w.useCases.users.createAdmin.execute(operator, { name: 'Eve', email });
    return { w, create };
  }

  test('chooses a password by mail, and logs in as an admin', async () => {
    const { w, create } = await prepare();
    const { user, isInvited } = await create();
    expect(isInvited).toBe(true);
    expect(user).toMatchObject({ isAdmin: true, createdBy: null, isEnabled: true });
    expect(await w.database.read(({ users }) => users.get(user.id))).toEqual(user);
    await accept(w, await invitation(w));
    const claim = { email: EVE.email, password: NEW_PASSWORD };
    const session = await w.useCases.sessions.login.execute(nobody, claim);
    expect(session.user).toMatchObject({ isAdmin: true, emailProven: true });
  });

  test('that is there already gets the role, and keeps the password', async () => {
    const { w, create } = await prepare();
    const owner = await w.addOwner();
    const { user, isInvited } = await create(owner.user.email);
    expect(isInvited).toBe(false);
    expect(user).toMatchObject({ id: owner.user.id, isAdmin: true, name: owner.user.name });
    expect(await endOf(w.logIn(owner))).toBe('done');
    expect(await w.deliver()).toEqual([]);
  });

  test('is no stranger who was there first', async () => {
    const { w, create } = await prepare();
    const input = { ...EVE, password: PASSWORD };
    const squatter = await w.useCases.users.signUp.execute(nobody, input);
    expect(await endOf(create())).toMatchObject({ violations: [{ field: 'email' }] });
    const found = await w.database.read(({ users }) => users.get(squatter.id));
    expect(found?.isAdmin).toBe(false);
  });

  test('is in an audit that knows how every key was made', async () => {
    const { w, create } = await prepare();
    const { user } = await create();
    const reports = await w.useCases.audit.verifyAudit.execute(operator);
    expect(reports.flatMap(({ fault }) => fault ?? [])).toEqual([]);
    const asked = { limit: 100, userIds: [user.id] };
    const { entries } = await w.useCases.audit.listAudit.execute(operator, asked);
    expect(new Set(entries.map(({ type, serviceId }) => `${type} ${serviceId}`))).toEqual(
      new Set([
        'sso:UserCreate null',
        `sso:KeyCreate ${formServiceId}`,
        `rekey:RoleGrant ${formServiceId}`,
        'rekey:UserInvite null',
      ]),
    );
  });

  test('is made by nobody but the operator, and whole or not at all', async () => {
    const { w } = await prepare();
    const end = await endOf(w.useCases.users.createAdmin.execute(root, EVE));
    expect(end).toBeInstanceOf(Unauthorized);
    for (let n = 1; ; n += 1) {
      const before = w.database.snapshot();
      const broken = { ...w, database: failingAt(w.database, n) };
      const end = await endOf(useCases(broken).users.createAdmin.execute(operator, EVE));
      if (end === 'done') break;
      expect(end).toBe(planted);
      expect(w.database.snapshot()).toEqual(before);
    }
  });
});
