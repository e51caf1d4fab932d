import {
  type Actor,
  DAY_MS,
  InvalidOneTimeToken,
  type OneTimeToken,
  operator,
} from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import {
  aOneTimeToken,
  asService,
  asUser,
  endOf,
  NEW_PASSWORD,
  nobody,
  ORIGIN,
  root,
  START,
  settings,
  tokenIn,
  type World,
  world,
} from '../../testing/index.ts';

const EXPIRY = START + settings.revokeTokenTtlMs;

const read = (w: World, token: string, actor: Actor = nobody) =>
  w.useCases.deliveries.readNotice.execute(actor, { token });

async function aChangedPassword(providerLocalUrl: string | null = null) {
  const w = world();
  const service = await w.addService({ providerLocalUrl });
  const owner = await w.addOwner({ locale: 'de', timezone: 'Europe/Berlin' }, { service });
  const token = await w.changeAndReadMail(owner);
  return { w, owner, service, token };
}

describe('the token of a link', () => {
  test('tells whoever holds it what happened, when and from where, and how the owner reads it', async () => {
    const { w, owner, service, token } = await aChangedPassword();
    w.clock.set(EXPIRY - 1);
    const told = {
      purpose: 'update_password',
      serviceName: service.name,
      email: owner.user.email,
      newEmail: null,
      key: null,
      factor: null,
      happenedAt: START,
      origin: ORIGIN,
      locale: 'de',
      timezone: 'Europe/Berlin',
      supportUrl: null,
      isJoining: false,
      canRecover: false,
    };
    expect(await read(w, token)).toEqual(told);
    expect(await read(w, token, asService(service))).toEqual(told);
  });

  test('tells of a new key alike', async () => {
    const { w, owner, service } = await aChangedPassword();
    const input = { isEnabled: true, type: 'KEY', name: 'cron', userId: owner.user.id } as const;
    w.clock.set(START + 5000);
    const { key } = await w.useCases.keys.createKey.execute(asService(service), input);
    await w.deliver();
    const { link, key: named } = w.channels.mail.sent.at(-1)!;
    const { name, prefix } = key;
    expect(named).toEqual({ name, prefix, expiresAt: null });
    expect(await read(w, tokenIn(link))).toMatchObject({
      purpose: 'factor_change',
      email: owner.user.email,
      key: named,
      happenedAt: START + 5000,
    });
  });

  test('tells of another value of a key by the beginning of that value', async () => {
    const { w, owner, service } = await aChangedPassword();
    const by = asService(service);
    const expiresAt = new Date(START + DAY_MS).toISOString();
    const input = { name: 'cron', userId: owner.user.id, expiresAt };
    const { key } = await w.useCases.keys.createKey.execute(by, input);
    const rotated = await w.useCases.keys.rotateKey.execute(by, { id: key.id });
    await w.deliver();
    const { link, key: named } = w.channels.mail.sent.at(-1)!;
    const { prefix } = rotated.key;
    expect(named).toEqual({ name: 'cron', prefix, expiresAt: START + DAY_MS });
    expect((await read(w, tokenIn(link))).key).toEqual(named);
  });

  test('tells whoever holds it, although its service has a page of its own, is disabled or deleted', async () => {
    const { w, owner, service, token } = await aChangedPassword('https://shop.example/account');
    const { updateService, deleteService } = w.useCases.services;
    const { id, name: serviceName } = service;
    expect(await read(w, token)).toMatchObject({ serviceName });
    await updateService.execute(operator, { id, isEnabled: false });
    expect(await read(w, token)).toMatchObject({ serviceName });
    await w.database.transact(({ keys }) => keys.revokeAllOf(owner.user.id, START));
    await deleteService.execute(operator, { id });
    expect(await read(w, token)).toMatchObject({ serviceName });
  });

  test('tells it as often as it is asked, changes nothing, and stays good', async () => {
    const { w, service, token } = await aChangedPassword();
    const before = w.database.snapshot();
    expect(await read(w, token)).toEqual(await read(w, token));
    expect(w.database.snapshot()).toEqual(before);
    const { lockAccount } = w.useCases.recovery;
    expect(await endOf(lockAccount.execute(asService(service), { token }))).toBe('done');
  });

  test('that would not be taken tells nothing, by one error', async () => {
    const { w, service, token } = await aChangedPassword();
    const elsewhere = await aChangedPassword('https://shop.example/account');
    const late = await aChangedPassword();
    late.w.clock.set(EXPIRY);
    const keyId = 'k1';
    const purpose = 'update_password';
    const { id } = w.linkTokens.verify(token)!;
    const unknown = w.linkTokens.make({ id: service.id, purpose, keyId });
    const renamed = w.linkTokens.make({ id, purpose: 'factor_change', keyId });
    const { owner } = elsewhere;
    const grant = await elsewhere.w.logIn(owner, NEW_PASSWORD);
    const strangers = [asService(await elsewhere.w.addService()), root, asUser(grant)];
    const ends = [
      await endOf(read(late.w, late.token)),
      await endOf(read(w, renamed)),
      await endOf(read(w, unknown)),
      await endOf(read(w, 'no token')),
      await endOf(read(w, '')),
    ];
    for (const actor of strangers) {
      ends.push(await endOf(read(elsewhere.w, elsewhere.token, actor)));
    }
    await w.useCases.recovery.lockAccount.execute(nobody, { token });
    ends.push(await endOf(read(w, token)));
    for (const end of ends) {
      expect(end).toBeInstanceOf(InvalidOneTimeToken);
      expect(end).toEqual(ends[0]);
    }
  });
});

