import { IllegalArgument, InvalidCredentials, Unauthorized } from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import {
  endOf,
  failingAt,
  foreignHash,
  NEW_PASSWORD,
  ORIGIN,
  type Owner,
  PASSWORD,
  planted,
  recording,
  START,
  settings,
  tokenIn,
  type World,
  world,
} from '../testing/index.ts';
import { CreateKey } from './create-key.ts';
import { Login } from './login.ts';
import type { Ports } from './ports.ts';
import { RevokeUpdatePassword } from './revoke-update-password.ts';
import { UpdatePassword } from './update-password.ts';

const update = (ports: Ports, ...args: Parameters<UpdatePassword['execute']>) =>
  new UpdatePassword(ports).execute(...args);

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
    const { user, quality } = await update(w, w.change(owner));
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
    const ask = w.change(owner, {
      email,
      password: 'cafe\u0301 noir',
      newPassword: 're\u0301glisse',
    });
    await update(w, ask);
    expect(await canLogIn(w, owner, 'r\u00e9glisse')).toBe(true);
    await w.deliver();
    expect(w.mailer.sent[0]?.to.address).toBe(owner.user.email);
  });

  test('ends every session of the user, at every service, and nobody else’s', async () => {
    const w = world();
    const owner = await w.addOwner();
    const elsewhere = { user: owner.user, service: await w.addService() };
    await w.addKey({ userId: owner.user.id, serviceId: elsewhere.service.id });
    const stranger = await w.addOwner({}, { service: owner.service });
    const own = [await w.logIn(owner), await w.logIn(owner), await w.logIn(elsewhere)];
    const foreign = await w.logIn(stranger);
    await update(w, w.change(owner));
    for (const { token } of own) expect(await w.isLive(token)).toBe(false);
    expect(await w.isLive(foreign.token)).toBe(true);
  });

  test('spares the session that asks', async () => {
    const w = world();
    const owner = await w.addOwner();
    const asking = await w.logIn(owner);
    const other = await w.logIn(owner);
    await update(w, w.change(owner, { session: asking }));
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
    await update(w, w.change(owner));
    for (const key of [apiKey, owner.tokenKey]) {
      expect(await w.database.read(({ keys }) => keys.get(key.id))).toEqual(key);
    }
  });

  test('owes one mail, to the address of that moment, with what the owner needs to know', async () => {
    const w = world();
    const service = await w.addService({ emailText: 'Call 555.' });
    const owner = await w.addOwner({ locale: 'de', timezone: 'Europe/Berlin' }, { service });
    const origin = { address: '2001:db8::7', client: null };
    await update(w, w.change(owner, { origin }));
    expect(await w.deliver()).toMatchObject([{ outcome: 'sent' }]);
    const [mail, ...more] = w.mailer.sent;
    expect(more).toEqual([]);
    expect(mail).toMatchObject({
      to: { name: owner.user.name, address: owner.user.email },
      locale: 'de',
      timezone: 'Europe/Berlin',
      service: { name: service.name, emailText: 'Call 555.' },
      changedAt: START,
      origin,
      linkExpiresAt: START + settings.revokeTokenTtl * 1000,
    });
    const link = new URL(mail!.link);
    expect(link.origin + link.pathname).toBe(service.localUrl);
    expect(Object.fromEntries(link.searchParams)).toEqual({
      type: 'update_password',
      email: owner.user.email,
      token: w.revokeTokens.make({ id: mail!.messageId, revokeKeyId: 'k1' }),
    });
  });

  test('owes a mail for each of two changes, and both links are good', async () => {
    for (const used of [0, 1]) {
      const w = world();
      const owner = await w.addOwner();
      await update(w, w.change(owner));
      await update(w, w.change(owner, { password: NEW_PASSWORD, newPassword: 'yet another' }));
      await w.deliver();
      const tokens = w.mailer.sent.map(({ link }) => tokenIn(link));
      expect(new Set(tokens).size).toBe(2);
      const token = tokens[used]!;
      await new RevokeUpdatePassword(w).execute({ token, presentedBy: owner.service.id });
      expect(await canLogIn(w, owner, 'yet another')).toBe(false);
    }
  });

  test('replaces a foreign hash like any other', async () => {
    const w = world();
    const owner = await w.addOwner({}, { passwordHash: foreignHash(PASSWORD) });
    await update(w, w.change(owner));
    expect(await canLogIn(w, owner, NEW_PASSWORD)).toBe(true);
  });

  test('hashes twice, and only what may be the new password', async () => {
    const w = world();
    const owner = await w.addOwner();
    const before = w.hasher.work();
    await update(w, w.change(owner));
    expect(w.hasher.work() - before).toBe(2);
  });
});

