import {
  Forbidden,
  type Id,
  IllegalArgument,
  NotFound,
  operator,
  Unauthorized,
} from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import {
  asService,
  asUser,
  endOf,
  nobody,
  root,
  START,
  type World,
  world,
} from '../../testing/index.ts';

async function shop() {
  const w = world();
  await w.useCases.audit.beginAudit.execute(operator);
  const made = { name: 'Shop', url: 'https://shop.example' };
  const { service } = await w.useCases.services.createServiceWithKey.execute(operator, made);
  const owner = await w.addOwner({}, { service });
  const { createAuditEntry, amendAuditEntry, readAuditEntry, listAudit } = w.useCases.audit;
  const by = asService(service);
  return { w, service, owner, by, createAuditEntry, amendAuditEntry, readAuditEntry, listAudit };
}

const isWhole = async (w: World, serviceId: Id | null) => {
  const reports = await w.useCases.audit.verifyAudit.execute(operator);
  return reports.find((report) => report.serviceId === serviceId)?.fault?.sequence ?? null;
};

test('nobody adds or amends entries but services and root keys', async () => {
  const { w, owner, by, createAuditEntry, amendAuditEntry } = await shop();
  const { id } = await createAuditEntry.execute(by, { type: 'shop:Step' });
  const session = asUser(await w.logIn(owner));
  for (const actor of [nobody, session]) {
    const adding = createAuditEntry.execute(actor, { type: 'shop:Step' });
    expect(await endOf(adding)).toBeInstanceOf(Unauthorized);
  }
  for (const actor of [nobody, session]) {
    const amending = amendAuditEntry.execute(actor, { id, subject: 's' });
    expect(await endOf(amending)).toBeInstanceOf(NotFound);
  }
});

test('an amendment is an entry of the chain, which stays whole', async () => {
  const { w, service, by, createAuditEntry, amendAuditEntry } = await shop();
  const entry = await createAuditEntry.execute(by, { type: 'shop:Step', data: { a: 1 } });
  await amendAuditEntry.execute(by, { id: entry.id, data: { a: 2, b: 3 }, subject: 's' });
  const chain = await w.database.read(({ audit }) => audit.follow(service.id, 1, 10));
  expect(chain).toMatchObject([
    { id: entry.id, data: { a: 1 }, subject: null },
    { type: 'sso:AuditUpdate', subjectId: entry.id, data: { subject: 's', data: { b: 3 } } },
  ]);
  expect(await isWhole(w, service.id)).toBeNull();
});

test('amendments at the same moment lose nothing, and one that adds nothing is none', async () => {
  const { w, service, by, createAuditEntry, amendAuditEntry, readAuditEntry } = await shop();
  const { id } = await createAuditEntry.execute(by, { type: 'shop:Step' });
  const amend = (name: string) =>
    amendAuditEntry.execute(by, { id, statusCode: 7, data: { [name]: name } });
  await Promise.all(['a', 'b', 'c', 'a'].map(amend));
  const { data, statusCode } = await readAuditEntry.execute(by, { id });
  expect(data).toEqual({ a: 'a', b: 'b', c: 'c' });
  expect(statusCode).toBe(7);
  const amendments = await w.database.read(({ audit }) => audit.amendments([id]));
  expect(amendments).toHaveLength(3);
  expect(await isWhole(w, service.id)).toBeNull();
});

test('an amendment of the operator stands in the chain of the entry, under the root key', async () => {
  const { w, service, by, createAuditEntry, amendAuditEntry, readAuditEntry } = await shop();
  const { id } = await createAuditEntry.execute(by, { type: 'shop:Step' });
  await amendAuditEntry.execute(root, { id, subject: 's' });
  expect(await readAuditEntry.execute(by, { id })).toMatchObject({ subject: 's' });
  const chain = await w.database.read(({ audit }) => audit.follow(service.id, 0, 10));
  expect(chain.at(-1)).toMatchObject({ type: 'sso:AuditUpdate', keyId: root.keyId });
});

