import {
  type Actor,
  Forbidden,
  type Id,
  IllegalArgument,
  NotFound,
  operator,
  Unauthorized,
  WrongState,
} from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import {
  asService,
  asUser,
  endOf,
  failingAt,
  keyValue,
  nobody,
  planted,
  recording,
  root,
  START,
  type World,
  world,
} from '../../testing/index.ts';
import { type Ports, useCases } from '../index.ts';
import type { UpdateUserInput } from './update-user.ts';

const update = (ports: Ports, actor: Actor, input: UpdateUserInput) =>
  useCases(ports).users.updateUser.execute(actor, input);

/** An owner at the service that made it, and another service that has a key of it. */
async function prepare(details: object = {}) {
  const w = world();
  const owner = await w.addOwner(details);
  const other = await w.addService();
  const key = await w.addKey({ userId: owner.user.id, serviceId: other.id });
  const { id } = owner.user;
  const stored = () => w.database.read(({ users }) => users.get(id));
  w.clock.set(START + 1000);
  return { w, owner, other, key, id, by: asService(owner.service), stored };
}

const eventsOf = async (w: World, serviceId: Id) =>
  (w.database.snapshot() as { events: [Id, { type: string; serviceId: Id }][] }).events
    .map(([, event]) => event)
    .filter((event) => event.serviceId === serviceId)
    .map(({ type }) => type);

/** The entries of the type in a chain, and what they say. */
const changesIn = async (w: World, serviceId: Id | null) => {
  const entries = await w.database.read(({ audit }) => audit.follow(serviceId, 0, 100));
  return entries.filter(({ type }) => type === 'sso:UserUpdate').map(({ data }) => data);
};

describe('a change of a user', () => {
  test('changes the fields that are given, in their canonical form', async () => {
    const { w, owner, id, by, stored } = await prepare();
    const changed = await update(w, by, {
      id,
      name: ' Ada Lovelace ',
      locale: 'de-ch',
      timezone: 'Europe/Zurich',
      passwordAllowReset: false,
      passwordRequireUpdate: true,
      attributes: { plan: 'pro' },
    });
    expect(changed).toEqual({
      ...owner.user,
      updatedAt: START + 1000,
      name: 'Ada Lovelace',
      locale: 'de-CH',
      timezone: 'Europe/Zurich',
      passwordAllowReset: false,
      passwordRequireUpdate: true,
      attributes: { plan: 'pro' },
    });
    const { attributes: _, ...user } = changed;
    expect(await stored()).toEqual(user);
    expect(await w.useCases.users.readUser.execute(by, { id })).toEqual(changed);
  });

  test('is in the audit with what differs, and told to each service that sees the user', async () => {
    const { w, owner, other, id, by } = await prepare();
    const before = await eventsOf(w, other.id);
    await update(w, by, { id, name: 'Countess', locale: owner.user.locale });
    expect(await changesIn(w, owner.service.id)).toEqual([
      { type: 'diff', data: [['name', 'Ada', 'Countess']] },
    ]);
    expect(await changesIn(w, other.id)).toEqual([]);
    for (const { id: serviceId } of [owner.service, other]) {
      expect((await eventsOf(w, serviceId)).slice(before.length)).toEqual(['user.updated']);
    }
  });

  test('of nothing, and to what is there already, changes nothing and is in no record', async () => {
    const { w, owner, id, by } = await prepare();
    const before = w.database.snapshot();
    const same = { name: 'Ada', isEnabled: true, attributes: {} };
    for (const given of [{}, same]) {
      expect(await update(w, by, { id, ...given })).toEqual({ ...owner.user, attributes: {} });
    }
    expect(w.database.snapshot()).toEqual(before);
  });

  test('is refused for all that is wrong, at once, and nothing is changed', async () => {
    const { w, id, by } = await prepare();
    const before = w.database.snapshot();
    const attributes = { a: { b: 1 } } as never;
    const wrong = { id, name: '', locale: '', timezone: 'Mars', attributes };
    const end = await endOf(update(w, by, wrong));
    expect(end).toBeInstanceOf(IllegalArgument);
    expect((end as IllegalArgument).violations.map(({ field }) => field)).toEqual([
      'name',
      'locale',
      'timezone',
      'attributes',
    ]);
    expect(w.database.snapshot()).toEqual(before);
  });
});

