import {
  FactorDemanded,
  Forbidden,
  formServiceId,
  IllegalArgument,
  InvalidCredentials,
  InvalidToken,
  MAX_PASSKEYS,
  NotFound,
  operator,
  PASSKEY_CHALLENGE_MS,
  type ProofMethod,
  type Service,
  TooManyRequests,
  type User,
} from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import {
  anId,
  aPasskey,
  asNobody,
  asService,
  asUser,
  endOf,
  fakeAuthenticator,
  type Mischief,
  root,
  SERVICE_KEY_ID,
  START,
  tokenIn,
  type World,
  world,
} from '../../testing/index.ts';
import { useCases } from '../index.ts';

const ORIGIN = { address: '198.51.100.4', client: null };

/** A person at a service, with a session there, and with an authenticator. */
async function aPerson(
  details: Partial<User> = {},
  { w = world(), service }: { w?: World; service?: Service } = {},
) {
  const owner = await w.addOwner(details, service ? { service } : {});
  const grant = await w.logIn(owner);
  const authenticator = fakeAuthenticator();
  const { sessionId, userId } = grant;
  const proven = { userId, sessionId, keyId: SERVICE_KEY_ID };
  const actor = { ...asService(owner.service), user: proven };
  const { email } = owner.user;
  const { startPasskey, addPasskey, listPasskeys, removePasskey, askForPasskey } =
    w.useCases.factors;
  const { logInWithPasskey } = w.useCases.sessions;

  const answer = async (mischief?: Mischief) => {
    const { options } = await startPasskey.execute(actor, { email });
    return authenticator.create(options, mischief);
  };
  const register = async (mischief?: Mischief, name?: string) => {
    const response = await answer(mischief);
    return addPasskey.execute(actor, { email, response, name });
  };
  const ask = async (asked: { email?: string } = { email }) =>
    (await askForPasskey.execute(asService(owner.service), asked)).options;
  const show = async (mischief?: Mischief, asked: { email?: string } = { email }) =>
    authenticator.get(await ask(asked), mischief);
  const enter = (response: unknown, more: { email?: string; device?: string } = { email }) =>
    logInWithPasskey.execute(asService(owner.service), { response, ...more });
  const logIn = async (mischief?: Mischief) => enter(await show(mischief));
  const list = () => listPasskeys.execute(actor);
  const remove = (id: string) => removePasskey.execute(actor, { id });
  const steps = { answer, register, ask, show, enter, logIn, list, remove };
  return { w, owner, grant, actor, email, authenticator, ...steps };
}

/** The proofs of the session of an access token. */
async function amrOf(w: World, token: string): Promise<readonly ProofMethod[] | undefined> {
  const grant = await w.accessTokens.verify(token);
  const open = await w.database.read(({ sessions }) => sessions.findOpen(grant?.sessionId ?? ''));
  return open?.session.amr;
}