describe('a change that fails half-way', () => {
  test('changes nothing and owes no mail, wherever it fails', async () => {
    const prepare = async () => {
      const w = world();
      const owner = await w.addOwner();
      await w.logIn(owner);
      return { w, ask: w.change(owner, { session: await w.logIn(owner) }) };
    };
    const healthy = await prepare();
    const { database, done } = recording(healthy.w.database);
    await update({ ...healthy.w, database }, healthy.ask);
    expect(done).toEqual([
      'users.changePassword',
      'keys.findToken',
      'sessions.findOpen',
      'sessions.endAllOf',
      'changes.insert',
      'outbox.add',
      'audit.hold',
      'audit.append',
    ]);

    // One more than there is to do: the commit itself.
    for (let n = 1; n <= done.length + 1; n += 1) {
      const { w, ask } = await prepare();
      const before = w.database.snapshot('throttles');
      const broken = { ...w, database: failingAt(w.database, n) };
      expect(await endOf(update(broken, ask))).toBe(planted);
      expect(w.database.snapshot('throttles')).toEqual(before);
      expect(await w.deliver()).toEqual([]);
      expect(await endOf(update(w, ask))).toBe('done');
    }
  });
});

describe('a claim that is not proven', () => {
  type Case = (w: World) => Promise<Parameters<UpdatePassword['execute']>[0]>;
  const cases: [string, Case][] = [
    [
      'an unknown address',
      async (w) => w.change(await w.addOwner(), { email: 'nobody@example.com' }),
    ],
    ['a wrong password', async (w) => w.change(await w.addOwner(), { password: 'wrong horse' })],
    ['a disabled user', async (w) => w.change(await w.addOwner({ isEnabled: false }))],
    [
      'a user without a password',
      async (w) => w.change(await w.addOwner({}, { passwordHash: null })),
    ],
    [
      'a user without a TOKEN key',
      async (w) => {
        const service = await w.addService();
        return w.change({ service, user: await w.addUser(service) });
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
        return w.change({ service, user });
      },
    ],
    [
      'another user than the one whose session asks',
      async (w) => {
        const owner = await w.addOwner();
        const thief = await w.addOwner({}, { service: owner.service });
        return w.change(owner, { session: await w.logIn(thief) });
      },
    ],
    [
      'a service that does not exist',
      async (w) => {
        const { user } = await w.addOwner();
        return w.change({ user, service: { ...(await w.addService()), id: user.id } });
      },
    ],
  ];

  test.each(cases)('is refused like all others, after one hash: %s', async (_what, prepare) => {
    const w = world();
    const ask = await prepare(w);
    const before = w.database.snapshot('throttles', 'audit');
    const work = w.hasher.work();
    const end = await endOf(update(w, ask));
    expect(end).toEqual(new InvalidCredentials());
    expect(end).toBeInstanceOf(InvalidCredentials);
    expect(w.hasher.work() - work).toBe(1);
    expect(w.database.snapshot('throttles', 'audit')).toEqual(before);
    expect(await w.deliver()).toEqual([]);
  });

  test.each(cases)(
    'is not told whether the new password is any good: %s',
    async (_what, prepare) => {
      const w = { ...world(), settings: { ...settings, passwordPolicy: 'standard' as const } };
      const ask = { ...(await prepare(w)), newPassword: 'password' };
      expect(await endOf(update(w, ask))).toBeInstanceOf(InvalidCredentials);
    },
  );
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
    async (_what, newPassword, message, reason) => {
      const w = world();
      const owner = await w.addOwner();
      const ask = w.change(owner, { newPassword });
      const work = w.hasher.work();
      const end = await endOf(update(w, ask));
      expect(end).toBeInstanceOf(IllegalArgument);
      expect((end as IllegalArgument).violations).toEqual([
        { field: 'newPassword', message, reason },
      ]);
      expect(w.hasher.work()).toBe(work);
      // The same for an address that nobody has: it tells nothing.
      const stranger = { ...ask, email: 'nobody@example.com' };
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
        update(w, w.change(owner, { password: password!, newPassword: newPassword! })),
      );
      expect(end).toBeInstanceOf(IllegalArgument);
    }
  });

  test('is refused by the policy once the current one is proven, and nothing is changed', async () => {
    const w = { ...world(), settings: { ...settings, passwordPolicy: 'standard' as const } };
    const owner = await w.addOwner({ email: 'ada@example.com' });
    const before = w.database.snapshot('throttles', 'audit');
    for (const newPassword of ['password', 'Ada Lovelace', 'shop until I drop']) {
      const end = await endOf(update(w, w.change(owner, { newPassword })));
      expect(end).toBeInstanceOf(IllegalArgument);
      expect((end as IllegalArgument).violations[0]?.field).toBe('newPassword');
    }
    expect(w.database.snapshot('throttles', 'audit')).toEqual(before);
  });

  test('may be a common one where the policy only reports', async () => {
    const w = world();
    const owner = await w.addOwner();
    const { quality } = await update(w, w.change(owner, { newPassword: 'password' }));
    expect(quality.isPwned).toBe(true);
  });

  test('goes with an address that is none: refused, and never repeated', async () => {
    const w = world();
    const owner = await w.addOwner();
    const end = await endOf(update(w, w.change(owner, { email: 's3cret', password: 'x\ud800' })));
    expect((end as IllegalArgument).violations.map(({ field }) => field)).toEqual([
      'email',
      'password',
    ]);
    expect(JSON.stringify([end, String(end)])).not.toContain('s3cret');
  });
});

