import {
  type Actor,
  type AmendedEntry,
  type AuditType,
  auditChainText,
  auditEntryText,
  Forbidden,
  type Id,
  InvalidCredentials,
  NotFound,
  Overloaded,
  operator,
  TooManyRequests,
  Unauthorized,
  Unavailable,
} from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import {
  aDelivery,
  anAuditEntry,
  aOneTimeToken,
  asService,
  asUser,
  endOf,
  fakeMacs,
  nobody,
  ORIGIN,
  type Owner,
  PASSWORD,
  root,
  START,
  settings,
  type World,
  world,
} from '../../testing/index.ts';
import { type Hasher, type Ports, useCases } from '../index.ts';
import { isSealed } from '../shared/chain.ts';
import { record } from '../shared/record.ts';
import type { ListAuditInput } from './list-audit.ts';

/** The entries of a chain, the oldest first, without the hashes that chain them. */
const recorded = async (w: World, serviceId: Id | null): Promise<object[]> => {
  const entries = await w.database.read(({ audit }) => audit.follow(serviceId, 0, 1000));
  return entries.map(({ type, outcome, userId, subjectId }) => {
    return { type, outcome, userId, subjectId };
  });
};
const typesIn = async (w: World, serviceId: Id | null): Promise<string[]> => {
  const entries = await w.database.read(({ audit }) => audit.follow(serviceId, 0, 1000));
  return entries.map(({ type }) => type);
};

const login = (ports: Ports, { user, service }: Owner, password = PASSWORD, origin = ORIGIN) =>
  endOf(
    useCases(ports).sessions.login.execute(asService(service, origin), {
      email: user.email,
      password,
    }),
  );
const update = (
  ports: Ports,
  owner: Owner,
  details: { password?: string; newPassword?: string },
  actor: Actor = asService(owner.service),
) =>
  endOf(
    useCases(ports).passwords.updatePassword.execute(actor, {
      email: owner.user.email,
      password: PASSWORD,
      newPassword: 'battery staple',
      ...details,
    }),
  );
/** Records a login, without one. */
const append = (w: World, serviceId: Id) =>
  w.database.transact((stores) =>
    record(w, stores, operator, { type: 'sso:AuthLocalLogin', serviceId }),
  );
/** The failures that were summed are recorded. */
async function aMinutePasses(w: World): Promise<void> {
  w.clock.set(w.clock.now() + 60_000);
  await w.useCases.audit.recordSums.execute(operator);
}
const failure = (userId: Id | null, type: AuditType = 'sso:AuthLocalLogin') => {
  return { type, outcome: 'failure', userId, subjectId: null };
};

describe('a failed login', () => {
  test('names the user where the service may see the user, whatever is wrong', async () => {
    const w = world();
    const owner = await w.addOwner();
    await login(w, owner, 'wrong');
    expect(await recorded(w, owner.service.id)).toEqual([failure(owner.user.id)]);

    const disabled = await w.addOwner({ isEnabled: false });
    await login(w, disabled);
    expect(await recorded(w, disabled.service.id)).toEqual([failure(disabled.user.id)]);
  });

  test('has no entry of its own where there is no account, or one that the service may not see', async () => {
    const w = world();
    const { user } = await w.addOwner();
    const service = await w.addService();
    await login(w, { ...(await w.addOwner()), user, service });
    const stranger = { ...user, email: 'nobody@example.com' };
    await login(w, { ...(await w.addOwner()), user: stranger, service });
    expect(await recorded(w, service.id)).toEqual([]);
    await aMinutePasses(w);
    expect(await recorded(w, service.id)).toEqual([failure(null)]);
    const kept = JSON.stringify(w.database.snapshot());
    expect(kept).not.toContain('nobody@');
  });

  test('is recorded for a user who must change the password first', async () => {
    const w = world();
    const owner = await w.addOwner({ passwordRequireUpdate: true });
    expect(await login(w, owner)).toBeInstanceOf(Forbidden);
    expect(await recorded(w, owner.service.id)).toEqual([failure(owner.user.id)]);
  });

  test('is recorded where a change was quicker', async () => {
    const w = world();
    const owner = await w.addOwner();
    const { id } = owner.user;
    const verify = async (...asked: Parameters<Hasher['verify']>) => {
      const isRight = await w.hasher.verify(...asked);
      await w.database.transact(({ users }) => users.changePassword(id, 1, 'other', START));
      return isRight;
    };
    const late = { ...w, hasher: { ...w.hasher, verify } };
    expect(await login(late, owner)).toBeInstanceOf(InvalidCredentials);
    expect(await recorded(w, owner.service.id)).toEqual([failure(id)]);
  });

  test('is none, and is not recorded, where it could not be looked at', async () => {
    const w = world();
    const owner = await w.addOwner();
    for (const error of [new Overloaded(1), new Unavailable(1)]) {
      const verify = () => Promise.reject(error);
      const broken = { ...w, hasher: { ...w.hasher, verify } };
      expect(await login(broken, owner)).toBe(error);
      const transact: typeof w.database.transact = (work) =>
        w.database.transact(async (stores) => {
          const result = await work(stores);
          const found = await stores.pending.entriesOf(owner.service.id);
          if (found.length > 0) throw error;
          return result;
        });
      const away = { ...w, database: { ...w.database, transact } };
      expect(await login(away, owner)).toBe(error);
    }
    expect(await recorded(w, owner.service.id)).toEqual([]);
  });
});

