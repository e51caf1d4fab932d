import {
  type Actor,
  Forbidden,
  formServiceId,
  HOUR_MS,
  IllegalArgument,
  InvalidOneTimeToken,
  NotFound,
  type OneTimeToken,
  operator,
  type Service,
  TooManyRequests,
  WrongState,
} from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import {
  aOneTimeToken,
  asService,
  endOf,
  failingAt,
  NEW_PASSWORD,
  nobody,
  type Owner,
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

const DAY_MS = 24 * HOUR_MS;
const FRESH = 'one that nobody had';

const lock = (ports: Ports, actor: Actor, token: string) =>
  endOf(useCases(ports).recovery.lockAccount.execute(actor, { token }));
const recover = (ports: Ports, actor: Actor, { user }: Pick<Owner, 'user'>) =>
  endOf(useCases(ports).recovery.recoverUser.execute(actor, { id: user.id }));
const confirm = (ports: Ports, actor: Actor, token: string, password = FRESH) =>
  useCases(ports)
    .recovery.confirmRecovery.execute(actor, { token, password })
    .catch((error: unknown) => error);

const userOf = ({ database }: World, { user }: Pick<Owner, 'user'>) =>
  database.read(({ users }) => users.get(user.id));

/** The recover mails that were sent, after what waits was sent as well. */
async function recoverMails(w: World) {
  await w.deliver();
  return w.channels.mail.sent.filter(({ kind }) => kind === 'recover');
}

async function recoverToken(w: World): Promise<string> {
  const mail = (await recoverMails(w)).at(-1);
  return tokenIn(mail?.link ?? '');
}

/** An account whose password was stolen and changed, and which its owner locked at the service. */
async function aLockedAccount(details: Partial<Service> = {}) {
  const w = world();
  const service = await w.addService(details);
  const owner = await w.addOwner({ email: 'ada@example.com' }, { service });
  const by = asService(service);
  const token = await w.changeAndReadMail(owner);
  expect(await lock(w, by, token)).toBe('done');
  return { w, owner, service, by, token };
}

/** Moves the account of the owner, as a thief who has it, and tells its mailbox from before. */
async function move(w: World, { user, service }: Owner, email: string, at: number) {
  w.clock.set(at);
  const before = await w.database.read(({ users }) => users.get(user.id));
  const right = aOneTimeToken({
    userId: user.id,
    serviceId: service.id,
    purpose: 'update_email',
    email: before?.email ?? '',
    details: { newEmail: email },
    createdAt: at,
    expiresAt: at + settings.revokeTokenTtlMs,
  });
  await w.database.transact(async ({ users, oneTimeTokens }) => {
    await oneTimeTokens.insert(right);
    expect(await users.giveBackAddress(user.id, email, at)).toBe(true);
  });
  return w.linkTokens.make(right);
}

/** A right that was mailed to an address of the owner. */
async function mailed(w: World, { user, service }: Owner, details: Partial<OneTimeToken>) {
  const at = w.clock.now();
  const right = aOneTimeToken({
    userId: user.id,
    serviceId: service.id,
    createdAt: at,
    expiresAt: at + settings.revokeTokenTtlMs,
    ...details,
  });
  await w.database.transact(({ oneTimeTokens }) => oneTimeTokens.insert(right));
  return w.linkTokens.make(right);
}

describe('the way back', () => {
  test('is a link for a day to the mailbox of the owner, which sets a password and opens the account', async () => {
    const { w, owner, service, by } = await aLockedAccount();
    w.clock.set(START + 1000);
    expect(await recover(w, by, owner)).toBe('done');
    const [mail] = await recoverMails(w);
    expect(mail).toMatchObject({ to: 'ada@example.com' });
    w.clock.set(START + 1000 + DAY_MS - 1);
    expect(await confirm(w, by, tokenIn(mail?.link ?? ''))).toMatchObject({
      user: { id: owner.user.id },
      quality: {},
    });

    expect(await userOf(w, owner)).toMatchObject({
      isEnabled: true,
      isLocked: false,
      emailValid: true,
      email: 'ada@example.com',
      passwordRequireUpdate: false,
    });
    const key = await w.database.read(({ keys }) =>
      keys.findToken(owner.user.id, service.id, w.clock.now()),
    );
    expect(key).toMatchObject({ name: service.name, isEnabled: true });
    expect(await w.isLive((await w.logIn(owner, FRESH)).token)).toBe(true);
    await w.deliver();
    const last = w.channels.mail.sent.at(-1);
    expect(last).toMatchObject({ kind: 'reset_password_confirm', to: 'ada@example.com' });
    expect(await lock(w, by, tokenIn(last?.link ?? ''))).toBe('done');
  });

  test('brings back neither keys nor sessions nor factors', async () => {
    const w = world();
    const owner = await w.addOwner();
    const by = asService(owner.service);
    const { token: bearer } = await w.logIn(owner);
    const key = await w.addKey({
      userId: owner.user.id,
      serviceId: owner.service.id,
      type: 'KEY',
    });
    const totp = await w.addTotp(owner);
    await lock(w, by, await w.changeAndReadMail(owner));
    await recover(w, by, owner);
    expect(await confirm(w, by, await recoverToken(w))).toMatchObject({ user: {} });
    expect(await w.isLive(bearer)).toBe(false);
    for (const { id } of [key, totp.key, owner.tokenKey]) {
      expect(await w.database.read(({ keys }) => keys.get(id))).toMatchObject({ isRevoked: true });
    }
  });

  test.each([PASSWORD, NEW_PASSWORD])(
    'refuses a password from before the lock: %s',
    async (password) => {
      const { w, owner, by } = await aLockedAccount();
      await recover(w, by, owner);
      const token = await recoverToken(w);
      const end = await confirm(w, by, token, password);
      expect(end).toBeInstanceOf(IllegalArgument);
      expect((end as IllegalArgument).violations).toMatchObject([
        { field: 'password', code: 'used_before' },
      ]);
      // The link is as good as it was.
      expect(await confirm(w, by, token)).toMatchObject({ user: {} });
    },
  );

  test('refuses a password that the policy refuses, and leaves the link good', async () => {
    const { w, owner, by } = await aLockedAccount();
    await recover(w, by, owner);
    const token = await recoverToken(w);
    expect(await confirm(w, by, token, 'short')).toBeInstanceOf(IllegalArgument);
    const strict = { ...w, settings: { ...settings, passwordPolicy: 'standard' as const } };
    expect(await confirm(strict, by, token, 'password')).toBeInstanceOf(IllegalArgument);
    expect(await confirm(w, by, token)).toMatchObject({ user: {} });
  });

  test('costs no more hashes however often a thief changed the password', async () => {
    const w = world();
    const owner = await w.addOwner();
    const by = asService(owner.service);
    let password = PASSWORD;
    let token = '';
    for (let n = 0; n < 40; n += 1) {
      w.clock.set(START + n);
      const newPassword = `stolen ${n} times`;
      token = await w.changeAndReadMail(owner, { password, newPassword });
      password = newPassword;
    }
    await lock(w, by, token);
    await recover(w, by, owner);
    const recovery = await recoverToken(w);
    const before = w.hasher.work();
    expect(await confirm(w, by, recovery, PASSWORD)).toBeInstanceOf(IllegalArgument);
    expect(await confirm(w, by, recovery, password)).toBeInstanceOf(IllegalArgument);
    const refused = w.hasher.work();
    expect(await confirm(w, by, recovery)).toMatchObject({ user: {} });
    expect(refused - before).toBeLessThanOrEqual(24);
    expect(w.hasher.work() - refused).toBeLessThanOrEqual(13);
  });

  test('is closed to everything but its own link: once, in time, at its service, of the newest request', async () => {
    const { w, owner, by, token: spent } = await aLockedAccount();
    await recover(w, by, owner);
    const old = await recoverToken(w);
    w.clock.set(START + 1000);
    await recover(w, by, owner);
    const token = await recoverToken(w);
    expect(token).not.toBe(old);
    const stranger = asService(await w.addService());
    const { id } = w.linkTokens.verify(token)!;
    const renamed = w.linkTokens.make({ id, purpose: 'reset_password', keyId: 'k1' });
    for (const [actor, text] of [
      [by, ''],
      [by, spent],
      [by, old],
      [by, renamed],
      [stranger, token],
      [root, token],
    ] as const) {
      expect(await confirm(w, actor, text)).toBeInstanceOf(InvalidOneTimeToken);
    }
    expect(await lock(w, by, token)).toBeInstanceOf(InvalidOneTimeToken);
    w.clock.set(START + 1000 + DAY_MS);
    expect(await confirm(w, by, token)).toBeInstanceOf(InvalidOneTimeToken);
    w.clock.set(START + 1000 + DAY_MS - 1);
    expect(await confirm(w, nobody, token)).toMatchObject({ user: {} });
    expect(await confirm(w, by, token)).toBeInstanceOf(InvalidOneTimeToken);
  });

  test('ends with another lock', async () => {
    const { w, owner, by } = await aLockedAccount();
    const earlier = await mailed(w, owner, { createdAt: START - 5, email: 'before@example.com' });
    await recover(w, by, owner);
    const token = await recoverToken(w);
    expect(await lock(w, by, earlier)).toBe('done');
    expect(await confirm(w, by, token)).toBeInstanceOf(InvalidOneTimeToken);
    await recover(w, by, owner);
    expect(await confirm(w, by, await recoverToken(w))).toMatchObject({ user: {} });
  });

  test('that fails half-way changes nothing, and its link stays good', async () => {
    const prepared = async () => {
      const locked = await aLockedAccount();
      await recover(locked.w, locked.by, locked.owner);
      return { ...locked, link: await recoverToken(locked.w) };
    };
    const healthy = await prepared();
    const { database, done } = recording(healthy.w.database);
    await confirm({ ...healthy.w, database }, healthy.by, healthy.link);
    expect(done).toContain('users.unlock');
    for (let n = 1; n <= done.length + 1; n += 1) {
      const { w, by, link } = await prepared();
      const before = w.database.snapshot();
      const broken = { ...w, database: failingAt(w.database, n) };
      expect(await confirm(broken, by, link)).toBe(planted);
      expect(w.database.snapshot()).toEqual(before);
      expect(await confirm(w, by, link)).toMatchObject({ user: {} });
    }
  });
});

describe('an account that is given back', () => {
  const giveBack = async (w: World, by: Actor, owner: Owner) => {
    await recover(w, operator, owner);
    expect(await confirm(w, by, await recoverToken(w))).toMatchObject({ user: {} });
    return (await userOf(w, owner))?.isEnabled;
  };

  test('stays disabled where its service had disabled it, or does while it is locked', async () => {
    for (const when of ['before', 'meanwhile'] as const) {
      const w = world();
      const owner = await w.addOwner();
      const by = asService(owner.service);
      const token = await w.changeAndReadMail(owner);
      const disable = () =>
        w.useCases.users.updateUser.execute(by, { id: owner.user.id, isEnabled: false });
      if (when === 'before') await disable();
      await lock(w, by, token);
      if (when === 'meanwhile') await disable();
      expect(await giveBack(w, by, owner)).toBe(false);
      const { updateUser } = w.useCases.users;
      const enabled = await updateUser.execute(by, { id: owner.user.id, isEnabled: true });
      expect(enabled).toMatchObject({ isEnabled: true });
    }
  });

  test('is enabled by no service where an operator had disabled it, or does while it is locked', async () => {
    for (const when of ['before', 'meanwhile'] as const) {
      const w = world();
      const owner = await w.addOwner();
      const by = asService(owner.service);
      const token = await w.changeAndReadMail(owner);
      const { updateUser } = w.useCases.users;
      const set = (actor: Actor, isEnabled: boolean) =>
        updateUser.execute(actor, { id: owner.user.id, isEnabled });
      if (when === 'before') await set(root, false);
      await lock(w, by, token);
      if (when === 'meanwhile') await set(operator, false);
      expect(await giveBack(w, by, owner)).toBe(false);
      expect(await endOf(set(by, true))).toBeInstanceOf(Forbidden);
      expect(await set(root, true)).toMatchObject({ isEnabled: true });
    }
  });

  test('is enabled by nobody while it is locked', async () => {
    const { w, owner, by } = await aLockedAccount();
    for (const actor of [by, root, operator]) {
      const end = await endOf(
        w.useCases.users.updateUser.execute(actor, { id: owner.user.id, isEnabled: true }),
      );
      expect(end).toMatchObject({ code: 'account_locked' });
    }
  });

  test('gets no key of a service that was deleted meanwhile', async () => {
    const { w, owner, service } = await aLockedAccount();
    await recover(w, operator, owner);
    await w.useCases.services.deleteService.execute(operator, { id: service.id });
    expect(await confirm(w, nobody, await recoverToken(w))).toMatchObject({ user: {} });
    const found = await w.database.read(({ keys }) =>
      keys.findToken(owner.user.id, service.id, START),
    );
    expect(found).toBeNull();
  });

  test('is told of to every service that knows of it, and recorded there', async () => {
    const { w, owner, service, by } = await aLockedAccount();
    const other = await w.addService();
    await w.addKey({ userId: owner.user.id, serviceId: other.id, isRevoked: true, type: 'KEY' });
    await recover(w, by, owner);
    await confirm(w, by, await recoverToken(w));
    const events: { type: string; serviceId: string | null }[] = [];
    const audit: typeof events = [];
    w.database.tamper((tables) => {
      events.push(...tables.events.rows());
      audit.push(...tables.audit.rows());
    });
    const told = (rows: typeof events, serviceId: string) =>
      rows.filter((row) => row.serviceId === serviceId).map(({ type }) => type);
    expect(told(events, other.id)).toEqual(['user.recovered']);
    expect(told(audit, other.id)).toEqual(['rekey:UserRecover', 'rekey:UserRecoverConfirm']);
    expect(told(events, service.id)).toEqual(
      expect.arrayContaining(['user.locked', 'key.revoked', 'user.recovered', 'key.created']),
    );
    expect(
      told(audit, service.id)
        .filter((type) => type !== 'rekey:MailSend')
        .slice(-3),
    ).toEqual(['rekey:UserRecover', 'rekey:UserRecoverConfirm', 'sso:KeyCreate']);
  });
});

describe('a request for the way back', () => {
  test('is for those who know of the user, and looks like that of an unknown user to others', async () => {
    const { w, owner } = await aLockedAccount();
    const stranger = asService(await w.addService());
    const seeing = asService(await w.addService({ seesAllUsers: true }));
    expect(await recover(w, stranger, owner)).toBeInstanceOf(NotFound);
    expect(await recover(w, seeing, owner)).toBeInstanceOf(Forbidden);
    for (const actor of [root, operator]) expect(await recover(w, actor, owner)).toBe('done');
    const ghost = { user: { ...owner.user, id: '01900000-0000-7000-8000-00000000dead' } };
    for (const actor of [root, stranger]) {
      expect(await recover(w, actor, ghost)).toBeInstanceOf(NotFound);
    }
  });

  test('is refused for an account that is not locked', async () => {
    const w = world();
    const owner = await w.addOwner();
    for (const actor of [asService(owner.service), root]) {
      const end = await recover(w, actor, owner);
      expect(end).toBeInstanceOf(WrongState);
      expect(end).toMatchObject({ code: 'account_not_locked' });
    }
  });

  test('makes a link of the service that asks, and otherwise of the one whose link locked the account', async () => {
    const { w, owner, service } = await aLockedAccount();
    const other = await w.addService();
    await w.addKey({ userId: owner.user.id, serviceId: other.id, isRevoked: true });
    await recover(w, root, owner);
    const first = await recoverToken(w);
    expect(await confirm(w, asService(other), first)).toBeInstanceOf(InvalidOneTimeToken);
    await recover(w, asService(other), owner);
    const second = await recoverToken(w);
    expect(await confirm(w, asService(service), second)).toBeInstanceOf(InvalidOneTimeToken);
    expect(await confirm(w, asService(other), second)).toMatchObject({ user: {} });
  });

  test('is one of three an hour for a service, which uses up nobody else’s', async () => {
    const { w, owner, by } = await aLockedAccount();
    const other = await w.addService();
    await w.addKey({ userId: owner.user.id, serviceId: other.id, isRevoked: true });
    for (let n = 0; n < 3; n += 1) expect(await recover(w, by, owner)).toBe('done');
    const before = w.database.snapshot();
    expect(await recover(w, by, owner)).toBeInstanceOf(TooManyRequests);
    expect(w.database.snapshot()).toEqual(before);
    for (const actor of [asService(other), root, operator]) {
      expect(await recover(w, actor, owner)).toBe('done');
    }
    w.clock.set(START + HOUR_MS);
    expect(await recover(w, by, owner)).toBe('done');
  });
});

describe('the owner', () => {
  const byOwner = (ports: Ports, token: string, actor: Actor = nobody) =>
    endOf(useCases(ports).recovery.recoverByOwner.execute(actor, { token }));

  test('gets the way back with the link that locked the account, where the service says so', async () => {
    const { w, token } = await aLockedAccount({ ownerRecovery: true });
    expect(await byOwner(w, token)).toBe('done');
    const mails = await recoverMails(w);
    expect(mails.map(({ to }) => to)).toEqual(['ada@example.com']);
    expect(await confirm(w, nobody, tokenIn(mails[0]?.link ?? ''))).toMatchObject({ user: {} });
    expect(await byOwner(w, token)).toBeInstanceOf(WrongState);
  });

  test('gets it with that link, however much time passes while it locks the account', async () => {
    const w = world();
    const owner = await w.addOwner({}, { service: await w.addService({ ownerRecovery: true }) });
    const token = await w.changeAndReadMail(owner);
    const now = () => {
      w.clock.set(w.clock.now() + 1);
      return w.clock.now();
    };
    expect(await lock({ ...w, clock: { now } }, nobody, token)).toBe('done');
    const used = await w.useCases.deliveries.readUsedLink.execute(nobody, { token });
    expect(used).toMatchObject({ canRecover: true });
    expect(await byOwner(w, token)).toBe('done');
  });

  test('does not where the service does not, and with no other token', async () => {
    const { w, token } = await aLockedAccount();
    expect(await byOwner(w, token)).toBeInstanceOf(InvalidOneTimeToken);

    const open = await aLockedAccount({ ownerRecovery: true });
    const unspent = await mailed(open.w, open.owner, {});
    const stranger = asService(await open.w.addService({ ownerRecovery: true }));
    for (const [text, actor] of [
      ['', nobody],
      [unspent, nobody],
      [open.token, stranger],
      [open.token, root],
    ] as const) {
      expect(await byOwner(open.w, text, actor)).toBeInstanceOf(InvalidOneTimeToken);
    }
  });

  test('does not with the link of an earlier lock', async () => {
    const { w, owner, by, token } = await aLockedAccount({ ownerRecovery: true });
    await recover(w, by, owner);
    await confirm(w, by, await recoverToken(w));
    w.clock.set(START + 5000);
    await w.deliver();
    await lock(w, by, tokenIn(w.channels.mail.sent.at(-1)?.link ?? ''));
    expect(await byOwner(w, token)).toBeInstanceOf(InvalidOneTimeToken);
  });

  /** A locked account with three spent links: two of a thief's mailbox, and one of the owner's. */
  const spentLinks = async () => {
    const w = world();
    const owner = await w.addOwner({}, { service: await w.addService({ ownerRecovery: true }) });
    const theirs = { email: 'thief@example.com', createdAt: START + 1 };
    const thief = [await mailed(w, owner, theirs), await mailed(w, owner, theirs)] as const;
    const own = await mailed(w, owner, { email: owner.user.email });
    expect(await lock(w, nobody, own)).toBe('done');
    return { w, owner, own, thief };
  };

  test('asks three times an hour at most, with all links of a mailbox together', async () => {
    const { w, thief } = await spentLinks();
    for (const link of [...thief, thief[0]]) expect(await byOwner(w, link)).toBe('done');
    for (const link of thief) expect(await byOwner(w, link)).toBeInstanceOf(TooManyRequests);
  });

  test('does not share that with the service, nor with whoever has another mailbox', async () => {
    const { w, owner, own, thief } = await spentLinks();
    for (let n = 0; n < 3; n += 1) expect(await byOwner(w, thief[0])).toBe('done');
    for (let n = 0; n < 3; n += 1) expect(await byOwner(w, own)).toBe('done');
    expect(await recover(w, asService(owner.service), owner)).toBe('done');
  });

  test('does it at the built-in service as the settings say', async () => {
    const w = world();
    const open = async (usersRecovery: 'owner' | 'operator') => {
      const ports = { ...w, settings: { ...settings, usersRecovery } };
      return useCases(ports).services.openFormService.execute(operator);
    };
    expect(await open('owner')).toMatchObject({ id: formServiceId, ownerRecovery: true });
    expect(await open('operator')).toMatchObject({ ownerRecovery: false });
  });
});

describe('a thief who moved the address', () => {
  const robbed = async () => {
    const w = world();
    const owner = await w.addOwner({ email: 'ada@example.com' });
    const old = await move(w, owner, 'thief@example.com', START + 1000);
    const thief = { ...owner, user: { ...owner.user, email: 'thief@example.com' } };
    return { w, owner, thief, by: asService(owner.service), old };
  };

  test('gains nothing by a link of his own: the way back leads to the owner, who stays able to lock', async () => {
    const { w, owner, thief, by, old } = await robbed();
    w.clock.set(START + 2000);
    const own = await w.changeAndReadMail(thief);
    expect(await lock(w, by, own)).toBe('done');
    await recover(w, by, owner);
    expect((await recoverMails(w)).map(({ to }) => to)).toEqual(['ada@example.com']);
    const token = await recoverToken(w);
    expect(await lock(w, by, old)).toBe('done');
    expect(await userOf(w, owner)).toMatchObject({ email: 'ada@example.com', isLocked: true });
    expect(await confirm(w, by, token)).toBeInstanceOf(InvalidOneTimeToken);
    await recover(w, by, owner);
    expect(await confirm(w, by, await recoverToken(w))).toMatchObject({
      user: { email: 'ada@example.com' },
    });
    expect(await lock(w, by, own)).toBeInstanceOf(InvalidOneTimeToken);
  });

  test('loses the address where the owner takes the way back alone', async () => {
    const { w, owner, thief, by } = await robbed();
    w.clock.set(START + 2000);
    await lock(w, by, await w.changeAndReadMail(thief));
    await recover(w, by, owner);
    expect(await confirm(w, by, await recoverToken(w))).toMatchObject({
      user: { email: 'ada@example.com', emailValid: true },
    });
    await w.deliver();
    expect(w.channels.mail.sent.at(-1)).toMatchObject({
      kind: 'reset_password_confirm',
      to: 'ada@example.com',
    });
  });

  test('cannot move it again with links of addresses in between', async () => {
    const { w, owner, by } = await robbed();
    const between = await move(w, owner, 'second@example.com', START + 2000);
    const thief = { ...owner, user: { ...owner.user, email: 'second@example.com' } };
    w.clock.set(START + 3000);
    await lock(w, by, await w.changeAndReadMail(thief));
    await recover(w, by, owner);
    await confirm(w, by, await recoverToken(w));
    expect(await lock(w, by, between)).toBeInstanceOf(InvalidOneTimeToken);
    expect(await userOf(w, owner)).toMatchObject({ isLocked: false, email: 'ada@example.com' });
  });

  test('does not get the way back by waiting until the link of the owner has expired', async () => {
    const { w, owner, thief, by } = await robbed();
    w.clock.set(START + 2000);
    await lock(w, by, await w.changeAndReadMail(thief));
    w.clock.set(START + 100 * DAY_MS);
    await w.useCases.maintenance.prune.execute(operator);
    await recover(w, by, owner);
    expect((await recoverMails(w)).map(({ to }) => to)).toEqual(['ada@example.com']);
    const end = await confirm(w, by, await recoverToken(w), PASSWORD);
    expect(end).toBeInstanceOf(IllegalArgument);
  });

  test('finds the address of the owner given back at once when the owner presses first', async () => {
    const { w, owner, thief, by, old } = await robbed();
    w.clock.set(START + 2000);
    const own = await w.changeAndReadMail(thief);
    expect(await lock(w, by, old)).toBe('done');
    expect(await userOf(w, owner)).toMatchObject({ email: 'ada@example.com', emailValid: true });
    expect(await lock(w, by, own)).toBeInstanceOf(InvalidOneTimeToken);
  });

  test('keeps the account locked where somebody else has the address of the owner by now', async () => {
    const { w, owner, by, old } = await robbed();
    await w.addOwner({ email: 'ada@example.com' });
    expect(await lock(w, by, old)).toBe('done');
    expect(await userOf(w, owner)).toMatchObject({ isLocked: true, email: 'thief@example.com' });
    await recover(w, by, owner);
    expect(await confirm(w, by, await recoverToken(w))).toBeInstanceOf(InvalidOneTimeToken);
    expect(await userOf(w, owner)).toMatchObject({ isLocked: true });
  });
});

describe('the kill switch', () => {
  test('counts what it ended', async () => {
    const w = world();
    const owner = await w.addOwner();
    const other = await w.addService();
    await w.addKey({ userId: owner.user.id, serviceId: other.id });
    await w.addKey({ userId: owner.user.id, serviceId: other.id, type: 'KEY' });
    await w.addKey({ userId: owner.user.id, serviceId: other.id, type: 'KEY', isRevoked: true });
    await w.addTotp(owner);
    const token = await w.changeAndReadMail(owner);
    await w.logIn(owner, NEW_PASSWORD);
    await w.logIn({ ...owner, service: other }, NEW_PASSWORD);
    const { lockAccount } = w.useCases.recovery;
    const by = asService(owner.service);
    expect(await lockAccount.execute(by, { token, audit: 'shop:Locked' })).toEqual({
      ended: { sessions: 2, keys: 3, factors: 1 },
      audit: expect.any(String),
    });
  });

  test('is the second button of the mail that asks to confirm an address, for as long as the account has it', async () => {
    const w = world();
    const owner = await w.addOwner({ email: 'ada@example.com' });
    const by = asService(owner.service);
    const of = { purpose: 'validate_email', email: 'ada@example.com' } as const;
    const token = await mailed(w, owner, of);
    await move(w, owner, 'other@example.com', START + 5);
    expect(await lock(w, by, token)).toBeInstanceOf(InvalidOneTimeToken);
    await move(w, owner, 'ada@example.com', START + 6);
    expect(await lock(w, nobody, token)).toBe('done');
    expect(await userOf(w, owner)).toMatchObject({ isLocked: true });
    await recover(w, by, owner);
    expect((await recoverMails(w)).map(({ to }) => to)).toEqual(['ada@example.com']);
  });

  test.each(['reset_password', 'invite', 'recover', 'key_expiring'] as const)(
    'is no link for: %s',
    async (purpose) => {
      const w = world();
      const owner = await w.addOwner();
      const token = await mailed(w, owner, { purpose });
      expect(await lock(w, asService(owner.service), token)).toBeInstanceOf(InvalidOneTimeToken);
    },
  );

  test('voids every grant, wherever it was mailed', async () => {
    const { w, owner } = await aLockedAccount();
    const purposes = ['reset_password', 'invite', 'recover', 'validate_email'] as const;
    const grants: string[] = [];
    for (const purpose of purposes) {
      grants.push(
        await mailed(w, owner, { purpose, createdAt: START - 9, email: 'x@example.com' }),
      );
    }
    const again = await mailed(w, owner, { email: 'ada@example.com' });
    await lock(w, asService(owner.service), again);
    for (const text of grants) {
      const { id } = w.linkTokens.verify(text)!;
      const found = await w.database.read(({ oneTimeTokens }) => oneTimeTokens.findGood(id, START));
      expect(found).toBeNull();
    }
  });
});
