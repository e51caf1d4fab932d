import {
  type Actor,
  FactorDemanded,
  Forbidden,
  formServiceId,
  type Id,
  type Identity,
  IllegalArgument,
  InvalidCredentials,
  InvalidToken,
  NotFound,
  noFactors,
  operator,
  type Provider,
  providers as providerNames,
  Unauthorized,
  Unavailable,
  type User,
  WrongState,
} from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import {
  aPasskey,
  aService,
  asNobody,
  asService,
  asUser,
  nobody,
  type Owner,
  PASSWORD,
  root,
  tokenIn,
  type World,
  world,
} from '../../testing/index.ts';
import { SignInWithToken } from './sign-in-with-token.ts';

const RETURN_URLS = {
  providerGoogleOauth2Url: 'https://shop.example/back/google',
  providerGithubOauth2Url: 'https://shop.example/back/github',
  providerMicrosoftOauth2Url: 'https://shop.example/back/microsoft',
};

const identityOf = (email: string | null, details: Partial<Identity> = {}): Identity => ({
  provider: 'github',
  issuer: 'https://github.com',
  subject: '583231',
  verifiedEmail: email,
  name: 'Ada',
  ...details,
});

/** An owner of an account whose address is proven, at a service that people come back to. */
async function proven(details: Partial<User> = {}, of: World = world()) {
  const service = aService(RETURN_URLS);
  await of.database.transact(({ services }) => services.insert(service));
  const owner = await of.addOwner({ emailValid: true, emailProven: true, ...details }, { service });
  return { ...of, owner, service, email: owner.user.email, ...ways(of, owner) };
}

/** What a service and its people do. */
function ways({ useCases, providers }: World, { service }: Pick<Owner, 'service'>) {
  const actor = asService(service);
  const comeBack = async (
    identity: Identity,
    { as = actor as Actor, ...asked }: { as?: Actor; binding?: string; purpose?: 'link' } = {},
  ) => {
    const { askProvider } = useCases.providers;
    const { provider } = identity;
    const url = await askProvider.execute(as, { provider, purpose: 'sign-in', ...asked });
    return { provider, ...providers.codeFor(url, identity) };
  };
  const signIn = async (identity: Identity) =>
    useCases.providers.signIn.execute(actor, await comeBack(identity));
  return { actor, comeBack, signIn };
}

type Opened = Awaited<ReturnType<typeof proven>>;

/** A service that brings a session of the owner along. */
async function withSession({ owner, logIn, actor }: Opened) {
  const { sessionId } = await logIn(owner);
  const user = { userId: owner.user.id, keyId: owner.tokenKey.id, sessionId };
  return { ...actor, user };
}

const linksOf = ({ database }: Pick<World, 'database'>, userId: Id) =>
  database.read(({ providerLinks }) => providerLinks.ofUser(userId));

const lastMailTo = async ({ deliver, channels }: World, email: string) => {
  await deliver();
  return channels.mail.sent.findLast(({ to }) => to === email);
};

const entriesOf = async ({ database }: World, type: string, userId: Id) =>
  database.read(async ({ audit }) => {
    const owners = await audit.owners();
    const filter = { serviceIds: owners, types: [type], from: 0, to: 8.64e15, isDescending: false };
    const places = await audit.list(filter, 100);
    const entries = await audit.getAll(places.map(({ id }) => id));
    return entries.filter((entry) => entry.userId === userId);
  });

