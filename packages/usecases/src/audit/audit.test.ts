import {
  type AuditEntry,
  auditChainText,
  auditEntryText,
  Forbidden,
  type Id,
  InvalidCredentials,
  NotFound,
  Overloaded,
  TooManyRequests,
  Unavailable,
} from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import {
  anAuditEntry,
  endOf,
  fakeMacs,
  ORIGIN,
  type Owner,
  PASSWORD,
  START,
  settings,
  type World,
  world,
} from '../testing/index.ts';
import type { Caller } from './authenticate-key.ts';
import { CreateServiceWithKey } from './create-service-with-key.ts';
import { CreateUser } from './create-user.ts';
import { ListAudit, type ListAuditInput } from './list-audit.ts';
import { Login } from './login.ts';
import { OpenFormService } from './open-form-service.ts';
import { PruneAudit } from './prune-audit.ts';
import { ReadAuditEntry } from './read-audit-entry.ts';
import { isSealed, record } from './record.ts';
import { RequeueDeadMails } from './requeue-dead-mails.ts';
import { UpdatePassword } from './update-password.ts';
import { VerifyAudit } from './verify-audit.ts';
import { VerifyTotp } from './verify-totp.ts';

const root: Caller = { kind: 'root' };

/** What is in a chain, the oldest first, without what it is chained by. */
const recorded = async (w: World, serviceId: Id | null): Promise<object[]> => {
  const entries = await w.database.read(({ audit }) => audit.follow(serviceId, 0, 1000));
  return entries.map(({ action, outcome, userId, subjectId }) => {
    return { action, outcome, userId, subjectId };
  });
};
const login = (w: World, { user, service }: Owner, password = PASSWORD, origin = ORIGIN) =>
  endOf(
    new Login(w).execute({
      serviceId: service.id,
      email: user.email,
      password,
      origin,
      tokenForm: 'signed',
    }),
  );
const failure = (userId: Id | null, action = 'login') => {
  return { action, outcome: 'failure', userId, subjectId: null };
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

  test('names nobody where there is no account, or one that the service may not see', async () => {
    const w = world();
    const { user } = await w.addOwner();
    const service = await w.addService();
    await login(w, { ...(await w.addOwner()), user, service });
    const nobody = { ...user, email: 'nobody@example.com' };
    await login(w, { ...(await w.addOwner()), user: nobody, service });
    expect(await recorded(w, service.id)).toEqual([failure(null), failure(null)]);
    const kept = JSON.stringify(w.database.snapshot());
    expect(kept).not.toContain('nobody@');
  });

  test('is recorded for who must change the password first', async () => {
    const w = world();
    const owner = await w.addOwner({ passwordRequireUpdate: true });
    expect(await login(w, owner)).toBeInstanceOf(Forbidden);
    expect(await recorded(w, owner.service.id)).toEqual([failure(owner.user.id)]);
  });

  test('is recorded where a change was quicker', async () => {
    const w = world();
    const owner = await w.addOwner();
    const { id } = owner.user;
    const verify = async (password: string, hash: string | null) => {
      const isRight = await w.hasher.verify(password, hash);
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
          const found = await stores.audit.chain(owner.service.id);
          if (found) throw error;
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

  test('is recorded once, by the failure that brings it, and not by who has to wait', async () => {
    const w = narrow();
    const owner = await w.addOwner();
    for (let i = 0; i < 3; i += 1) {
      expect(await login(w, owner, 'wrong')).toBeInstanceOf(InvalidCredentials);
    }
    const { id } = owner.user;
    const all = [failure(id), failure(id), failure(id), failure(id, 'throttle')];
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
      failure(id, 'throttle'),
    ]);
  });

  test('that a try did not come to is not recorded: it was right', async () => {
    const w = narrow();
    const owner = await w.addOwner();
    await login(w, owner, 'wrong');
    await login(w, owner, 'wrong');
    expect(await login(w, owner)).toBe('done');
    const actions = (await recorded(w, owner.service.id)).map((entry) => Object.values(entry)[0]);
    expect(actions).toEqual(['login', 'login', 'login']);
  });

  test('of strangers is not recorded again by who is known, and need not wait', async () => {
    const throttle = { ...settings.throttle, accountFree: 100 };
    const w = { ...world(), settings: { ...settings, throttle } };
    const owner = await w.addOwner();
    expect(await login(w, owner)).toBe('done');
    const stranger = { address: '198.51.100.77', client: null };
    for (let i = 0; i < 100; i += 1) await login(w, owner, 'wrong', stranger);
    await login(w, owner, 'wrong');
    const { id } = owner.user;
    expect((await recorded(w, owner.service.id)).slice(-3)).toEqual([
      failure(id),
      failure(id, 'throttle'),
      failure(id),
    ]);
  });

  test('for sign-ups is recorded once', async () => {
    const throttle = { ...settings.throttle, clientPerMinute: 10 };
    const w = { ...world(), settings: { ...settings, throttle } };
    const service = await w.addService();
    for (let i = 0; i < 5; i += 1) {
      const email = `new-${i}@example.com`;
      const input = { service, isEnabled: true, name: 'New', email, signUpFrom: ORIGIN };
      await endOf(new CreateUser(w).execute(input));
    }
    const actions = (await recorded(w, service.id)).map((entry) => Object.values(entry)[0]);
    expect(actions).toEqual(['user_create', 'throttle', 'user_create']);
  });

  test('for changes is a change that is refused', async () => {
    const w = narrow();
    const owner = await w.addOwner();
    const passwords = [PASSWORD, 'second one', 'third one', 'fourth one'];
    for (const [index, newPassword] of passwords.slice(1).entries()) {
      const ask = w.change(owner, { password: passwords[index] ?? '', newPassword });
      await endOf(new UpdatePassword(w).execute(ask));
    }
    const found = await recorded(w, owner.service.id);
    expect(found).toMatchObject([
      { action: 'password_change', outcome: 'success' },
      { action: 'password_change', outcome: 'success' },
      failure(owner.user.id, 'password_change'),
    ]);
  });
});

