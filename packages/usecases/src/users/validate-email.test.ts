import {
  type Actor,
  type Event,
  formServiceId,
  InvalidOneTimeToken,
  NotFound,
  operator,
  TooManyRequests,
} from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import {
  asNobody,
  asService,
  asUser,
  endOf,
  nobody,
  ORIGIN,
  PASSWORD,
  root,
  START,
  settings,
  tokenIn,
  type World,
  world,
} from '../../testing/index.ts';

const HOUR_MS = 3_600_000;

/** Somebody who has just signed up, and the link of the mail about it. */
async function signedUp(w: World, email = 'orion@example.com') {
  const asked = { name: 'Orion', email, password: PASSWORD };
  const { user, access } = await w.useCases.users.signUpAndLogIn.execute(nobody, asked);
  const grant = await w.accessTokens.verify(access.token);
  if (grant === null) throw new Error('the token of a login is good');
  await w.deliver();
  const [mail] = mailsOf(w).slice(-1);
  return { user, actor: asUser(grant), token: tokenIn(mail?.link ?? ''), mail };
}

async function prepare() {
  const w = world();
  await w.useCases.audit.beginAudit.execute(operator);
  await w.useCases.services.openFormService.execute(operator);
  return { w, orion: await signedUp(w) };
}

const mailsOf = (w: World) => w.channels.mail.sent.filter(({ kind }) => kind === 'validate_email');
const validate = (w: World, token: string, more: object = {}, actor: Actor = nobody) =>
  w.useCases.users.validateEmail.execute(actor, { token, isProof: true, ...more });
const flagsOf = async (w: World, id: string) => {
  const user = await w.database.read(({ users }) => users.get(id));
  return [user?.emailValid, user?.emailProven];
};
const eventsOf = (w: World) =>
  (w.database.snapshot() as { events: [string, Event][] }).events
    .map(([, event]) => event)
    .filter(({ type }) => type === 'email.validated');

describe('a sign-up', () => {
  test('mails a link to the address, in the language of the person', async () => {
    const { w, orion } = await prepare();
    expect(mailsOf(w)).toHaveLength(1);
    expect(orion.mail).toMatchObject({ to: orion.user.email, origin: ORIGIN, happenedAt: START });
    const url = new URL(orion.mail?.link ?? '');
    expect(url.origin + url.pathname).toBe('https://rekey.example/users/validateEmail');
    expect(url.searchParams.get('email')).toBe(orion.user.email);
    expect(await flagsOf(w, orion.user.id)).toEqual([false, false]);
  });

  test('that is repeated mails nothing more', async () => {
    const { w, orion } = await prepare();
    const asked = { name: 'Orion', email: orion.user.email, password: PASSWORD };
    await w.useCases.users.signUp.execute(nobody, asked);
    await w.deliver();
    expect(mailsOf(w)).toHaveLength(1);
  });

  test('goes on without a mail where the mailbox has had enough of them', async () => {
    const { w } = await prepare();
    for (let n = 0; n < 30; n += 1) {
      const origin = { ...ORIGIN, address: `192.0.2.${n}` };
      const email = `rigel+${n}@example.com`;
      const asked = { name: 'Rigel', email, password: PASSWORD };
      await w.useCases.users.signUp.execute(asNobody(origin), asked);
    }
    await w.deliver();
    expect(mailsOf(w).filter(({ to }) => to.startsWith('rigel'))).toHaveLength(10);
  });
});

