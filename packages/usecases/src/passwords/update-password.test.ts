import {
  type Actor,
  Forbidden,
  IllegalArgument,
  InvalidCredentials,
  operator,
  Unauthorized,
} from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import {
  asService,
  asUser,
  endOf,
  failingAt,
  foreignHash,
  NEW_PASSWORD,
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
import { type Hasher, type Ports, useCases } from '../index.ts';
import type { UpdatePassword } from './update-password.ts';

type Ask = Parameters<UpdatePassword['execute']>;

/** To change the owner's password as it should be done, through the service unless somebody else asks. */
const ask = (
  owner: Pick<Owner, 'user' | 'service'>,
  details: Partial<Ask[1]> = {},
  actor: Actor = asService(owner.service),
): Ask => [
  actor,
  { email: owner.user.email, password: PASSWORD, newPassword: NEW_PASSWORD, ...details },
];
const update = (ports: Ports, [actor, input]: Ask) =>
  useCases(ports).passwords.updatePassword.execute(actor, input);

const canLogIn = async (w: World, owner: Owner, password: string) =>
  w.logIn(owner, password).then(
    () => true,
    () => false,
  );

describe('a change of a password', () => {
  test('lets the new password in, and the old one no more', async () => {
    const w = world();
    const owner = await w.addOwner({ passwordRequireUpdate: true });
    w.clock.set(START + 5000);
    const { user, quality } = await update(w, ask(owner));
    expect(user).toEqual({
      ...owner.user,
      updatedAt: START + 5000,
      passwordRequireUpdate: false,
    });
    expect(await w.database.read(({ users }) => users.get(user.id))).toEqual(user);
    expect(quality).toEqual(await w.meter.assess(NEW_PASSWORD, []));
    expect(await canLogIn(w, owner, NEW_PASSWORD)).toBe(true);
    expect(await canLogIn(w, owner, PASSWORD)).toBe(false);
  });

  test('takes an address in any spelling, and a password in any normalization', async () => {
    const w = world();
    const owner = await w.addOwner({}, { passwordHash: foreignHash('caf\u00e9 noir') });
    const email = owner.user.email.toUpperCase();
    const password = 'cafe\u0301 noir';
    await update(w, ask(owner, { email, password, newPassword: 're\u0301glisse' }));
    expect(await canLogIn(w, owner, 'r\u00e9glisse')).toBe(true);
    await w.deliver();
    expect(w.channels.mail.sent[0]?.to).toBe(owner.user.email);
  });

  test('ends every session of the user, at every service, and nobody else’s', async () => {
    const w = world();
    const owner = await w.addOwner();
    const elsewhere = { user: owner.user, service: await w.addService() };
    await w.addKey({ userId: owner.user.id, serviceId: elsewhere.service.id });
    const stranger = await w.addOwner({}, { service: owner.service });
    const own = [await w.logIn(owner), await w.logIn(owner), await w.logIn(elsewhere)];
    const foreign = await w.logIn(stranger);
    await update(w, ask(owner));
    for (const { token } of own) expect(await w.isLive(token)).toBe(false);
    expect(await w.isLive(foreign.token)).toBe(true);
  });

  test('spares the session that asks', async () => {
    const w = world();
    const owner = await w.addOwner();
    const asking = await w.logIn(owner);
    const other = await w.logIn(owner);
    await update(w, ask(owner, {}, asUser(asking)));
    expect(await w.isLive(asking.token)).toBe(true);
    expect(await w.isLive(other.token)).toBe(false);
  });

  test('leaves the keys of the user alone', async () => {
    const w = world();
    const owner = await w.addOwner();
    const apiKey = await w.addKey({
      userId: owner.user.id,
      serviceId: owner.service.id,
      type: 'KEY',
    });
    await update(w, ask(owner));
    for (const key of [apiKey, owner.tokenKey]) {
      expect(await w.database.read(({ keys }) => keys.get(key.id))).toEqual(key);
    }
  });

  test('owes one mail, to the address of that moment, with what the owner needs to know', async () => {
    const w = world();
    const service = await w.addService({ userEmailText: 'Call 555.' });
    const owner = await w.addOwner({ locale: 'de', timezone: 'Europe/Berlin' }, { service });
    const origin = { address: '2001:db8::7', client: null };
    await update(w, ask(owner, {}, asService(service, origin)));
    expect(await w.deliver()).toMatchObject([{ outcome: 'sent' }]);
    const [mail, ...more] = w.channels.mail.sent;
    expect(more).toEqual([]);
    expect(mail).toMatchObject({
      to: owner.user.email,
      locale: 'de',
      timezone: 'Europe/Berlin',
      service: { name: service.name, emailText: 'Call 555.' },
      kind: 'update_password',
      happenedAt: START,
      origin,
      linkExpiresAt: START + settings.revokeTokenTtlMs,
    });
    const link = new URL(mail!.link);
    expect(link.origin + link.pathname).toBe(service.providerLocalUrl);
    const right = w.linkTokens.verify(tokenIn(mail!.link));
    expect(right?.purpose).toBe('update_password');
    const good = await w.database.read(({ oneTimeTokens }) =>
      oneTimeTokens.findGood(right!.id, START),
    );
    expect(good).toMatchObject({ userId: owner.user.id, email: owner.user.email, origin });
    expect(Object.fromEntries(link.searchParams)).toEqual({
      type: 'update_password',
      email: owner.user.email,
      token: expect.any(String),
    });
  });

  test('owes a mail for each of two changes, and both links are good', async () => {
    for (const used of [0, 1]) {
      const w = world();
      const owner = await w.addOwner();
      await update(w, ask(owner));
      await update(w, ask(owner, { password: NEW_PASSWORD, newPassword: 'yet another' }));
      await w.deliver();
      const tokens = w.channels.mail.sent.map(({ link }) => tokenIn(link));
      expect(new Set(tokens).size).toBe(2);
      const token = tokens[used]!;
      const { lockAccount } = w.useCases.recovery;
      await lockAccount.execute(asService(owner.service), { token });
      expect(await canLogIn(w, owner, 'yet another')).toBe(false);
    }
  });

  test('replaces a foreign hash like any other', async () => {
    const w = world();
    const owner = await w.addOwner({}, { passwordHash: foreignHash(PASSWORD) });
    await update(w, ask(owner));
    expect(await canLogIn(w, owner, NEW_PASSWORD)).toBe(true);
  });

  test('hashes twice, and only what may be the new password', async () => {
    const w = world();
    const owner = await w.addOwner();
    const before = w.hasher.work();
    await update(w, ask(owner));
    expect(w.hasher.work() - before).toBe(2);
  });
});

describe('a change that fails half-way', () => {
  test('changes nothing and owes no mail, wherever it fails', async () => {
    const prepare = async () => {
      const w = world();
      const owner = await w.addOwner();
      await w.logIn(owner);
      return { w, asked: ask(owner, {}, asUser(await w.logIn(owner))) };
    };
    const healthy = await prepare();
    const { database, done } = recording(healthy.w.database);
    await update({ ...healthy.w, database }, healthy.asked);
    expect(done).toEqual([
      'users.changePassword',
      'keys.findToken',
      'sessions.findOpen',
      'sessions.endAllOf',
      'oneTimeTokens.insert',
      'deliveries.insert',
      'events.insert',
      'services.seeing',
      'services.knowing',
      'audit.insert',
    ]);

    // One more than there is to do: the commit itself.
    for (let n = 1; n <= done.length + 1; n += 1) {
      const { w, asked } = await prepare();
      const before = w.database.snapshot('throttles');
      const broken = { ...w, database: failingAt(w.database, n) };
      expect(await endOf(update(broken, asked))).toBe(planted);
      expect(w.database.snapshot('throttles')).toEqual(before);
      expect(await w.deliver()).toEqual([]);
      expect(await endOf(update(w, asked))).toBe('done');
    }
  });
});

describe('a claim that is not proven', () => {
  const cases: [string, (w: World) => Promise<Ask>][] = [
    ['an unknown address', async (w) => ask(await w.addOwner(), { email: 'nobody@example.com' })],
    ['a wrong password', async (w) => ask(await w.addOwner(), { password: 'wrong horse' })],
    ['a disabled user', async (w) => ask(await w.addOwner({ isEnabled: false }))],
    ['a user without a password', async (w) => ask(await w.addOwner({}, { passwordHash: null }))],
    [
      'a user without a TOKEN key',
      async (w) => {
        const service = await w.addService();
        return ask({ service, user: await w.addUser(service) });
      },
    ],
    [
      'a user whose TOKEN key is disabled, revoked, of another type or of another service',
      async (w) => {
        const service = await w.addService();
        const user = await w.addUser(service);
        const of = { userId: user.id, serviceId: service.id };
        await w.addKey({ ...of, isEnabled: false });
        await w.addKey({ ...of, isRevoked: true });
        await w.addKey({ ...of, type: 'KEY' });
        await w.addKey({ ...of, serviceId: (await w.addService()).id });
        return ask({ service, user });
      },
    ],
    [
      'a service that does not exist',
      async (w) => {
        const { user } = await w.addOwner();
        return ask({ user, service: { ...(await w.addService()), id: user.id } });
      },
    ],
  ];

  test.each(cases)('is refused like all others, after one hash: %s', async (_what, prepare) => {
    const w = world();
    const asked = await prepare(w);
    const before = w.database.snapshot('throttles', 'audit', 'auditChains', 'auditSums');
    const work = w.hasher.work();
    const end = await endOf(update(w, asked));
    expect(end).toEqual(new InvalidCredentials());
    expect(end).toBeInstanceOf(InvalidCredentials);
    expect(w.hasher.work() - work).toBe(1);
    expect(w.database.snapshot('throttles', 'audit', 'auditChains', 'auditSums')).toEqual(before);
    expect(await w.deliver()).toEqual([]);
  });

  test.each(cases)(
    'is not told whether the new password is any good: %s',
    async (_what, prepare) => {
      const w = { ...world(), settings: { ...settings, passwordPolicy: 'standard' as const } };
      const [actor, input] = await prepare(w);
      const asked: Ask = [actor, { ...input, newPassword: 'password' }];
      expect(await endOf(update(w, asked))).toBeInstanceOf(InvalidCredentials);
    },
  );
});

describe('a session', () => {
  test('changes the password of nobody else, and does not tell who there is', async () => {
    const w = world();
    const owner = await w.addOwner();
    const thief = asUser(await w.logIn(await w.addOwner({}, { service: owner.service })));
    const before = w.database.snapshot();
    const work = w.hasher.work();
    for (const email of [owner.user.email, 'nobody@example.com', 'nobody@nowhere']) {
      const end = await endOf(update(w, ask(owner, { email }, thief)));
      expect(end).toEqual(new Forbidden('forbidden'));
    }
    expect(w.hasher.work()).toBe(work);
    expect(w.database.snapshot()).toEqual(before);
  });
});

describe('the operator', () => {
  test('changes nobody’s password', async () => {
    const w = world();
    const owner = await w.addOwner();
    const before = w.database.snapshot();
    for (const actor of [root, operator]) {
      expect(await endOf(update(w, ask(owner, {}, actor)))).toBeInstanceOf(Unauthorized);
    }
    expect(w.database.snapshot()).toEqual(before);
  });
});

describe('a new password', () => {
  const refusals = [
    ['is too short', 'seven77', 'must have 8 to 128 characters', 'too_short'],
    ['is too long', 'a'.repeat(129), 'must have 8 to 128 characters', 'too_long'],
    ['is not well-formed', 'broken\ud800pair', 'must be well-formed Unicode', 'malformed'],
    ['is the current one', PASSWORD, 'must differ from the current one', 'same_as_current'],
  ] as const;

  test.each(refusals)(
    'is refused before any look or hash where it %s',
    async (_what, newPassword, message, code) => {
      const w = world();
      const owner = await w.addOwner();
      const asked = ask(owner, { newPassword });
      const work = w.hasher.work();
      const end = await endOf(update(w, asked));
      expect(end).toBeInstanceOf(IllegalArgument);
      expect((end as IllegalArgument).violations).toEqual([
        { field: 'newPassword', message, code },
      ]);
      expect(w.hasher.work()).toBe(work);
      // An address that nobody has is refused alike: it tells nothing.
      const stranger = ask(owner, { newPassword, email: 'nobody@example.com' });
      expect(await endOf(update(w, stranger))).toEqual(end);
    },
  );

  test('is the current one in another normalization too', async () => {
    const w = world();
    const owner = await w.addOwner({}, { passwordHash: foreignHash('caf\u00e9 noir') });
    for (const [password, newPassword] of [
      ['caf\u00e9 noir', 'cafe\u0301 noir'],
      ['cafe\u0301 noir', 'caf\u00e9 noir'],
    ]) {
      const end = await endOf(
        update(w, ask(owner, { password: password!, newPassword: newPassword! })),
      );
      expect(end).toBeInstanceOf(IllegalArgument);
    }
  });

  test('is refused by the policy once the current one is proven, and nothing is changed', async () => {
    const w = { ...world(), settings: { ...settings, passwordPolicy: 'standard' as const } };
    const owner = await w.addOwner({ email: 'ada@example.com' });
    const before = w.database.snapshot('throttles', 'audit', 'auditChains', 'auditSums');
    for (const newPassword of ['password', 'Ada Lovelace', 'shop until I drop']) {
      const end = await endOf(update(w, ask(owner, { newPassword })));
      expect(end).toBeInstanceOf(IllegalArgument);
      expect((end as IllegalArgument).violations[0]?.field).toBe('newPassword');
    }
    expect(w.database.snapshot('throttles', 'audit', 'auditChains', 'auditSums')).toEqual(before);
  });

  test('may be a common one where the policy only reports', async () => {
    const w = world();
    const owner = await w.addOwner();
    const { quality } = await update(w, ask(owner, { newPassword: 'password' }));
    expect(quality.isPwned).toBe(true);
  });

  test('is refused with all that is refused at once', async () => {
    const w = world();
    const owner = await w.addOwner();
    const details = { email: 'no address', password: 'x\ud800', newPassword: 'short' };
    const end = await endOf(update(w, ask(owner, details)));
    expect((end as IllegalArgument).violations).toMatchObject([
      { field: 'email', code: 'unusable' },
      { field: 'password', code: 'malformed' },
      { field: 'newPassword', code: 'too_short' },
    ]);
  });

  test('is refused at once where it is too short and the current one', async () => {
    const w = world();
    const owner = await w.addOwner({}, { passwordHash: foreignHash('short') });
    const end = await endOf(update(w, ask(owner, { password: 'short', newPassword: 'short' })));
    expect((end as IllegalArgument).violations).toMatchObject([
      { field: 'newPassword', code: 'too_short' },
      { field: 'newPassword', code: 'same_as_current' },
    ]);
  });

  test('goes with an address that is none: refused, and never repeated', async () => {
    const w = world();
    const owner = await w.addOwner();
    const end = await endOf(update(w, ask(owner, { email: 's3cret', password: 'x\ud800' })));
    expect((end as IllegalArgument).violations).toMatchObject([
      { field: 'email', code: 'unusable' },
      { field: 'password', code: 'malformed' },
    ]);
    expect(JSON.stringify([end, String(end)])).not.toContain('s3cret');
  });
});

describe('between the proof and the change', () => {
  /** The ports, but that something happens while the new hash is made. */
  const meanwhile = (w: World, happen: () => Promise<unknown>) => ({
    ...w,
    hasher: {
      ...w.hasher,
      hash: async (...asked: Parameters<Hasher['hash']>) => {
        await happen();
        return w.hasher.hash(...asked);
      },
    },
  });

  test('another change that proved the password as well wins', async () => {
    const w = world();
    const owner = await w.addOwner();
    const ports = meanwhile(w, () => update(w, ask(owner, { newPassword: 'was quicker' })));
    expect(await endOf(update(ports, ask(owner)))).toBeInstanceOf(InvalidCredentials);
    expect(await canLogIn(w, owner, 'was quicker')).toBe(true);
    expect(await w.deliver()).toHaveLength(1);
  });

  test('a lock wins', async () => {
    const w = world();
    const owner = await w.addOwner();
    const token = await w.changeAndReadMail(owner, { newPassword: 'stolen one' });
    const { lockAccount } = w.useCases.recovery;
    const ports = meanwhile(w, () => lockAccount.execute(asService(owner.service), { token }));
    const end = await endOf(update(ports, ask(owner, { password: 'stolen one' })));
    expect(end).toBeInstanceOf(InvalidCredentials);
    expect(await w.credentialOf(owner.user)).toMatchObject({ passwordHash: null });
    expect(await w.deliver()).toEqual([]);
  });

  test('the revocation of the TOKEN key wins', async () => {
    const w = world();
    const owner = await w.addOwner();
    const ports = meanwhile(w, () =>
      w.database.transact(({ keys }) => keys.revokeAllOf(owner.user.id, START)),
    );
    expect(await endOf(update(ports, ask(owner)))).toBeInstanceOf(InvalidCredentials);
    expect(await w.credentialOf(owner.user)).toMatchObject({ version: 1 });
  });

  test('a TOKEN key that took the place of the proven one does not count', async () => {
    const w = world();
    const owner = await w.addOwner();
    const of = { userId: owner.user.id, serviceId: owner.service.id };
    const ports = meanwhile(w, async () => {
      await w.database.transact(({ keys }) => keys.revokeAllOf(owner.user.id, START));
      await w.addKey(of);
    });
    expect(await endOf(update(ports, ask(owner)))).toBeInstanceOf(InvalidCredentials);
  });

  test('the end of the session that asks wins', async () => {
    const w = world();
    const owner = await w.addOwner();
    const session = await w.logIn(owner);
    const ports = meanwhile(w, () =>
      w.database.transact(({ sessions }) => sessions.endAllOf(owner.user.id, START)),
    );
    const before = await w.credentialOf(owner.user);
    expect(await endOf(update(ports, ask(owner, {}, asUser(session))))).toBeInstanceOf(
      Unauthorized,
    );
    expect(await w.credentialOf(owner.user)).toEqual(before);
  });

  test('the replacement of a foreign hash does not matter', async () => {
    const w = world();
    const owner = await w.addOwner({}, { passwordHash: foreignHash(PASSWORD) });
    const ports = meanwhile(w, () => w.logIn(owner));
    expect(await endOf(update(ports, ask(owner)))).toBe('done');
    expect(await canLogIn(w, owner, NEW_PASSWORD)).toBe(true);
  });

  test('a login does not survive, whichever of the two commits first', async () => {
    const w = world();
    const early = await w.addOwner();
    let token = '';
    const ports = meanwhile(w, async () => {
      token = (await w.logIn(early)).token;
      expect(await w.isLive(token)).toBe(true);
    });
    await update(ports, ask(early));
    expect(await w.isLive(token)).toBe(false);

    const late = await w.addOwner();
    const accessTokens = {
      ...w.accessTokens,
      issue: async (...args: Parameters<Ports['accessTokens']['issue']>) => {
        await update(w, ask(late));
        return w.accessTokens.issue(...args);
      },
    };
    const claim = { email: late.user.email, password: PASSWORD } as const;
    const { login } = useCases({ ...w, accessTokens }).sessions;
    const end = await endOf(login.execute(asService(late.service), claim));
    expect(end).toBeInstanceOf(InvalidCredentials);
  });

  test('a key that is created lives on', async () => {
    const w = world();
    const { user, service } = await w.addOwner();
    const input = { isEnabled: true, type: 'KEY', name: 'cron', userId: user.id } as const;
    const ports = meanwhile(w, () => w.useCases.keys.createKey.execute(asService(service), input));
    expect(await endOf(update(ports, ask({ user, service })))).toBe('done');
  });
});