test('entries of Rekey, and amendments, are never amended', async () => {
  const { w, service, by, createAuditEntry, amendAuditEntry } = await shop();
  const { id } = await createAuditEntry.execute(by, { type: 'shop:Step' });
  await amendAuditEntry.execute(by, { id, subject: 's' });
  for (const entry of await w.database.read(({ audit }) => audit.follow(service.id, 0, 10))) {
    if (entry.id === id) continue;
    for (const actor of [by, root]) {
      const amending = amendAuditEntry.execute(actor, { id: entry.id, data: { a: 1 } });
      expect(await endOf(amending)).toBeInstanceOf(Forbidden);
    }
  }
});

test('an entry that another service wrote about an entry is no amendment of it', async () => {
  const { w, by, createAuditEntry, readAuditEntry } = await shop();
  const { id } = await createAuditEntry.execute(by, { type: 'shop:Step' });
  const other = await w.addService();
  w.database.tamper(({ audit }) => {
    const [entry] = audit.rows();
    const planted = { type: 'sso:AuditUpdate', subjectId: id, data: { subject: 'x', data: null } };
    if (entry) audit.put('planted', { ...entry, ...planted, serviceId: other.id } as typeof entry);
  });
  expect(await readAuditEntry.execute(by, { id })).toMatchObject({ subject: null });
});

describe('an entry about a user', () => {
  test('names a user that the service sees, and a key of that user at the service', async () => {
    const { w, owner, by, createAuditEntry } = await shop();
    const create = (userId?: Id, userKeyId?: Id) =>
      createAuditEntry.execute(by, { type: 'shop:Step', userId, userKeyId });
    const { user, tokenKey } = owner;
    expect(await create(user.id, tokenKey.id)).toMatchObject({
      userId: user.id,
      userKeyId: tokenKey.id,
    });
    expect(await create(undefined, tokenKey.id)).toMatchObject({ userId: user.id });
    const stranger = await w.addOwner();
    for (const wrong of [
      create(stranger.user.id),
      create(undefined, stranger.tokenKey.id),
      create(user.id, stranger.tokenKey.id),
      create('unknown'),
    ]) {
      expect(await endOf(wrong)).toBeInstanceOf(IllegalArgument);
    }
  });

  test('loses its words with the user, and those that were added later too', async () => {
    const { w, service, owner, by, createAuditEntry, amendAuditEntry, readAuditEntry } =
      await shop();
    const entry = { type: 'shop:Step', subject: 'Ada', data: { name: 'Ada' } };
    const { id } = await createAuditEntry.execute(by, { ...entry, userId: owner.user.id });
    await amendAuditEntry.execute(by, { id, statusCode: 200, data: { more: 'of Ada' } });
    await w.database.transact(({ audit }) => audit.erase(owner.user.id));
    const gone = { subject: null, data: null, origin: null, statusCode: 200 };
    expect(await readAuditEntry.execute(by, { id })).toMatchObject(gone);
    const chain = await w.database.read(({ audit }) => audit.follow(service.id, 0, 10));
    expect(JSON.stringify(chain)).not.toContain('Ada');
  });
});

test('a page that begins at an entry of another service tells nothing of when that was made', async () => {
  const { w, by, createAuditEntry, listAudit } = await shop();
  w.clock.set(START + 10_000);
  const other = asService(await w.addService());
  const foreign = await createAuditEntry.execute(other, { type: 'step' });
  w.clock.set(START + 5000);
  const { id } = await createAuditEntry.execute(by, { type: 'shop:Step' });
  const of = { types: ['shop:Step'], from: START, limit: 10 };
  const { entries } = await listAudit.execute(by, { ...of, offsetId: foreign.id });
  expect(entries.map((entry) => entry.id)).toEqual([id]);
});

test('a list shows entries as they were amended', async () => {
  const { w, by, createAuditEntry, amendAuditEntry, listAudit } = await shop();
  const { id } = await createAuditEntry.execute(by, { type: 'shop:Step' });
  w.clock.set(START + 5000);
  await amendAuditEntry.execute(by, { id, data: { a: 1 } });
  const { entries } = await listAudit.execute(by, { types: ['shop:Step'], limit: 10 });
  expect(entries).toMatchObject([
    { id, data: { a: 1 }, createdAt: START, updatedAt: START + 5000 },
  ]);
});
