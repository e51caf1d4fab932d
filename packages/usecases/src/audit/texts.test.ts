import { type AuditEntry, type Id, operator, Unauthorized } from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import {
  aKey,
  asNobody,
  asService,
  endOf,
  nobody,
  ORIGIN,
  PASSWORD,
  ROOT_KEY_ID,
  root,
  SERVICE_KEY_ID,
  START,
  type World,
  world,
} from '../../testing/index.ts';
import type { PendingRow } from '../../testing/memory/tables.ts';
import { useCases } from '../index.ts';
import { record } from '../shared/record.ts';

async function started() {
  const w = world();
  await w.useCases.audit.beginAudit.execute(operator);
  const made = { name: 'Shop', url: 'https://shop.example' };
  const { service } = await w.useCases.services.createServiceWithKey.execute(operator, made);
  const owner = await w.addOwner({}, { service });
  const entries = (serviceId: Id | null = service.id) =>
    w.database.read(({ audit }) => audit.follow(serviceId, 0, 1000));
  return { w, service, owner, entries };
}

const faults = async (w: World, of: Id | null) => {
  const reports = await w.useCases.audit.verifyAudit.execute(operator);
  return reports.flatMap(({ serviceId, fault }) =>
    serviceId === of && fault?.sequence ? [fault.reason] : [],
  );
};

/** Changes the rows of entries behind Rekey's back. */
const alter = (w: World, which: (entry: AuditEntry) => boolean, change: Partial<AuditEntry>) =>
  w.database.tamper(({ audit }) => {
    for (const entry of audit.rows().filter(which)) audit.put(entry.id, { ...entry, ...change });
  });

/** Erases what is said of a user in words, as its deletion does. */
const erase = (w: World, userId: Id) =>
  w.database.transact(async (stores) => {
    const keys = await stores.audit.erase(userId);
    for (const subjectId of [userId, ...keys]) {
      const entry = { type: 'rekey:AuditErase', serviceId: null, subjectId } as const;
      await record(w, stores, operator, entry);
    }
  });

describe('an entry', () => {
  const type = 'sso:AuthLocalLogin';

  test('names the key of the service that asked, and the user and key that the request proved', async () => {
    const { w, service, owner, entries } = await started();
    const user = { userId: owner.user.id, keyId: owner.tokenKey.id };
    const actor = { ...asService(service), user };
    const about = { type, serviceId: service.id } as const;
    await w.database.transact(async (stores) => {
      await record(w, stores, actor, about);
      await record(w, stores, actor, { ...about, userId: 'another' });
    });
    const proven = { keyId: SERVICE_KEY_ID, userKeyId: owner.tokenKey.id };
    expect((await entries()).slice(-2)).toMatchObject([
      { ...proven, userId: owner.user.id },
      { ...proven, userId: 'another' },
    ]);
  });

  test('of another service names neither the key that asked nor whom it proved', async () => {
    const { w, service, owner, entries } = await started();
    const user = { userId: owner.user.id, keyId: owner.tokenKey.id };
    const actor = { ...asService(await w.addService()), user };
    await w.database.transact((stores) =>
      record(w, stores, actor, { type, serviceId: service.id }),
    );
    const none = { keyId: null, userKeyId: null, userId: null };
    expect((await entries()).at(-1)).toMatchObject(none);
  });

  test('names the root key that asked, wherever it stands', async () => {
    const { w, service, entries } = await started();
    await w.database.transact((stores) => record(w, stores, root, { type, serviceId: service.id }));
    expect((await entries()).at(-1)).toMatchObject({ keyId: ROOT_KEY_ID, userKeyId: null });
  });

  test('has the status of a success, or of the refusal that the caller sees, and a cause where no password could have been right', async () => {
    const { w, service, owner, entries } = await started();
    await w.logIn(owner);
    await endOf(w.logIn(owner, 'wrong'));
    const forced = await w.addOwner({ passwordRequireUpdate: true }, { service });
    await endOf(w.logIn(forced));
    const disabled = await w.addOwner({ isEnabled: false }, { service });
    await endOf(w.logIn(disabled));
    const found = (await entries()).slice(-4).map(({ statusCode, data }) => [statusCode, data]);
    const error = (data: string, more = {}) => ({ type: 'error', data, ...more });
    expect(found).toEqual([
      [0, null],
      [3, error('invalid_credentials')],
      [7, error('password_update_required')],
      [3, error('invalid_credentials', { cause: 'user_disabled' })],
    ]);
  });

  test('of wrong keys says that nobody was authenticated, and one of a wait that it is one', async () => {
    const { w, entries } = await started();
    const { authenticateKey } = w.useCases.callers;
    await endOf(authenticateKey.execute(nobody, { key: 'rks_none' }));
    w.clock.set(START + 60_000);
    await w.useCases.audit.recordSums.execute(operator);
    expect((await entries(null)).at(-1)).toMatchObject({
      type: 'rekey:KeyAuth',
      statusCode: 16,
      data: { type: 'error', data: 'unauthorized' },
    });
  });
});

