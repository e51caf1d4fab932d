import { type Actor, type Id, operator, Unauthorized } from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import {
  aKey,
  aService,
  asService,
  asUser,
  endOf,
  nobody,
  PASSWORD,
  root,
  START,
  type World,
  world,
} from '../../testing/index.ts';
import { record } from '../shared/record.ts';

/** A world as a first start leaves it, with a service. */
async function started() {
  const w = world();
  const { services, audit } = w.useCases;
  await audit.beginAudit.execute(operator);
  await services.openFormService.execute(operator);
  const service = await newService(w);
  return { w, service };
}

async function newService(w: World) {
  const input = { name: 'Shop', url: 'https://shop.example' };
  return (await w.useCases.services.createServiceWithKey.execute(operator, input)).service;
}

const verify = (w: World) => w.useCases.audit.verifyAudit.execute(operator);
const faultOf = async (w: World, serviceId: Id | null) =>
  (await verify(w)).find((report) => report.serviceId === serviceId)?.fault ?? null;
const faults = async (w: World) =>
  (await verify(w)).flatMap(({ serviceId, fault }) => (fault ? [[serviceId, fault.reason]] : []));
const operatorsChain = async (w: World) => {
  const entries = await w.database.read(({ audit }) => audit.follow(null, 0, 1000));
  return entries.map(({ type, subjectId }) => [type, subjectId]);
};
/** Deletes a chain as a whole, behind Rekey's back. */
const remove = (w: World, serviceId: Id | null) =>
  w.database.tamper(({ audit, auditChains }) => {
    for (const { id, serviceId: owner } of audit.rows()) if (owner === serviceId) audit.delete(id);
    auditChains.delete(serviceId);
  });

describe('the operator’s chain', () => {
  test('is there from the first start on, and announces each other one', async () => {
    const { w, service } = await started();
    const { services } = await w.database.read(async (stores) => ({
      services: await stores.services.ids(),
    }));
    const others = services.filter((id) => id !== service.id);
    expect(await operatorsChain(w)).toEqual([
      ['rekey:ChainBegin', null],
      ...others.map((id) => ['rekey:ChainBegin', id]),
      ['rekey:ChainBegin', service.id],
    ]);
    expect(await faults(w)).toEqual([]);
  });

  test('is begun once, and not where there are services: there it was taken away', async () => {
    const { w } = await started();
    const { beginAudit } = w.useCases.audit;
    const before = w.database.snapshot();
    await beginAudit.execute(operator);
    expect(w.database.snapshot()).toEqual(before);
    remove(w, null);
    await beginAudit.execute(operator);
    expect(await operatorsChain(w)).toEqual([]);
    expect(await faultOf(w, null)).toMatchObject({ reason: 'the chain is missing' });
  });

  test('that was taken away does not begin anew unseen', async () => {
    const { w } = await started();
    remove(w, null);
    await newService(w);
    expect(await faultOf(w, null)).toMatchObject({ sequence: 1, reason: expect.any(String) });
  });

  test('has an entry for what the operator does outside of the database', async () => {
    const { w } = await started();
    const { recordAct } = w.useCases.audit;
    for (const type of ['rekey:Backup', 'rekey:KeyringRotate', 'rekey:KeyringPrune'] as const) {
      await recordAct.execute(operator, { type, outcome: 'success' });
      expect((await operatorsChain(w)).at(-1)).toEqual([type, null]);
    }
    expect(await faults(w)).toEqual([]);
  });

  test('is written by the operator at the command line and the server alone', async () => {
    const { w, service } = await started();
    const grant = await w.logIn(await w.addOwner({}, { service }));
    const { beginAudit, recordAct, countAudit } = w.useCases.audit;
    const act = { type: 'rekey:Backup', outcome: 'success' } as const;
    const actors: Actor[] = [asService(service), asUser(grant), root, nobody];
    for (const actor of actors) {
      for (const run of [
        () => beginAudit.execute(actor),
        () => recordAct.execute(actor, act),
        () => countAudit.execute(actor),
      ]) {
        expect(await endOf(run())).toBeInstanceOf(Unauthorized);
      }
    }
  });
});