describe('a wait', () => {
  const narrow = () => {
    const throttle = { accountFree: 3, clientPerMinute: 1000, changesPerHour: 2 };
    return { ...world(), settings: { ...settings, throttle } };
  };

  test('is recorded once, by the failure that brings it, and not by those that have to wait', async () => {
    const w = narrow();
    const owner = await w.addOwner();
    for (let i = 0; i < 3; i += 1) {
      expect(await login(w, owner, 'wrong')).toBeInstanceOf(InvalidCredentials);
    }
    const { id } = owner.user;
    const all = [failure(id), failure(id), failure(id), failure(id, 'rekey:Throttle')];
    expect(await recorded(w, owner.service.id)).toEqual(all);
    for (let i = 0; i < 3; i += 1) {
      expect(await login(w, owner)).toBeInstanceOf(TooManyRequests);
    }
    expect(await recorded(w, owner.service.id)).toEqual(all);
    w.clock.set(START + 1000);
    await login(w, owner, 'wrong');
    expect(await recorded(w, owner.service.id)).toEqual([
      ...all,
      failure(id),
      failure(id, 'rekey:Throttle'),
    ]);
  });

  test('that a try did not come to is not recorded: it was right', async () => {
    const w = narrow();
    const owner = await w.addOwner();
    await login(w, owner, 'wrong');
    await login(w, owner, 'wrong');
    expect(await login(w, owner)).toBe('done');
    const types = await typesIn(w, owner.service.id);
    expect(types).toEqual(Array(3).fill('sso:AuthLocalLogin'));
  });

  test('of strangers is not recorded again by a known device, which need not wait', async () => {
    const w = narrow();
    const owner = await w.addOwner();
    const { id, email } = owner.user;
    const { sessions } = useCases(w);
    const logIn = (password: string, device?: string) =>
      sessions.login.execute(asService(owner.service), {
        email,
        password,
        device,
      });
    const { device } = await logIn(PASSWORD);
    for (let i = 0; i < 3; i += 1) await login(w, owner, 'wrong');
    expect(await endOf(logIn('wrong', device))).toBeInstanceOf(TooManyRequests);
    expect((await recorded(w, owner.service.id)).slice(-3)).toEqual([
      failure(id),
      failure(id, 'rekey:Throttle'),
      failure(id),
    ]);
  });

  test('for sign-ups is recorded once', async () => {
    const throttle = { ...settings.throttle, clientPerMinute: 10 };
    const w = { ...world(), settings: { ...settings, throttle } };
    const { id } = await w.useCases.services.openFormService.execute(operator);
    const { createUser } = useCases(w).users;
    for (let i = 0; i < 5; i += 1) {
      const input = { isEnabled: true, name: 'New', email: `new-${i}@example.com` };
      await endOf(createUser.execute(nobody, input));
    }
    await aMinutePasses(w);
    expect(await typesIn(w, id)).toEqual([
      'sso:ServiceCreate',
      'sso:UserCreate',
      'sso:KeyCreate',
      'sso:UserCreate',
      'sso:KeyCreate',
      'rekey:Throttle',
    ]);
  });

  test('for changes is a change that is refused', async () => {
    const w = narrow();
    const owner = await w.addOwner();
    const passwords = [PASSWORD, 'second one', 'third one', 'fourth one'];
    for (const [index, newPassword] of passwords.slice(1).entries()) {
      await update(w, owner, { password: passwords[index] ?? '', newPassword });
    }
    const found = await recorded(w, owner.service.id);
    expect(found).toMatchObject([
      { type: 'sso:AuthLocalUpdatePassword', outcome: 'success' },
      { type: 'sso:AuthLocalUpdatePassword', outcome: 'success' },
      failure(owner.user.id, 'sso:AuthLocalUpdatePassword'),
    ]);
  });
});

