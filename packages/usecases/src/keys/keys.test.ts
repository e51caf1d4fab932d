import {
  type Actor,
  IllegalArgument,
  InvalidOneTimeToken,
  type Key,
  NotFound,
  operator,
  Unauthorized,
} from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import {
  aService,
  asService,
  asUser,
  endOf,
  failingAt,
  nobody,
  PASSWORD,
  PLACE,
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
import { sealOwners } from '../shared/seals.ts';
import type { CreateKeyInput } from './create-key.ts';

/** All that the database keeps, as one text. */
const kept = (w: World) => JSON.stringify(w.database.snapshot());

const create = (ports: Ports, actor: Actor, input: CreateKeyInput) =>
  useCases(ports).keys.createKey.execute(actor, input);

async function prepare() {
  const w = world();
  const service = await w.addService();
  const user = await w.addUser(service);
  const input = { isEnabled: true, name: 'web', userId: user.id };
  return { w, service, by: asService(service), user, input };
}

describe('creating a key', () => {
  test.each(['TOKEN', 'KEY'] as const)(
    'of type %s shows a value, of which a digest is kept',
    async (type) => {
      const { w, service, by, user, input } = await prepare();
      const { key, value } = await create(w, by, { ...input, type });
      expect(value).toMatch(/^rku_[A-Za-z0-9_-]{43}$/);
      const expected: Key = {
        id: key.id,
        createdAt: START,
        updatedAt: START,
        isEnabled: true,
        isRevoked: false,
        type,
        name: 'web',
        serviceId: service.id,
        userId: user.id,
      };
      expect(key).toEqual(expected);
      const digest = w.secrets.digest(value);
      const found = await w.database.read(({ keys }) => keys.findByDigest(digest));
      expect(found?.key).toEqual(expected);
      expect(kept(w)).not.toContain(value);
    },
  );

  test('of type TOTP shows a seed, which is kept sealed', async () => {
    const { w, by, input } = await prepare();
    const { key, value } = await create(w, by, { ...input, type: 'TOTP' });
    expect(value).toMatch(/^[A-Z2-7]{32}$/);
    expect(key.type).toBe('TOTP');
    expect(kept(w)).not.toContain(value);
    const [, sealed] = /"sealed":"([^"]+)"/.exec(kept(w)) ?? [];
    expect(w.secrets.unseal(sealed ?? '', sealOwners.seed(key.id))).toBe(value);
  });

  test('lets the user log in, once it is a usable TOKEN key', async () => {
    const { w, service, by, user, input } = await prepare();
    await create(w, by, { ...input, type: 'TOKEN', isEnabled: false });
    await expect(w.logIn({ user, service })).rejects.toThrow();
    await create(w, by, { ...input, type: 'TOKEN' });
    expect((await w.logIn({ user, service })).userId).toBe(user.id);
  });

  test('refuses a second usable TOKEN key of a user at a service', async () => {
    const { w, by, input } = await prepare();
    await create(w, by, { ...input, type: 'TOKEN' });
    const end = await endOf(create(w, by, { ...input, type: 'TOKEN' }));
    expect(end).toBeInstanceOf(IllegalArgument);
    expect(end).toMatchObject({ violations: [{ field: 'type', code: 'exists' }] });
    const other = asService(await w.addService());
    expect(await endOf(create(w, other, { ...input, type: 'TOKEN' }))).toBe('done');
  });

  test('is for services alone: neither people nor operators make keys', async () => {
    const { w, service, input } = await prepare();
    const session = await w.logIn(await w.addOwner({}, { service }));
    for (const actor of [nobody, asUser(session), root, operator]) {
      const end = await endOf(create(w, actor, { ...input, type: 'KEY' }));
      expect(end).toBeInstanceOf(Unauthorized);
    }
  });

  test('refuses an unknown user, and a name that is none', async () => {
    const { w, service, by, input } = await prepare();
    const unknown = { ...input, type: 'KEY', userId: service.id } as const;
    expect(await endOf(create(w, by, unknown))).toMatchObject({
      violations: [{ field: 'userId', code: 'unknown' }],
    });
    expect(await endOf(create(w, by, { ...unknown, name: '\n' }))).toMatchObject({
      violations: [{ field: 'name', code: 'malformed' }],
    });
  });

  test('prepares an account that is not open yet', async () => {
    const { w, service, by, input } = await prepare();
    for (const passwordHash of [null, await w.hasher.hash(PASSWORD, PLACE)]) {
      const user = await w.addUser(service, { isEnabled: false }, passwordHash);
      const of = { ...input, userId: user.id, type: 'TOKEN' } as const;
      expect(await endOf(create(w, by, of))).toBe('done');
    }
  });

  test('refuses a user whose account is locked, as if unknown', async () => {
    const { w, service, by, user, input } = await prepare();
    await w.database.transact(({ users }) => users.lockOut(user.id, START));
    const end = await endOf(create(w, by, { ...input, type: 'KEY' }));
    const unknown = { ...input, type: 'KEY', userId: service.id } as const;
    expect(end).toEqual(await endOf(create(w, by, unknown)));
    expect((end as IllegalArgument).violations).toMatchObject([{ field: 'userId' }]);
  });

  test('keeps nothing of a key, and owes no mail, wherever it fails', async () => {
    const healthy = await prepare();
    const { database, done } = recording(healthy.w.database);
    await create({ ...healthy.w, database }, healthy.by, { ...healthy.input, type: 'KEY' });
    expect(done).toEqual([
      'users.lock',
      'keys.insert',
      'oneTimeTokens.insert',
      'deliveries.insert',
      'events.insert',
      'audit.lock',
      'audit.append',
    ]);
    const { w, by, input } = await prepare();
    const before = w.database.snapshot();
    for (let n = 1; n <= done.length + 1; n += 1) {
      const broken = { ...w, database: failingAt(w.database, n) };
      expect(await endOf(create(broken, by, { ...input, type: 'KEY' }))).toBe(planted);
      expect(w.database.snapshot()).toEqual(before);
    }
  });
});