describe('a change that is refused', () => {
  test('names the session that asked', async () => {
    const w = world();
    const owner = await w.addOwner();
    const thief = await w.addOwner({}, { service: owner.service });
    const session = await w.logIn(thief);
    await endOf(new UpdatePassword(w).execute(w.change(owner, { session })));
    const subjectId = session.sessionId;
    expect((await recorded(w, owner.service.id)).at(-1)).toEqual({
      ...failure(owner.user.id, 'password_change'),
      subjectId,
    });
  });

  test('is recorded where the policy refuses the new password', async () => {
    const w = { ...world(), settings: { ...settings, passwordPolicy: 'standard' as const } };
    const owner = await w.addOwner();
    await endOf(new UpdatePassword(w).execute(w.change(owner, { newPassword: 'password' })));
    expect(await recorded(w, owner.service.id)).toEqual([
      failure(owner.user.id, 'password_change'),
    ]);
  });

  test('is not recorded where it was no try: nothing was looked at', async () => {
    const w = world();
    const owner = await w.addOwner();
    await endOf(new UpdatePassword(w).execute(w.change(owner, { newPassword: 'short' })));
    await endOf(new UpdatePassword(w).execute(w.change(owner, { newPassword: PASSWORD })));
    expect(await recorded(w, owner.service.id)).toEqual([]);
  });
});

test('a wrong code names the user only where the service may see the user', async () => {
  const w = world();
  const owner = await w.addOwner();
  const stranger = await w.addService();
  for (const serviceId of [owner.service.id, stranger.id]) {
    const ask = { serviceId, userId: owner.user.id, code: '000000', origin: ORIGIN };
    await endOf(new VerifyTotp(w).execute(ask));
  }
  expect(await recorded(w, owner.service.id)).toEqual([failure(owner.user.id, 'totp')]);
  expect(await recorded(w, stranger.id)).toEqual([failure(null, 'totp')]);
});

test('every dead letter that is requeued has its entry, however many there are', async () => {
  const w = world();
  const owners: Owner[] = [];
  for (let i = 0; i < 120; i += 1) owners.push(await w.addOwner());
  await w.database.transact(async ({ changes, outbox }) => {
    for (const [index, { user, service }] of owners.entries()) {
      const change = {
        id: `change-${index}`,
        createdAt: START,
        userId: user.id,
        serviceId: service.id,
        email: user.email,
        origin: ORIGIN,
        revokeKeyId: 'k1',
        expiresAt: START + 1e9,
      };
      await changes.insert(change);
      await outbox.add(change.id, START);
    }
    for (const claim of await outbox.claim(START, START + 1, 1000)) {
      await outbox.bury(claim, START, 'SMTP 550');
    }
  });
  expect(await new RequeueDeadMails(w).execute()).toBe(120);
  for (const [index, { user, service }] of owners.entries()) {
    const entry = { action: 'mail_requeue', outcome: 'success', userId: user.id };
    expect(await recorded(w, service.id)).toEqual([{ ...entry, subjectId: `change-${index}` }]);
  }
});

test('the built-in service is recorded when it is made, and not at each start', async () => {
  const w = world();
  const { id } = await new OpenFormService(w).execute();
  await new OpenFormService(w).execute();
  expect(await recorded(w, id)).toMatchObject([{ action: 'service_create' }]);
});