describe('a passkey', () => {
  test('is added for a person with a session, and listed', async () => {
    const { w, register, list, owner } = await aPerson();
    const passkey = await register({ counter: 3 }, '  Phone ');
    expect(passkey).toMatchObject({
      userId: owner.user.id,
      name: 'Phone',
      createdAt: START,
      lastUsedAt: null,
      counter: 3,
      rpId: 'rekey.example',
      isUserVerified: true,
    });
    const unnamed = await register();
    expect(unnamed.name).toBe('Passkey');
    expect(await list()).toEqual([passkey, unnamed]);
    const { factors } = (await w.database.read(({ users }) => users.get(owner.user.id)))!;
    expect(factors).toMatchObject({ hasPasskey: true, atPassword: false });
  });

  test('that verifies nobody is no second factor', async () => {
    const { w, register, owner } = await aPerson();
    await register({ isVerified: false });
    const { factors } = (await w.database.read(({ users }) => users.get(owner.user.id)))!;
    expect(factors.hasPasskey).toBe(false);
  });

  test('is told to the owner by a mail that takes it back, to the services and to the audit', async () => {
    const { w, register, owner, logIn, show, enter } = await aPerson();
    const passkey = await register();
    await logIn();
    await w.deliver();
    const mail = w.channels.mail.sent.findLast(({ kind }) => kind === 'factor_change');
    expect(mail).toMatchObject({
      to: owner.user.email,
      factor: { kind: 'passkey', change: 'added' },
    });
    const { events, audit } = w.database.snapshot() as Record<string, Record<string, unknown>[]>;
    expect(JSON.stringify(events)).toContain('factor.added');
    expect(JSON.stringify(audit)).toContain('rekey:FactorAdd');
    expect(JSON.stringify([events, audit])).toContain(passkey.id);
    expect(JSON.stringify([events, audit])).not.toContain(passkey.publicKey);

    const late = await show();
    const token = tokenIn(mail?.link ?? '');
    const { lockAccount } = w.useCases.recovery;
    const { ended } = await lockAccount.execute(asService(owner.service), { token } as never);
    expect(ended).toMatchObject({ factors: 1 });
    expect(await w.database.read(({ passkeys }) => passkeys.ofUser(owner.user.id))).toEqual([]);
    expect(await endOf(enter(late))).toBeInstanceOf(InvalidCredentials);
  });

  test('is not added without a session: a KEY is no proof of a person', async () => {
    const { w, owner, email, answer } = await aPerson();
    const response = await answer();
    const { startPasskey, addPasskey, listPasskeys, removePasskey } = w.useCases.factors;
    const service = asService(owner.service);
    const withKey = { ...service, user: { userId: owner.user.id, keyId: anId() } };
    for (const actor of [service, withKey, asNobody(), root, operator]) {
      for (const call of [
        startPasskey.execute(actor, { email }),
        addPasskey.execute(actor, { email, response }),
        listPasskeys.execute(actor),
        removePasskey.execute(actor, { id: anId() }),
      ]) {
        expect(await endOf(call)).not.toBe('done');
      }
    }
  });

  test('is not added to the account of somebody else', async () => {
    const { w, actor, answer } = await aPerson();
    const other = await w.addOwner();
    const response = await answer();
    const { startPasskey, addPasskey } = w.useCases.factors;
    for (const { email } of [other.user, { email: 'nobody@example.com' }]) {
      expect(await endOf(startPasskey.execute(actor, { email }))).toBeInstanceOf(Forbidden);
      expect(await endOf(addPasskey.execute(actor, { email, response }))).toBeInstanceOf(Forbidden);
    }
  });

  test('is not added by the answer to a question for somebody else', async () => {
    const ada = await aPerson();
    const eve = await aPerson({}, { w: ada.w, service: ada.owner.service });
    const response = await ada.answer();
    const { addPasskey } = ada.w.useCases.factors;
    const adding = addPasskey.execute(eve.actor, { email: eve.email, response });
    expect(await endOf(adding)).toBeInstanceOf(IllegalArgument);
    expect(await eve.list()).toEqual([]);
  });

  test('is not added twice by one answer, nor late, nor at another origin', async () => {
    const { w, actor, email, answer, list } = await aPerson();
    const { addPasskey, startPasskey } = w.useCases.factors;
    const add = (response: unknown, origin?: string) =>
      endOf(addPasskey.execute(actor, { email, response, origin }));
    const response = await answer();
    expect(await add(response, 'https://app.rekey.example')).toBeInstanceOf(IllegalArgument);
    expect(await add(response, 'https://rekey.example')).toBe('done');
    expect(await add(response)).toBeInstanceOf(IllegalArgument);
    const foreign = startPasskey.execute(actor, { email, origin: 'https://evil.example' });
    expect(await endOf(foreign)).toBeInstanceOf(IllegalArgument);
    const late = await answer();
    w.clock.set(START + PASSKEY_CHALLENGE_MS);
    expect(await add(late)).toBeInstanceOf(IllegalArgument);
    for (const text of [null, 'any text', {}, { id: 'x' }]) {
      expect(await add(text)).toBeInstanceOf(IllegalArgument);
    }
    expect(await list()).toHaveLength(1);
  });

  test('that somebody has is not added once more', async () => {
    const ada = await aPerson();
    const passkey = await ada.register();
    const eve = await aPerson({}, { w: ada.w, service: ada.owner.service });
    const answer = (await eve.answer()) as object;
    const { credentialId: id } = passkey;
    const response = { ...answer, id, rawId: id };
    const { addPasskey } = ada.w.useCases.factors;
    const adding = addPasskey.execute(eve.actor, { email: eve.email, response });
    expect(await endOf(adding)).toBeInstanceOf(IllegalArgument);
    expect(await ada.list()).toEqual([passkey]);
  });

  test('is one of twenty at most', async () => {
    const { w, owner, register, answer, actor, email, list, remove } = await aPerson();
    const response = await answer();
    await w.database.transact(async ({ passkeys }) => {
      for (let made = 0; made < MAX_PASSKEYS; made += 1) {
        await passkeys.insert(aPasskey({ userId: owner.user.id }));
      }
    });
    expect(await endOf(register())).toBeInstanceOf(IllegalArgument);
    const { addPasskey } = w.useCases.factors;
    const adding = () => endOf(addPasskey.execute(actor, { email, response }));
    expect(await adding()).toBeInstanceOf(IllegalArgument);
    await remove((await list())[0]?.id ?? '');
    expect(await adding()).toBe('done');
  });

  test('is removed by its owner alone, and told as well', async () => {
    const { w, owner, register, remove, list, show, enter } = await aPerson();
    const passkey = await register();
    const eve = await aPerson({}, { w, service: owner.service });
    for (const id of [passkey.id, anId()]) {
      expect(await endOf(eve.remove(id))).toBeInstanceOf(NotFound);
    }
    const response = await show();
    await remove(passkey.id);
    expect(await list()).toEqual([]);
    expect(await endOf(remove(passkey.id))).toBeInstanceOf(NotFound);
    expect(await endOf(enter(response))).toBeInstanceOf(InvalidCredentials);
    const { factors } = (await w.database.read(({ users }) => users.get(owner.user.id)))!;
    expect(factors.hasPasskey).toBe(false);
    await w.deliver();
    const mail = w.channels.mail.sent.findLast(({ kind }) => kind === 'factor_change');
    expect(mail?.factor).toEqual({ kind: 'passkey', change: 'removed' });
  });

  test('of an account that demanded it leaves no demand behind', async () => {
    const { w, owner, register, remove } = await aPerson();
    const first = await register();
    const second = await register();
    const demanded = { hasTotp: false, hasPasskey: true, atPassword: true, atProvider: true };
    const { id } = owner.user;
    await w.database.transact(({ users }) => users.setFactors(id, demanded, START));
    const factors = async () => (await w.database.read(({ users }) => users.get(id)))?.factors;
    await remove(first.id);
    expect(await factors()).toEqual(demanded);
    await remove(second.id);
    expect(await factors()).toMatchObject({ hasPasskey: false, atPassword: false });
  });
});