describe('what an entry says in words', () => {
  test('is found out when somebody changes, adds or takes away any of it', async () => {
    const changes: Partial<AuditEntry>[] = [
      { origin: null },
      { origin: { ...ORIGIN, address: '192.0.2.8' } },
      { origin: { ...ORIGIN, client: null } },
      { origin: { ...ORIGIN, forwarded: '192.0.2.9' } },
      { subject: 'planted' },
      { data: { planted: true } },
      { salt: 'another' },
      { textDigest: 'another' },
      { textDigest: null, salt: null, origin: null },
      { textDigest: null },
      // Erased in part.
      { salt: null },
    ];
    for (const change of changes) {
      const { w, service, owner } = await started();
      await w.logIn(owner);
      expect(await faults(w, service.id)).toEqual([]);
      alter(w, ({ type }) => type === 'sso:AuthLocalLogin', change);
      expect(await faults(w, service.id), JSON.stringify(change)).toEqual([
        'is not as it was written',
      ]);
    }
  });

  test('is found out where an entry had none', async () => {
    const { w, service } = await started();
    const isFirst = ({ type }: AuditEntry) => type === 'sso:ServiceCreate';
    alter(w, isFirst, { data: { planted: true } });
    expect(await faults(w, service.id)).toEqual(['is not as it was written']);
    alter(w, isFirst, { data: null, salt: 'salt' });
    expect(await faults(w, service.id)).toEqual(['is not as it was written']);
  });

  test('has a salt of its own each time, so that its digest is never the one of another', async () => {
    const { w, owner, entries } = await started();
    await w.logIn(owner);
    await w.logIn(owner);
    const [one, other] = (await entries()).slice(-2);
    expect(one?.origin).toEqual(other?.origin);
    expect(one?.salt).not.toBe(other?.salt);
    expect(one?.textDigest).not.toBe(other?.textDigest);
  });
});