describe('the link that was mailed to an address', () => {
  test('proves it, and tells and records that once, however often it is pressed', async () => {
    const { w, orion } = await prepare();
    for (let n = 0; n < 3; n += 1) await validate(w, orion.token);
    expect(await flagsOf(w, orion.user.id)).toEqual([true, true]);
    expect(eventsOf(w)).toMatchObject([{ serviceId: formServiceId, userId: orion.user.id }]);
    const { entries } = await w.useCases.audit.listAudit.execute(operator, {
      userIds: [orion.user.id],
      types: ['rekey:ValidateEmail'],
      limit: 10,
    });
    expect(entries).toHaveLength(1);
  });

  test('only makes it valid by a visit, which is no proof, and takes none back', async () => {
    const { w, orion } = await prepare();
    await validate(w, orion.token, { isProof: false });
    expect(await flagsOf(w, orion.user.id)).toEqual([true, false]);
    await validate(w, orion.token);
    await validate(w, orion.token, { isProof: false });
    expect(await flagsOf(w, orion.user.id)).toEqual([true, true]);
  });

  test('keeps an account that nobody uses once it was a proof, and not by a visit', async () => {
    const { w, orion } = await prepare();
    const rigel = await signedUp(w, 'rigel@example.com');
    await validate(w, orion.token);
    await validate(w, rigel.token, { isProof: false });
    w.clock.set(START + 400 * 24 * HOUR_MS);
    for (let run = 0; run < 2; run += 1) {
      await w.useCases.maintenance.expireUsers.execute(operator);
      w.clock.set(w.clock.now() + 400 * 24 * HOUR_MS);
    }
    const there = (id: string) => w.database.read(({ users }) => users.isThere(id));
    expect([await there(orion.user.id), await there(rigel.user.id)]).toEqual([true, false]);
  });

  test('is good with the address that it went to, and with no other', async () => {
    const { w, orion } = await prepare();
    const end = await endOf(validate(w, orion.token, { email: 'rigel@example.com' }));
    expect(end).toBeInstanceOf(InvalidOneTimeToken);
    await validate(w, orion.token, { email: orion.user.email });
    expect(await flagsOf(w, orion.user.id)).toEqual([true, true]);
  });

  test('is good until it expires, at no other service, and not once the account is locked or gone', async () => {
    const refused = async (w: World, token: string, actor = nobody) =>
      expect(await endOf(validate(w, token, {}, actor))).toBeInstanceOf(InvalidOneTimeToken);
    const { w, orion } = await prepare();
    await refused(w, orion.token, asService(await w.addService()) as never);
    w.clock.set(START + settings.revokeTokenTtlMs - 1);
    await validate(w, orion.token);
    w.clock.set(START + settings.revokeTokenTtlMs);
    await refused(w, orion.token);

    const rigel = await signedUp(w, 'rigel@example.com');
    await w.useCases.users.deleteUser.execute(operator, { id: rigel.user.id });
    await refused(w, rigel.token);
    const vega = await signedUp(w, 'vega@example.com');
    await w.useCases.recovery.lockAccount.execute(nobody, { token: vega.token });
    await refused(w, vega.token);
    expect(await flagsOf(w, vega.user.id)).toEqual([false, false]);
  });

  test('of another purpose proves nothing', async () => {
    const { w } = await prepare();
    const owner = await w.addOwner();
    const token = await w.changeAndReadMail(owner);
    for (const wrong of [token, '', 'a.b.c', 'x'.repeat(10_000)]) {
      expect(await endOf(validate(w, wrong))).toBeInstanceOf(InvalidOneTimeToken);
    }
  });
});

describe('a person who asks for the mail again', () => {
  test('gets another link, and the earlier one works on', async () => {
    const { w, orion } = await prepare();
    await w.useCases.users.sendValidation.execute(orion.actor);
    await w.deliver();
    expect(mailsOf(w)).toHaveLength(2);
    const again = tokenIn(mailsOf(w)[1]?.link ?? '');
    await validate(w, orion.token);
    await validate(w, again);
    expect(await flagsOf(w, orion.user.id)).toEqual([true, true]);
  });

  test('gets three in an hour', async () => {
    const { w, orion } = await prepare();
    const send = () => endOf(w.useCases.users.sendValidation.execute(orion.actor));
    for (let n = 0; n < 3; n += 1) expect(await send()).toBe('done');
    expect(await send()).toBeInstanceOf(TooManyRequests);
    w.clock.set(START + HOUR_MS);
    expect(await send()).toBe('done');
    await w.deliver();
    expect(mailsOf(w)).toHaveLength(5);
  });

  test('gets none once the address is proven, and does after a mere visit', async () => {
    const { w, orion } = await prepare();
    await validate(w, orion.token, { isProof: false });
    await w.useCases.users.sendValidation.execute(orion.actor);
    await validate(w, orion.token);
    await w.useCases.users.sendValidation.execute(orion.actor);
    await w.deliver();
    expect(mailsOf(w)).toHaveLength(2);
  });

  test('learns nothing of mails that others started to the mailbox', async () => {
    const { w, orion } = await prepare();
    for (let n = 0; n < 9; n += 1) {
      const asked = { name: 'Orion', email: `orion+${n}@example.com`, password: PASSWORD };
      await w.useCases.users.signUp.execute(nobody, asked);
    }
    expect(await endOf(w.useCases.users.sendValidation.execute(orion.actor))).toBe('done');
    await w.deliver();
    expect(mailsOf(w)).toHaveLength(10);
  });

  test('whose account was disabled meanwhile gets none', async () => {
    const { w, orion } = await prepare();
    await w.database.transact(({ users }) => users.update({ ...orion.user, isEnabled: false }));
    expect(await endOf(w.useCases.users.sendValidation.execute(orion.actor))).not.toBe('done');
  });
});