describe('the mail about a new key', () => {
  test('is owed for a KEY, and goes to its user', async () => {
    const { w, service, user, input } = await prepare();
    const origin = { address: '2001:db8::7', client: 'cron' };
    await create(w, asService(service, origin), { ...input, type: 'KEY' });
    expect(await w.deliver()).toMatchObject([{ kind: 'factor_change', outcome: 'sent' }]);
    const [notice, ...more] = w.channels.mail.sent;
    expect(more).toEqual([]);
    expect(notice).toMatchObject({
      kind: 'factor_change',
      to: user.email,
      service: { name: service.name },
      happenedAt: START,
      origin,
      linkExpiresAt: START + settings.revokeTokenTtlMs,
    });
    const link = new URL(notice!.link);
    expect(link.origin + link.pathname).toBe(service.providerLocalUrl);
    expect(Object.fromEntries(link.searchParams)).toEqual({
      type: 'factor_change',
      email: user.email,
      token: expect.any(String),
    });
  });

  test.each(['TOKEN', 'TOTP'] as const)('is not owed for a %s key', async (type) => {
    const { w, by, input } = await prepare();
    await create(w, by, { ...input, type });
    expect(await w.deliver()).toEqual([]);
  });

  test('has a link that locks the account and revokes the key, once', async () => {
    const { w, by, input } = await prepare();
    const owner = await w.addOwner({}, { service: by.service });
    const session = await w.logIn(owner);
    const { key } = await create(w, by, { ...input, userId: owner.user.id, type: 'KEY' });
    await w.deliver();
    const token = tokenIn(w.channels.mail.sent[0]!.link);
    const revoke = () => endOf(w.useCases.passwords.revokeUpdatePassword.execute(by, { token }));
    expect(await revoke()).toBe('done');
    const user = await w.database.read(({ users }) => users.get(owner.user.id));
    expect(user).toMatchObject({ isLocked: true, isEnabled: false });
    expect(await w.credentialOf(owner.user)).toMatchObject({ passwordHash: null });
    for (const { id } of [key, owner.tokenKey]) {
      const found = await w.database.read(({ keys }) => keys.get(id));
      expect(found).toMatchObject({ isEnabled: false, isRevoked: true });
    }
    expect(await w.isLive(session.token)).toBe(false);
    expect(await revoke()).toBeInstanceOf(InvalidOneTimeToken);
  });

  test('has a link that is spent together with that of a changed password', async () => {
    const { w, by, input } = await prepare();
    const owner = await w.addOwner({}, { service: by.service });
    const changed = await w.changeAndReadMail(owner);
    await create(w, by, { ...input, userId: owner.user.id, type: 'KEY' });
    await w.deliver();
    const token = tokenIn(w.channels.mail.sent[1]!.link);
    const { revokeUpdatePassword } = w.useCases.passwords;
    await revokeUpdatePassword.execute(by, { token: changed });
    const end = await endOf(revokeUpdatePassword.execute(by, { token }));
    expect(end).toBeInstanceOf(InvalidOneTimeToken);
  });
});

describe('creating a root key', () => {
  test('shows a value, once, to the operator', async () => {
    const w = world();
    const { createRootKey } = w.useCases.keys;
    const { key, value } = await createRootKey.execute(operator, { name: ' ops ' });
    expect(value).toMatch(/^rkr_[A-Za-z0-9_-]{43}$/);
    expect(key).toMatchObject({ type: 'KEY', name: 'ops', serviceId: null, userId: null });
    expect(kept(w)).not.toContain(value);
  });

  test('is refused to everybody else', async () => {
    const { w, by } = await prepare();
    const grant = await w.logIn(await w.addOwner());
    const before = w.database.snapshot();
    for (const actor of [by, root, nobody, asUser(grant)]) {
      const end = await endOf(w.useCases.keys.createRootKey.execute(actor, { name: 'ops' }));
      expect(end).toBeInstanceOf(Unauthorized);
    }
    expect(w.database.snapshot()).toEqual(before);
  });
});

describe('reading a key', () => {
  const read = (w: World, actor: Actor, id: string) =>
    w.useCases.keys.readKey.execute(actor, { id });

  test('is for the service that it is of, and for the operator', async () => {
    const w = world();
    const { service, tokenKey } = await w.addOwner();
    for (const actor of [asService(service), root, operator]) {
      expect(await read(w, actor, tokenKey.id)).toEqual(tokenKey);
    }
  });

  test('of another service, or of the operator, is like reading one that does not exist', async () => {
    const w = world();
    const owner = await w.addOwner();
    const { user, tokenKey } = owner;
    const stranger = asService(await w.addService());
    const { createRootKey } = w.useCases.keys;
    const { key: rootKey } = await createRootKey.execute(operator, { name: 'ops' });
    const foreign = await endOf(read(w, stranger, tokenKey.id));
    expect(foreign).toBeInstanceOf(NotFound);
    expect(await endOf(read(w, stranger, user.id))).toEqual(foreign);
    expect(await endOf(read(w, stranger, rootKey.id))).toEqual(foreign);
    expect(await endOf(read(w, asService(aService()), tokenKey.id))).toEqual(foreign);
    expect(await endOf(read(w, root, user.id))).toEqual(foreign);
    for (const actor of [nobody, asUser(await w.logIn(owner))]) {
      expect(await endOf(read(w, actor, tokenKey.id))).toEqual(foreign);
    }
  });
});