describe('the operator', () => {
  test('sees the passkeys of a user without their keys, and removes one', async () => {
    const { w, owner, register, list } = await aPerson();
    const passkey = await register({}, 'Phone');
    const userId = owner.user.id;
    const { readFactors, removeFactor } = w.useCases.factors;
    const seen = await readFactors.execute(operator, { userId });
    expect(seen.passkeys).toMatchObject([{ id: passkey.id, name: 'Phone', lastUsedAt: null }]);
    expect(JSON.stringify(seen)).not.toContain(passkey.publicKey);
    const remove = (passkeyId: string) =>
      endOf(removeFactor.execute(operator, { userId, factor: { passkeyId } }));
    expect(await remove(anId())).toBeInstanceOf(NotFound);
    expect(await remove(passkey.id)).toBe('done');
    expect(await list()).toEqual([]);
  });
});

describe('a login with a passkey', () => {
  test('opens a session that is proven by two factors', async () => {
    const { w, register, logIn, owner, list } = await aPerson();
    await register({ counter: 1 });
    w.clock.set(START + 1000);
    const { user, access, refresh } = await logIn({ isBackedUp: true });
    expect(user.id).toBe(owner.user.id);
    expect(refresh).not.toBeNull();
    expect(await w.isLive(access.token)).toBe(true);
    expect(await amrOf(w, access.token)).toEqual(['passkey']);
    const [used] = await list();
    expect(used).toMatchObject({ lastUsedAt: START + 1000, counter: 2, isBackedUp: true });
  });

  test('needs no address where the passkey names its user', async () => {
    const { register, show, enter, owner } = await aPerson();
    await register();
    const { user } = await enter(await show({}, {}), {});
    expect(user.id).toBe(owner.user.id);
    const unnamed = await show({ userHandle: null }, {});
    expect(await endOf(enter(unnamed, {}))).toBeInstanceOf(InvalidCredentials);
  });

  test('works once with one answer, and not late', async () => {
    const { w, register, show, enter } = await aPerson();
    await register();
    const response = await show();
    expect(await endOf(enter(response))).toBe('done');
    expect(await endOf(enter(response))).toBeInstanceOf(InvalidCredentials);
    const late = await show();
    w.clock.set(START + PASSKEY_CHALLENGE_MS);
    expect(await endOf(enter(late))).toBeInstanceOf(InvalidCredentials);
  });

  test('takes an answer for the account that the question named alone', async () => {
    const ada = await aPerson();
    await ada.register();
    const eve = await aPerson({}, { w: ada.w, service: ada.owner.service });
    await eve.register();
    // Eve's passkey for a question about Ada, and the other way round.
    const options = await ada.ask();
    const hers = await eve.authenticator.get(options);
    for (const email of [ada.email, eve.email]) {
      expect(await endOf(ada.enter(hers, { email }))).toBeInstanceOf(InvalidCredentials);
    }
    expect(await endOf(ada.enter(hers, {}))).toBeInstanceOf(InvalidCredentials);
    const own = await ada.show();
    expect(await endOf(ada.enter(own, { email: eve.email }))).toBeInstanceOf(InvalidCredentials);
    expect(await endOf(ada.enter(own, {}))).toBeInstanceOf(InvalidCredentials);
    expect(await endOf(ada.enter(own))).toBe('done');
  });

  test.each<[string, Mischief]>([
    ['another key', { isForged: true }],
    ['a foreign origin', { origin: 'https://evil.example' }],
    ['a foreign domain', { rpId: 'evil.example' }],
    ['nobody present', { isPresent: false }],
    ['the name of another user', { userHandle: anId() }],
    ['a made-up challenge', { challenge: 'A'.repeat(43) }],
  ])('with %s is refused', async (_what, mischief) => {
    const { register, logIn } = await aPerson();
    await register();
    expect(await endOf(logIn(mischief))).toBeInstanceOf(InvalidCredentials);
    expect(await endOf(logIn())).toBe('done');
  });

  test('is refused where the counter goes back, and the audit says so', async () => {
    const { w, register, logIn } = await aPerson();
    await register({ counter: 5 });
    for (const counter of [5, 4, 0]) {
      expect(await endOf(logIn({ counter }))).toBeInstanceOf(InvalidCredentials);
    }
    expect(JSON.stringify(w.database.snapshot())).toContain('passkey_copied');
    expect(await endOf(logIn({ counter: 6 }))).toBe('done');
  });

  test('goes on with a counter of 0, as passkeys that are synced have', async () => {
    const { register, logIn } = await aPerson();
    await register({ counter: 0 });
    expect(await endOf(logIn())).toBe('done');
    expect(await endOf(logIn())).toBe('done');
  });

  test('that verified nobody is one factor: another one is asked for where it is demanded', async () => {
    const { w, owner, register, logIn } = await aPerson();
    await register();
    await register({ isVerified: false });
    const { access } = await logIn({ isVerified: false });
    expect(await amrOf(w, access.token)).toEqual(['security_key']);
    // A key that somebody found, and gave a PIN.
    const { access: later } = await logIn({ isVerified: true });
    expect(await amrOf(w, later.token)).toEqual(['security_key']);

    const demanded = { hasTotp: true, hasPasskey: true, atPassword: true, atProvider: true };
    const { id } = owner.user;
    await w.database.transact(({ users }) => users.setFactors(id, demanded, START));
    const end = await endOf(logIn());
    expect(end).toBeInstanceOf(FactorDemanded);
    expect(end).toMatchObject({ code: 'second_factor_required', challenge: expect.any(String) });
  });

  test('that verified its owner satisfies a service that requires two factors', async () => {
    const w = world();
    const service = await w.addService();
    const person = await aPerson({}, { w, service });
    await person.register();
    const strict = { ...service, requireFactor: true };
    await w.database.transact(({ services }) => services.update(strict));
    expect(await endOf(person.logIn())).toBe('done');
    expect(await endOf(w.logIn(person.owner))).toMatchObject({ code: 'second_factor_required' });
    expect(await endOf(person.logIn({ isVerified: false }))).toBeInstanceOf(FactorDemanded);
  });

  test.each<[string, (of: Awaited<ReturnType<typeof aPerson>>) => Promise<unknown>]>([
    [
      'is locked out',
      ({ w, owner }) => w.database.transact(({ users }) => users.lockOut(owner.user.id, START)),
    ],
    [
      'is disabled',
      ({ w, owner }) =>
        w.useCases.users.updateUser.execute(operator, { id: owner.user.id, isEnabled: false }),
    ],
    [
      'has no key at the service',
      ({ w, owner }) => w.database.transact(({ keys }) => keys.revokeAllOf(owner.user.id, START)),
    ],
    [
      'is deleted',
      ({ w, owner }) => w.useCases.users.deleteUser.execute(operator, { id: owner.user.id }),
    ],
  ])(
    'is refused once its user %s, and the question is answered with made-up ones',
    async (_why, change) => {
      const of = await aPerson();
      const passkey = await of.register();
      const response = await of.show();
      await change(of);
      expect(await endOf(of.enter(response))).toBeInstanceOf(InvalidCredentials);
      const options = JSON.stringify(await of.ask());
      expect(options).not.toContain(passkey.credentialId);
      expect(options).toContain(of.w.webAuthn.madeUp(of.email)[0]?.credentialId);
    },
  );

  test('is refused where the password has to be changed first', async () => {
    const { w, owner, register, logIn } = await aPerson();
    await register();
    const { id } = owner.user;
    await w.useCases.users.updateUser.execute(operator, { id, passwordRequireUpdate: true });
    expect(await endOf(logIn())).toMatchObject({ code: 'password_update_required' });
  });

  test('at a service that its user has no key of is refused', async () => {
    const { w, register, authenticator, email } = await aPerson();
    await register();
    const other = asService(await w.addService());
    const { options } = await w.useCases.factors.askForPasskey.execute(other, {});
    const response = await authenticator.get(options);
    const { logInWithPasskey } = w.useCases.sessions;
    expect(await endOf(logInWithPasskey.execute(other, { response }))).toBeInstanceOf(
      InvalidCredentials,
    );
    const named = await w.useCases.factors.askForPasskey.execute(other, { email });
    expect(JSON.stringify(named.options)).toContain(w.webAuthn.madeUp(email)[0]?.credentialId);
  });

  test('gets in however often strangers were wrong, who have to wait', async () => {
    const ada = await aPerson();
    await ada.register();
    const { throttle } = ada.w.settings;
    const settings = { ...ada.w.settings, throttle: { ...throttle, accountFree: 1 } };
    const { sessions } = useCases({ ...ada.w, settings });
    const enter = (response: unknown) =>
      endOf(
        sessions.logInWithPasskey.execute(asService(ada.owner.service, ORIGIN), {
          email: ada.email,
          response,
        }),
      );
    const ends = [];
    for (let tried = 0; tried < 4; tried += 1)
      ends.push(await enter(await ada.show({ isForged: true })));
    expect(ends[0]).toBeInstanceOf(InvalidCredentials);
    expect(ends.at(-1)).toBeInstanceOf(TooManyRequests);
    expect(await enter(await ada.show())).toBe('done');
  });

  test('at the built-in service has a token and no refresh token', async () => {
    const w = world();
    await w.useCases.services.openFormService.execute(operator);
    const service = await w.database.read(({ services }) => services.get(formServiceId));
    const owner = await w.addOwner({}, { service: service! });
    const { email, id: userId } = owner.user;
    const { authenticateBearer } = w.useCases.callers;
    const grant = await w.logIn(owner);
    const person = await authenticateBearer.execute(asNobody(), { token: grant.token });
    expect(person).toMatchObject(asUser(grant));
    const { startPasskey, addPasskey, askForPasskey } = w.useCases.factors;
    const authenticator = fakeAuthenticator();
    const { options } = await startPasskey.execute(person, { email });
    const response = await authenticator.create(options);
    expect((await addPasskey.execute(person, { email, response })).userId).toBe(userId);
    const asked = await askForPasskey.execute(asNobody(), { email });
    const shown = await authenticator.get(asked.options);
    const { logInWithPasskey } = w.useCases.sessions;
    const login = await logInWithPasskey.execute(asNobody(), { email, response: shown });
    expect(login.refresh).toBeNull();
    expect(await w.isLive(login.access.token)).toBe(true);
  });
});