describe('what happens between the proof and the change', () => {
  /** The ports, but that something happens while the new hash is made. */
  const meanwhile = (w: World, happen: () => Promise<unknown>) => ({
    ...w,
    hasher: {
      ...w.hasher,
      hash: async (password: string) => {
        await happen();
        return w.hasher.hash(password);
      },
    },
  });

  test('another change with the same password wins', async () => {
    const w = world();
    const owner = await w.addOwner();
    const ports = meanwhile(w, () => update(w, w.change(owner, { newPassword: 'was quicker' })));
    expect(await endOf(update(ports, w.change(owner)))).toBeInstanceOf(InvalidCredentials);
    expect(await canLogIn(w, owner, 'was quicker')).toBe(true);
    expect(await w.deliver()).toHaveLength(1);
  });

  test('a shutdown wins', async () => {
    const w = world();
    const owner = await w.addOwner();
    const token = await w.changeAndReadMail(owner, { newPassword: 'stolen one' });
    const presentedBy = owner.service.id;
    const ports = meanwhile(w, () => new RevokeUpdatePassword(w).execute({ token, presentedBy }));
    const end = await endOf(update(ports, w.change(owner, { password: 'stolen one' })));
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
    expect(await endOf(update(ports, w.change(owner)))).toBeInstanceOf(InvalidCredentials);
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
    expect(await endOf(update(ports, w.change(owner)))).toBeInstanceOf(InvalidCredentials);
  });

  test('the end of the session that asks wins', async () => {
    const w = world();
    const owner = await w.addOwner();
    const session = await w.logIn(owner);
    const ports = meanwhile(w, () =>
      w.database.transact(({ sessions }) => sessions.endAllOf(owner.user.id, START)),
    );
    const before = await w.credentialOf(owner.user);
    expect(await endOf(update(ports, w.change(owner, { session })))).toBeInstanceOf(Unauthorized);
    expect(await w.credentialOf(owner.user)).toEqual(before);
  });

  test('the replacement of a foreign hash does not matter', async () => {
    const w = world();
    const owner = await w.addOwner({}, { passwordHash: foreignHash(PASSWORD) });
    const ports = meanwhile(w, () => w.logIn(owner));
    expect(await endOf(update(ports, w.change(owner)))).toBe('done');
    expect(await canLogIn(w, owner, NEW_PASSWORD)).toBe(true);
  });

  test('a login does not survive, whichever of the two commits first', async () => {
    const w = world();
    const claim = (owner: Owner) => ({
      serviceId: owner.service.id,
      email: owner.user.email,
      password: PASSWORD,
      origin: ORIGIN,
      tokenForm: 'signed' as const,
    });

    const early = await w.addOwner();
    let token = '';
    const ports = meanwhile(w, async () => {
      token = (await w.logIn(early)).token;
      expect(await w.isLive(token)).toBe(true);
    });
    await update(ports, w.change(early));
    expect(await w.isLive(token)).toBe(false);

    const late = await w.addOwner();
    const accessTokens = {
      ...w.accessTokens,
      issue: async (...args: Parameters<Ports['accessTokens']['issue']>) => {
        await update(w, w.change(late));
        return w.accessTokens.issue(...args);
      },
    };
    const end = await endOf(new Login({ ...w, accessTokens }).execute(claim(late)));
    expect(end).toBeInstanceOf(InvalidCredentials);
  });

  test('a key that is created lives on', async () => {
    const w = world();
    const { user, service } = await w.addOwner();
    const input = { service, isEnabled: true, type: 'KEY', name: 'cron', userId: user.id } as const;
    const ports = meanwhile(w, () => new CreateKey(w).execute(input));
    expect(await endOf(update(ports, w.change({ user, service })))).toBe('done');
  });
});