describe('a user may be changed', () => {
  test('by its maker, a service that sees all, and operators; not by others', async () => {
    const { w, other, id, by } = await prepare();
    const wide = asService(await w.addService({ seesAllUsers: true }));
    for (const [n, actor] of [by, wide, root, operator].entries()) {
      expect((await update(w, actor, { id, name: `Ada ${n}` })).name).toBe(`Ada ${n}`);
    }
    const before = w.database.snapshot();
    const forbidden = await endOf(update(w, asService(other), { id, name: 'Eve' }));
    expect(forbidden).toBeInstanceOf(Forbidden);
    expect(forbidden).toMatchObject({ code: 'forbidden' });
    const stranger = asService(await w.addService());
    const foreign = await endOf(update(w, stranger, { id, name: 'Eve' }));
    expect(foreign).toBeInstanceOf(NotFound);
    expect(await endOf(update(w, stranger, { id: other.id, name: 'Eve' }))).toEqual(foreign);
    expect(await endOf(update(w, nobody, { id, name: 'Eve' }))).toBeInstanceOf(Unauthorized);
    expect(w.database.snapshot('services')).toEqual({ ...(before as object), services: undefined });
  });

  test('in what a service keeps with it by every service that sees it, each for itself', async () => {
    const { w, owner, other, id, by } = await prepare();
    await update(w, by, { id, attributes: { of: 'maker', n: 1 } });
    const kept = await update(w, asService(other), { id, attributes: { of: 'other' } });
    expect(kept.attributes).toEqual({ of: 'other' });
    expect((await update(w, by, { id })).attributes).toEqual({ of: 'maker', n: 1 });
    expect((await update(w, root, { id, attributes: { of: 'root' } })).attributes).toEqual({
      of: 'root',
    });
    expect((await update(w, by, { id })).attributes).toEqual({ of: 'root' });
    const mixed = update(w, asService(other), { id, attributes: {}, name: 'Ada' });
    expect(await endOf(mixed)).toBeInstanceOf(Forbidden);
    // Nobody else learns of it.
    expect(await changesIn(w, other.id)).toEqual([
      { type: 'diff', data: [['attributes', {}, { of: 'other' }]] },
    ]);
    expect(JSON.stringify(await changesIn(w, owner.service.id))).not.toContain('other');
  });
});

describe('a user that is disabled', () => {
  test('is logged out at once, and its keys work again once it is enabled', async () => {
    const { w, owner, id, by } = await prepare();
    const kept = await w.addKey({ userId: id, serviceId: owner.service.id, type: 'KEY' });
    const { token } = await w.logIn(owner);
    const verify = () => endOf(w.useCases.keys.verifyKey.execute(by, { value: keyValue(kept) }));
    await update(w, by, { id, isEnabled: false });
    expect(await w.isLive(token)).toBe(false);
    expect(await verify()).not.toBe('done');
    expect(await endOf(w.logIn(owner))).not.toBe('done');
    await update(w, by, { id, isEnabled: true });
    expect(await w.isLive(token)).toBe(false);
    expect(await verify()).toBe('done');
    await w.logIn(owner);
  });

  test('is told of at every service that sees it, with the end of the sessions there', async () => {
    const { w, owner, other, id, by } = await prepare();
    await w.logIn(owner);
    const before = [await eventsOf(w, owner.service.id), await eventsOf(w, other.id)];
    await update(w, by, { id, isEnabled: false, name: 'Eve' });
    await update(w, by, { id, isEnabled: true });
    expect((await eventsOf(w, owner.service.id)).slice(before[0]!.length)).toEqual([
      'user.updated',
      'user.disabled',
      'session.ended',
      'user.updated',
    ]);
    expect((await eventsOf(w, other.id)).slice(before[1]!.length)).toEqual([
      'user.updated',
      'user.disabled',
      'user.updated',
    ]);
    // Without words: those are its maker's.
    expect(await changesIn(w, other.id)).toEqual([null, null]);
  });

  test('by an operator is enabled by operators alone', async () => {
    for (const actor of [root, operator]) {
      const { w, id, by } = await prepare();
      await update(w, actor, { id, isEnabled: false });
      const refused = await endOf(update(w, by, { id, isEnabled: true }));
      expect(refused).toMatchObject({ code: 'root_key_required' });
      expect((await update(w, by, { id, isEnabled: false, name: 'Eve' })).isEnabled).toBe(false);
      await update(w, actor, { id, isEnabled: true });
      await update(w, by, { id, isEnabled: false });
      expect((await update(w, by, { id, isEnabled: true })).isEnabled).toBe(true);
    }
  });
});

describe('an account that its owner locked', () => {
  test('is enabled by nobody, and may be changed otherwise', async () => {
    const { w, owner, id, by, stored } = await prepare();
    const token = await w.changeAndReadMail(owner);
    await w.useCases.recovery.lockAccount.execute(by, { token });
    for (const actor of [by, root, operator]) {
      const end = await endOf(update(w, actor, { id, isEnabled: true, name: 'Eve' }));
      expect(end).toBeInstanceOf(WrongState);
      expect(end).toMatchObject({ code: 'account_locked' });
    }
    await update(w, by, { id, isEnabled: false, name: 'Ada L' });
    expect(await stored()).toMatchObject({ name: 'Ada L', isEnabled: false, isLocked: true });
  });
});

test('a change is made as a whole or not at all, wherever it fails', async () => {
  const given = { isEnabled: false, name: 'Eve', attributes: { a: 1 } };
  const healthy = await prepare();
  await healthy.w.logIn(healthy.owner);
  const { database, done } = recording(healthy.w.database);
  await update({ ...healthy.w, database }, healthy.by, { id: healthy.id, ...given });
  expect(done.slice(0, 2)).toEqual(['users.lock', 'users.see']);
  const { w, owner, id, by } = await prepare();
  await w.logIn(owner);
  const before = w.database.snapshot();
  for (let n = 1; n <= done.length + 1; n += 1) {
    const broken = { ...w, database: failingAt(w.database, n) };
    expect(await endOf(update(broken, by, { id, ...given }))).toBe(planted);
    expect(w.database.snapshot()).toEqual(before);
  }
});

test('a person changes nobody through this door', async () => {
  const { w, owner, id } = await prepare();
  const end = await endOf(update(w, asUser(await w.logIn(owner)), { id, name: 'Eve' }));
  expect(end).toBeInstanceOf(Unauthorized);
});