describe('a question for a passkey', () => {
  test('names those of the account, and of one without any those that are made up', async () => {
    const { w, register, ask, email } = await aPerson();
    const [madeUp] = w.webAuthn.madeUp(email);
    expect(JSON.stringify(await ask())).toContain(madeUp?.credentialId);
    const passkey = await register();
    const options = JSON.stringify(await ask());
    expect(options).toContain(passkey.credentialId);
    expect(options).not.toContain(madeUp?.credentialId);
    const unknown = await ask({ email: 'nobody@example.com' });
    const again = await ask({ email: 'NoBody@example.com' });
    const withoutChallenge = ({ challenge: _, ...rest }: { challenge?: string }) => rest;
    expect(withoutChallenge(again)).toEqual(withoutChallenge(unknown));
    expect(Object.keys(unknown)).toEqual(Object.keys(JSON.parse(options)));
  });

  test('leaves nothing behind, for nobody', async () => {
    const { w, register, ask } = await aPerson();
    await register();
    const before = w.database.snapshot();
    await ask();
    await ask({});
    await ask({ email: 'nobody@example.com' });
    expect(w.database.snapshot()).toEqual(before);
  });

  test('is not asked for what is no address, or at a foreign origin', async () => {
    const { w, owner } = await aPerson();
    const { askForPasskey } = w.useCases.factors;
    for (const asked of [{ email: 'ada' }, { origin: 'https://evil.example' }]) {
      const end = await endOf(askForPasskey.execute(asService(owner.service), asked));
      expect(end).toBeInstanceOf(IllegalArgument);
    }
  });
});

