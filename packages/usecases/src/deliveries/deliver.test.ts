import {
  formServiceId,
  formServiceName,
  operator,
  Unauthorized,
  Unavailable,
  type User,
} from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import {
  asService,
  deliverAll,
  endOf,
  failingAt,
  nobody,
  type Owner,
  planted,
  recording,
  root,
  START,
  settings,
  tokenIn,
  world,
} from '../../testing/index.ts';
import {
  type Database,
  type Delivered,
  DeliveryFailure,
  type Notice,
  type Outlet,
  type Ports,
  useCases,
} from '../index.ts';

const LEASE_MS = 60_000;
const AN_HOUR_MS = 3_600_000;
const EXPIRY = START + settings.revokeTokenTtlMs;
const forNow = () => new DeliveryFailure('451 busy', false);
const forGood = () => new DeliveryFailure('550 no such mailbox', true);

async function anOwedMail(of: Partial<User> = {}) {
  const w = world();
  const owner = await w.addOwner(of);
  await w.useCases.passwords.updatePassword.execute(asService(owner.service), w.change(owner));
  return { w, owner, sent: w.channels.mail.sent };
}

/** Claims all that is due on these ports, and hands it over. */
async function handOver(ports: Ports) {
  const { claimDeliveries, handOver } = useCases(ports).deliveries;
  const claimed = await claimDeliveries.execute(operator, { limit: 100 });
  return Promise.all(claimed.map((owed) => handOver.execute(operator, owed)));
}

/** Delivers all that is due on these ports. */
const deliver = (ports: Ports, limit?: number) => deliverAll(useCases(ports), limit);

const outcomes = (delivered: Delivered[]) => delivered.map(({ outcome }) => outcome);
const by = (ports: Ports, send: Outlet['send']): Ports => ({
  ...ports,
  channels: { mail: { send } },
});