describe('a chain', () => {
  test('that is missing as a whole is missed, also where its service is gone with it', async () => {
    const { w, service } = await started();
    const gone = { sequence: null, id: null, reason: 'the chain is missing' };
    remove(w, service.id);
    expect(await faultOf(w, service.id)).toEqual(gone);
    w.database.tamper(({ services, keys }) => {
      for (const { key } of keys.rows()) if (key.serviceId === service.id) keys.delete(key.id);
      services.delete(service.id);
    });
    expect(await faultOf(w, service.id)).toEqual(gone);
  });

  test('of a service that nobody registered is missed as well', async () => {
    const { w } = await started();
    const planted = aService();
    await w.database.transact(({ services }) => services.insert(planted));
    expect(await faultOf(w, planted.id)).toMatchObject({ reason: 'the chain is missing' });
  });

  test('that was never announced is a fault', async () => {
    const { w } = await started();
    // As a server would write it that somebody keeps from announcing it.
    const planted = aService();
    await w.database.transact((stores) =>
      record(w, stores, operator, { type: 'sso:ServiceCreate', serviceId: planted.id }),
    );
    const reason = 'the chain was never announced';
    expect(await faults(w)).toEqual([[planted.id, reason]]);
  });

  test('that is emptied is missing, or not as it was written, whatever it is said to be', async () => {
    const MISSING = 'the chain is missing';
    const MOVED = 'where the chain begins or ends is not as it was written';
    for (const [end, reason] of [
      [{ length: 0, hash: null }, MISSING],
      [{ length: 0, hash: null, pruned: 1, prunedUntil: START * 2 }, MOVED],
      [{ length: 1, pruned: 1, prunedUntil: START * 2 }, MOVED],
    ] as const) {
      const { w, service } = await started();
      w.database.tamper(({ audit, auditChains }) => {
        for (const { id, serviceId } of audit.rows()) {
          if (serviceId === service.id) audit.delete(id);
        }
        const chain = auditChains.get(service.id);
        if (chain) auditChains.put(service.id, { ...chain, ...end, seal: '' });
      });
      expect(await faultOf(w, service.id)).toMatchObject({ reason });
      // What comes then does not gloss it over.
      await w.useCases.users.createUser.execute(asService(service), {
        isEnabled: true,
        name: 'Ada',
        email: 'ada@example.com',
      });
      expect(await faultOf(w, service.id)).not.toBeNull();
    }
  });
});

describe('a key', () => {
  /** A user with a key of each type, made as it should be. */
  async function withKeys() {
    const { w, service } = await started();
    const { users, keys } = w.useCases;
    const by = asService(service);
    const person = { isEnabled: true, name: 'Ada', email: 'ada@example.com', password: PASSWORD };
    const { user } = await users.createUser.execute(by, person);
    for (const type of ['TOKEN', 'KEY', 'TOTP'] as const) {
      await keys.createKey.execute(by, { isEnabled: true, type, name: 'web', userId: user.id });
    }
    await keys.createRootKey.execute(operator, { name: 'ops' });
    await users.createUser.execute(nobody, { ...person, email: 'alone@example.com' });
    return { w, service, user };
  }

  test('of a service, a user or the operator has an entry of its making', async () => {
    const { w } = await withKeys();
    expect(await faults(w)).toEqual([]);
  });

  test.each([
    ['of a service', (service: Id) => ({ serviceId: service, userId: null })],
    ['of the operator', () => ({ serviceId: null, userId: null })],
    ['of a user', (service: Id, user: Id) => ({ serviceId: service, userId: user })],
  ])('%s that was put into the database is a fault of its chain', async (_whose, of) => {
    const { w, service, user } = await withKeys();
    const key = aKey({ ...of(service.id, user.id), type: 'KEY' });
    await w.database.transact(({ keys }) => keys.insert(key, { digest: 'planted' }));
    const reason = `key ${key.id} has no entry of its making`;
    expect(await faults(w)).toEqual([[key.serviceId, reason]]);
  });

  test('is no fault where its entry was pruned, and one where it is younger', async () => {
    const { w, service, user } = await withKeys();
    w.clock.set(START + 1000);
    await newService(w);
    expect(await w.useCases.audit.pruneAudit.execute(operator, { before: START + 1 })).toBe(12);
    expect(await faults(w)).toEqual([]);
    const plant = (createdAt: number) => {
      const key = aKey({ serviceId: service.id, userId: user.id, type: 'KEY', createdAt });
      return w.database.transact(({ keys }) => keys.insert(key, { digest: key.id }));
    };
    await plant(START);
    expect(await faults(w)).toEqual([]);
    await plant(START + 1);
    expect(await faults(w)).toHaveLength(1);
  });
});