describe('a change that is refused', () => {
  test('names the session that asked', async () => {
    const w = world();
    const owner = await w.addOwner();
    const session = await w.logIn(owner);
    await update(w, owner, { password: 'wrong' }, asUser(session));
    const subjectId = session.sessionId;
    expect((await recorded(w, owner.service.id)).at(-1)).toEqual({
      ...failure(owner.user.id, 'sso:AuthLocalUpdatePassword'),
      subjectId,
    });
  });

  test('is recorded where the policy refuses the new password', async () => {
    const w = { ...world(), settings: { ...settings, passwordPolicy: 'standard' as const } };
    const owner = await w.addOwner();
    await update(w, owner, { newPassword: 'password' });
    expect(await recorded(w, owner.service.id)).toEqual([
      failure(owner.user.id, 'sso:AuthLocalUpdatePassword'),
    ]);
  });

  test('is not recorded where it was no try: nothing was looked at', async () => {
    const w = world();
    const owner = await w.addOwner();
    await update(w, owner, { newPassword: 'short' });
    await update(w, owner, { newPassword: PASSWORD });
    expect(await recorded(w, owner.service.id)).toEqual([]);
  });
});

test('a wrong code names the user only where the service may see the user', async () => {
  const w = world();
  const owner = await w.addOwner();
  const stranger = await w.addService();
  for (const service of [owner.service, stranger]) {
    const asked = { userId: owner.user.id, code: '000000' };
    await endOf(w.useCases.factors.verifyTotp.execute(asService(service), asked));
  }
  await aMinutePasses(w);
  expect(await recorded(w, owner.service.id)).toEqual([failure(owner.user.id, 'sso:AuthTotp')]);
  expect(await recorded(w, stranger.id)).toEqual([failure(null, 'sso:AuthTotp')]);
});

test('every dead delivery that is requeued has its entry, however many there are', async () => {
  const w = world();
  const owners: Owner[] = [];
  for (let i = 0; i < 120; i += 1) owners.push(await w.addOwner());
  const owed = owners.map(({ user, service }) =>
    aDelivery(aOneTimeToken({ userId: user.id, serviceId: service.id })),
  );
  await w.database.transact(async ({ oneTimeTokens, deliveries }) => {
    for (const delivery of owed) {
      const { tokenId: id, userId, serviceId } = delivery;
      await oneTimeTokens.insert(aOneTimeToken({ id: id ?? '', userId: userId ?? '', serviceId }));
      await deliveries.insert(delivery);
    }
    const ids = owed.map(({ id }) => id);
    for (const { delivery, attempt } of await deliveries.lease(ids, START, START, START)) {
      await deliveries.giveUp({ id: delivery.id, attempt }, START, 'SMTP 550');
    }
  });
  expect(await w.useCases.deliveries.requeueDeadDeliveries.execute(operator)).toBe(120);
  for (const { id: subjectId, userId, serviceId } of owed) {
    const entry = { type: 'rekey:MailRequeue', outcome: 'success', userId, subjectId };
    expect(await recorded(w, serviceId)).toEqual([entry]);
  }
});

test('the built-in service is recorded when it is made, and not at each start', async () => {
  const w = world();
  const { openFormService } = w.useCases.services;
  const { id } = await openFormService.execute(operator);
  await openFormService.execute(operator);
  expect(await typesIn(w, id)).toEqual(['sso:ServiceCreate']);
});