describe('a mail', () => {
  test('is sent once', async () => {
    const { w, owner, sent } = await anOwedMail();
    expect(await deliver(w)).toEqual([
      {
        id: sent[0]?.id,
        kind: 'update_password',
        attempt: 1,
        outcome: 'sent',
        reason: null,
        detail: null,
      },
    ]);
    for (const later of [0, LEASE_MS, AN_HOUR_MS]) {
      w.clock.set(START + later);
      expect(await deliver(w)).toEqual([]);
    }
    expect(sent.map(({ to }) => to)).toEqual([owner.user.email]);
  });

  test('is not owed before there is a change', async () => {
    const w = world();
    const owner = await w.addOwner();
    await w.logIn(owner);
    expect(await deliver(w)).toEqual([]);
  });

  test('does not wait for a time that the clock went back from', async () => {
    const { w } = await anOwedMail();
    w.channels.mail.failNext(forNow());
    expect(outcomes(await deliver(w))).toEqual(['put off']);
    w.clock.set(START - 3 * 24 * AN_HOUR_MS);
    expect(outcomes(await deliver(w))).toEqual(['sent']);
  });

  test('waits as long as it should where the clock goes back a little', async () => {
    const { w } = await anOwedMail();
    w.channels.mail.failNext(forNow());
    await deliver(w);
    w.clock.set(START - AN_HOUR_MS);
    expect(await deliver(w)).toEqual([]);
  });

  test('is sent again after a crash before the mark, with the id and the link that it had', async () => {
    const { w, owner, sent } = await anOwedMail();
    // A crash is a mark that never comes.
    await handOver(w);
    expect(sent).toHaveLength(1);

    w.clock.set(START + LEASE_MS - 1);
    expect(await deliver(w)).toEqual([]);
    w.clock.set(START + LEASE_MS);
    expect(await deliver(w)).toMatchObject([{ outcome: 'sent', attempt: 2 }]);
    const [first, second, ...more] = sent;
    expect(more).toEqual([]);
    expect(second).toEqual(first);

    const token = tokenIn(second!.link);
    const { lockAccount } = w.useCases.recovery;
    await lockAccount.execute(asService(owner.service), { token });
    expect(await w.credentialOf(owner.user)).toMatchObject({ passwordHash: null });
  });

  test('can be marked later where the database does not answer, and is not sent twice', async () => {
    const { w, sent } = await anOwedMail();
    const handed = await handOver(w);
    const transact = async () => {
      throw new Unavailable(1);
    };
    const away = useCases({ ...w, database: { ...w.database, transact } });
    const end = await endOf(away.deliveries.markDeliveries.execute(operator, handed));
    expect(end).toBeInstanceOf(Unavailable);

    const marked = await w.useCases.deliveries.markDeliveries.execute(operator, handed);
    expect(marked).toMatchObject([{ outcome: 'sent', attempt: 1 }]);
    w.clock.set(START + LEASE_MS);
    expect(await deliver(w)).toEqual([]);
    expect(sent).toHaveLength(1);
  });

  test('is tried again after 1 s, then after twice as long each time, up to an hour', async () => {
    const { w, sent } = await anOwedMail();
    const waits: number[] = [];
    let now = START;
    for (let attempt = 1; attempt <= 15; attempt += 1) {
      w.channels.mail.failNext(forNow());
      expect(await deliver(w)).toMatchObject([{ outcome: 'put off', attempt, reason: '451 busy' }]);
      const wait = Math.min(2 ** (attempt - 1), 3600) * 1000;
      waits.push(wait);
      w.clock.set(now + wait - 1);
      expect(await deliver(w)).toEqual([]);
      now += wait;
      w.clock.set(now);
    }
    expect(waits.slice(0, 4)).toEqual([1000, 2000, 4000, 8000]);
    expect(waits.at(-1)).toBe(AN_HOUR_MS);
    expect(outcomes(await deliver(w))).toEqual(['sent']);
    expect(sent).toHaveLength(1);
  });

  test('waits from the end of an attempt', async () => {
    const { w } = await anOwedMail();
    const slow = by(w, async () => {
      w.clock.set(START + 30_000);
      throw forNow();
    });
    expect(outcomes(await deliver(slow))).toEqual(['put off']);
    w.clock.set(START + 30_999);
    expect(await deliver(w)).toEqual([]);
    w.clock.set(START + 31_000);
    expect(outcomes(await deliver(w))).toEqual(['sent']);
  });

  test('is dead once its link would have expired at the next attempt', async () => {
    const { w, sent } = await anOwedMail();
    w.clock.set(EXPIRY - 1001);
    w.channels.mail.failNext(forNow());
    expect(outcomes(await deliver(w))).toEqual(['put off']);
    w.clock.set(EXPIRY - 1);
    w.channels.mail.failNext(forNow());
    expect(await deliver(w)).toMatchObject([{ outcome: 'dead', reason: '451 busy' }]);
    w.clock.set(EXPIRY + AN_HOUR_MS);
    expect(await deliver(w)).toEqual([]);
    expect(sent).toEqual([]);
  });

  test('is not sent with a link that has expired', async () => {
    const { w, sent } = await anOwedMail();
    w.clock.set(EXPIRY);
    expect(await deliver(w)).toMatchObject([{ outcome: 'dead', reason: 'the link has expired' }]);
    expect(sent).toEqual([]);
    expect(await deliver(w)).toEqual([]);
  });

  test('is sent until the last moment of its link', async () => {
    const { w } = await anOwedMail();
    w.clock.set(EXPIRY - 1);
    expect(outcomes(await deliver(w))).toEqual(['sent']);
  });

  test('that is refused for good is dead at once', async () => {
    const { w } = await anOwedMail();
    w.channels.mail.failNext(forGood());
    expect(await deliver(w)).toMatchObject([
      { outcome: 'dead', attempt: 1, reason: '550 no such mailbox' },
    ]);
    w.clock.set(START + LEASE_MS);
    expect(await deliver(w)).toEqual([]);
  });

  test('that runs into a bug is tried again, and the words of the bug are not kept', async () => {
    const { w } = await anOwedMail();
    w.channels.mail.failNext(new TypeError('s3cret'));
    expect(await deliver(w)).toMatchObject([{ outcome: 'put off', reason: 'unexpected error' }]);
    expect(JSON.stringify(w.database.snapshot())).not.toContain('s3cret');
    w.clock.set(START + 1000);
    expect(outcomes(await deliver(w))).toEqual(['sent']);
  });

  test('tells the log the error behind a failure, but neither the recipient nor the link', async () => {
    const { w, owner } = await anOwedMail();
    const { email } = owner.user;
    const failures: ((said: string) => Error)[] = [
      (said) => new TypeError(said),
      (said) => new TypeError('a bug', { cause: new Error(said) }),
      (said) => new DeliveryFailure('EACCES', false, { cause: new Error(said) }),
    ];
    for (const [hour, failure] of failures.entries()) {
      let link = '';
      const failing = by(w, async (notice) => {
        link = notice.link;
        throw failure(`no way to ${email} with ${link} or ${tokenIn(link)}`);
      });
      w.clock.set(START + hour * AN_HOUR_MS);
      const [delivered] = await deliver(failing);
      expect(delivered?.detail).toContain(
        'Error: no way to [left out] with [left out] or [left out]',
      );
      for (const unsaid of [email, link, tokenIn(link)]) {
        expect(unsaid).not.toBe('');
        expect(JSON.stringify(delivered)).not.toContain(unsaid);
      }
    }
  });

  test('that an outlet throws no error for is tried again', async () => {
    const { w } = await anOwedMail();
    const failing = by(w, () => Promise.reject('s3cret'));
    expect(await deliver(failing)).toMatchObject([
      { outcome: 'put off', reason: 'unexpected error', detail: 'thrown: string' },
    ]);
  });

  test('whose secret is gone waits for it', async () => {
    const { w } = await anOwedMail();
    const linkTokens = {
      ...w.linkTokens,
      make: () => {
        throw new Error('the secret is gone');
      },
    };
    expect(outcomes(await deliver({ ...w, linkTokens }))).toEqual(['put off']);
    w.clock.set(START + 1000);
    expect(outcomes(await deliver(w))).toEqual(['sent']);
  });

  test('goes to the address that the user had when the change was made, in the language of then', async () => {
    const { w, owner, sent } = await anOwedMail();
    w.database.tamper(({ users }) => {
      const row = users.get(owner.user.id)!;
      const user = {
        ...row.user,
        email: 'moved@example.com',
        locale: 'de',
        timezone: 'Asia/Tokyo',
      };
      users.put(user.id, { ...row, user });
    });
    await deliver(w);
    const { email, locale, timezone } = owner.user;
    expect(sent).toMatchObject([{ to: email, locale, timezone }]);
    expect(new URL(sent[0]!.link).searchParams.get('email')).toBe(email);
  });

  test('about an account of the built-in service calls the service by the name that people know', async () => {
    const w = world();
    const service = await w.addService({ id: formServiceId, name: formServiceName });
    await w.changeAndReadMail(await w.addOwner({}, { service }));
    const [notice] = w.channels.mail.sent;
    expect(notice?.service).toEqual({ name: settings.brandName, emailText: null });
  });
});

