import { Unavailable, type User } from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import { type Owner, planted, START, settings, tokenIn, world } from '../testing/index.ts';
import { DeliverMail, type Delivery } from './deliver-mail.ts';
import { formServiceId, formServiceName } from './open-form-service.ts';
import { MailFailure, type Ports } from './ports.ts';
import { RevokeUpdatePassword } from './revoke-update-password.ts';
import { UpdatePassword } from './update-password.ts';

const LEASE = 60_000;
const EXPIRY = START + settings.revokeTokenTtl * 1000;
const forNow = () => new MailFailure('451 busy', false);
const forGood = () => new MailFailure('550 no such mailbox', true);

async function anOwedMail(of: Partial<User> = {}) {
  const w = world();
  const owner = await w.addOwner(of);
  await new UpdatePassword(w).execute(w.change(owner));
  return { w, owner };
}

/** Sends what is due on these ports, a mail after the other. */
const deliver = async (ports: Ports, limit = 100): Promise<Delivery[]> =>
  Promise.all(await new DeliverMail(ports).execute({ limit }));

const outcomes = (deliveries: Delivery[]) => deliveries.map(({ outcome }) => outcome);

describe('a mail', () => {
  test('is sent once', async () => {
    const { w, owner } = await anOwedMail();
    const deliveries = await deliver(w);
    expect(deliveries).toEqual([
      {
        changeId: w.mailer.sent[0]?.messageId,
        attempt: 1,
        outcome: 'sent',
        reason: null,
        detail: null,
      },
    ]);
    for (const later of [0, LEASE, 3_600_000]) {
      w.clock.set(START + later);
      expect(await deliver(w)).toEqual([]);
    }
    expect(w.mailer.sent.map(({ to }) => to.address)).toEqual([owner.user.email]);
  });

  test('is not owed before there is a change', async () => {
    const w = world();
    const owner = await w.addOwner();
    await w.logIn(owner);
    expect(await deliver(w)).toEqual([]);
  });

  test('does not wait for a time that the clock went back from', async () => {
    for (const isSameServer of [true, false]) {
      const { w } = await anOwedMail();
      const server = new DeliverMail(w);
      const deliverOn = async (on: DeliverMail) => Promise.all(await on.execute({ limit: 100 }));
      w.mailer.failNext(forNow());
      expect(outcomes(await deliverOn(server))).toEqual(['put off']);
      w.clock.set(START - 3 * 86_400_000);
      const next = isSameServer ? server : new DeliverMail(w);
      expect(outcomes(await deliverOn(next))).toEqual(['sent']);
    }
  });

  test('waits as long as it should where the clock goes back a little', async () => {
    const { w } = await anOwedMail();
    const server = new DeliverMail(w);
    w.mailer.failNext(forNow());
    await Promise.all(await server.execute({ limit: 100 }));
    w.clock.set(START - 3_600_000);
    expect(await server.execute({ limit: 100 })).toEqual([]);
  });

  test('is sent again after a crash before the mark, with the same id and the same link', async () => {
    const { w, owner } = await anOwedMail();
    // A crash is a transaction that never comes: the one after the look at the clock and the claim, for the mark.
    let transactions = 0;
    const database: Ports['database'] = {
      read: w.database.read,
      transact: (work) => {
        transactions += 1;
        if (transactions > 2) throw planted;
        return w.database.transact(work);
      },
    };
    await expect(deliver({ ...w, database })).rejects.toBe(planted);
    expect(w.mailer.sent).toHaveLength(1);

    w.clock.set(START + LEASE - 1);
    expect(await deliver(w)).toEqual([]);
    w.clock.set(START + LEASE);
    expect(await deliver(w)).toMatchObject([{ outcome: 'sent', attempt: 2 }]);
    const [first, second, ...more] = w.mailer.sent;
    expect(more).toEqual([]);
    expect(second).toEqual(first);

    const token = tokenIn(second!.link);
    await new RevokeUpdatePassword(w).execute({ token, presentedBy: owner.service.id });
    expect(await w.credentialOf(owner.user)).toMatchObject({ passwordHash: null });
  });

  test('is marked as soon as the database answers again, and not sent twice', async () => {
    const { w } = await anOwedMail();
    let isAway = false;
    const database: Ports['database'] = {
      read: w.database.read,
      transact: (work) => {
        if (isAway) throw new Unavailable(1);
        return w.database.transact(work);
      },
    };
    const mailer: Ports['mailer'] = {
      send: async (mail) => {
        await w.mailer.send(mail);
        isAway = true;
      },
    };
    const server = new DeliverMail({ ...w, database, mailer });
    const [delivery] = await server.execute({ limit: 100 });
    await expect(delivery).rejects.toThrow(Unavailable);
    await expect(server.execute({ limit: 100 })).rejects.toThrow(Unavailable);

    isAway = false;
    expect(await Promise.all(await server.execute({ limit: 100 }))).toMatchObject([
      { outcome: 'sent', attempt: 1 },
    ]);
    w.clock.set(START + LEASE);
    expect(await server.execute({ limit: 100 })).toEqual([]);
    expect(w.mailer.sent).toHaveLength(1);
  });

  test('is tried again after 1 s, then after twice as long each time, up to an hour', async () => {
    const { w } = await anOwedMail();
    const waits: number[] = [];
    let now = START;
    for (let attempt = 1; attempt <= 15; attempt += 1) {
      w.mailer.failNext(forNow());
      expect(await deliver(w)).toMatchObject([{ outcome: 'put off', attempt, reason: '451 busy' }]);
      const wait = Math.min(2 ** (attempt - 1), 3600) * 1000;
      waits.push(wait);
      w.clock.set(now + wait - 1);
      expect(await deliver(w)).toEqual([]);
      now += wait;
      w.clock.set(now);
    }
    expect(waits.slice(0, 4)).toEqual([1000, 2000, 4000, 8000]);
    expect(waits.at(-1)).toBe(3_600_000);
    expect(outcomes(await deliver(w))).toEqual(['sent']);
    expect(w.mailer.sent).toHaveLength(1);
  });

  test('is waited for from the end of an attempt', async () => {
    const { w } = await anOwedMail();
    const mailer = {
      send: async () => {
        w.clock.set(START + 30_000);
        throw forNow();
      },
    };
    expect(outcomes(await deliver({ ...w, mailer }))).toEqual(['put off']);
    w.clock.set(START + 30_999);
    expect(await deliver(w)).toEqual([]);
    w.clock.set(START + 31_000);
    expect(outcomes(await deliver(w))).toEqual(['sent']);
  });

  test('becomes a dead letter once its link would have expired at the next attempt', async () => {
    const { w } = await anOwedMail();
    w.clock.set(EXPIRY - 1001);
    w.mailer.failNext(forNow());
    expect(outcomes(await deliver(w))).toEqual(['put off']);
    w.clock.set(EXPIRY - 1);
    w.mailer.failNext(forNow());
    expect(await deliver(w)).toMatchObject([{ outcome: 'buried', reason: '451 busy' }]);
    w.clock.set(EXPIRY + 3_600_000);
    expect(await deliver(w)).toEqual([]);
    expect(w.mailer.sent).toEqual([]);
  });

  test('is not sent with a link that has expired', async () => {
    const { w } = await anOwedMail();
    w.clock.set(EXPIRY);
    expect(await deliver(w)).toMatchObject([{ outcome: 'buried', reason: 'the link has expired' }]);
    expect(w.mailer.sent).toEqual([]);
    expect(await deliver(w)).toEqual([]);
  });

  test('is sent until the last moment of its link', async () => {
    const { w } = await anOwedMail();
    w.clock.set(EXPIRY - 1);
    expect(outcomes(await deliver(w))).toEqual(['sent']);
  });

  test('that is refused for good becomes a dead letter at once', async () => {
    const { w } = await anOwedMail();
    w.mailer.failNext(forGood());
    expect(await deliver(w)).toMatchObject([
      { outcome: 'buried', attempt: 1, reason: '550 no such mailbox' },
    ]);
    w.clock.set(START + LEASE);
    expect(await deliver(w)).toEqual([]);
  });

  test('that runs into a bug is tried again, and what the bug said is not kept', async () => {
    const { w } = await anOwedMail();
    w.mailer.failNext(new TypeError('s3cret'));
    expect(await deliver(w)).toMatchObject([{ outcome: 'put off', reason: 'unexpected error' }]);
    expect(JSON.stringify(w.database.snapshot())).not.toContain('s3cret');
    w.clock.set(START + 1000);
    expect(outcomes(await deliver(w))).toEqual(['sent']);
  });

  test('tells the log what lies behind a failure, but neither the recipient nor the link', async () => {
    const { w, owner } = await anOwedMail({ name: 'Ada Lovelace' });
    const { email, name } = owner.user;
    const failures: ((said: string) => Error)[] = [
      (said) => new TypeError(said),
      (said) => new TypeError('a bug', { cause: new Error(said) }),
      (said) => new MailFailure('EACCES', false, { cause: new Error(said) }),
    ];
    for (const [hour, failure] of failures.entries()) {
      let link = '';
      const mailer = {
        send: async (mail: { link: string }) => {
          link = mail.link;
          throw failure(`no way to ${email}, who is ${name}, with ${link} or ${tokenIn(link)}`);
        },
      };
      w.clock.set(START + hour * 3_600_000);
      const [delivery] = await deliver({ ...w, mailer });
      expect(delivery?.detail).toContain(
        'Error: no way to [left out], who is [left out], with [left out] or [left out]',
      );
      for (const unsaid of [email, name, link, tokenIn(link)]) {
        expect(unsaid).not.toBe('');
        expect(JSON.stringify(delivery)).not.toContain(unsaid);
      }
    }
  });

  test('that a mailer throws no error for is tried again', async () => {
    const { w } = await anOwedMail();
    const mailer = { send: () => Promise.reject('s3cret') };
    expect(await deliver({ ...w, mailer })).toMatchObject([
      { outcome: 'put off', reason: 'unexpected error', detail: 'thrown: string' },
    ]);
  });

  test('whose revoke secret is gone waits for it', async () => {
    const { w } = await anOwedMail();
    const revokeTokens = {
      ...w.revokeTokens,
      make: () => {
        throw new Error('the revoke secret is gone');
      },
    };
    expect(outcomes(await deliver({ ...w, revokeTokens }))).toEqual(['put off']);
    w.clock.set(START + 1000);
    expect(outcomes(await deliver(w))).toEqual(['sent']);
  });

  test('goes to the address that the user had when the change was made', async () => {
    const { w, owner } = await anOwedMail();
    const users = { ...owner.user, email: 'moved@example.com', name: 'Ada L.' };
    const database: Ports['database'] = {
      read: w.database.read,
      transact: (work) =>
        w.database.transact((stores) =>
          work({ ...stores, users: { ...stores.users, get: async () => users } }),
        ),
    };
    expect(outcomes(await deliver({ ...w, database }))).toEqual(['sent']);
    const [mail] = w.mailer.sent;
    expect(mail?.to).toEqual({ name: 'Ada L.', address: owner.user.email });
    expect(new URL(mail!.link).searchParams.get('email')).toBe(owner.user.email);
  });
});