describe('a sign-in with a provider', () => {
  test.each(providerNames)('opens a session that says so: %s', async (provider) => {
    const opened = await proven();
    const { user, access, refresh } = await opened.signIn(identityOf(opened.email, { provider }));
    expect(user.id).toBe(opened.owner.user.id);
    expect(await opened.isLive(access.token)).toBe(true);
    expect(refresh?.token).toMatch(/^rkf_/);
    const [session] = await opened.useCases.sessions.listSessions.execute(opened.actor, {
      page: { limit: 10 },
    });
    expect(session).toMatchObject({ amr: [provider], keyId: opened.owner.tokenKey.id });
  });

  test('links the account the first time, mails the owner, and tells of it once', async () => {
    const opened = await proven();
    const { owner, email, deliver, channels } = opened;
    await opened.signIn(identityOf(email));
    const [link] = await linksOf(opened, owner.user.id);
    expect(link).toMatchObject({
      provider: 'github',
      issuer: 'https://github.com',
      subject: '583231',
      userId: owner.user.id,
    });
    await opened.signIn(identityOf(email));
    await deliver();
    const told = channels.mail.sent.filter(({ kind }) => kind === 'factor_change');
    expect(told).toMatchObject([{ to: email, factor: { kind: 'github', change: 'added' } }]);
    const entries = await entriesOf(opened, 'rekey:FactorAdd', owner.user.id);
    expect(entries).toMatchObject([{ subjectId: link?.id, data: { kind: 'github' } }]);
  });

  test('goes by the subject from then on, whatever address either side has', async () => {
    const opened = await proven();
    await opened.signIn(identityOf(opened.email));
    for (const email of ['moved@example.net', null]) {
      const { user } = await opened.signIn(identityOf(email));
      expect(user.id).toBe(opened.owner.user.id);
    }
    await opened.database.transact(async ({ users }) => {
      await users.lock(opened.owner.user.id);
      await users.changeEmail(opened.owner.user.id, 'elsewhere@example.org', opened.clock.now());
    });
    const { user } = await opened.signIn(identityOf(null));
    expect(user.id).toBe(opened.owner.user.id);
  });

  test('takes an address in any spelling', async () => {
    const opened = await proven();
    const { user } = await opened.signIn(identityOf(opened.email.toUpperCase()));
    expect(user.id).toBe(opened.owner.user.id);
  });

  test('is recorded, with the entry that the service asks for', async () => {
    const opened = await proven();
    const came = await opened.comeBack(identityOf(opened.email));
    const { signIn } = opened.useCases.providers;
    const { audit } = await signIn.execute(opened.actor, { ...came, audit: 'shop:SignIn' });
    const userId = opened.owner.user.id;
    const [entry] = await entriesOf(opened, 'sso:AuthGithubOauth2Callback', userId);
    expect(entry).toMatchObject({ outcome: 'success', serviceId: opened.service.id });
    expect(await entriesOf(opened, 'shop:SignIn', userId)).toMatchObject([{ id: audit }]);
  });

  const isRefused = async (opened: Opened, identity: Identity) => {
    const before = await linksOf(opened, opened.owner.user.id);
    const refusal = await opened.signIn(identity).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(InvalidCredentials);
    expect(await linksOf(opened, opened.owner.user.id)).toEqual(before);
    return (refusal as Error).message;
  };

  test('opens no account to whoever has none, one that is closed, or one that nobody proved, and says one thing of all', async () => {
    const known = await proven();
    const answers = [
      await isRefused(known, identityOf('nobody@example.com')),
      await isRefused(known, identityOf(null)),
      await isRefused(known, identityOf('no address')),
    ];
    const details: Partial<User>[] = [
      { isEnabled: false },
      // A GET of a link sets that, which machines do too.
      { emailProven: false, emailValid: true },
      { emailProven: false, emailValid: false },
    ];
    for (const each of details) {
      const opened = await proven(each);
      answers.push(await isRefused(opened, identityOf(opened.email)));
    }
    const elsewhere = await proven();
    const other = await elsewhere.addOwner({ emailProven: true });
    answers.push(await isRefused(elsewhere, identityOf(other.user.email)));
    expect(new Set(answers).size).toBe(1);
  });

  test('opens no account that was closed since it was linked', async () => {
    const opened = await proven();
    await opened.signIn(identityOf(opened.email));
    const { updateUser } = opened.useCases.users;
    const id = opened.owner.user.id;
    await updateUser.execute(opened.actor, { id, isEnabled: false });
    await isRefused(opened, identityOf(opened.email));
  });

  test('opens no account of a person whose TOKEN key the service took back', async () => {
    const opened = await proven();
    await opened.signIn(identityOf(opened.email));
    await opened.database.transact(({ keys }) =>
      keys.revoke(opened.owner.tokenKey.id, opened.clock.now()),
    );
    await isRefused(opened, identityOf(opened.email));
  });

  test('gives an account that is linked to nobody else who has its address there', async () => {
    const opened = await proven();
    await opened.signIn(identityOf(opened.email));
    await isRefused(opened, identityOf(opened.email, { subject: '2' }));
    // What is somebody at one GitHub is nobody at another.
    await isRefused(opened, identityOf(null, { issuer: 'https://github.shop.example' }));
    const { user } = await opened.signIn(identityOf(opened.email, { provider: 'google' }));
    expect(user.id).toBe(opened.owner.user.id);
  });

  test('gives an account nothing by an address that it was moved to of late', async () => {
    const opened = await proven();
    const { updateEmail } = opened.useCases.users;
    const moved = { email: opened.email, password: PASSWORD, newEmail: 'thief@example.net' };
    await updateEmail.execute(opened.actor, moved);
    await opened.database.transact(async ({ users }) => {
      await users.lock(opened.owner.user.id);
      await users.markValid(opened.owner.user.id, true, opened.clock.now());
    });
    await isRefused(opened, identityOf('thief@example.net'));
  });

  test('makes nobody change the password on the way, and opens nothing before it is changed', async () => {
    const opened = await proven({ passwordRequireUpdate: true });
    await expect(opened.signIn(identityOf(opened.email))).rejects.toThrow(Forbidden);
    expect(await linksOf(opened, opened.owner.user.id)).toEqual([]);
  });

  test('asks for the second factor of a person who wants one there, and opens nothing without it', async () => {
    const opened = await proven();
    const { id } = opened.owner.user;
    const factors = { ...noFactors, hasTotp: true, atProvider: true };
    await opened.database.transact(({ users }) =>
      users.setFactors(id, factors, opened.clock.now()),
    );
    const refusal = await opened.signIn(identityOf(opened.email)).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(FactorDemanded);
    expect(refusal).toMatchObject({ code: 'second_factor_required' });
    expect((refusal as FactorDemanded).challenge).toMatch(/^rkc_/);
    const { sessions } = opened.useCases;
    const open = await sessions.listSessions.execute(opened.actor, { page: { limit: 10 } });
    expect(open).toEqual([]);
  });

  test('asks for the second factor of a service that demands one, and goes on with it, whoever the person is', async () => {
    const opened = await proven();
    const { service, signIn, email } = opened;
    await opened.database.transact(async ({ services }) => {
      await services.lock(service.id);
      await services.update({ ...service, requireFactor: true });
    });
    const refusal = (await signIn(identityOf(email)).catch((error) => error)) as FactorDemanded;
    expect(refusal.code).toBe('factor_enrolment_required');
    const { useCases, actor, totp, clock, owner } = opened;
    const challenge = refusal.challenge ?? '';
    const { secret } = await useCases.factors.enrolTotp.execute(actor, { challenge });
    const code = totp.codeAt(secret, clock.now());
    const proof = { challenge, code, kinds: ['enrolment'] } as const;
    const login = await useCases.sessions.logInWithFactor.execute(actor, proof);
    expect(login.user.id).toBe(owner.user.id);
  });

  test('has one winner of two accounts at a provider that race for one here', async () => {
    const opened = await proven();
    const came = await Promise.all(
      ['1', '2'].map((subject) => opened.comeBack(identityOf(opened.email, { subject }))),
    );
    const { signIn } = opened.useCases.providers;
    const ends = await Promise.allSettled(came.map((each) => signIn.execute(opened.actor, each)));
    expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await linksOf(opened, opened.owner.user.id)).toHaveLength(1);
  });
});