describe('many mails', () => {
  async function owedMails(count: number) {
    const w = world();
    const owners: Owner[] = [];
    for (let i = 0; i < count; i += 1) {
      const owner = await w.addOwner();
      w.clock.set(START + i);
      await w.useCases.passwords.updatePassword.execute(asService(owner.service), w.change(owner));
      owners.push(owner);
    }
    return { w, addresses: owners.map(({ user }) => user.email), sent: w.channels.mail.sent };
  }
  const addressesOf = (notices: Notice[]) => notices.map(({ to }) => to).sort();

  test('to one domain are claimed up to its share of the lanes, the longest due first', async () => {
    const { w, addresses } = await owedMails(4);
    const claim = () => w.useCases.deliveries.claimDeliveries.execute(operator, { limit: 4 });
    const claimed = [await claim(), await claim(), await claim()];
    expect(claimed.map((owed) => owed.map(({ delivery }) => delivery.to).sort())).toEqual([
      addresses.slice(0, 2).sort(),
      addresses.slice(2).sort(),
      [],
    ]);
  });

  test('are handed over each for itself, whether others hang or fail', async () => {
    const { w, addresses, sent } = await owedMails(4);
    const [hanging, poison, ...fine] = addresses;
    const ports = by(w, async (notice) => {
      if (notice.to === hanging) return new Promise<void>(() => undefined);
      if (notice.to === poison) throw new TypeError('poison');
      return w.channels.mail.send(notice);
    });
    const { claimDeliveries, handOver, markDeliveries } = useCases(ports).deliveries;
    const claimed = await claimDeliveries.execute(operator, { limit: 10 });
    const handing = claimed.map((owed) => handOver.execute(operator, owed));
    const stuck = claimed.findIndex(({ delivery }) => delivery.to === hanging);
    const handed = await Promise.all(handing.filter((_, index) => index !== stuck));
    const marked = await markDeliveries.execute(operator, handed);
    expect(outcomes(marked).sort()).toEqual(['put off', 'sent', 'sent']);
    expect(addressesOf(sent)).toEqual(fine.sort());
  });

  test('are marked in one transaction, all of them or none', async () => {
    const { w } = await owedMails(3);
    w.channels.mail.failNext(forNow(), forGood());
    const handed = await handOver(w);
    const before = w.database.snapshot();
    const mark = (database: Database) =>
      useCases({ ...w, database }).deliveries.markDeliveries.execute(operator, handed);
    // Three marks, two entries in the audit, and the commit.
    for (let n = 1; n <= 3 + 2 + 1; n += 1) {
      expect(await endOf(mark(failingAt(w.database, n)))).toBe(planted);
      expect(w.database.snapshot()).toEqual(before);
    }
    const { database, done } = recording(w.database);
    expect(outcomes(await mark(database))).toEqual(['put off', 'dead', 'sent']);
    expect(done).toHaveLength(3 + 2);
  });

  test('that were marked in a group are recorded one by one, where they are sent or dead', async () => {
    const { w } = await owedMails(3);
    w.channels.mail.failNext(forNow(), forGood());
    const [putOff, dead, sent] = await handOver(w);
    const handed = [putOff!, dead!, sent!];
    await w.useCases.deliveries.markDeliveries.execute(operator, handed);
    const recorded = await Promise.all(
      handed.map(async ({ owed: { delivery } }) => {
        const entries = await w.database.read(({ audit }) =>
          audit.follow(delivery.serviceId, 0, 10),
        );
        return entries
          .filter(({ subjectId }) => subjectId === delivery.id)
          .map(({ type, outcome }) => `${type} ${outcome}`);
      }),
    );
    expect(recorded).toEqual([[], ['rekey:MailSend failure'], ['rekey:MailSend success']]);
  });

  test('are each sent by one of many servers', async () => {
    const { w, addresses, sent } = await owedMails(8);
    const rounds = await Promise.all(Array.from({ length: 8 }, () => deliver(w, 3)));
    expect(outcomes(rounds.flat())).toEqual(Array.from({ length: 8 }, () => 'sent'));
    expect(addressesOf(sent)).toEqual(addresses.sort());
  });

  test('that are none are marked as none', async () => {
    const w = world();
    expect(await w.useCases.deliveries.markDeliveries.execute(operator, [])).toEqual([]);
  });
});