describe('a login that asks to enrol a factor', () => {
  async function asked() {
    const w = world();
    const service = await w.addService();
    const owner = await w.addOwner({ emailProven: true }, { service });
    const strict = { ...service, requireFactor: true };
    await w.database.transact(({ services }) => services.update(strict));
    const demand = (await endOf(w.logIn(owner))) as FactorDemanded;
    expect(demand.code).toBe('factor_enrolment_required');
    return { w, owner, service, challenge: demand.challenge ?? '' };
  }

  test('has its challenge taken for a passkey, once, which then logs in', async () => {
    const { w, owner, service, challenge } = await asked();
    const { startPasskey, addPasskey, askForPasskey } = w.useCases.factors;
    const actor = asService(service);
    const { email } = owner.user;
    const authenticator = fakeAuthenticator();
    const { options } = await startPasskey.execute(actor, { challenge });
    const response = await authenticator.create(options);
    const add = () => endOf(addPasskey.execute(actor, { challenge, response }));
    expect(await add()).toBe('done');
    expect(await add()).toBeInstanceOf(InvalidToken);
    const again = startPasskey.execute(actor, { email, challenge });
    expect(await endOf(again)).toBeInstanceOf(InvalidToken);
    const { options: question } = await askForPasskey.execute(actor, { email });
    const shown = await authenticator.get(question);
    const { logInWithPasskey } = w.useCases.sessions;
    expect(await endOf(logInWithPasskey.execute(actor, { email, response: shown }))).toBe('done');
  });

  test('has its challenge taken for its own account, at its own service', async () => {
    const { w, owner, service, challenge } = await asked();
    const { startPasskey } = w.useCases.factors;
    const { email } = owner.user;
    const other = await w.addService();
    for (const start of [
      startPasskey.execute(asService(service), { email: 'eve@example.com', challenge }),
      startPasskey.execute(asService(other), { email, challenge }),
      startPasskey.execute(asService(service), { email, challenge: 'rkc_made-up' }),
    ]) {
      expect(await endOf(start)).toBeInstanceOf(InvalidToken);
    }
  });

  test('has its challenge void once there is a factor, or another password', async () => {
    for (const change of ['factor', 'password'] as const) {
      const { w, owner, service, challenge } = await asked();
      const { id, email } = owner.user;
      await w.database.transact(async ({ users }) => {
        if (change === 'password') await users.changePassword(id, 1, 'other', START);
        else {
          const factors = { hasTotp: true, hasPasskey: false, atPassword: true, atProvider: true };
          await users.setFactors(id, factors, START);
        }
      });
      const { startPasskey } = w.useCases.factors;
      const start = startPasskey.execute(asService(service), { email, challenge });
      expect(await endOf(start)).toBeInstanceOf(InvalidToken);
    }
  });
});