describe('the token of a link that gives something', () => {
  /** A right of an owner, as if it had just been mailed. */
  async function aGrant(of: Partial<OneTimeToken>) {
    const w = world();
    const owner = await w.addOwner({});
    const { id: userId, email } = owner.user;
    const account = await w.database.read(({ users }) => users.findByEmail(email));
    const right = aOneTimeToken({
      userId,
      serviceId: owner.service.id,
      email,
      version: account!.credential.version,
      ...of,
    });
    await w.database.transact(({ oneTimeTokens }) => oneTimeTokens.insert(right));
    return { w, owner, token: w.linkTokens.make(right) };
  }

  test.each(['reset_password', 'invite'] as const)(
    'tells nothing once the password was changed, or the user disabled: %s',
    async (purpose) => {
      const changed = await aGrant({ purpose });
      expect(await read(changed.w, changed.token)).toMatchObject({ purpose });
      await changed.w.changeAndReadMail(changed.owner);
      expect(await endOf(read(changed.w, changed.token))).toEqual(new InvalidOneTimeToken());
      const disabled = await aGrant({ purpose });
      const { id } = disabled.owner.user;
      await disabled.w.useCases.users.updateUser.execute(operator, { id, isEnabled: false });
      expect(await endOf(read(disabled.w, disabled.token))).toEqual(new InvalidOneTimeToken());
    },
  );

  test('tells nothing of an address that the account has no more', async () => {
    const { w, token } = await aGrant({ purpose: 'validate_email', email: 'old@example.com' });
    expect(await endOf(read(w, token))).toEqual(new InvalidOneTimeToken());
  });

  test('gives an account back only while it is locked', async () => {
    const { w, owner, token } = await aGrant({ purpose: 'recover' });
    expect(await endOf(read(w, token))).toEqual(new InvalidOneTimeToken());
    await w.database.transact(({ users }) => users.lockOut(owner.user.id, START));
    expect(await read(w, token)).toMatchObject({ purpose: 'recover' });
  });

  test('tells a new address in part, and where to ask', async () => {
    const details = { newEmail: 'thief@evil.example' };
    const { w, token } = await aGrant({ purpose: 'update_email', details });
    expect(await read(w, token)).toMatchObject({
      newEmail: 't***@evil.example',
      supportUrl: settings.supportUrl,
    });
  });
});
