import {
  type Actor,
  type AuditEntry,
  type Event,
  Forbidden,
  formServiceId,
  type Id,
  IllegalArgument,
  InvalidOneTimeToken,
  InvalidToken,
  type Key,
  NotFound,
  operator,
  Unauthorized,
} from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import {
  anId,
  aService,
  asService,
  asUser,
  endOf,
  failingAt,
  keyValue,
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

/** An instant as requests have it. */
const at = (instant: number): string => new Date(instant).toISOString();

/** The entries of the audit of a service, the latest first. */
const entriesOf = async (w: World, serviceId: Id | null) =>
  Object.values((w.database.snapshot() as { audit: [Id, AuditEntry][] }).audit)
    .map(([, entry]) => entry)
    .filter((entry) => entry.serviceId === serviceId)
    .toReversed();

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
        prefix: value.slice(4, 12),
        scopes: [],
        expiresAt: null,
        lastUsedAt: null,
      };
      expect(key).toEqual(expected);
      const digest = w.secrets.digest(value);
      const found = await w.database.read(({ keys }) => keys.findByDigest(digest, START));
      expect(found?.key).toEqual(expected);
      expect(kept(w)).not.toContain(value);
    },
  );

  test('of type TOTP shows a seed, which is kept sealed', async () => {
    const { w, by, input } = await prepare();
    const { key, value } = await create(w, by, { ...input, type: 'TOTP' });
    expect(value).toMatch(/^[A-Z2-7]{32}$/);
    expect(key).toMatchObject({ type: 'TOTP', prefix: null });
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

  test.each(['TOKEN', 'TOTP'] as const)(
    'refuses a second usable %s key of a user at a service, until the first has expired',
    async (type) => {
      const { w, by, input } = await prepare();
      await create(w, by, { ...input, type, expiresAt: at(START + 1000) });
      const end = await endOf(create(w, by, { ...input, type }));
      expect(end).toBeInstanceOf(IllegalArgument);
      expect(end).toMatchObject({ violations: [{ field: 'type', code: 'exists' }] });
      const other = asService(await w.addService());
      expect(await endOf(create(w, other, { ...input, type }))).toBe('done');
      w.clock.set(START + 1000);
      expect(await endOf(create(w, by, { ...input, type }))).toBe('done');
    },
  );

  test('is not for people', async () => {
    const { w, service, input } = await prepare();
    const session = await w.logIn(await w.addOwner({}, { service }));
    for (const actor of [nobody, asUser(session)]) {
      const end = await endOf(create(w, actor, { ...input, type: 'KEY' }));
      expect(end).toBeInstanceOf(Unauthorized);
    }
  });

  test('has scopes and an expiry where they are given, and is a KEY unless something else is', async () => {
    const { w, by, user } = await prepare();
    const expiresAt = START + 60_000;
    const input = { name: 'cron', userId: user.id, scopes: ['b', 'a'], expiresAt: at(expiresAt) };
    const { key } = await create(w, by, input);
    expect(key).toMatchObject({ type: 'KEY', isEnabled: true, scopes: ['b', 'a'], expiresAt });
    expect(await w.useCases.keys.readKey.execute(by, { id: key.id })).toEqual(key);
  });

  test('refuses everything that is wrong at once', async () => {
    const { w, by } = await prepare();
    const wrong = { name: '', scopes: ['a', 'a'], expiresAt: at(START) };
    expect(await endOf(create(w, by, wrong))).toMatchObject({
      violations: [
        { field: 'name', code: 'malformed' },
        { field: 'scopes', code: 'repeated' },
        { field: 'expiresAt', code: 'past' },
        { field: 'userId', code: 'required' },
      ],
    });
    expect(await endOf(create(w, root, { ...wrong, type: 'TOTP' }))).toMatchObject({
      violations: [
        { field: 'name' },
        { field: 'scopes' },
        { field: 'expiresAt' },
        { field: 'serviceId', code: 'required' },
        { field: 'userId', code: 'required' },
      ],
    });
  });

  test('is for a named service with a root key or at the command line alone', async () => {
    const { w, by, service, input } = await prepare();
    const named = { ...input, serviceId: service.id };
    const other = await w.addService();
    for (const serviceId of [service.id, other.id]) {
      expect(await endOf(create(w, by, { ...input, serviceId }))).toEqual(
        new Forbidden('root_key_required'),
      );
    }
    for (const actor of [root, operator]) {
      const { key, value } = await create(w, actor, { ...named, type: 'KEY' });
      expect(key).toMatchObject({ serviceId: service.id, userId: input.userId });
      expect(value).toMatch(/^rku_/);
    }
    const unknown = { name: 'web', serviceId: input.userId, userId: service.id };
    expect(await endOf(create(w, root, unknown))).toMatchObject({
      violations: [
        { field: 'serviceId', code: 'unknown' },
        { field: 'userId', code: 'unknown' },
      ],
    });
  });

  test('is for a service itself where no user is named, with which it asks from then on', async () => {
    const { w, service } = await prepare();
    const { key, value } = await create(w, root, { name: 'backend', serviceId: service.id });
    expect(value).toMatch(/^rks_/);
    expect(key).toMatchObject({ type: 'KEY', userId: null, prefix: value.slice(4, 12) });
    const { authenticateKey } = w.useCases.callers;
    const actor = await authenticateKey.execute(nobody, { key: value });
    expect(actor).toEqual({ ...asService(service), keyId: key.id });
    expect(await w.deliver()).toEqual([]);
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

  test('makes one of the built-in service for the operator alone, and of people at it', async () => {
    const { w, by, input } = await prepare();
    await w.useCases.services.openFormService.execute(operator);
    const own = { name: 'web', serviceId: formServiceId };
    for (const of of [own, { ...own, userId: input.userId }]) {
      expect(await endOf(create(w, by, of))).toEqual(new Forbidden('root_key_required'));
      expect(await endOf(create(w, operator, of))).toBe('done');
    }
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
      'services.keep',
      'keys.insert',
      'oneTimeTokens.insert',
      'deliveries.insert',
      'events.insert',
      'audit.insert',
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

describe('a key of a user whom the service did not see', () => {
  async function adopt(type: Key['type']) {
    const { w, service, user } = await prepare();
    const third = await w.addService();
    await w.addKey({ serviceId: third.id, userId: user.id, type: 'KEY' });
    const stranger = await w.addService();
    await create(w, asService(stranger), { name: 'web', userId: user.id, type });
    return { w, services: { maker: service.id, third: third.id, stranger: stranger.id }, user };
  }
  type Rows = { readonly [table: string]: readonly unknown[] };

  test.each(['KEY', 'TOKEN'] as const)('of type %s is told to those who do', async (type) => {
    const { w, services, user } = await adopt(type);
    const { events = [] } = w.database.snapshot() as Rows;
    const adoptions = events
      .map((row) => (row as [string, Event])[1])
      .filter((event) => event.type === 'user.adopted');
    expect(adoptions.map(({ serviceId }) => serviceId).toSorted()).toEqual(
      [services.maker, services.third].toSorted(),
    );
    for (const event of adoptions)
      expect(event).toMatchObject({ userId: user.id, subjectId: null });
    for (const [serviceId, types] of [
      [services.maker, ['rekey:UserAdopt']],
      [services.third, ['rekey:UserAdopt']],
      [services.stranger, ['sso:KeyCreate']],
    ] as const) {
      const entries = await entriesOf(w, serviceId);
      expect(entries.map((entry) => entry.type)).toEqual(types);
    }
    const [entry] = await entriesOf(w, services.maker);
    expect(entry).toMatchObject({ origin: null, keyId: null, subjectId: null, userId: user.id });
  });

  test('of type TOTP is told to nobody: the service does not see the user', async () => {
    const { w, services, user } = await adopt('TOTP');
    expect(await entriesOf(w, services.maker)).toEqual([]);
    const stranger = asService({ ...aService(), id: services.stranger });
    const end = await endOf(w.useCases.users.readUser.execute(stranger, { id: user.id }));
    expect(end).toBeInstanceOf(NotFound);
  });

  test('is one of a user that is seen from then on, until it is deleted', async () => {
    const { w, user } = await prepare();
    const stranger = asService(await w.addService());
    const { key } = await create(w, stranger, { name: 'web', userId: user.id });
    const see = () => endOf(w.useCases.users.readUser.execute(stranger, { id: user.id }));
    expect(await see()).toBe('done');
    await w.useCases.keys.retireKey.execute(stranger, { id: key.id });
    expect(await see()).toBe('done');
    await w.useCases.keys.deleteKey.execute(stranger, { id: key.id });
    expect(await see()).toBeInstanceOf(NotFound);
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
    const revoke = () => endOf(w.useCases.recovery.lockAccount.execute(by, { token }));
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
    const { lockAccount } = w.useCases.recovery;
    await lockAccount.execute(by, { token: changed });
    const end = await endOf(lockAccount.execute(by, { token }));
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

test('the root keys are listed to the operator alone, the newest first', async () => {
  const w = world();
  const { service } = await w.addOwner();
  const { createRootKey, listRootKeys, retireKey } = w.useCases.keys;
  const { key: first } = await createRootKey.execute(operator, { name: 'first' });
  const { key: second } = await createRootKey.execute(operator, { name: 'second' });
  await w.addKey({ serviceId: service.id, userId: null, type: 'KEY' });
  const revoked = await retireKey.execute(root, { id: first.id });
  expect(await listRootKeys.execute(operator)).toEqual([second, revoked]);
  for (const actor of [root, asService(service), nobody]) {
    expect(await endOf(listRootKeys.execute(actor))).toBeInstanceOf(Unauthorized);
  }
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

describe('a list of keys', () => {
  const list = (w: World, actor: Actor, filter: object = {}, page: object = {}) =>
    w.useCases.keys.listKeys.execute(actor, { ...filter, page: { limit: 50, ...page } });

  test('has for a service its own keys, whatever it asks for, and for the operator all', async () => {
    const w = world();
    const { service, user, tokenKey } = await w.addOwner();
    const own = await w.addKey({ serviceId: service.id, userId: null, type: 'KEY' });
    const other = await w.addOwner();
    const foreign = await w.addKey({ serviceId: other.service.id, userId: user.id, type: 'KEY' });
    const by = asService(service);
    expect(await list(w, by)).toEqual([tokenKey, own]);
    expect(await list(w, by, { userIds: [user.id] })).toEqual([tokenKey]);
    expect(await list(w, by, { serviceIds: [service.id, other.service.id] })).toEqual([
      tokenKey,
      own,
    ]);
    for (const filter of [
      { serviceIds: [other.service.id] },
      { ids: [foreign.id, other.tokenKey.id] },
      { userIds: [other.user.id] },
    ]) {
      expect(await list(w, by, filter)).toEqual([]);
    }
    for (const actor of [root, operator]) {
      expect(await list(w, actor)).toEqual([tokenKey, own, other.tokenKey, foreign]);
      expect(await list(w, actor, { userIds: [user.id] })).toEqual([tokenKey, foreign]);
    }
    expect(await list(w, by, {}, { after: tokenKey.id, limit: 1 })).toEqual([own]);
  });

  test('is not for people', async () => {
    const w = world();
    const session = await w.logIn(await w.addOwner());
    for (const actor of [nobody, asUser(session)]) {
      expect(await endOf(list(w, actor))).toBeInstanceOf(Unauthorized);
    }
  });
});

describe('changing a key', () => {
  const update = (w: World, actor: Actor, id: Id, changes: object) =>
    w.useCases.keys.updateKey.execute(actor, { id, ...changes });

  test('changes what is given alone, and is recorded with what it was', async () => {
    const { w, by, service, user, input } = await prepare();
    const { key } = await create(w, by, { ...input, type: 'KEY', scopes: ['a'] });
    w.clock.set(START + 1000);
    const after = await update(w, by, key.id, { name: ' cron ', expiresAt: at(START + 2000) });
    const expected = { ...key, name: 'cron', expiresAt: START + 2000, updatedAt: START + 1000 };
    expect(after).toEqual(expected);
    expect(await w.useCases.keys.readKey.execute(by, { id: key.id })).toEqual(expected);
    const [entry] = await entriesOf(w, service.id);
    expect(entry).toMatchObject({
      type: 'sso:KeyUpdate',
      subjectId: key.id,
      userId: user.id,
      data: {
        type: 'diff',
        data: [
          ['expires_at', null, at(START + 2000)],
          ['name', 'web', 'cron'],
        ],
      },
    });
    const never = await update(w, by, key.id, { expiresAt: '', scopes: [] });
    expect(never).toMatchObject({ expiresAt: null, scopes: [], name: 'cron' });
  });

  test('to what it is changes nothing, and is not recorded', async () => {
    const { w, by, input } = await prepare();
    const { key } = await create(w, by, { ...input, type: 'KEY', scopes: ['a'] });
    const before = w.database.snapshot();
    w.clock.set(START + 1000);
    for (const changes of [{}, { name: 'web', isEnabled: true, scopes: ['a'] }]) {
      expect(await update(w, by, key.id, changes)).toEqual(key);
    }
    expect(w.database.snapshot()).toEqual(before);
  });

  test('refuses everything that is wrong at once', async () => {
    const { w, by, input } = await prepare();
    const { key } = await create(w, by, { ...input, type: 'KEY' });
    const wrong = { name: '', scopes: ['a b'], expiresAt: 'soon' };
    expect(await endOf(update(w, by, key.id, wrong))).toMatchObject({
      violations: [{ field: 'name' }, { field: 'scopes' }, { field: 'expiresAt' }],
    });
  });

  test('that disables a TOKEN key ends its sessions, and enabling it brings none back', async () => {
    const w = world();
    const owner = await w.addOwner();
    const by = asService(owner.service);
    const [session, elsewhere] = [
      await w.logIn(owner),
      await w.logIn({ user: owner.user, ...(await otherHome(w, owner.user.id)) }),
    ];
    await update(w, by, owner.tokenKey.id, { isEnabled: false });
    expect(await w.isLive(session.token)).toBe(false);
    expect(await endOf(w.logIn(owner))).not.toBe('done');
    await update(w, by, owner.tokenKey.id, { isEnabled: true });
    expect(await w.isLive(session.token)).toBe(false);
    expect(await w.isLive(elsewhere.token)).toBe(true);
    expect((await w.logIn(owner)).userId).toBe(owner.user.id);
  });

  test.each(['TOKEN', 'TOTP'] as const)(
    'does not enable a %s key where the user has a usable one',
    async (type) => {
      const { w, by, input } = await prepare();
      const { key } = await create(w, by, { ...input, type, isEnabled: false });
      const { key: usable } = await create(w, by, { ...input, type });
      const enable = () => endOf(update(w, by, key.id, { isEnabled: true }));
      expect(await enable()).toMatchObject({
        violations: [{ field: 'isEnabled', code: 'exists' }],
      });
      await update(w, by, usable.id, { isEnabled: false });
      expect(await enable()).toBe('done');
    },
  );

  test('never enables a key that was revoked', async () => {
    const { w, by, input } = await prepare();
    const { key } = await create(w, by, { ...input, type: 'KEY' });
    await w.useCases.keys.retireKey.execute(by, { id: key.id });
    for (const actor of [by, root, operator]) {
      const end = await endOf(update(w, actor, key.id, { isEnabled: true }));
      expect(end).toMatchObject({ violations: [{ field: 'isEnabled', code: 'not_allowed' }] });
    }
    expect(await update(w, by, key.id, { name: 'old' })).toMatchObject({ name: 'old' });
  });

  test('is for those who see the key: to others it is not there', async () => {
    const w = world();
    const { tokenKey, service } = await w.addOwner();
    const stranger = asService(await w.addService());
    const foreign = await endOf(update(w, stranger, tokenKey.id, { name: 'mine' }));
    expect(foreign).toBeInstanceOf(NotFound);
    expect(await endOf(update(w, stranger, service.id, { name: 'mine' }))).toEqual(foreign);
    const root = await w.useCases.keys.createRootKey.execute(operator, { name: 'ops' });
    expect(await endOf(update(w, stranger, root.key.id, { name: 'mine' }))).toEqual(foreign);
    expect(await update(w, operator, root.key.id, { name: 'mine' })).toMatchObject({
      name: 'mine',
    });
  });
});

/** Another service, where a user has a TOKEN key as well. */
async function otherHome(w: World, userId: Id) {
  const service = await w.addService();
  await w.addKey({ serviceId: service.id, userId });
  return { service };
}

describe('the last usable key of a service', () => {
  const soon = at(START + 1000);
  const later = at(START + 9000);

  type Attempt = [name: string, run: (w: World, actor: Actor, id: Id) => Promise<unknown>];
  const attempts: Attempt[] = [
    [
      'disabled',
      (w, actor, id) => w.useCases.keys.updateKey.execute(actor, { id, isEnabled: false }),
    ],
    [
      'given an expiry',
      (w, actor, id) => w.useCases.keys.updateKey.execute(actor, { id, expiresAt: soon }),
    ],
    ['revoked', (w, actor, id) => w.useCases.keys.retireKey.execute(actor, { id })],
    ['deleted', (w, actor, id) => w.useCases.keys.deleteKey.execute(actor, { id })],
  ];

  async function aServiceWithKey() {
    const w = world();
    const { service } = await w.addOwner();
    const key = await w.addKey({ serviceId: service.id, userId: null, type: 'KEY' });
    const unusable = [
      { isEnabled: false },
      { isRevoked: true, isEnabled: false },
      { expiresAt: START },
    ];
    for (const state of unusable) {
      await w.addKey({ serviceId: service.id, userId: null, type: 'KEY', ...state });
    }
    return { w, service, key };
  }

  test.each(attempts)('is not %s by the service', async (_what, run) => {
    const { w, service, key } = await aServiceWithKey();
    const before = w.database.snapshot();
    const end = await endOf(run(w, asService(service), key.id));
    expect(end).toMatchObject({ violations: [{ code: 'not_allowed' }] });
    expect(w.database.snapshot()).toEqual(before);
  });

  test.each(attempts)('is %s by the operator', async (_what, run) => {
    for (const actor of [root, operator]) {
      const { w, key } = await aServiceWithKey();
      expect(await endOf(run(w, actor, key.id))).toBe('done');
    }
  });

  test.each(attempts)('is one of two before it is %s by the service', async (_what, run) => {
    const { w, service, key } = await aServiceWithKey();
    await w.addKey({ serviceId: service.id, userId: null, type: 'KEY' });
    expect(await endOf(run(w, asService(service), key.id))).toBe('done');
  });

  test('may expire later, and earlier only beside one that lasts as long', async () => {
    const { w, service, key } = await aServiceWithKey();
    const by = asService(service);
    const { updateKey } = w.useCases.keys;
    const expire = (id: Id, expiresAt: string, actor: Actor = by) =>
      endOf(updateKey.execute(actor, { id, expiresAt }));
    await expire(key.id, soon, root);
    expect(await expire(key.id, later)).toBe('done');
    expect(await expire(key.id, soon)).toBeInstanceOf(IllegalArgument);
    const next = await w.addKey({ serviceId: service.id, userId: null, type: 'KEY' });
    expect(await expire(key.id, soon)).toBe('done');
    // Each of the two would be there for the other, and both would be gone at once.
    expect(await expire(next.id, soon)).toBeInstanceOf(IllegalArgument);
    expect(await expire(key.id, '')).toBe('done');
    expect(await expire(next.id, soon)).toBe('done');
  });

  test('is no matter for keys of users and for the operator’s', async () => {
    const w = world();
    const { service, tokenKey } = await w.addOwner();
    const { deleteKey, createRootKey } = w.useCases.keys;
    expect(await endOf(deleteKey.execute(asService(service), { id: tokenKey.id }))).toBe('done');
    const { key } = await createRootKey.execute(operator, { name: 'ops' });
    expect(await endOf(deleteKey.execute(root, { id: key.id }))).toBe('done');
  });
});

describe('rotating a key', () => {
  const rotate = (w: World, actor: Actor, id: Id, overlapMs?: number) =>
    w.useCases.keys.rotateKey.execute(actor, { id, overlapMs });
  const isGood = async (w: World, by: Actor, value: string) =>
    (await endOf(w.useCases.keys.verifyKey.execute(by, { value }))) === 'done';

  async function aKeyOfUser() {
    const prepared = await prepare();
    const { w, by, input } = prepared;
    return { ...prepared, ...(await create(w, by, { ...input, type: 'KEY', scopes: ['a'] })) };
  }

  test('gives it another value at once, and it stays what it was', async () => {
    const { w, by, key, value } = await aKeyOfUser();
    w.clock.set(START + 5);
    const rotated = await rotate(w, by, key.id);
    expect(rotated.value).toMatch(/^rku_/);
    expect(rotated.value).not.toBe(value);
    const prefix = rotated.value.slice(4, 12);
    expect(rotated.key).toEqual({ ...key, prefix, updatedAt: START + 5 });
    expect(await w.useCases.keys.readKey.execute(by, { id: key.id })).toEqual(rotated.key);
    expect([await isGood(w, by, value), await isGood(w, by, rotated.value)]).toEqual([false, true]);
    expect(kept(w)).not.toContain(rotated.value);
  });

  test('leaves the value until now good until the overlap ends', async () => {
    const { w, by, key, value } = await aKeyOfUser();
    const { value: next } = await rotate(w, by, key.id, 1000);
    w.clock.set(START + 999);
    expect([await isGood(w, by, value), await isGood(w, by, next)]).toEqual([true, true]);
    w.clock.set(START + 1000);
    expect([await isGood(w, by, value), await isGood(w, by, next)]).toEqual([false, true]);
  });

  test('ends what an earlier rotation left good, and so does revoking by any value', async () => {
    const { w, by, key, value } = await aKeyOfUser();
    const { value: second } = await rotate(w, by, key.id, 60_000);
    const { value: third } = await rotate(w, by, key.id, 60_000);
    expect(await isGood(w, by, value)).toBe(false);
    expect([await isGood(w, by, second), await isGood(w, by, third)]).toEqual([true, true]);
    await w.useCases.keys.revokeKey.execute(by, { value: second });
    expect([await isGood(w, by, second), await isGood(w, by, third)]).toEqual([false, false]);
  });

  test('is told to the owner of a KEY like a new one, and of another key to nobody', async () => {
    const { w, by, service, user, key, input } = await aKeyOfUser();
    await w.deliver();
    await rotate(w, by, key.id);
    expect(await w.deliver()).toMatchObject([{ kind: 'factor_change', outcome: 'sent' }]);
    expect(w.channels.mail.sent.at(-1)).toMatchObject({ to: user.email });
    const token = await create(w, by, { ...input, type: 'TOKEN' });
    const totp = await create(w, by, { ...input, type: 'TOTP' });
    const own = await create(w, root, { name: 'backend', serviceId: service.id });
    for (const { key: other } of [token, totp, own]) await rotate(w, root, other.id);
    expect(await w.deliver()).toEqual([]);
  });

  test('of a TOKEN key leaves its sessions alone', async () => {
    const w = world();
    const owner = await w.addOwner();
    const session = await w.logIn(owner);
    await rotate(w, asService(owner.service), owner.tokenKey.id);
    expect(await w.isLive(session.token)).toBe(true);
  });

  test('of a TOTP key hands out another seed, and takes no overlap', async () => {
    const { w, by, service, user } = await prepare();
    const { key, seed } = await w.addTotp({ user, service });
    expect(await endOf(rotate(w, by, key.id, 1))).toMatchObject({
      violations: [{ field: 'overlapS', code: 'not_allowed' }],
    });
    const { value } = await rotate(w, by, key.id, 0);
    expect(value).toMatch(/^[A-Z2-7]{32}$/);
    const verify = (of: string) =>
      endOf(
        w.useCases.factors.verifyTotp.execute(by, {
          userId: user.id,
          code: w.totp.codeAt(of, START),
        }),
      );
    expect(await verify(seed)).not.toBe('done');
    expect(await verify(value)).toBe('done');
  });

  test('is done by a service to the key that it asks with, and by the operator to any', async () => {
    const { w, service } = await prepare();
    const { value, key } = await create(w, root, { name: 'backend', serviceId: service.id });
    const authenticate = (secret: string) =>
      w.useCases.callers.authenticateKey.execute(nobody, { key: secret });
    const next = await rotate(w, await authenticate(value), key.id, 1000);
    for (const each of [value, next.value]) {
      expect(await authenticate(each)).toMatchObject({ kind: 'service', keyId: key.id });
    }
    const last = await rotate(w, operator, key.id);
    for (const each of [value, next.value]) {
      expect(await endOf(authenticate(each))).toBeInstanceOf(Unauthorized);
    }
    expect(await authenticate(last.value)).toMatchObject({ kind: 'service' });
    const ops = await w.useCases.keys.createRootKey.execute(operator, { name: 'ops' });
    const { value: rotated } = await rotate(w, await authenticate(ops.value), ops.key.id);
    expect(rotated).toMatch(/^rkr_/);
    expect(await authenticate(rotated)).toMatchObject({ kind: 'root', keyId: ops.key.id });
    expect(await endOf(authenticate(ops.value))).toBeInstanceOf(Unauthorized);
  });

  test.each([-1, 0.5, 604_800_001, Number.NaN])(
    'refuses an overlap of %d ms',
    async (overlapMs) => {
      const { w, by, key } = await aKeyOfUser();
      expect(await endOf(rotate(w, by, key.id, overlapMs))).toMatchObject({
        violations: [{ field: 'overlapS', code: 'out_of_range' }],
      });
      expect(await endOf(rotate(w, by, key.id, 604_800_000))).toBe('done');
    },
  );

  test('is not for a key that was revoked, and not for others', async () => {
    const { w, by, user, key } = await aKeyOfUser();
    const stranger = asService(await w.addService());
    const foreign = await endOf(rotate(w, stranger, key.id));
    expect(foreign).toBeInstanceOf(NotFound);
    expect(await endOf(rotate(w, stranger, user.id))).toEqual(foreign);
    await w.useCases.keys.retireKey.execute(by, { id: key.id });
    expect(await endOf(rotate(w, by, key.id))).toMatchObject({
      violations: [{ field: 'id', code: 'not_allowed' }],
    });
  });

  test('changes nothing, and owes no mail, wherever it fails', async () => {
    const healthy = await aKeyOfUser();
    const { database, done } = recording(healthy.w.database);
    await useCases({ ...healthy.w, database }).keys.rotateKey.execute(healthy.by, {
      id: healthy.key.id,
    });
    expect(done).toContain('keys.rotate');
    const { w, by, key } = await aKeyOfUser();
    const before = w.database.snapshot();
    for (let n = 1; n <= done.length + 1; n += 1) {
      const broken = useCases({ ...w, database: failingAt(w.database, n) });
      expect(await endOf(broken.keys.rotateKey.execute(by, { id: key.id }))).toBe(planted);
      expect(w.database.snapshot()).toEqual(before);
    }
  });
});

describe('deleting a key', () => {
  test('ends it and its sessions, and nobody finds it afterwards', async () => {
    const w = world();
    const owner = await w.addOwner();
    const { service, user, tokenKey } = owner;
    const by = asService(service);
    const session = await w.logIn(owner);
    await w.useCases.keys.deleteKey.execute(by, { id: tokenKey.id });
    expect(await w.isLive(session.token)).toBe(false);
    for (const actor of [by, root]) {
      const end = await endOf(w.useCases.keys.readKey.execute(actor, { id: tokenKey.id }));
      expect(end).toBeInstanceOf(NotFound);
      const again = await endOf(w.useCases.keys.deleteKey.execute(actor, { id: tokenKey.id }));
      expect(again).toEqual(end);
    }
    const page = { limit: 50 };
    expect(await w.useCases.keys.listKeys.execute(root, { page })).toEqual([]);
    const [entry] = await entriesOf(w, service.id);
    expect(entry).toMatchObject({ type: 'sso:KeyDelete', subjectId: tokenKey.id, userId: user.id });
    await create(w, by, { name: 'web', userId: user.id, type: 'TOKEN' });
    expect((await w.logIn(owner)).userId).toBe(user.id);
  });

  test('is told once, by an event, whether or not it was revoked before', async () => {
    const { w, by, input } = await prepare();
    const { key } = await create(w, by, { ...input, type: 'KEY' });
    await w.useCases.keys.retireKey.execute(by, { id: key.id });
    await w.useCases.keys.deleteKey.execute(by, { id: key.id });
    const { events } = w.database.snapshot() as { events: [Id, Event][] };
    const told = events.filter(([, { subjectId }]) => subjectId === key.id);
    expect(told.map(([, { type }]) => type)).toEqual(['key.created', 'key.revoked']);
  });
});

describe('verifying a key', () => {
  async function aKeyWithScopes() {
    const prepared = await prepare();
    const { w, by, input } = prepared;
    const made = await create(w, by, { ...input, type: 'KEY', scopes: ['read', 'write'] });
    const verify = (details: object = {}) =>
      endOf(w.useCases.keys.verifyKey.execute(by, { value: made.value, ...details }));
    return { ...prepared, ...made, verify };
  }

  test('answers with the user and the key', async () => {
    const { w, by, user, key, value } = await aKeyWithScopes();
    const verified = await w.useCases.keys.verifyKey.execute(by, { value, scopes: ['write'] });
    expect(verified).toMatchObject({ user: { id: user.id }, key, entryId: null });
  });

  test('asks for all the scopes that are named', async () => {
    const { w, by, input, verify } = await aKeyWithScopes();
    for (const scopes of [[], ['read'], ['write', 'read']]) {
      expect(await verify({ scopes })).toBe('done');
    }
    for (const scopes of [['admin'], ['read', 'admin'], ['READ']]) {
      expect(await verify({ scopes })).toEqual(new Forbidden('forbidden'));
    }
    const { value } = await create(w, by, { ...input, type: 'KEY' });
    expect(await verify({ value, scopes: ['read'] })).toEqual(new Forbidden('forbidden'));
    expect(await verify({ scopes: ['a b'] })).toMatchObject({ violations: [{ field: 'scopes' }] });
  });

  test('refuses alike what is no usable KEY, whatever scopes it has', async () => {
    const { w, by, service, user, input, verify, key } = await aKeyWithScopes();
    const token = await create(w, by, { ...input, type: 'TOKEN' });
    const totp = await create(w, by, { ...input, type: 'TOTP' });
    const own = await create(w, root, { name: 'backend', serviceId: service.id });
    const values = ['', 'rku_', token.value, totp.value, own.value];
    const expiresAt = START + 1000;
    for (const state of [{ isEnabled: false }, { isRevoked: true }, { expiresAt: START }]) {
      values.push(keyValue(await w.addKey({ ...key, id: anId(), ...state })));
    }
    for (const value of values) {
      expect(await verify({ value, scopes: ['admin'] }), value).toEqual(new InvalidToken());
    }
    const expiring = keyValue(await w.addKey({ ...key, id: anId(), expiresAt }));
    expect(await verify({ value: expiring })).toBe('done');
    w.clock.set(expiresAt);
    expect(await verify({ value: expiring })).toEqual(new InvalidToken());
    await w.database.transact(({ users }) => users.lockOut(user.id, START));
    expect(await verify()).toEqual(new InvalidToken());
  });

  test('is recorded where an entry is asked for, and answers its id', async () => {
    const { w, by, service, user, key, value } = await aKeyWithScopes();
    const before = await entriesOf(w, service.id);
    const audit = 'shop:CheckOut' as const;
    const { entryId } = await w.useCases.keys.verifyKey.execute(by, { value, audit });
    const [entry, ...rest] = await entriesOf(w, service.id);
    expect(rest).toEqual(before);
    expect(entry).toMatchObject({ id: entryId, type: audit, userId: user.id, userKeyId: key.id });
  });

  test('writes nothing, and shows as the last use when uses are kept', async () => {
    const { w, by, key, verify } = await aKeyWithScopes();
    const before = w.database.snapshot();
    w.clock.set(START + 7000);
    await verify();
    w.clock.set(START + 9000);
    await verify();
    expect(w.database.snapshot()).toEqual(before);
    expect(await w.useCases.maintenance.keepUses.execute(operator)).toBe(1);
    const read = await w.useCases.keys.readKey.execute(by, { id: key.id });
    expect(read).toEqual({ ...key, lastUsedAt: START + 9000 });
    expect(await w.useCases.maintenance.keepUses.execute(operator)).toBe(0);
  });
});

test('a login is a use of its TOKEN key, and a code of its TOTP key', async () => {
  const w = world();
  const owner = await w.addOwner();
  const { key, seed } = await w.addTotp(owner);
  const by = asService(owner.service);
  await w.logIn(owner);
  const code = w.totp.codeAt(seed, START);
  await w.useCases.factors.verifyTotp.execute(by, { userId: owner.user.id, code });
  await w.useCases.maintenance.keepUses.execute(operator);
  for (const { id } of [owner.tokenKey, key]) {
    const read = await w.useCases.keys.readKey.execute(by, { id });
    expect(read.lastUsedAt).toBe(START);
  }
});

describe('revoking a key by its value', () => {
  test.each(['KEY', 'TOKEN', 'TOTP'] as const)('takes a %s, once', async (type) => {
    const { w, by, input } = await prepare();
    const { key, value } = await create(w, by, { ...input, type });
    const revoke = (actor: Actor = by) =>
      endOf(w.useCases.keys.revokeKey.execute(actor, { value }));
    const stranger = asService(await w.addService());
    expect(await revoke(stranger)).toEqual(new InvalidToken());
    expect(await revoke()).toBe('done');
    const found = await w.useCases.keys.readKey.execute(by, { id: key.id });
    expect(found).toMatchObject({ isRevoked: true, isEnabled: false });
    expect(await revoke()).toEqual(new InvalidToken());
  });

  test('takes a seed that was sealed before the key file was rotated', async () => {
    const { w, by, input } = await prepare();
    const { value } = await create(w, by, { ...input, type: 'TOTP' });
    const secrets: Ports['secrets'] = {
      ...w.secrets,
      blindIndexes: (secret) => ['of the new key', ...w.secrets.blindIndexes(secret)],
    };
    const { revokeKey } = useCases({ ...w, secrets }).keys;
    expect(await endOf(revokeKey.execute(by, { value }))).toBe('done');
  });

  test('answers an entry of the service’s own where one is asked for', async () => {
    const { w, by, service, input } = await prepare();
    const { value } = await create(w, by, { ...input, type: 'KEY' });
    const audit = 'shop:Leak' as const;
    const entryId = await w.useCases.keys.revokeKey.execute(by, { value, audit });
    const [own, revocation] = await entriesOf(w, service.id);
    expect(own).toMatchObject({ id: entryId, type: audit });
    expect(revocation).toMatchObject({ type: 'sso:AuthKeyRevoke' });
  });
});

describe('a TOKEN key that has expired', () => {
  test('and gave way to another one brings no session back when it is enabled again', async () => {
    const w = world();
    const service = await w.addService();
    const user = await w.addUser(service);
    const by = asService(service);
    const input = { name: 'web', userId: user.id, type: 'TOKEN' } as const;
    const { key } = await create(w, by, { ...input, expiresAt: at(START + 1000) });
    const session = await w.logIn({ user, service });
    w.clock.set(START + 1000);
    const second = await create(w, by, input);
    await w.useCases.keys.retireKey.execute(by, { id: second.key.id });
    await w.useCases.keys.updateKey.execute(by, { id: key.id, isEnabled: true, expiresAt: '' });
    expect(await w.isLive(session.token)).toBe(false);
    expect(await endOf(w.logIn({ user, service }))).toBe('done');
  });

  test('opens no session, and those that rest on it are worth nothing', async () => {
    const w = world();
    const service = await w.addService();
    const user = await w.addUser(service);
    const by = asService(service);
    const { key } = await create(w, by, {
      name: 'web',
      userId: user.id,
      type: 'TOKEN',
      expiresAt: at(START + 1000),
    });
    const session = await w.logIn({ user, service });
    w.clock.set(START + 1000);
    expect(await w.isLive(session.token)).toBe(false);
    expect(await endOf(w.logIn({ user, service }))).not.toBe('done');
    const { verifyToken, refreshToken } = w.useCases.sessions;
    expect(await endOf(verifyToken.execute(by, { token: session.token }))).toEqual(
      new InvalidToken(),
    );
    await w.useCases.keys.updateKey.execute(by, { id: key.id, expiresAt: '' });
    expect(await w.isLive(session.token)).toBe(true);
    w.clock.set(START + 1001);
    expect(await endOf(refreshToken.execute(by, { token: session.refresh }))).toBe('done');
  });
});