describe('the way to a provider and back', () => {
  test('is for services alone', async () => {
    const { useCases, owner, logIn } = await proven();
    const session = await logIn(owner);
    const ask = { provider: 'github', purpose: 'sign-in' } as const;
    for (const actor of [nobody, root, operator, asUser(session)]) {
      const asking = useCases.providers.askProvider.execute(actor, ask);
      await expect(asking).rejects.toThrow(Unauthorized);
    }
  });

  test.each(providerNames)(
    'is not there for a service without a page to come back to: %s',
    async (provider) => {
      const opened = world();
      const actor = asService(await opened.addService());
      const { askProvider, signIn } = opened.useCases.providers;
      const ask = askProvider.execute(actor, { provider, purpose: 'sign-in' });
      await expect(ask).rejects.toThrow(NotFound);
      const back = signIn.execute(actor, { provider, code: 'code', state: 'state' });
      await expect(back).rejects.toThrow(NotFound);
    },
  );

  test('leads back to the page of the service, and nowhere that a request says', async () => {
    const { useCases, actor } = await proven();
    const { askProvider } = useCases.providers;
    const url = await askProvider.execute(actor, { provider: 'github', purpose: 'sign-in' });
    const { searchParams } = new URL(url);
    expect(searchParams.get('redirect_uri')).toBe('https://shop.example/back/github');
  });

  test('ends once: nothing comes of what comes back again', async () => {
    const opened = await proven();
    const came = await opened.comeBack(identityOf(opened.email));
    const { signIn } = opened.useCases.providers;
    await signIn.execute(opened.actor, came);
    await expect(signIn.execute(opened.actor, came)).rejects.toThrow(InvalidToken);
  });

  test('has one winner of eight that come back at once', async () => {
    const opened = await proven();
    const came = await opened.comeBack(identityOf(opened.email));
    const { signIn } = opened.useCases.providers;
    const ends = await Promise.allSettled(
      Array.from({ length: 8 }, () => signIn.execute(opened.actor, came)),
    );
    expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  test('is over after ten minutes', async () => {
    const opened = await proven();
    const [early, late] = [
      await opened.comeBack(identityOf(opened.email)),
      await opened.comeBack(identityOf(opened.email)),
    ];
    const { signIn } = opened.useCases.providers;
    const asked = opened.clock.now();
    opened.clock.set(asked + 599_999);
    expect((await signIn.execute(opened.actor, early)).user.id).toBe(opened.owner.user.id);
    opened.clock.set(asked + 600_000);
    await expect(signIn.execute(opened.actor, late)).rejects.toThrow(InvalidToken);
  });

  test('is that of one service, provider, browser and purpose, and a try of others does not end it', async () => {
    const opened = await proven();
    const { useCases, actor, owner } = opened;
    const other = asService(await opened.addService(RETURN_URLS));
    const { signIn, addLink } = useCases.providers;
    const came = await opened.comeBack(identityOf(opened.email), { binding: 'this browser' });
    const session = await withSession(opened);
    const mixedUp: [string, () => Promise<unknown>][] = [
      ['service', () => signIn.execute(other, { ...came, binding: 'this browser' })],
      [
        'provider',
        () => signIn.execute(actor, { ...came, provider: 'google', binding: 'this browser' }),
      ],
      ['browser', () => signIn.execute(actor, { ...came, binding: 'another browser' })],
      ['no browser', () => signIn.execute(actor, came)],
      ['purpose', () => addLink.execute(session, { ...came, binding: 'this browser' })],
      ['state', () => signIn.execute(actor, { ...came, state: `${came.state}x` })],
      ['long state', () => signIn.execute(actor, { ...came, state: 'x'.repeat(201) })],
      ['long code', () => signIn.execute(actor, { ...came, code: 'x'.repeat(8193) })],
      ['no code', () => signIn.execute(actor, { ...came, code: '' })],
    ];
    for (const [what, tries] of mixedUp) {
      const refusal = await tries().catch((error: unknown) => error);
      expect(refusal, what).toBeInstanceOf(InvalidToken);
    }
    const signedIn = await signIn.execute(actor, { ...came, binding: 'this browser' });
    expect(signedIn.user.id).toBe(owner.user.id);
  });

  test('ends with a code that proves nothing', async () => {
    const opened = await proven();
    const { signIn } = opened.useCases.providers;
    const came = await opened.comeBack(identityOf(opened.email));
    const wrong = signIn.execute(opened.actor, { ...came, code: 'made-up' });
    await expect(wrong).rejects.toThrow(InvalidToken);
    await expect(signIn.execute(opened.actor, came)).rejects.toThrow(InvalidToken);
  });

  test('can be gone again where the provider did not answer, and nothing was half done', async () => {
    const opened = await proven();
    const { signIn, askProvider } = opened.useCases.providers;
    const came = await opened.comeBack(identityOf(opened.email));
    const before = opened.database.snapshot();
    opened.providers.fallSilent('github');
    await expect(signIn.execute(opened.actor, came)).rejects.toThrow(Unavailable);
    const ask = askProvider.execute(opened.actor, { provider: 'github', purpose: 'sign-in' });
    await expect(ask).rejects.toThrow(Unavailable);
    expect(opened.database.snapshot()).toEqual(before);
    opened.providers.speakAgain('github');
    expect((await signIn.execute(opened.actor, came)).user.id).toBe(opened.owner.user.id);
  });

  test('leaves no word of state, verifier, code or browser in the database', async () => {
    const opened = await proven();
    const came = await opened.comeBack(identityOf(opened.email), { binding: 'this browser' });
    const kept = JSON.stringify(opened.database.snapshot());
    expect(kept).toContain('"provider":"github"');
    for (const secret of [came.state, came.code, 'this browser'])
      expect(kept).not.toContain(secret);
  });

  test('takes a text of a browser of 200 characters, and no longer or empty one', async () => {
    const { useCases, actor } = await proven();
    const { askProvider } = useCases.providers;
    const ask = (binding: string) =>
      askProvider.execute(actor, { provider: 'github', purpose: 'sign-in', binding });
    expect(await ask('x'.repeat(200))).toContain('https://');
    for (const binding of ['', 'x'.repeat(201)]) {
      await expect(ask(binding)).rejects.toThrow(IllegalArgument);
    }
  });
});

describe('a link of a person who is logged in', () => {
  const link = async (opened: Opened, identity: Identity) => {
    const actor = await withSession(opened);
    const came = await opened.comeBack(identity, { as: actor, purpose: 'link' });
    return opened.useCases.providers.addLink.execute(actor, came);
  };

  test('is made whatever address the account there has, mailed, and signs the person in', async () => {
    const opened = await proven();
    const made = await link(opened, identityOf('other@example.net'));
    expect(made).toMatchObject({ provider: 'github', userId: opened.owner.user.id });
    const mail = await lastMailTo(opened, opened.email);
    expect(mail).toMatchObject({ kind: 'factor_change', factor: { kind: 'github' } });
    const { user } = await opened.signIn(identityOf(null));
    expect(user.id).toBe(opened.owner.user.id);
  });

  test('is listed with its last use, for the person alone', async () => {
    const opened = await proven();
    const made = await link(opened, identityOf(null));
    const { listLinks } = opened.useCases.providers;
    const list = async () => listLinks.execute(await withSession(opened));
    expect(await list()).toEqual([made]);
    await opened.signIn(identityOf(null));
    expect(await list()).toEqual([{ ...made, lastUsedAt: opened.clock.now() }]);
    const other = await proven({}, world());
    expect(await other.useCases.providers.listLinks.execute(await withSession(other))).toEqual([]);
  });

  test('is made once, however often it is asked for', async () => {
    const opened = await proven();
    const made = await link(opened, identityOf(null));
    expect(await link(opened, identityOf(null))).toEqual(made);
    await opened.deliver();
    const told = opened.channels.mail.sent.filter(({ kind }) => kind === 'factor_change');
    expect(told).toHaveLength(1);
  });

  test('is refused for an account there that is somebody else’s here, and for a second one there', async () => {
    const opened = await proven();
    await link(opened, identityOf(null));
    await expect(link(opened, identityOf(null, { subject: '2' }))).rejects.toThrow(IllegalArgument);
    const owner = await opened.addOwner({ emailProven: true }, { service: opened.service });
    const other = { ...opened, owner, email: owner.user.email };
    await expect(link(other, identityOf(null))).rejects.toThrow(IllegalArgument);
    expect(await linksOf(opened, opened.owner.user.id)).toMatchObject([{ subject: '583231' }]);
  });

  test('takes a session: a KEY opens no way to one', async () => {
    const opened = await proven();
    const { owner, service, useCases, actor } = opened;
    const key = await opened.addKey({ serviceId: service.id, userId: owner.user.id, type: 'KEY' });
    const withKey = { ...actor, user: { userId: owner.user.id, keyId: key.id } };
    const { askProvider, listLinks, removeLink, addLink } = useCases.providers;
    const came = { provider: 'github', code: 'code', state: 'state' } as const;
    const calls = (as: Actor) => [
      askProvider.execute(as, { provider: 'github', purpose: 'link' }),
      listLinks.execute(as),
      removeLink.execute(as, { id: owner.user.id }),
      addLink.execute(as, came),
    ];
    for (const as of [withKey, actor, nobody, root]) {
      for (const call of calls(as)) {
        const refusal = await call.catch((error: unknown) => error);
        expect(refusal instanceof Forbidden || refusal instanceof Unauthorized).toBe(true);
      }
    }
  });

  test('is the person’s who began it, and of nobody who gets hold of what comes back', async () => {
    const opened = await proven();
    const as = await withSession(opened);
    const came = await opened.comeBack(identityOf(null), { as, purpose: 'link' });
    const owner = await opened.addOwner({ emailProven: true }, { service: opened.service });
    const other = await withSession({ ...opened, owner });
    const { addLink, signIn } = opened.useCases.providers;
    await expect(addLink.execute(other, came)).rejects.toThrow(InvalidToken);
    await expect(signIn.execute(opened.actor, came)).rejects.toThrow(InvalidToken);
    expect(await addLink.execute(as, came)).toMatchObject({ userId: opened.owner.user.id });
  });

  test('is not made by somebody who made an account with the address of another', async () => {
    const opened = await proven({ emailProven: false, createdBy: formServiceId });
    const refusal = await link(opened, identityOf(null)).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(WrongState);
    expect(await linksOf(opened, opened.owner.user.id)).toEqual([]);
  });

  test('is removed by its owner, who is mailed, and opens nothing any more', async () => {
    const opened = await proven();
    const { id } = await link(opened, identityOf(null));
    const { removeLink } = opened.useCases.providers;
    await removeLink.execute(await withSession(opened), { id });
    const mail = await lastMailTo(opened, opened.email);
    expect(mail).toMatchObject({ factor: { kind: 'github', change: 'removed' } });
    await expect(opened.signIn(identityOf(null))).rejects.toThrow(InvalidCredentials);
    const entries = await entriesOf(opened, 'rekey:FactorRemove', opened.owner.user.id);
    expect(entries).toMatchObject([{ subjectId: id }]);
  });

  test('is not removed by somebody else', async () => {
    const opened = await proven();
    const { id } = await link(opened, identityOf(null));
    const owner = await opened.addOwner({ emailProven: true }, { service: opened.service });
    const other = await withSession({ ...opened, owner });
    const { removeLink } = opened.useCases.providers;
    await expect(removeLink.execute(other, { id })).rejects.toThrow(NotFound);
    expect(await linksOf(opened, opened.owner.user.id)).toHaveLength(1);
  });

  test('is not removed where it is the last way in: no password, no passkey, no other link', async () => {
    const opened = await proven();
    const { id } = await link(opened, identityOf(null));
    const userId = opened.owner.user.id;
    const as = await withSession(opened);
    opened.database.tamper(({ users }) => {
      const row = users.get(userId);
      if (row) users.put(userId, { ...row, credential: { ...row.credential, passwordHash: null } });
    });
    const { removeLink } = opened.useCases.providers;
    const remove = () => removeLink.execute(as, { id });
    await expect(remove()).rejects.toThrow(WrongState);
    const factors = { ...noFactors, hasPasskey: true };
    await opened.database.transact(async ({ users, passkeys }) => {
      await passkeys.insert(aPasskey({ userId }));
      await users.setFactors(userId, factors, opened.clock.now());
    });
    await remove();
    expect(await linksOf(opened, userId)).toEqual([]);
  });

  test('is removed by the operator, who cannot take the last way in either', async () => {
    const opened = await proven();
    const userId = opened.owner.user.id;
    await link(opened, identityOf(null));
    const { removeFactor } = opened.useCases.factors;
    const remove = (factor: Provider) => removeFactor.execute(operator, { userId, factor });
    await expect(remove('google')).rejects.toThrow(NotFound);
    const setHash = (passwordHash: string | null) =>
      opened.database.tamper(({ users }) => {
        const row = users.get(userId);
        if (row) users.put(userId, { ...row, credential: { ...row.credential, passwordHash } });
      });
    setHash(null);
    await expect(remove('github')).rejects.toThrow(WrongState);
    setHash('hash');
    await remove('github');
    const mail = await lastMailTo(opened, opened.email);
    expect(mail).toMatchObject({ factor: { kind: 'github', change: 'removed' } });
    expect(await linksOf(opened, userId)).toEqual([]);
  });

  test('ends with the kill switch that its mail brings, and with every state that waits', async () => {
    const opened = await proven();
    await link(opened, identityOf(null));
    const as = await withSession(opened);
    const came = await opened.comeBack(identityOf(null, { provider: 'google' }), {
      as,
      purpose: 'link',
    });
    const mail = await lastMailTo(opened, opened.email);
    const { lockAccount } = opened.useCases.recovery;
    await lockAccount.execute(nobody, { token: tokenIn(mail?.link ?? '') });
    expect(await linksOf(opened, opened.owner.user.id)).toEqual([]);
    await expect(opened.signIn(identityOf(opened.email))).rejects.toThrow(InvalidCredentials);
    await expect(opened.useCases.providers.addLink.execute(as, came)).rejects.toThrow(InvalidToken);
  });
});

describe('a sign-in with a token of a page', () => {
  const google = (email: string | null, details: Partial<Identity> = {}) =>
    identityOf(email, {
      provider: 'google',
      issuer: 'https://accounts.google.com',
      subject: '110169',
      ...details,
    });

  async function opened(details: Partial<User> = {}, passwordHash?: null) {
    const of = world();
    const service = aService({ id: formServiceId, name: 'users' });
    await of.database.transact(({ services }) => services.insert(service));
    const at = { service, ...(passwordHash === null && { passwordHash }) };
    const owner = await of.addOwner({ emailProven: true, ...details }, at);
    const { signInWithToken } = of.useCases.providers;
    const signIn = (identity: Identity, provider: Provider = 'google') =>
      signInWithToken.execute(nobody, { provider, token: of.providers.tokenFor(identity) });
    return { ...of, owner, service, email: owner.user.email, signIn };
  }

  test('opens a session of the account with the proven address, which is linked then', async () => {
    const of = await opened();
    const { user, access, refresh } = await of.signIn(google(of.email));
    expect([user.id, refresh]).toEqual([of.owner.user.id, null]);
    expect(await of.isLive(access.token)).toBe(true);
    expect(await linksOf(of, user.id)).toMatchObject([{ provider: 'google', subject: '110169' }]);
    const mail = await lastMailTo(of, of.email);
    expect(mail).toMatchObject({ factor: { kind: 'google', change: 'added' } });
    expect(await of.hasPassword(user, PASSWORD)).toBe(true);
  });

  test('proves nothing with a token that the provider did not make, or that is too long', async () => {
    const of = await opened();
    const { signInWithToken } = of.useCases.providers;
    for (const token of ['made-up', '', 'x'.repeat(8193)]) {
      const tried = signInWithToken.execute(nobody, { provider: 'google', token });
      await expect(tried).rejects.toThrow(InvalidCredentials);
    }
  });

  test('is not there for providers without such tokens, nor for services', async () => {
    const of = await opened();
    await expect(of.signIn(identityOf(of.email), 'github')).rejects.toThrow(NotFound);
    const { signInWithToken } = of.useCases.providers;
    const input = { provider: 'google', token: 'token' } as const;
    const asking = signInWithToken.execute(asService(of.service), input);
    await expect(asking).rejects.toThrow(Unauthorized);
  });

  // A squatter makes an account with the address of somebody else, and waits for its owner to sign in with Google.
  test('gives an account that nobody proved to its owner clean: nothing of the squatter is left in it', async () => {
    const of = await opened({ emailProven: false, createdBy: formServiceId, name: 'Squatter' });
    const { owner, service, email } = of;
    const session = await of.logIn(owner);
    const key = await of.addKey({ serviceId: service.id, userId: owner.user.id, type: 'KEY' });
    const { id: userId } = owner.user;
    await of.database.transact(async ({ providerLinks, passkeys, users }) => {
      await providerLinks.insert({
        ...google(null, { subject: 'of the squatter' }),
        id: key.id,
        createdAt: of.clock.now(),
        lastUsedAt: null,
        userId,
      });
      await passkeys.insert(aPasskey({ userId }));
      await users.setFactors(userId, { ...noFactors, hasPasskey: true }, of.clock.now());
    });

    const { user, access } = await of.signIn(google(email));
    expect(user).toMatchObject({ id: userId, name: 'Ada', emailProven: true, factors: noFactors });
    expect(await of.hasPassword(user, PASSWORD)).toBe(false);
    expect([await of.isLive(session.token), await of.isLive(access.token)]).toEqual([false, true]);
    expect(await linksOf(of, userId)).toMatchObject([{ subject: '110169' }]);
    const after = await of.database.read(async ({ keys, passkeys }) => ({
      key: await keys.get(key.id),
      passkeys: await passkeys.ofUser(userId),
    }));
    expect(after).toMatchObject({ key: { isRevoked: true }, passkeys: [] });
    const squatter = of.signIn(google(null, { subject: 'of the squatter' }));
    await expect(squatter).rejects.toThrow(InvalidCredentials);
    const mail = await lastMailTo(of, email);
    expect(mail).toMatchObject({ kind: 'factor_change', to: email });
  });

  test('gives an account that nobody proved to nobody else than who has its address', async () => {
    const of = await opened({ emailProven: false, createdBy: formServiceId });
    for (const email of [null, `${of.email}.example`]) {
      await of.signIn(google(email)).catch(() => undefined);
    }
    expect(await of.hasPassword(of.owner.user, PASSWORD)).toBe(true);
    expect(await linksOf(of, of.owner.user.id)).toEqual([]);
  });

  test('gives nobody an account that is closed, although nobody proved it', async () => {
    const of = await opened({ emailProven: false, isEnabled: false, createdBy: formServiceId });
    await expect(of.signIn(google(of.email))).rejects.toThrow(InvalidCredentials);
    expect(await of.hasPassword(of.owner.user, PASSWORD)).toBe(true);
  });

  test('makes an account of a person who is new, without a password, and mails the link', async () => {
    const of = await opened();
    const { user } = await of.signIn(google('new@example.com', { subject: '2', name: null }));
    expect(user).toMatchObject({ email: 'new@example.com', name: 'new', emailProven: true });
    expect(await of.credentialOf(user)).toMatchObject({ passwordHash: null });
    const again = await of.signIn(google('new@example.com', { subject: '2' }));
    expect(again.user.id).toBe(user.id);
    const mail = await lastMailTo(of, 'new@example.com');
    expect(mail).toMatchObject({ kind: 'factor_change' });
    expect(await entriesOf(of, 'sso:UserCreate', user.id)).toHaveLength(1);
  });

  test('makes no account without a verified address, nor where nobody may sign up', async () => {
    const of = await opened();
    const before = of.database.snapshot('auditSums');
    await expect(of.signIn(google(null))).rejects.toThrow(InvalidCredentials);
    expect(of.database.snapshot('auditSums')).toEqual(before);
    const closed = new SignInWithToken({
      ...of,
      settings: { ...of.settings, usersSignup: false },
    });
    const token = of.providers.tokenFor(google('new@example.com'));
    const tried = closed.execute(nobody, { provider: 'google', token });
    await expect(tried).rejects.toThrow(InvalidCredentials);
    expect(of.database.snapshot('auditSums')).toEqual(before);
  });

  test('makes no account with an address that its owner can still take back', async () => {
    const of = await opened();
    const { updateEmail } = of.useCases.users;
    const change = { email: of.email, password: PASSWORD, newEmail: 'elsewhere@example.net' };
    await updateEmail.execute(asUser(await of.logIn(of.owner)), change);
    await expect(of.signIn(google(of.email))).rejects.toThrow(InvalidCredentials);
    const found = await of.database.read(({ users }) => users.findByEmail(of.email));
    expect(found).toBeNull();
  });

  test('asks for a second factor where the person wants one', async () => {
    const of = await opened();
    const factors = { ...noFactors, hasTotp: true, atProvider: true };
    await of.database.transact(({ users }) =>
      users.setFactors(of.owner.user.id, factors, of.clock.now()),
    );
    await expect(of.signIn(google(of.email))).rejects.toThrow(FactorDemanded);
  });

  test('is linked by a person who is logged in', async () => {
    const of = await opened();
    const { addLinkWithToken } = of.useCases.providers;
    const actor = asUser(await of.logIn(of.owner));
    const token = of.providers.tokenFor(google('other@example.net'));
    const link = await addLinkWithToken.execute(actor, { provider: 'google', token });
    expect(link).toMatchObject({ userId: of.owner.user.id, subject: '110169' });
    expect((await of.signIn(google(null))).user.id).toBe(of.owner.user.id);
    const refused = addLinkWithToken.execute(asNobody(), { provider: 'google', token });
    await expect(refused).rejects.toThrow(Forbidden);
  });
});
