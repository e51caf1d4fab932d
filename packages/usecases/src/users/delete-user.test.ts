import {
  type Actor,
  Forbidden,
  type Id,
  InvalidOneTimeToken,
  NotFound,
  operator,
} from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import {
  asService,
  asUser,
  deliverAll,
  endOf,
  failingAt,
  nobody,
  planted,
  recording,
  root,
  START,
  type World,
  world,
} from '../../testing/index.ts';
import { type Ports, useCases } from '../index.ts';

const HOUR_MS = 3_600_000;

const remove = (ports: Ports, actor: Actor, id: Id) =>
  useCases(ports).users.deleteUser.execute(actor, { id });

const origin = { address: '198.51.100.77', client: 'Zaphod/7.0' };
const NAME = 'Zaphod Beeblebrox';
const EMAIL = 'zaphod@heart-of-gold.example';
/** All by which the person could be known. */
const PERSONAL = /zaphod|beeblebrox|heart-of-gold|198\.51\.100\.77|vegetarian/i;

/** A person with a whole life behind it, and with another service that knows it. */
async function prepare() {
  const w = world();
  await w.useCases.audit.beginAudit.execute(operator);
  const { createServiceWithKey } = w.useCases.services;
  const { service } = await createServiceWithKey.execute(operator, {
    name: 'Shop',
    url: 'https://shop.example',
  });
  const by = asService(service, origin);
  const { createUser, updateUser } = w.useCases.users;
  const { user } = await createUser.execute(by, {
    name: NAME,
    email: EMAIL,
    password: 'correct horse',
    attributes: { food: 'vegetarian' },
    tokenKey: true,
  });
  const owner = { user, service };
  const { login } = w.useCases.sessions;
  await login.execute(by, { email: EMAIL, password: 'correct horse' });
  await endOf(login.execute(by, { email: EMAIL, password: 'wrong' }));
  await updateUser.execute(by, { id: user.id, name: `${NAME} II` });
  const { createKey } = w.useCases.keys;
  await createKey.execute(by, { type: 'KEY', name: `${NAME}'s`, userId: user.id });
  return { w, service, by, owner, id: user.id };
}

/** All tables, whatever the order of their rows. */
const sorted = (w: World) =>
  Object.entries(w.database.snapshot() as Record<string, unknown[]>).map(([name, rows]) => [
    name,
    rows.map((row) => JSON.stringify(row)).sort(),
  ]);

const kept = (w: World, ...except: Parameters<World['database']['snapshot']>) =>
  JSON.stringify(w.database.snapshot(...except));

describe('a person who is deleted', () => {
  test('is gone from every table once the mails that are owed are sent, and the audit verifies', async () => {
    const { w, by, id, owner } = await prepare();
    await w.changeAndReadMail(owner, { newPassword: 'another horse' });
    expect(kept(w)).toMatch(PERSONAL);
    await remove(w, by, id);
    await w.deliver();
    expect(kept(w)).not.toMatch(PERSONAL);
    const chains = await w.useCases.audit.verifyAudit.execute(operator);
    expect(chains.map(({ fault }) => fault)).toEqual(chains.map(() => null));
    const again = await w.useCases.users.createUser.execute(by, { name: 'Ford', email: EMAIL });
    expect(again.user.id).not.toBe(id);
  });

  test('leaves ids in the audit, with who did it, and an event to each service that saw it', async () => {
    const { w, service, by, id } = await prepare();
    const other = await w.addService();
    const key = await w.addKey({ userId: id, serviceId: other.id });
    await w.database.transact(({ keys }) => keys.revoke(key.id, START));
    await remove(w, by, id);
    for (const serviceId of [service.id, other.id]) {
      const entries = await w.database.read(({ audit }) => audit.follow(serviceId, 0, 100));
      expect(entries.at(-1)).toMatchObject({
        type: 'sso:UserDelete',
        userId: id,
        subjectId: id,
        keyId: serviceId === service.id ? by.keyId : null,
      });
    }
    const { events } = w.database.snapshot() as { events: [Id, { type: string; serviceId: Id }][] };
    const told = events.map(([, event]) => event).filter(({ type }) => type === 'user.deleted');
    expect(told.map(({ serviceId }) => serviceId).sort()).toEqual([service.id, other.id].sort());
  });

  test('can do nothing any more', async () => {
    const { w, by, id, owner } = await prepare();
    const { token } = await w.logIn(owner);
    await remove(w, by, id);
    expect(await w.isLive(token)).toBe(false);
    expect(await endOf(w.logIn(owner))).not.toBe('done');
    expect(await endOf(w.useCases.users.readUser.execute(root, { id }))).toBeInstanceOf(NotFound);
    expect(await endOf(remove(w, root, id))).toBeInstanceOf(NotFound);
  });

  test('is gone as a whole or not at all, wherever it fails', async () => {
    const healthy = await prepare();
    const { database, done } = recording(healthy.w.database);
    await remove({ ...healthy.w, database }, healthy.by, healthy.id);
    const { w, by, id } = await prepare();
    const before = sorted(w);
    for (let n = 1; n <= done.length + 1; n += 1) {
      const broken = { ...w, database: failingAt(w.database, n) };
      expect(await endOf(remove(broken, by, id))).toBe(planted);
      expect(sorted(w)).toEqual(before);
    }
  });
});