describe('a service that asks for the mail again', () => {
  async function owned() {
    const { w, orion } = await prepare();
    const owner = await w.addOwner();
    const by = asService(owner.service);
    const send = (actor = by as Actor, id = owner.user.id) =>
      endOf(w.useCases.users.sendValidation.execute(actor, { id }));
    return { w, orion, owner, by, send };
  }

  test('has the user mailed its own link, whose button proves the address', async () => {
    const { w, owner, by, send } = await owned();
    expect(await send()).toBe('done');
    await w.deliver();
    const [mail] = mailsOf(w).slice(-1);
    expect(mail).toMatchObject({ to: owner.user.email, service: { name: owner.service.name } });
    await validate(w, tokenIn(mail?.link ?? ''), {}, by);
    expect(await flagsOf(w, owner.user.id)).toEqual([true, true]);
    expect(await send()).toBe('done');
    await w.deliver();
    expect(mailsOf(w)).toHaveLength(2);
  });

  test('and a root key as well: by the service that made the user, or by Rekey where that is gone', async () => {
    const { w, owner, orion, send } = await owned();
    expect(await send(root)).toBe('done');
    expect(await send(root, orion.user.id)).toBe('done');
    await w.deliver();
    expect(mailsOf(w).map(({ service }) => service.name)).toEqual([
      'Rekey',
      owner.service.name,
      'Rekey',
    ]);
  });

  test('asks three times an hour, and uses up nothing that the person or another one has', async () => {
    const { w, orion, by, send } = await owned();
    const { service } = await w.addOwner();
    const key = { type: 'KEY', name: 'web', userId: orion.user.id } as const;
    for (const actor of [by, asService(service)])
      await w.useCases.keys.createKey.execute(actor, key);
    for (let n = 0; n < 3; n += 1) expect(await send(by, orion.user.id)).toBe('done');
    expect(await send(by, orion.user.id)).toBeInstanceOf(TooManyRequests);
    expect(await send(asService(service), orion.user.id)).toBe('done');
    expect(await send(root, orion.user.id)).toBe('done');
    expect(await endOf(w.useCases.users.sendValidation.execute(orion.actor))).toBe('done');
  });

  test('learns nothing of users that it does not see, and mails none who is disabled or locked', async () => {
    const { w, orion, owner, send } = await owned();
    const before = w.database.snapshot();
    for (const id of [orion.user.id, owner.service.id]) {
      expect(await send(asService(owner.service), id)).toBeInstanceOf(NotFound);
    }
    expect(await send(root, owner.service.id)).toBeInstanceOf(NotFound);
    expect(await send(nobody)).toBeInstanceOf(NotFound);
    expect(w.database.snapshot()).toEqual(before);
    await w.useCases.users.updateUser.execute(root, { id: owner.user.id, isEnabled: false });
    expect(await send()).toBe('done');
    await w.database.transact(({ users }) => users.lockOut(owner.user.id, START));
    expect(await send()).toMatchObject({ code: 'account_locked' });
    await w.deliver();
    expect(mailsOf(w)).toHaveLength(1);
  });
});
