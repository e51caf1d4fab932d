import { InvalidCredentials, InvalidRevokeToken } from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import {
  endOf,
  failingAt,
  fakeRevokeTokens,
  NEW_PASSWORD,
  type Owner,
  planted,
  recording,
  START,
  settings,
  type World,
  world,
} from '../testing/index.ts';
import { CreateKey } from './create-key.ts';
import type { Ports } from './ports.ts';
import { RevokeUpdatePassword } from './revoke-update-password.ts';
import { UpdatePassword } from './update-password.ts';

const EXPIRY = START + settings.revokeTokenTtl * 1000;

const revoke = (ports: Ports, token: string, presentedBy: string) =>
  endOf(new RevokeUpdatePassword(ports).execute({ token, presentedBy }));

async function aChangedPassword(details: { localUrl?: string | null } = {}) {
  const w = world();
  const service = await w.addService(details);
  const owner = await w.addOwner({}, { service });
  const token = await w.changeAndReadMail(owner);
  return { w, owner, service, token };
}

const isShutFor = async (w: World, { user }: Owner) => {
  const found = await w.database.read(({ users }) => users.get(user.id));
  return found?.isEnabled === false && (await w.credentialOf(user))?.passwordHash === null;
};

describe('a revoke token', () => {
  test('disables the user, and no password works any more', async () => {
    const { w, owner, service, token } = await aChangedPassword();
    w.clock.set(START + 7000);
    expect(await revoke(w, token, service.id)).toBe('done');
    expect(await w.database.read(({ users }) => users.get(owner.user.id))).toEqual({
      ...owner.user,
      isEnabled: false,
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
    await revoke(w, token, service.id);
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
    await new UpdatePassword(w).execute({ ...spared, session: thief });
    const another = await w.logIn(elsewhere, 'kept by a thief');
    expect(await w.isLive(thief.token)).toBe(true);
    await revoke(w, token, service.id);
    expect(await w.isLive(thief.token)).toBe(false);
    expect(await w.isLive(another.token)).toBe(false);
    expect(await w.isLive(stranger.token)).toBe(true);

    // Not even if somebody opens the account and its keys again: the sessions are over.
    const session = await w.database.read(({ sessions }) => sessions.findOpen(thief.sessionId));
    expect(session).toBeNull();
  });

  test('works once', async () => {
    const { w, service, token } = await aChangedPassword();
    expect(await revoke(w, token, service.id)).toBe('done');
    const after = w.database.snapshot();
    expect(await revoke(w, token, service.id)).toBeInstanceOf(InvalidRevokeToken);
    expect(w.database.snapshot()).toEqual(after);
  });

  test('spends every other one of the user, and nobody else’s', async () => {
    const { w, owner, service, token } = await aChangedPassword();
    const details = { password: NEW_PASSWORD, newPassword: 'yet another' };
    const second = await w.changeAndReadMail(owner, details);
    const stranger = await w.addOwner({}, { service });
    const foreign = await w.changeAndReadMail(stranger);
    expect(await revoke(w, token, service.id)).toBe('done');
    expect(await revoke(w, second, service.id)).toBeInstanceOf(InvalidRevokeToken);
    expect(await revoke(w, foreign, service.id)).toBe('done');
    expect(await isShutFor(w, stranger)).toBe(true);
  });

  test('works until it expires, and not at that instant', async () => {
    const early = await aChangedPassword();
    early.w.clock.set(EXPIRY - 1);
    expect(await revoke(early.w, early.token, early.service.id)).toBe('done');

    const late = await aChangedPassword();
    late.w.clock.set(EXPIRY);
    const before = late.w.database.snapshot();
    const end = await revoke(late.w, late.token, late.service.id);
    expect(end).toBeInstanceOf(InvalidRevokeToken);
    expect(late.w.database.snapshot()).toEqual(before);
  });

  test('has one error for what is unknown, used, expired, misdirected or no token', async () => {
    const { w, service, token } = await aChangedPassword();
    const other = await w.addService();
    const unknown = w.revokeTokens.make({ id: other.id, revokeKeyId: 'k1' });
    const ends = [
      await revoke(w, '', service.id),
      await revoke(w, 'no token', service.id),
      await revoke(w, unknown, service.id),
      await revoke(w, token, other.id),
      await revoke(w, token, 'hosted'),
    ];
    await revoke(w, token, service.id);
    ends.push(await revoke(w, token, service.id));
    const late = await aChangedPassword();
    late.w.clock.set(EXPIRY);
    ends.push(await revoke(late.w, late.token, late.service.id));
    for (const end of ends) {
      expect(end).toBeInstanceOf(InvalidRevokeToken);
      expect(end).toEqual(ends[0]);
    }
  });
});

describe('a revoke token stays good', () => {
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
        new CreateKey(w).execute({
          service,
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
        revoke(w, w.revokeTokens.make({ id: service.id, revokeKeyId: 'k1' }), service.id),
    ],
    [
      'another service presents it',
      async (w) => {
        const [{ link } = { link: '' }] = w.mailer.sent;
        const token = new URL(link).searchParams.get('token') ?? '';
        expect(await revoke(w, token, (await w.addService()).id)).toBeInstanceOf(
          InvalidRevokeToken,
        );
      },
    ],
    [
      'it is presented to the hosted page, which is not its own',
      async (w) => {
        const [{ link } = { link: '' }] = w.mailer.sent;
        const token = new URL(link).searchParams.get('token') ?? '';
        expect(await revoke(w, token, 'hosted')).toBeInstanceOf(InvalidRevokeToken);
      },
    ],
  ];

  test.each(happenings)('when %s', async (_what, happen) => {
    const { w, owner, service, token } = await aChangedPassword();
    await happen(w, owner);
    expect(await revoke(w, token, service.id)).toBe('done');
    expect(await isShutFor(w, owner)).toBe(true);
    const key = await w.database.read(({ keys }) => keys.findToken(owner.user.id, service.id));
    expect(key).toBeNull();
  });

  test('after the secret for new ones has changed', async () => {
    const { w, owner, service, token } = await aChangedPassword();
    const rotated = { ...w, revokeTokens: fakeRevokeTokens('k1', 'k2') };
    expect(await revoke(rotated, token, service.id)).toBe('done');
    expect(await isShutFor(w, owner)).toBe(true);
  });
});

describe('the page that Rekey hosts', () => {
  test('serves services that have none', async () => {
    const { w, owner, token } = await aChangedPassword({ localUrl: null });
    const link = new URL(w.mailer.sent[0]!.link);
    expect(link.origin + link.pathname).toBe('https://rekey.example/local');
    expect(await revoke(w, token, 'hosted')).toBe('done');
    expect(await isShutFor(w, owner)).toBe(true);
  });

  test('is not the only place for them: the service may present the token itself', async () => {
    const { w, owner, service, token } = await aChangedPassword({ localUrl: null });
    expect(await revoke(w, token, service.id)).toBe('done');
    expect(await isShutFor(w, owner)).toBe(true);
  });

  test('does not serve a service that has a page', async () => {
    const { w, owner, service, token } = await aChangedPassword();
    const before = w.database.snapshot();
    expect(await revoke(w, token, 'hosted')).toBeInstanceOf(InvalidRevokeToken);
    expect(w.database.snapshot()).toEqual(before);
    expect(await revoke(w, token, service.id)).toBe('done');
    expect(await isShutFor(w, owner)).toBe(true);
  });
});

describe('a shutdown', () => {
  test('that fails half-way changes nothing, and its token stays good', async () => {
    const healthy = await aChangedPassword();
    const { database, done } = recording(healthy.w.database);
    await revoke({ ...healthy.w, database }, healthy.token, healthy.service.id);
    expect(done).toEqual([
      'changes.spend',
      'changes.get',
      'services.get',
      'users.shut',
      'keys.revokeAllOf',
      'sessions.endAllOf',
      'changes.spendAllOf',
      'audit.hold',
      'audit.append',
    ]);
    for (let n = 1; n <= done.length + 1; n += 1) {
      const { w, owner, service, token } = await aChangedPassword();
      await w.logIn(owner, NEW_PASSWORD);
      const before = w.database.snapshot();
      const broken = { ...w, database: failingAt(w.database, n) };
      expect(await revoke(broken, token, service.id)).toBe(planted);
      expect(w.database.snapshot()).toEqual(before);
      expect(await revoke(w, token, service.id)).toBe('done');
    }
  });

  test('leaves nobody a way to a usable key while the account is shut', async () => {
    const { w, owner, service, token } = await aChangedPassword();
    await revoke(w, token, service.id);
    const of = { service, isEnabled: true, name: 'again', userId: owner.user.id };
    for (const type of ['TOKEN', 'KEY', 'TOTP'] as const) {
      const end = await endOf(new CreateKey(w).execute({ ...of, type }));
      expect(end).toMatchObject({ code: 'invalid_argument' });
    }
    expect(
      await w.database.read(({ keys }) => keys.findToken(owner.user.id, service.id)),
    ).toBeNull();
  });

  test('hashes nothing', async () => {
    const { w, service, token } = await aChangedPassword();
    const before = w.hasher.work();
    await revoke(w, token, service.id);
    expect(w.hasher.work()).toBe(before);
  });
});