describe('pruning', () => {
  test('is recorded once, by whatever it deletes, and not where it deletes nothing', async () => {
    const { w } = await started();
    const { pruneAudit } = w.useCases.audit;
    w.clock.set(START + 1000);
    expect(await pruneAudit.execute(operator, { before: START })).toBe(0);
    const types = async () => (await operatorsChain(w)).map(([type]) => type);
    expect(await types()).not.toContain('rekey:AuditPrune');
    expect(await pruneAudit.execute(operator, { before: START + 1 })).toBe(5);
    expect((await types()).filter((type) => type === 'rekey:AuditPrune')).toHaveLength(1);
  });

  test('leaves the rest to the next run where it is told to stop', async () => {
    const { w } = await started();
    w.clock.set(START + 1000);
    const { pruneAudit } = w.useCases.audit;
    const prune = (runs: number) => {
      let asked = 0;
      const isStopping = () => {
        asked += 1;
        return asked > runs;
      };
      return pruneAudit.execute(operator, { before: START + 1, isStopping });
    };
    expect(await prune(0)).toBe(0);
    expect(await prune(1)).toBe(1);
    expect(await prune(9)).toBe(4);
    expect(await faults(w)).toEqual([]);
  });

  test('announces again what was announced: a chain is missed however old it is', async () => {
    const { w, service } = await started();
    for (let day = 1; day <= 3; day += 1) {
      w.clock.set(START + day * 1000);
      await w.useCases.audit.pruneAudit.execute(operator, { before: w.clock.now() });
      expect(await faults(w)).toEqual([]);
      expect(await operatorsChain(w)).toContainEqual(['rekey:ChainBegin', service.id]);
    }
    remove(w, service.id);
    w.database.tamper(({ services, keys }) => {
      for (const { key } of keys.rows()) if (key.serviceId === service.id) keys.delete(key.id);
      services.delete(service.id);
    });
    expect(await faultOf(w, service.id)).toMatchObject({ reason: 'the chain is missing' });
  });
});

describe('what happens to a user through one service', () => {
  async function known() {
    const { w, service } = await started();
    const [maker, holder, stranger] = [service, await newService(w), await newService(w)];
    const owner = await w.addOwner({}, { service: maker });
    await w.addKey({ userId: owner.user.id, serviceId: holder.id, isRevoked: true });
    const entriesOf = async (serviceId: Id) => {
      const entries = await w.database.read(({ audit }) => audit.follow(serviceId, 1, 1000));
      return entries.map(({ id: _, createdAt: __, previousHash, hash, sequence, ...rest }) => rest);
    };
    return { w, owner, maker, holder, stranger, entriesOf };
  }
  const asFelt = (type: string, serviceId: Id, userId: Id) => {
    const bare = { subjectId: null, subject: null, origin: null, data: null, keyId: null };
    const more = { userKeyId: null, salt: null, textDigest: null, outcome: 'success', count: 1 };
    return { ...bare, ...more, statusCode: 0, type, serviceId, userId };
  };

  test('and ends sessions at all is in the audit of each other that may know of the user: a change', async () => {
    const { w, owner, maker, holder, stranger, entriesOf } = await known();
    const { updatePassword } = w.useCases.passwords;
    await updatePassword.execute(asService(maker), w.change(owner));
    const type = 'sso:AuthLocalUpdatePassword';
    expect(await entriesOf(holder.id)).toEqual([asFelt(type, holder.id, owner.user.id)]);
    expect(await entriesOf(stranger.id)).toEqual([]);
    const [own] = await entriesOf(maker.id);
    expect(own).toMatchObject({ type, subjectId: expect.any(String), origin: expect.any(Object) });
    expect((await verify(w)).every(({ fault }) => !fault?.sequence)).toBe(true);
  });

  test('and locks the account is as well: the kill switch', async () => {
    const { w, owner, holder, stranger, entriesOf } = await known();
    const token = await w.changeAndReadMail(owner);
    const { lockAccount } = w.useCases.recovery;
    await lockAccount.execute(asService(owner.service), { token });
    const type = 'sso:AuthLocalUpdatePasswordRevoke';
    expect((await entriesOf(holder.id)).at(-1)).toEqual(asFelt(type, holder.id, owner.user.id));
    expect(await entriesOf(stranger.id)).toEqual([]);
  });

  test('and is felt there alone is in no other audit: a login, a failure, a key', async () => {
    const { w, owner, maker, holder, entriesOf } = await known();
    await w.logIn(owner);
    await endOf(w.logIn(owner, 'wrong'));
    const of = { isEnabled: true, type: 'KEY', name: 'web', userId: owner.user.id } as const;
    await w.useCases.keys.createKey.execute(asService(maker), of);
    const change = w.change(owner, { password: 'wrong' });
    await endOf(w.useCases.passwords.updatePassword.execute(asService(maker), change));
    expect(await entriesOf(holder.id)).toEqual([]);
  });
});