describe('a server that lost its lease', () => {
  test.each([
    ['the mail was accepted', null],
    ['the mail was refused for now', forNow()],
    ['the mail was refused for good', forGood()],
  ])('changes nothing: %s', async (_what, failure) => {
    const { w } = await anOwedMail();
    const late = by(w, async () => {
      // While this one stands still, another server takes the mail over and is refused for now.
      w.clock.set(START + LEASE_MS);
      w.channels.mail.failNext(forNow());
      expect(outcomes(await deliver(w))).toEqual(['put off']);
      if (failure) throw failure;
    });
    expect(outcomes(await deliver(late))).toEqual(['lost claim']);
    w.clock.set(START + LEASE_MS + 2000);
    expect(await deliver(w)).toMatchObject([{ outcome: 'sent', attempt: 3 }]);
  });

  test('still marks what it did not lose', async () => {
    const { w, owner } = await anOwedMail();
    const lost = await handOver(w);
    w.clock.set(START + LEASE_MS);
    await handOver(w);
    await w.useCases.passwords.updatePassword.execute(
      asService(owner.service),
      w.change(owner, { password: 'battery staple', newPassword: 'yet another' }),
    );
    const own = await handOver(w);
    const { markDeliveries } = w.useCases.deliveries;
    const marked = await markDeliveries.execute(operator, [...lost, ...own]);
    expect(outcomes(marked)).toEqual(['lost claim', 'sent']);
  });
});

test('nobody but the server claims, hands over, marks and counts deliveries', async () => {
  const { w, owner, sent } = await anOwedMail();
  const { claimDeliveries, handOver, markDeliveries, countDeliveries } = w.useCases.deliveries;
  const [owed] = await claimDeliveries.execute(operator, { limit: 1 });
  const before = w.database.snapshot();
  for (const actor of [asService(owner.service), root, nobody]) {
    for (const run of [
      () => claimDeliveries.execute(actor, { limit: 1 }),
      () => handOver.execute(actor, owed!),
      () => markDeliveries.execute(actor, [{ owed: owed!, failure: null }]),
      () => countDeliveries.execute(actor),
    ]) {
      expect(await endOf(run())).toBeInstanceOf(Unauthorized);
    }
  }
  expect(w.database.snapshot()).toEqual(before);
  expect(sent).toEqual([]);
});

test('the backlog is counted', async () => {
  const { w } = await anOwedMail();
  const count = () => w.useCases.deliveries.countDeliveries.execute(operator);
  const waiting = { waiting: 1, dead: 0, oldestAt: START, firstDueAt: START };
  expect(await count()).toEqual(waiting);
  w.channels.mail.failNext(forGood());
  await deliver(w);
  expect(await count()).toEqual({ waiting: 0, dead: 1, oldestAt: null, firstDueAt: null });
});
