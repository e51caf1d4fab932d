import { type Actor, InvalidCredentials, InvalidOneTimeToken, operator } from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import {
  aOneTimeToken,
  asService,
  asUser,
  endOf,
  failingAt,
  fakeLinkTokens,
  NEW_PASSWORD,
  nobody,
  type Owner,
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

const EXPIRY = START + settings.revokeTokenTtlMs;

const revoke = (ports: Ports, token: string, actor: Actor) =>
  endOf(useCases(ports).recovery.lockAccount.execute(actor, { token }));

async function aChangedPassword(details: { providerLocalUrl?: string | null } = {}) {
  const w = world();
  const service = await w.addService(details);
  const owner = await w.addOwner({}, { service });
  const token = await w.changeAndReadMail(owner);
  return { w, owner, service, token, by: asService(service) };
}

const isLocked = async (w: World, { user }: Owner) => {
  const found = await w.database.read(({ users }) => users.get(user.id));
  const hash = (await w.credentialOf(user))?.passwordHash;
  return found?.isLocked === true && !found.isEnabled && hash === null;
};

describe('the token of a link', () => {
  test('locks the account, and no password works any more', async () => {
    const { w, owner, service, token } = await aChangedPassword();
    w.clock.set(START + 7000);
    expect(await revoke(w, token, asService(service))).toBe('done');
    expect(await w.database.read(({ users }) => users.get(owner.user.id))).toEqual({
      ...owner.user,
      isEnabled: false,
      isLocked: true,
      updatedAt: START + 7000,
    });
    expect(await w.credentialOf(owner.user)).toMatchObject({ passwordHash: null, version: 3 });
    expect(await endOf(w.logIn(owner, NEW_PASSWORD))).toBeInstanceOf(InvalidCredentials);
  });

  test('disables and revokes every key of the user, for all services, and nobody else’s', async () => {
    const { w, owner, service, token } = await aChangedPassword();
    const other = await w.addService();
    const stranger = await w.addOwner({}, { service });
    const own = [
      owner.tokenKey,
      await w.addKey({ userId: owner.user.id, serviceId: service.id, type: 'KEY' }),
      await w.addKey({ userId: owner.user.id, serviceId: service.id, type: 'TOTP' }),
      await w.addKey({ userId: owner.user.id, serviceId: other.id }),
    ];
    const foreign = [
      stranger.tokenKey,
      await w.addKey({ userId: null, serviceId: service.id, type: 'KEY' }),
    ];
    await revoke(w, token, asService(service));
    for (const { id } of own) {
      const key = await w.database.read(({ keys }) => keys.get(id));
      expect(key).toMatchObject({ isEnabled: false, isRevoked: true });
    }
    for (const key of foreign) {
      expect(await w.database.read(({ keys }) => keys.get(key.id))).toEqual(key);
    }
  });

  test('ends every session, that of the thief who changed the password as well', async () => {
    const { w, owner, service, token } = await aChangedPassword();
    const elsewhere = { user: owner.user, service: await w.addService() };
    await w.addKey({ userId: owner.user.id, serviceId: elsewhere.service.id });
    const stranger = await w.logIn(await w.addOwner({}, { service }));
    const thief = await w.logIn(owner, NEW_PASSWORD);
    const spared = w.change(owner, { password: NEW_PASSWORD, newPassword: 'kept by a thief' });
    await w.useCases.passwords.updatePassword.execute(asUser(thief), spared);
    const another = await w.logIn(elsewhere, 'kept by a thief');
    expect(await w.isLive(thief.token)).toBe(true);
    await revoke(w, token, asService(service));
    expect(await w.isLive(thief.token)).toBe(false);
    expect(await w.isLive(another.token)).toBe(false);
    expect(await w.isLive(stranger.token)).toBe(true);

    // Not even if somebody opens the account and its keys again: the sessions are over.
    const session = await w.database.read(({ sessions }) => sessions.findOpen(thief.sessionId));
    expect(session).toBeNull();
  });

  test('works once', async () => {
    const { w, service, token } = await aChangedPassword();
    expect(await revoke(w, token, asService(service))).toBe('done');
    const after = w.database.snapshot();
    expect(await revoke(w, token, asService(service))).toBeInstanceOf(InvalidOneTimeToken);
    expect(w.database.snapshot()).toEqual(after);
  });

  test('spends every other one of the user, and nobody else’s', async () => {
    const { w, owner, service, token } = await aChangedPassword();
    const details = { password: NEW_PASSWORD, newPassword: 'yet another' };
    const second = await w.changeAndReadMail(owner, details);
    const stranger = await w.addOwner({}, { service });
    const foreign = await w.changeAndReadMail(stranger);
    expect(await revoke(w, token, asService(service))).toBe('done');
    expect(await revoke(w, second, asService(service))).toBeInstanceOf(InvalidOneTimeToken);
    expect(await revoke(w, foreign, asService(service))).toBe('done');
    expect(await isLocked(w, stranger)).toBe(true);
  });

  test('leaves good what was mailed to another address before, for a locked account as well', async () => {
    const { w, owner, service, token } = await aChangedPassword();
    const of = { userId: owner.user.id, serviceId: service.id };
    const moved = { ...owner, user: { ...owner.user, email: 'before@example.com' } };
    const earlier = aOneTimeToken({ ...of, email: 'before@example.com', createdAt: START - 1 });
    const later = aOneTimeToken({ ...of, email: 'thief@example.com', createdAt: START + 1 });
    await w.database.transact(async ({ oneTimeTokens }) => {
      for (const right of [earlier, later]) await oneTimeTokens.insert(right);
    });
    expect(await revoke(w, token, asService(service))).toBe('done');
    const end = await revoke(w, w.linkTokens.make(later), asService(service));
    expect(end).toBeInstanceOf(InvalidOneTimeToken);
    expect(await revoke(w, w.linkTokens.make(earlier), asService(service))).toBe('done');
    expect(await isLocked(w, moved)).toBe(true);
  });

  test('works until it expires, and not at that instant', async () => {
    const early = await aChangedPassword();
    early.w.clock.set(EXPIRY - 1);
    expect(await revoke(early.w, early.token, early.by)).toBe('done');

    const late = await aChangedPassword();
    late.w.clock.set(EXPIRY);
    const before = late.w.database.snapshot();
    const end = await revoke(late.w, late.token, late.by);
    expect(end).toBeInstanceOf(InvalidOneTimeToken);
    expect(late.w.database.snapshot()).toEqual(before);
  });

  test('has one error whether it is unknown, used, expired, misdirected or no token', async () => {
    const { w, owner, service, token } = await aChangedPassword();
    const other = await w.addService();
    const { id } = w.linkTokens.verify(token)!;
    const renamed = w.linkTokens.make({ id, purpose: 'factor_change', keyId: 'k1' });
    const unknown = w.linkTokens.make({ id: other.id, purpose: 'update_password', keyId: 'k1' });
    const ends = [
      await revoke(w, '', asService(service)),
      await revoke(w, 'no token', asService(service)),
      await revoke(w, unknown, asService(service)),
      await revoke(w, token, asService(other)),
      await revoke(w, token, root),
      await revoke(w, token, asUser(await w.logIn(owner, NEW_PASSWORD))),
      await revoke(w, renamed, asService(service)),
    ];
    await revoke(w, token, asService(service));
    ends.push(await revoke(w, token, asService(service)));
    const late = await aChangedPassword();
    late.w.clock.set(EXPIRY);
    ends.push(await revoke(late.w, late.token, late.by));
    for (const end of ends) {
      expect(end).toBeInstanceOf(InvalidOneTimeToken);
      expect(end).toEqual(ends[0]);
    }
  });
});

describe('the token of a link stays good', () => {
  const happenings: [string, (w: World, owner: Owner) => Promise<unknown> | undefined][] = [
    [
      'the TOKEN key is revoked',
      (w, { user }) => w.database.transact(({ keys }) => keys.revokeAllOf(user.id, START)),
    ],
    [
      'all sessions have ended',
      (w, { user }) => w.database.transact(({ sessions }) => sessions.endAllOf(user.id, START)),
    ],
    [
      'the password changes again',
      (w, owner) =>
        w.changeAndReadMail(owner, { password: NEW_PASSWORD, newPassword: 'once more' }),
    ],
    [
      'the password changes back',
      async (w, owner) => {
        const { newPassword: password, password: newPassword } = w.change(owner);
        await w.changeAndReadMail(owner, { password, newPassword });
      },
    ],
    [
      'another key is created',
      (w, { user, service }) =>
        w.useCases.keys.createKey.execute(asService(service), {
          isEnabled: true,
          type: 'KEY',
          name: 'a',
          userId: user.id,
        }),
    ],
    ['the user logs in', (w, owner) => w.logIn(owner, NEW_PASSWORD)],
    [
      'somebody guesses at tokens',
      (w, { service }) =>
        revoke(
          w,
          w.linkTokens.make({ id: service.id, purpose: 'update_password', keyId: 'k1' }),
          asService(service),
        ),
    ],
    [
      'another service presents it',
      async (w) => {
        const token = tokenIn(w.channels.mail.sent[0]!.link);
        const other = asService(await w.addService());
        expect(await revoke(w, token, other)).toBeInstanceOf(InvalidOneTimeToken);
      },
    ],
  ];

  test.each(happenings)('when %s', async (_what, happen) => {
    const { w, owner, service, token } = await aChangedPassword();
    await happen(w, owner);
    expect(await revoke(w, token, asService(service))).toBe('done');
    expect(await isLocked(w, owner)).toBe(true);
    const key = await w.database.read(({ keys }) =>
      keys.findToken(owner.user.id, service.id, START),
    );
    expect(key).toBeNull();
  });

  test('after the secret for new ones has changed', async () => {
    const { w, owner, service, token } = await aChangedPassword();
    const rotated = { ...w, linkTokens: fakeLinkTokens('k1', 'k2') };
    expect(await revoke(rotated, token, asService(service))).toBe('done');
    expect(await isLocked(w, owner)).toBe(true);
  });
});

describe('the page that Rekey hosts', () => {
  test('serves services that have none', async () => {
    const { w, owner, token } = await aChangedPassword({ providerLocalUrl: null });
    const link = new URL(w.channels.mail.sent[0]!.link);
    expect(link.origin + link.pathname).toBe('https://rekey.example/local');
    expect(await revoke(w, token, nobody)).toBe('done');
    expect(await isLocked(w, owner)).toBe(true);
  });

  test('is not the only place for them: the service may present the token itself', async () => {
    const { w, owner, service, token } = await aChangedPassword({ providerLocalUrl: null });
    expect(await revoke(w, token, asService(service))).toBe('done');
    expect(await isLocked(w, owner)).toBe(true);
  });

  test.each<[string, (w: World, owner: Owner) => Promise<unknown>]>([
    ['has a page of its own', async () => {}],
    [
      'is disabled',
      ({ useCases }, { service: { id } }) =>
        useCases.services.updateService.execute(operator, { id, isEnabled: false }),
    ],
    [
      'is deleted',
      async ({ useCases, database }, { user, service: { id } }) => {
        await database.transact(({ keys }) => keys.revokeAllOf(user.id, START));
        await useCases.services.deleteService.execute(operator, { id });
      },
    ],
  ])('serves a service that %s', async (_how, happen) => {
    const { w, owner, token } = await aChangedPassword();
    await happen(w, owner);
    expect(await revoke(w, token, nobody)).toBe('done');
    expect(await isLocked(w, owner)).toBe(true);
  });
});

describe('the lock of an account', () => {
  test('that fails half-way changes nothing, and its token stays good', async () => {
    const healthy = await aChangedPassword();
    const { database, done } = recording(healthy.w.database);
    await revoke({ ...healthy.w, database }, healthy.token, healthy.by);
    expect(done).toEqual([
      'oneTimeTokens.spend',
      'users.lock',
      'oneTimeTokens.earliest',
      'users.lockOut',
      'oneTimeTokens.endAll',
      'services.knowing',
      'sessions.endAllAt',
      'keys.revokeAllOf',
      'events.insert',
      'factors.deleteSeeds',
      'passkeys.deleteAllOf',
      'factors.endChallenges',
      'providerLinks.removeAllOf',
      'providerStates.endAllOf',
      'users.setFactors',
      'events.insert',
      'services.seeing',
      'audit.insert',
    ]);
    for (let n = 1; n <= done.length + 1; n += 1) {
      const { w, owner, token, by } = await aChangedPassword();
      await w.logIn(owner, NEW_PASSWORD);
      const before = w.database.snapshot();
      const broken = { ...w, database: failingAt(w.database, n) };
      expect(await revoke(broken, token, by)).toBe(planted);
      expect(w.database.snapshot()).toEqual(before);
      expect(await revoke(w, token, by)).toBe('done');
    }
  });

  test('leaves nobody a way to a usable key while it lasts', async () => {
    const { w, owner, service, token } = await aChangedPassword();
    await revoke(w, token, asService(service));
    const of = { isEnabled: true, name: 'again', userId: owner.user.id };
    for (const type of ['TOKEN', 'KEY', 'TOTP'] as const) {
      const end = await endOf(
        w.useCases.keys.createKey.execute(asService(service), { ...of, type }),
      );
      expect(end).toMatchObject({ code: 'invalid_argument', violations: [{ field: 'userId' }] });
    }
    expect(
      await w.database.read(({ keys }) => keys.findToken(owner.user.id, service.id, START)),
    ).toBeNull();
  });

  test('hashes nothing', async () => {
    const { w, service, token } = await aChangedPassword();
    const before = w.hasher.work();
    await revoke(w, token, asService(service));
    expect(w.hasher.work()).toBe(before);
  });
});