describe('the words about a user that are erased', () => {
  const gone = { origin: null, data: null, subject: null, salt: null };

  test('are gone, and the chain stays whole', async () => {
    const { w, service, owner, entries } = await started();
    await w.logIn(owner);
    await endOf(w.logIn(owner, 'wrong'));
    await erase(w, owner.user.id);
    const about = (await entries()).filter(({ userId }) => userId === owner.user.id);
    expect(about).toHaveLength(2);
    for (const entry of about) expect(entry).toMatchObject(gone);
    expect(await faults(w, service.id)).toEqual([]);
    expect(await faults(w, null)).toEqual([]);
  });

  test('are a fault where no erasure is on record: a thief cannot pass for one', async () => {
    const { w, service, owner, entries } = await started();
    await w.logIn(owner);
    const other = await w.addOwner({}, { service });
    await w.logIn(other);
    await erase(w, other.user.id);
    alter(w, ({ userId }) => userId === owner.user.id, gone);
    expect(await faults(w, service.id)).toEqual(['has lost its text']);
    const pruning = w.useCases.audit.pruneAudit.execute(operator, { before: START + 1 });
    await expect(pruning).rejects.toThrow('not as it was written');
    expect((await entries()).length).toBeGreaterThan(0);
  });

  test('are those of entries about nobody and about others as well, where a key of the user proved them', async () => {
    const { w, service, owner, entries } = await started();
    const user = { userId: owner.user.id, keyId: owner.tokenKey.id };
    const actor = { ...asService(service), user };
    const { user: another } = await w.addOwner({}, { service });
    const entry = {
      type: 'sso:AuthLocalLogin',
      serviceId: service.id,
      userId: another.id,
    } as const;
    await w.database.transact((stores) => record(w, stores, actor, entry));
    await erase(w, owner.user.id);
    expect((await entries()).at(-1)).toMatchObject({ userId: another.id, ...gone });
    expect(await faults(w, service.id)).toEqual([]);
  });

  test('are erased from entries too that are on their way while the user is deleted, and from no others', async () => {
    const { w, service, owner, entries } = await started();
    const other = await w.addOwner({}, { service });
    const { id } = owner.user;
    const type = 'sso:AuthLocalLogin';
    const proven = { ...asService(service), user: { userId: id, keyId: owner.tokenKey.id } };
    // As it is where they are committed one after the other, and none has its place before all are.
    await w.bare.transact(async (stores) => {
      await record(w, stores, asService(service), { type, serviceId: service.id, userId: id });
    });
    const actor = asService(service);
    await useCases({ ...w, database: w.bare }).users.deleteUser.execute(actor, { id });
    await w.bare.transact(async (stores) => {
      await record(w, stores, actor, { type, serviceId: service.id, userId: id });
      await record(w, stores, proven, { type, serviceId: service.id, userId: other.user.id });
      await record(w, stores, actor, { type, serviceId: service.id, userId: other.user.id });
    });
    await w.useCases.maintenance.sequence.execute(operator);
    const [early, late, byProof, another] = (await entries()).filter((each) => each.type === type);
    for (const entry of [early, late, byProof]) expect(entry).toMatchObject(gone);
    expect(another).toMatchObject({ userId: other.user.id, origin: ORIGIN });
    expect(await faults(w, service.id)).toEqual([]);
    expect(await faults(w, null)).toEqual([]);
  });

  test('are erased from what got its place before the deletion did, and was on its way when that looked', async () => {
    const { w, service, owner, entries } = await started();
    const { id } = owner.user;
    const actor = asService(service);
    await useCases({ ...w, database: w.bare }).users.deleteUser.execute(actor, { id });
    // What it recorded is more than one run takes, and comes in the next.
    const left: [number, PendingRow][] = [];
    w.bare.tamper(({ pending }) => {
      left.push(...pending.entries());
      for (const [position] of left) pending.delete(position);
    });
    await w.bare.transact((stores) =>
      record(w, stores, actor, { type: 'sso:AuthTotp', serviceId: service.id, userId: id }),
    );
    await w.useCases.maintenance.sequence.execute(operator);
    w.bare.tamper(({ pending }) => {
      for (const row of left) pending.put(...row);
    });
    await w.useCases.maintenance.sequence.execute(operator);
    const found = (await entries()).find((each) => each.type === 'sso:AuthTotp');
    expect(found).toMatchObject({ userId: id, ...gone });
    expect(await faults(w, service.id)).toEqual([]);
  });

  test('stay where they are about somebody who came back with the same id', async () => {
    const { w, service, owner, entries } = await started();
    const actor = asService(service);
    await w.useCases.users.deleteUser.execute(actor, { id: owner.user.id });
    await w.database.transact(({ users }) => users.insert(owner.user, null));
    await w.database.transact((stores) =>
      record(w, stores, actor, {
        type: 'sso:AuthTotp',
        serviceId: service.id,
        userId: owner.user.id,
      }),
    );
    const found = (await entries()).find((each) => each.type === 'sso:AuthTotp');
    expect(found).toMatchObject({ origin: ORIGIN });
    expect(await faults(w, service.id)).toEqual([]);
  });

  test('stay erased for good where the erasure on record was pruned since', async () => {
    const { w, service, owner } = await started();
    await w.logIn(owner);
    await erase(w, owner.user.id);
    w.clock.set(START + 1000);
    // An old entry that comes after a young one stays, and the record of its erasure goes.
    const stays = aKey({ serviceId: service.id, userId: null });
    expect(stays.createdAt).toBe(START);
    await w.useCases.audit.pruneAudit.execute(operator, { before: START + 1 });
    expect(await faults(w, service.id)).toEqual([]);
    expect(await faults(w, null)).toEqual([]);
  });
});

test('an export has every entry of every chain, with all that it takes to verify them', async () => {
  const { w, service, owner } = await started();
  await w.logIn(owner);
  await w.useCases.audit.createAuditEntry.execute(asService(service), { type: 'shop:Step' });
  const { exportAudit } = w.useCases.audit;
  const exported = async (...asked: Parameters<typeof exportAudit.execute>) => {
    const entries: AuditEntry[] = [];
    for await (const entry of exportAudit.execute(...asked)) entries.push(entry);
    return entries;
  };
  const all = await exported(operator);
  const chains = Map.groupBy(all, ({ serviceId }) => serviceId);
  expect(new Set(chains.keys())).toEqual(new Set([null, service.id]));
  for (const chain of chains.values()) {
    expect(chain.map(({ sequence }) => sequence)).toEqual(chain.map((_, index) => index + 1));
  }
  const of = { serviceId: service.id };
  expect(await exported(operator, of)).toEqual(chains.get(service.id));
  for (const actor of [root, asService(service), asNobody()]) {
    expect(await endOf(exported(actor))).toBeInstanceOf(Unauthorized);
  }
});

test('the password of a login is in no entry, whatever it comes to', async () => {
  const { w, owner, entries } = await started();
  await w.logIn(owner);
  await endOf(w.logIn(owner, 'wrong password'));
  const text = JSON.stringify(await entries());
  for (const secret of [PASSWORD, 'wrong password', owner.user.email]) {
    expect(text).not.toContain(secret);
  }
});