test('a mail about an account of the built-in service calls it what people do', async () => {
  const w = world();
  const service = await w.addService({ id: formServiceId, name: formServiceName });
  await w.changeAndReadMail(await w.addOwner({}, { service }));
  expect(w.mailer.sent[0]?.service).toEqual({ name: settings.brandName, emailText: null });
});

describe('many mails', () => {
  async function owedMails(count: number) {
    const w = world();
    const owners: Owner[] = [];
    for (let i = 0; i < count; i += 1) {
      const owner = await w.addOwner();
      w.clock.set(START + i);
      await new UpdatePassword(w).execute(w.change(owner));
      owners.push(owner);
    }
    return { w, owners };
  }

  test('are claimed up to the limit, the longest due first', async () => {
    const { w, owners } = await owedMails(3);
    expect(outcomes(await deliver(w, 2))).toEqual(['sent', 'sent']);
    const expected = owners.slice(0, 2).map(({ user }) => user.email);
    expect(w.mailer.sent.map(({ to }) => to.address).sort()).toEqual(expected.sort());
    expect(outcomes(await deliver(w, 2))).toEqual(['sent']);
  });

  test('are not delayed by one that hangs, nor by one that always fails', async () => {
    const { w, owners } = await owedMails(4);
    const [hanging, poison, ...fine] = owners.map(({ user }) => user.email);
    const mailer = {
      send: async (mail: Parameters<Ports['mailer']['send']>[0]) => {
        if (mail.to.address === hanging) return new Promise<void>(() => undefined);
        if (mail.to.address === poison) throw new TypeError('poison');
        return w.mailer.send(mail);
      },
    };
    const [stuck, ...others] = await new DeliverMail({ ...w, mailer }).execute({ limit: 10 });
    expect(outcomes(await Promise.all(others))).toEqual(['put off', 'sent', 'sent']);
    expect(w.mailer.sent.map(({ to }) => to.address).sort()).toEqual(fine.sort());
    expect(await Promise.race([stuck, Promise.resolve('still under way')])).toBe('still under way');
  });

  test('are accepted one at a time, each after the one before was marked', async () => {
    const { w, owners } = await owedMails(3);
    const unmarked: number[] = [];
    const mailer: Ports['mailer'] = {
      send: async (mail, turn) => {
        await turn?.();
        const owed = await w.database.read(({ outbox }) => outbox.list('waiting', 10));
        unmarked.push(owed.length);
        if (mail.to.address === owners[1]?.user.email) throw forNow();
      },
    };
    await deliver({ ...w, mailer });
    expect(unmarked).toEqual([3, 2, 2]);
  });

  test('do not wait for the turn of one that failed before it came', async () => {
    const { w, owners } = await owedMails(2);
    const failed = Promise.withResolvers<void>();
    const mailer: Ports['mailer'] = {
      send: async (mail, turn) => {
        if (mail.to.address === owners[0]?.user.email) {
          void failed.promise.then(turn);
          throw forNow();
        }
        failed.resolve();
        await failed.promise;
        await turn?.();
      },
    };
    expect(outcomes(await deliver({ ...w, mailer }))).toEqual(['put off', 'sent']);
  });

  test('are each sent by one of many workers', async () => {
    const { w, owners } = await owedMails(8);
    const rounds = await Promise.all(Array.from({ length: 8 }, () => deliver(w, 3)));
    expect(outcomes(rounds.flat())).toEqual(Array.from({ length: 8 }, () => 'sent'));
    expect(new Set(w.mailer.sent.map(({ to }) => to.address)).size).toBe(owners.length);
  });
});

describe('a worker that lost its lease', () => {
  test('changes nothing, whatever its own attempt came to', async () => {
    for (const failure of [null, forNow(), forGood()]) {
      const { w } = await anOwedMail();
      const mailer = {
        send: async () => {
          // While this one stands still, another worker takes the mail over and is refused for now.
          w.clock.set(START + LEASE);
          w.mailer.failNext(forNow());
          expect(outcomes(await deliver(w))).toEqual(['put off']);
          if (failure) throw failure;
        },
      };
      expect(outcomes(await deliver({ ...w, mailer }))).toEqual(['lost claim']);
      w.clock.set(START + LEASE + 2000);
      expect(await deliver(w)).toMatchObject([{ outcome: 'sent', attempt: 3 }]);
    }
  });
});