describe('a mail that is owed to a person who is deleted', () => {
  test('is sent as it was owed, and nothing of it is left then', async () => {
    const { w, by, id } = await prepare();
    await remove(w, by, id);
    expect(kept(w, 'deliveries', 'oneTimeTokens')).not.toMatch(PERSONAL);
    expect(kept(w)).toMatch(PERSONAL);
    expect(await w.deliver()).toMatchObject([{ outcome: 'sent' }]);
    expect(w.channels.mail.sent).toMatchObject([{ to: EMAIL, origin, locale: 'en' }]);
    expect(kept(w)).not.toMatch(PERSONAL);
  });

  test('is sent by a server that took it before', async () => {
    const { w, by, id } = await prepare();
    const { claimDeliveries, handOver, markDeliveries } = w.useCases.deliveries;
    const [owed] = await claimDeliveries.execute(operator, { limit: 1 });
    await remove(w, by, id);
    const handed = await handOver.execute(operator, owed!);
    const marked = await markDeliveries.execute(operator, [handed]);
    expect(marked).toMatchObject([{ outcome: 'sent' }]);
    expect(kept(w)).not.toMatch(PERSONAL);
  });

  test('is tried for 72 hours and then given up, with all that it said', async () => {
    const { w, by, id } = await prepare();
    await remove(w, by, id);
    const { mail } = w.channels;
    const failing = async () => {
      throw new Error('451 busy');
    };
    const busy = useCases({ ...w, channels: { mail: { ...mail, send: failing } } });
    const outcomes: string[] = [];
    for (let hour = 0; hour <= 72; hour += 1) {
      w.clock.set(START + hour * HOUR_MS);
      expect(PERSONAL.test(kept(w))).toBe(!outcomes.includes('dead'));
      outcomes.push(...(await deliverAll(busy)).map(({ outcome }) => outcome));
    }
    expect(outcomes.at(-1)).toBe('dead');
    expect(kept(w)).not.toMatch(PERSONAL);
  });

  test('is pruned after 72 hours where no server sends mails', async () => {
    const { w, by, id } = await prepare();
    await remove(w, by, id);
    const { prune } = w.useCases.maintenance;
    w.clock.set(START + 72 * HOUR_MS);
    await prune.execute(operator);
    expect(kept(w)).toMatch(PERSONAL);
    w.clock.set(START + 72 * HOUR_MS + 1);
    await prune.execute(operator);
    expect(kept(w)).not.toMatch(PERSONAL);
  });

  test('has a link that says that the account was deleted, and does nothing', async () => {
    const { w, by, id } = await prepare();
    await remove(w, by, id);
    await w.deliver();
    const token = new URL(w.channels.mail.sent[0]!.link).searchParams.get('token')!;
    const { readNotice } = w.useCases.deliveries;
    const told = await endOf(readNotice.execute(by, { token }));
    expect(told).toBeInstanceOf(InvalidOneTimeToken);
    expect(told).toMatchObject({ isOfDeleted: true });
    const press = w.useCases.recovery.lockAccount.execute(by, { token });
    expect(await endOf(press)).toBeInstanceOf(InvalidOneTimeToken);
    w.clock.set(START + 7 * 24 * HOUR_MS);
    expect(await endOf(readNotice.execute(by, { token }))).toMatchObject({ isOfDeleted: false });
  });
});

describe('a user may be deleted', () => {
  test('by its maker, while no other service has a key of it, and by operators', async () => {
    const { w, by, id } = await prepare();
    const other = await w.addService();
    const stranger = asService(await w.addService());
    const key = await w.addKey({ userId: id, serviceId: other.id });
    const before = w.database.snapshot();
    for (const actor of [by, asService(other)]) {
      const end = await endOf(remove(w, actor, id));
      expect(end).toBeInstanceOf(Forbidden);
      expect(end).toMatchObject({ code: 'forbidden' });
    }
    const foreign = await endOf(remove(w, stranger, id));
    expect(foreign).toBeInstanceOf(NotFound);
    expect(await endOf(remove(w, stranger, other.id))).toEqual(foreign);
    expect(await endOf(remove(w, nobody, id))).toEqual(foreign);
    expect(w.database.snapshot()).toEqual(before);
    await w.database.transact(({ keys }) => keys.revoke(key.id, START));
    await remove(w, by, id);
  });

  test('by operators whoever has a key of it, and by no service that merely sees it', async () => {
    for (const actor of [root, operator]) {
      const { w, id } = await prepare();
      const wide = await w.addService({ seesAllUsers: true });
      await w.addKey({ userId: id, serviceId: wide.id });
      expect(await endOf(remove(w, asService(wide), id))).toBeInstanceOf(Forbidden);
      await remove(w, actor, id);
      const entries = await w.database.read(({ audit }) => audit.follow(null, 0, 100));
      expect(entries.map(({ type }) => type)).toContain('sso:UserDelete');
    }
  });

  test('by no person through this door', async () => {
    const { w, id, owner } = await prepare();
    const person = asUser(await w.logIn(owner));
    expect(await endOf(remove(w, person, id))).toBeInstanceOf(NotFound);
  });
});