describe('the audit', () => {
  async function twoServices() {
    const w = world();
    await w.useCases.audit.beginAudit.execute(operator);
    const create = async (name: string) => {
      const input = { name, url: 'https://shop.example' };
      return (await w.useCases.services.createServiceWithKey.execute(operator, input)).service;
    };
    const [shop, other] = [await create('Shop'), await create('Other')];
    for (let i = 1; i <= 5; i += 1) {
      w.clock.set(START + i * 1000);
      for (const serviceId of [shop.id, other.id]) {
        await append(w, serviceId);
      }
    }
    const list = (input: Partial<ListAuditInput> = {}, actor: Actor = asService(shop)) =>
      w.useCases.audit.listAudit.execute(actor, { limit: 100, ...input });
    return { w, shop, other, list };
  }
  const sequences = (entries: Pick<AmendedEntry, 'sequence'>[]) =>
    entries.map(({ sequence }) => sequence);

  test('shows a service what is its own, and the operator all', async () => {
    const { w, shop, other, list } = await twoServices();
    const own = (await list()).entries;
    expect(new Set(own.map(({ serviceId }) => serviceId))).toEqual(new Set([shop.id]));
    expect(own).toHaveLength(6);
    for (const actor of [root, operator]) {
      // The beginning of the operator's chain besides, and the two that it announces.
      expect((await list({}, actor)).entries).toHaveLength(15);
    }

    const foreign = (await list({}, asService(other))).entries;
    const id = foreign[0]?.id ?? '';
    const read = (actor: Actor, id: Id) =>
      endOf(w.useCases.audit.readAuditEntry.execute(actor, { id }));
    const by = asService(shop);
    expect(await read(by, own[0]?.id ?? '')).toBe('done');
    expect(await read(root, id)).toBe('done');
    expect(await read(by, id)).toBeInstanceOf(NotFound);
    expect(await read(by, id)).toEqual(await read(by, shop.id));
  });

  test('is shown to nobody else, and verified and pruned by the operator at the command line alone', async () => {
    const { w, shop, list } = await twoServices();
    const grant = await w.logIn(await w.addOwner({}, { service: shop }));
    const [entry] = (await list()).entries;
    const { readAuditEntry, verifyAudit, pruneAudit } = w.useCases.audit;
    for (const actor of [nobody, asUser(grant)]) {
      expect(await endOf(list({}, actor))).toBeInstanceOf(Unauthorized);
      const reading = readAuditEntry.execute(actor, { id: entry?.id ?? '' });
      expect(await endOf(reading)).toBeInstanceOf(NotFound);
    }
    for (const actor of [nobody, root, asService(shop), asUser(grant)]) {
      expect(await endOf(verifyAudit.execute(actor))).toBeInstanceOf(Unauthorized);
      const pruning = pruneAudit.execute(actor, { before: START + 1e9 });
      expect(await endOf(pruning)).toBeInstanceOf(Unauthorized);
    }
  });

  test('is shown in pages that go on where the one before ended', async () => {
    const { list } = await twoServices();
    const seen: (number | null)[] = [];
    let after: ListAuditInput['after'];
    for (const size of [2, 2, 2]) {
      const { entries, next } = await list({ limit: 2, after, order: 'desc' });
      expect(entries).toHaveLength(size);
      seen.push(...sequences(entries));
      after = next ?? undefined;
    }
    expect(seen).toEqual([6, 5, 4, 3, 2, 1]);
    expect(after).toBeUndefined();
  });

  test('is shown from an instant on and up to another, wherever the page begins', async () => {
    const { list } = await twoServices();
    const of = async (input: Partial<ListAuditInput>) => sequences((await list(input)).entries);
    expect(await of({ from: START + 3000 })).toEqual([4, 5, 6]);
    expect(await of({ to: START + 2000 })).toEqual([1, 2, 3]);
    expect(await of({ to: START + 2000, limit: 2 })).toEqual([2, 3]);
    expect(await of({ to: START + 2000, limit: 2, order: 'asc' })).toEqual([1, 2]);
    expect(await of({ from: START + 1000, to: START + 1000 })).toEqual([2]);
    const { next } = await list({ limit: 4, order: 'desc' });
    const after = next ?? undefined;
    expect(await of({ after, to: START + 4000, order: 'desc' })).toEqual([2, 1]);
    expect(await of({ after, to: START, order: 'desc' })).toEqual([1]);
    expect(await of({ after, to: START + 4000 })).toEqual([1, 2]);
    expect(await of({ after, from: START + 4000 })).toEqual([5, 6]);
  });

  describe('that was tampered with', () => {
    const faultOf = async (w: World, serviceId: Id) => {
      const reports = await w.useCases.audit.verifyAudit.execute(operator);
      return reports.find((report) => report.serviceId === serviceId)?.fault;
    };

    test('is found out, if it is as it was written nothing is', async () => {
      const { w, shop, other } = await twoServices();
      expect(await faultOf(w, shop.id)).toBeNull();
      expect(await faultOf(w, other.id)).toBeNull();
    });

    test('where a chain was deleted, or deleted and begun anew', async () => {
      const { w } = await twoServices();
      const service = await w.addService();
      const fault = { sequence: null, id: null, reason: 'the chain is missing' };
      expect(await faultOf(w, service.id)).toEqual(fault);
      const id = await append(w, service.id);
      const reason = 'is not how a chain begins';
      expect(await faultOf(w, service.id)).toEqual({ sequence: 1, id, reason });
    });

    test('and a seal that is broken stays broken, whatever comes after', async () => {
      const { w, shop } = await twoServices();
      const entry = anAuditEntry({ serviceId: shop.id, sequence: 7 });
      const chain = await w.database.read(({ audit }) => audit.chain(shop.id));
      if (!chain) throw new Error('there is a chain');
      const moved = { ...chain, length: 7, hash: entry.hash };
      await w.database.transact(({ audit }) => audit.append([entry], [moved]));
      await append(w, shop.id);
      const after = await w.database.read(({ audit }) => audit.chain(shop.id));
      expect(after).toMatchObject({ length: 8, seal: chain.seal });
      expect(await faultOf(w, shop.id)).toMatchObject({ sequence: null });
      const pruning = w.useCases.audit.pruneAudit.execute(operator, { before: START + 1e9 });
      await expect(pruning).rejects.toThrow('not as it was written');
    });

    test('with another secret is no better than with none', async () => {
      const { w, shop } = await twoServices();
      const forger = fakeMacs(2);
      const chain = await w.database.read(({ audit }) => audit.chain(shop.id));
      if (!chain) throw new Error('there is a chain');
      const { hash: _, ...forged } = anAuditEntry({
        serviceId: shop.id,
        sequence: 7,
        previousHash: chain.hash,
      });
      const hash = forger.make(auditEntryText(forged));
      const { seal: __, ...end } = { ...chain, length: 7, hash };
      const sealed = { ...end, seal: forger.make(auditChainText(end)) };
      await w.database.transact(({ audit }) => audit.append([{ ...forged, hash }], [sealed]));
      expect(isSealed(w.macs, sealed)).toBe(false);
      expect(await faultOf(w, shop.id)).toMatchObject({ sequence: null });
      // And a seal of ours over it would not help either.
      const ours = { ...end, seal: w.macs.make(auditChainText(end)) };
      await w.database.transact(({ audit }) => audit.prune(ours));
      const reason = 'is not as it was written';
      expect(await faultOf(w, shop.id)).toEqual({ sequence: 7, id: forged.id, reason });
    });
  });

  test.each([
    ['is not what the chain ends with', (hash: string | null) => hash],
    ['does not follow the one before it', () => 'hash of another'],
  ])(
    'is found out where an entry of a past that was undone stands: it %s',
    async (reason, link) => {
      // Written by a server, lost when a backup was put back, and put in again: it is good by itself.
      const { w, shop } = await twoServices();
      const chain = await w.database.read(({ audit }) => audit.chain(shop.id));
      if (!chain) throw new Error('there is a chain');
      const { hash: _, ...entry } = anAuditEntry({
        serviceId: shop.id,
        sequence: 7,
        previousHash: link(chain.hash),
        origin: null,
        salt: null,
        textDigest: null,
      });
      const { seal: __, ...end } = { ...chain, length: 7, hash: 'hash of another' };
      const hash = w.macs.make(auditEntryText(entry));
      const seal = w.macs.make(auditChainText(end));
      await w.database.transact(({ audit }) =>
        audit.append([{ ...entry, hash }], [{ ...end, seal }]),
      );
      const reports = await w.useCases.audit.verifyAudit.execute(operator);
      expect(reports.find(({ serviceId }) => serviceId === shop.id)?.fault).toEqual({
        sequence: 7,
        id: entry.id,
        reason,
      });
    },
  );

  test('that is pruned while it is verified is whole', async () => {
    const { w, shop } = await twoServices();
    let isPruned = false;
    const read: typeof w.database.read = async (work) => {
      const found = await w.database.read(work);
      // Once the chain was looked at, and before its entries are.
      const isChain = typeof found === 'object' && found !== null && 'pruned' in found;
      if (isChain && !isPruned) {
        isPruned = true;
        const { pruneAudit } = w.useCases.audit;
        expect(await pruneAudit.execute(operator, { before: START + 3000 })).toBe(9);
      }
      return found;
    };
    const { verifyAudit } = useCases({ ...w, database: { ...w.database, read } }).audit;
    const reports = await verifyAudit.execute(operator);
    expect(isPruned).toBe(true);
    expect(reports.map(({ fault }) => fault)).toEqual([null, null, null]);
    expect(reports.find(({ serviceId }) => serviceId === shop.id)?.pruned).toBe(3);
  });

  test('is whole for a verification that entries are added to', async () => {
    const { w, shop } = await twoServices();
    const read: typeof w.database.read = async (work) => {
      const found = await w.database.read(work);
      await append(w, shop.id);
      return found;
    };
    const { verifyAudit } = useCases({ ...w, database: { ...w.database, read } }).audit;
    const reports = await verifyAudit.execute(operator);
    expect(reports.map(({ fault }) => fault)).toEqual([null, null, null]);
  });
});