describe('the audit', () => {
  async function twoServices() {
    const w = world();
    const create = async (name: string) => {
      const input = { name, url: 'https://shop.example' };
      return (await new CreateServiceWithKey(w).execute(input)).service;
    };
    const [shop, other] = [await create('Shop'), await create('Other')];
    for (let i = 1; i <= 5; i += 1) {
      w.clock.set(START + i * 1000);
      for (const serviceId of [shop.id, other.id]) {
        await w.database.transact((stores) => record(w, stores, { action: 'login', serviceId }));
      }
    }
    const caller: Caller = { kind: 'service', service: shop };
    const list = (input: Partial<ListAuditInput>) =>
      new ListAudit(w).execute({ caller, limit: 100, ...input });
    return { w, shop, other, caller, list };
  }
  const sequences = (entries: AuditEntry[]) => entries.map(({ sequence }) => sequence);

  test('shows a service what is its own, and the operator all', async () => {
    const { w, shop, other, list } = await twoServices();
    const own = (await list({})).entries;
    expect(new Set(own.map(({ serviceId }) => serviceId))).toEqual(new Set([shop.id]));
    expect(own).toHaveLength(6);
    expect((await list({ caller: root })).entries).toHaveLength(12);

    const foreign = (await list({ caller: { kind: 'service', service: other } })).entries;
    const id = foreign[0]?.id ?? '';
    const read = (caller: Caller, id: Id) => endOf(new ReadAuditEntry(w).execute({ caller, id }));
    const caller: Caller = { kind: 'service', service: shop };
    expect(await read(caller, own[0]?.id ?? '')).toBe('done');
    expect(await read(root, id)).toBe('done');
    expect(await read(caller, id)).toBeInstanceOf(NotFound);
    expect(await read(caller, id)).toEqual(await read(caller, shop.id));
  });

  test('is shown in pages that go on where the one before ended', async () => {
    const { list } = await twoServices();
    const seen: number[] = [];
    let after: ListAuditInput['after'];
    for (const size of [2, 2, 2]) {
      const { entries, next } = await list({ limit: 2, after });
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
    expect(await of({ from: START + 3000 })).toEqual([6, 5, 4]);
    expect(await of({ to: START + 3000 })).toEqual([3, 2, 1]);
    expect(await of({ from: START + 1000, to: START + 2000 })).toEqual([2]);
    const { next } = await list({ limit: 4 });
    expect(await of({ after: next ?? undefined, to: START + 4000 })).toEqual([2, 1]);
    expect(await of({ after: next ?? undefined, to: START + 1000 })).toEqual([1]);
  });

  describe('that was tampered with', () => {
    const faultOf = async (w: World, serviceId: Id) => {
      const reports = await new VerifyAudit(w).execute();
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
      const event = { action: 'login', serviceId: service.id } as const;
      const id = await w.database.transact((stores) => record(w, stores, event));
      const reason = 'is not how a chain begins';
      expect(await faultOf(w, service.id)).toEqual({ sequence: 1, id, reason });
    });

    test('and a seal that is broken stays broken, whatever comes after', async () => {
      const { w, shop } = await twoServices();
      const entry = anAuditEntry({ serviceId: shop.id, sequence: 7 });
      const chain = await w.database.read(({ audit }) => audit.chain(shop.id));
      if (!chain) throw new Error('there is a chain');
      const moved = { ...chain, length: 7, hash: entry.hash };
      await w.database.transact(({ audit }) => audit.append(entry, moved));
      const event = { action: 'login', serviceId: shop.id } as const;
      await w.database.transact((stores) => record(w, stores, event));
      const after = await w.database.read(({ audit }) => audit.chain(shop.id));
      expect(after).toMatchObject({ length: 8, seal: chain.seal });
      expect(await faultOf(w, shop.id)).toMatchObject({ sequence: null });
      const pruning = new PruneAudit(w).execute({ before: START + 1e9 });
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
      await w.database.transact(({ audit }) => audit.append({ ...forged, hash }, sealed));
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
      });
      const { seal: __, ...end } = { ...chain, length: 7, hash: 'hash of another' };
      const hash = w.macs.make(auditEntryText(entry));
      const seal = w.macs.make(auditChainText(end));
      await w.database.transact(({ audit }) => audit.append({ ...entry, hash }, { ...end, seal }));
      const reports = await new VerifyAudit(w).execute();
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
        expect(await new PruneAudit(w).execute({ before: START + 3000 })).toBe(6);
      }
      return found;
    };
    const reports = await new VerifyAudit({ ...w, database: { ...w.database, read } }).execute();
    expect(isPruned).toBe(true);
    expect(reports.map(({ fault }) => fault)).toEqual([null, null]);
    expect(reports.find(({ serviceId }) => serviceId === shop.id)?.pruned).toBe(3);
  });

  test('is whole for a verification that entries are added to', async () => {
    const { w, shop } = await twoServices();
    const event = { action: 'login', serviceId: shop.id } as const;
    const read: typeof w.database.read = async (work) => {
      const found = await w.database.read(work);
      await w.database.transact((stores) => record(w, stores, event));
      return found;
    };
    const reports = await new VerifyAudit({ ...w, database: { ...w.database, read } }).execute();
    expect(reports.map(({ fault }) => fault)).toEqual([null, null]);
  });
});
