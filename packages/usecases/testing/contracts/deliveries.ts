import type { Delivery, Id, OneTimeToken, User } from '@rekey/domain';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Claim, Database, Owed, Stores, Waiting } from '../../src/ports/index.ts';
import { aDelivery, anId, aOneTimeToken, START } from '../fixtures.ts';
import { type Opened, wins } from './opened.ts';

/** Later than any delivery is put off, so that none is due for that. */
const NEVER = Number.MAX_SAFE_INTEGER;
const LEASE_MS = 60_000;
const AN_HOUR_MS = 3_600_000;

export function deliveriesContract({ write, read, race, alone, seed, seedToken }: Opened): void {
  const transact: Database['transact'] = write;

  /** A delivery that is owed at an instant, with all that it is about. */
  async function seedOwed(
    createdAt = START,
    details: Partial<Delivery> = {},
    database?: Database,
  ): Promise<
    Pick<Owed, 'delivery' | 'service'> & { readonly token: OneTimeToken; readonly user: User }
  > {
    const { service, user, token } = await seedToken({ createdAt }, database);
    const delivery = aDelivery(token, details);
    await (database?.transact ?? transact)(({ deliveries }) => deliveries.insert(delivery));
    return { delivery, token, user, service };
  }
  /** The ids of all deliveries that are due by then. */
  const due = async ({ deliveries }: Stores, now: number): Promise<Id[]> => {
    const first = await deliveries.waiting('first', '', [], 1000);
    const repeated = await deliveries.waiting('repeated', '', [], 1000);
    return [...first, ...repeated].filter(({ dueAt }) => dueAt <= now).map(({ id }) => id);
  };
  /** Leases all that is due. */
  const claim = (now = START, until = now + LEASE_MS, database?: Database): Promise<Owed[]> =>
    (database?.transact ?? transact)(async (stores) => {
      return stores.deliveries.lease(await due(stores, now), now, NEVER, until);
    });
  const hasDue = async (now: number) => (await read((stores) => due(stores, now))).length > 0;
  const markSent = (claim: Claim, now = START) =>
    write(({ deliveries }) => deliveries.markSent(claim, now));
  const putOff = (claim: Claim, at: number, reason = 'SMTP 451') =>
    write(({ deliveries }) => deliveries.putOff(claim, at, reason));
  const giveUp = (claim: Claim, now = START) =>
    write(({ deliveries }) => deliveries.giveUp(claim, now, 'SMTP 550'));
  const idsOf = (owed: readonly { readonly delivery: Delivery }[]) =>
    new Set(owed.map(({ delivery }) => delivery.id));
  const first = ({ delivery }: { readonly delivery: Delivery }): Claim => ({
    id: delivery.id,
    attempt: 1,
  });

  describe('deliveries', () => {
    // Deliveries that other tests left are due to nobody.
    beforeEach(() =>
      write(async (stores) => {
        const all = await stores.deliveries.lease(await due(stores, NEVER), NEVER, NEVER, NEVER);
        for (const { delivery, attempt } of all) {
          await stores.deliveries.markSent({ id: delivery.id, attempt }, START);
        }
      }),
    );

    test('come back as they went in', async () => {
      const { delivery } = await seedOwed();
      expect(await read(({ deliveries }) => deliveries.get(delivery.id))).toEqual(delivery);
      expect(await read(({ deliveries }) => deliveries.get(anId()))).toBeNull();
    });

    test('are due at once, and claimed with all that it takes to make them', async () => {
      const { delivery, token, service } = await seedOwed();
      expect(await hasDue(START - 1)).toBe(false);
      expect(await claim(START - 1)).toEqual([]);
      expect(await hasDue(START)).toBe(true);
      expect(await claim(START)).toEqual([{ delivery, token, service, attempt: 1 }]);
    });

    test('tell of a second kind with its own token', async () => {
      const { service, token: other } = await seedToken();
      const token: OneTimeToken = {
        ...other,
        id: anId(),
        purpose: 'factor_change',
        email: 'earlier@example.com',
        origin: { address: '2001:db8::1', client: null },
      };
      const delivery = aDelivery(token, { deadline: START + 7 });
      await write(async ({ oneTimeTokens, deliveries }) => {
        await oneTimeTokens.insert(token);
        await deliveries.insert(delivery);
      });
      expect(delivery).toMatchObject({ kind: 'factor_change', to: 'earlier@example.com' });
      expect(await claim()).toEqual([{ delivery, attempt: 1, token, service }]);
    });

    test('to nobody are due at no time, in no list and no backlog, and pruned with their deadline', async () => {
      const { token } = await seedToken({ createdAt: START });
      const before = await read(({ deliveries }) => deliveries.backlog());
      const delivery = aDelivery(token, { userId: null, to: '', deadline: START });
      await write(({ deliveries }) => deliveries.insert(delivery, { isClosed: true }));
      expect(await claim(START)).toEqual([]);
      expect(await read(({ deliveries }) => deliveries.backlog())).toEqual(before);
      for (const state of [null, 'sent', 'waiting', 'dead'] as const) {
        const listed = await read(({ deliveries }) => deliveries.list(state, 1000));
        expect(listed.map(({ id }) => id)).not.toContain(delivery.id);
      }
      await write(({ deliveries }) => deliveries.pruneOrphans(START + 1, 1000));
      expect(await read(({ deliveries }) => deliveries.get(delivery.id))).toBeNull();
    });

    test('are claimed with their right, whether or not it is spent', async () => {
      const { token } = await seedOwed();
      await write(({ oneTimeTokens }) => oneTimeTokens.spend(token.id, START));
      expect(await claim()).toMatchObject([{ token }]);
    });

    test('of a user are listed with what became of their links, by id, from a place on', async () => {
      const { service, user, token } = await seedToken();
      const others = [aDelivery(token), aDelivery(token)];
      const delivery = aDelivery(token, { to: 'earlier@example.com' });
      await write(async ({ oneTimeTokens, deliveries }) => {
        for (const each of [delivery, ...others]) await deliveries.insert(each);
        await oneTimeTokens.spend(token.id, START + 3);
      });
      const all = [delivery, ...others].toSorted((a, b) => (a.id < b.id ? -1 : 1));
      const found = await read(({ deliveries }) => deliveries.ofUser(user.id, '', 10));
      expect(found.map(({ id }) => id)).toEqual(all.map(({ id }) => id));
      expect(found.find(({ id }) => id === delivery.id)).toEqual({
        id: delivery.id,
        createdAt: START,
        channel: 'mail',
        kind: 'update_password',
        to: 'earlier@example.com',
        deadline: delivery.deadline,
        state: 'waiting',
        attempts: 0,
        dueAt: START,
        closedAt: null,
        reason: null,
        serviceId: service.id,
        linkExpiresAt: token.expiresAt,
        linkSpentAt: START + 3,
      });
      const rest = await read(({ deliveries }) => deliveries.ofUser(user.id, all[0]!.id, 1));
      expect(rest.map(({ id }) => id)).toEqual([all[1]!.id]);
    });

    describe('of a user that is deleted', () => {
      /** A delivery whose user is deleted, and must be closed by the instant. */
      const seedOrphan = async (owedUntil = START + 500) => {
        const { delivery, token, user } = await seedOwed();
        await write(({ users }) => users.delete(user.id, START, owedUntil));
        const get = () => read(({ deliveries }) => deliveries.get(delivery.id));
        const isOfDeleted = (now = START) =>
          read(({ oneTimeTokens }) => oneTimeTokens.isOfDeleted(token.id, now));
        return { delivery, token, get, isOfDeleted };
      };

      test('wait on, until an instant at the latest, with all that the mail tells', async () => {
        const { delivery, token } = await seedOrphan();
        const { userId: _, ...right } = token;
        expect(await claim()).toMatchObject([
          { delivery: { ...delivery, userId: null, deadline: START + 500 }, token: right },
        ]);
      });

      test('wait on when they are put off', async () => {
        const { delivery, token, get } = await seedOrphan();
        await claim();
        expect(await putOff(first({ delivery }), START + 9)).toBe(true);
        expect(await get()).not.toBeNull();
        expect(await claim(START + 9)).toMatchObject([
          { attempt: 2, token: { email: token.email } },
        ]);
      });

      test('have the deadline that they had, if that comes before', async () => {
        const { delivery, get } = await seedOrphan(START + 1e12);
        expect(await get()).toEqual({ ...delivery, userId: null });
      });

      test('wait whoever else has a lane', async () => {
        const { delivery } = await seedOrphan();
        const waiting = await read(({ deliveries }) =>
          deliveries.waiting('first', '', [anId()], 1000),
        );
        expect(waiting).toMatchObject([{ id: delivery.id, userId: null }]);
      });

      const closings: [string, (claim: Claim) => Promise<boolean>][] = [
        ['sent', (claim) => markSent(claim)],
        ['given up', (claim) => giveUp(claim)],
      ];
      test.each(closings)(
        'are gone once they are %s, and their right tells nothing',
        async (_how, close) => {
          const { delivery, token, get, isOfDeleted } = await seedOrphan();
          await claim();
          expect(await close(first({ delivery }))).toBe(true);
          expect(await get()).toBeNull();
          expect(await isOfDeleted()).toBe(true);
          expect(await isOfDeleted(token.expiresAt)).toBe(false);
          expect(await close(first({ delivery }))).toBe(false);
        },
      );

      test('are pruned after their deadline, up to a limit', async () => {
        const orphans = [await seedOrphan(), await seedOrphan(), await seedOrphan()];
        const prune = (before: number, limit: number) =>
          write(({ deliveries }) => deliveries.pruneOrphans(before, limit));
        expect(await prune(START + 500, 10)).toBe(0);
        expect(await prune(START + 501, 2)).toBe(2);
        expect(await prune(START + 501, 2)).toBe(1);
        for (const { get, isOfDeleted } of orphans) {
          expect([await get(), await isOfDeleted()]).toEqual([null, true]);
        }
      });
    });

    describe('of a registration', () => {
      const seedRegistration = async () => {
        const { service, user } = await seed();
        const { userId: _, ...right } = aOneTimeToken({
          userId: '',
          serviceId: service.id,
          purpose: 'register',
          email: user.email,
          details: { name: 'Ada', locale: 'en', timezone: 'Etc/UTC' },
        });
        const token = { ...right, userId: null };
        const delivery = aDelivery(token, { kind: 'register_known', deadline: START + 500 });
        await write(async ({ oneTimeTokens, deliveries }) => {
          await oneTimeTokens.insert(token);
          await deliveries.insert(delivery);
        });
        const find = () =>
          read(async ({ oneTimeTokens, deliveries }) => ({
            token: await oneTimeTokens.findGood(token.id, START),
            delivery: await deliveries.get(delivery.id),
          }));
        return { user, token, delivery, find };
      };

      test('stay when they are sent, for the right is of nobody else yet', async () => {
        const { token, delivery, find } = await seedRegistration();
        expect(await claim()).toMatchObject([{ delivery }]);
        expect(await markSent(first({ delivery }))).toBe(true);
        expect(await find()).toEqual({ token, delivery });
      });

      test('are pruned after their deadline, and nothing is left of what was asked for', async () => {
        const { token, delivery, find } = await seedRegistration();
        const prune = (before: number) =>
          write(({ deliveries }) => deliveries.pruneOrphans(before, 10));
        await prune(START + 500);
        expect(await find()).toEqual({ token, delivery });
        expect(await prune(START + 501)).toBeGreaterThan(0);
        const nobody = { email: '', origin: { address: '', client: null }, details: null };
        expect(await find()).toEqual({ token: { ...token, ...nobody }, delivery: null });
      });

      test('end with the account that has the address, and nothing is left of them', async () => {
        const { user, find } = await seedRegistration();
        await write(({ users }) => users.delete(user.id, START, START + 500));
        expect(await find()).toEqual({ token: null, delivery: null });
      });
    });

    test('that were not committed are not owed', async () => {
      const { token } = await seedToken();
      const failing = write(async ({ deliveries }) => {
        await deliveries.insert(aDelivery(token));
        throw new Error('planted');
      });
      await expect(failing).rejects.toThrow('planted');
      expect(await hasDue(START)).toBe(false);
    });

    test('that are claimed are nobody else’s until their lease ends, then the next attempt’s', async () => {
      const { delivery } = await seedOwed();
      await claim();
      expect(await hasDue(START + LEASE_MS - 1)).toBe(false);
      expect(await claim(START + LEASE_MS - 1)).toEqual([]);
      expect(await hasDue(START + LEASE_MS)).toBe(true);
      expect(await claim(START + LEASE_MS)).toMatchObject([{ delivery, attempt: 2 }]);
    });

    test('wait in the order of the domains that they go to, and of when they are due there', async () => {
      const add = async (domain: string, createdAt: number) => {
        const to = `${anId()}@${domain}`;
        const { delivery, user } = await seedOwed(createdAt, { to });
        return { id: delivery.id, userId: user.id, domain, dueAt: createdAt };
      };
      const late = await add('a.example', START + 1);
      const early = await add('a.example', START);
      const other = await add('b.example', START - 1);
      const asFirst = [early, late, other].map((each) => ({ ...each, attempts: 'first' as const }));
      const waiting = (...args: Parameters<Stores['deliveries']['waiting']>) =>
        read(({ deliveries }) => deliveries.waiting(...args));

      expect(await waiting('first', '', [], 100)).toEqual(asFirst);
      expect(await waiting('first', '', [], 2)).toEqual(asFirst.slice(0, 2));
      expect(await waiting('first', 'a.example', [], 100)).toEqual(asFirst.slice(2));
      expect(await waiting('first', 'b.example', [], 100)).toEqual([]);
      const without = [early.userId, anId()];
      expect(await waiting('first', '', without, 100)).toEqual(asFirst.slice(1));
      expect(await waiting('repeated', '', [], 100)).toEqual([]);

      const ids = [late.id, other.id];
      const lease = { now: START + 1, until: START + LEASE_MS };
      await write(({ deliveries }) => deliveries.lease(ids, lease.now, NEVER, lease.until));
      expect(await waiting('first', '', [], 100)).toEqual(asFirst.slice(0, 1));
      expect(await waiting('repeated', '', [], 100)).toEqual(
        [late, other].map((each) => ({ ...each, attempts: 'repeated', dueAt: lease.until })),
      );
    });

    test('are leased only while they wait and are due, or stray', async () => {
      const lease = (id: Id, now = START, tooFar = NEVER) =>
        write(({ deliveries }) => deliveries.lease([id], now, tooFar, now + LEASE_MS));
      const { user: _, ...owed } = await seedOwed();
      const { id } = owed.delivery;
      expect(await lease(anId())).toEqual([]);
      expect(await write(({ deliveries }) => deliveries.lease([], START, NEVER, NEVER))).toEqual(
        [],
      );
      expect(await lease(id, START - 1)).toEqual([]);
      expect(await lease(id)).toEqual([{ ...owed, attempt: 1 }]);
      expect(await lease(id)).toEqual([]);
      expect(await lease(id, START + LEASE_MS - 1)).toEqual([]);
      expect(await lease(id, START, START + LEASE_MS)).toEqual([]);
      expect(await lease(id, START, START + LEASE_MS - 1)).toMatchObject([{ attempt: 2 }]);
      expect(await markSent({ id, attempt: 2 })).toBe(true);
      expect(await lease(id, NEVER)).toEqual([]);
    });

    test('that are put off or leased beyond what any clock does are stray, and no others', async () => {
      await alone(async (database) => {
        const add = () => seedOwed(START, {}, database);
        const [sent, near, leased, far] = [await add(), await add(), await add(), await add()];
        const tooFar = START + AN_HOUR_MS;
        await claim(START, START + LEASE_MS, database);
        await database.transact(async ({ deliveries }) => {
          await deliveries.markSent(first(sent), tooFar + 1);
          await deliveries.putOff(first(near), tooFar, 'reason');
          await deliveries.putOff(first(leased), START, 'reason');
          await deliveries.putOff(first(far), tooFar + 1, 'reason');
        });
        await claim(START, tooFar + 2, database);

        const stray = (beyond: number, limit = 100) =>
          database.read(({ deliveries }) => deliveries.stray(beyond, limit));
        const idsIn = (all: readonly Waiting[]) => all.map(({ id }) => id);
        expect(idsIn(await stray(tooFar))).toEqual([far.delivery.id, leased.delivery.id]);
        expect(idsIn(await stray(tooFar, 1))).toEqual([far.delivery.id]);
        expect(await stray(tooFar + 2)).toEqual([]);
      });
    });

    test('that many race for are each leased once', async () => {
      const all: Id[] = [];
      for (let i = 0; i < 8; i += 1) all.push((await seedOwed()).delivery.id);
      const leases = await race(16, ({ deliveries }, racer) => {
        const some = all.filter((_, index) => index % 3 !== racer % 3);
        return deliveries.lease(some, START, NEVER, START + LEASE_MS);
      });
      const leased = [...leases.flat(), ...(await claim())].map(({ delivery }) => delivery.id);
      expect(leased.sort()).toEqual(all.sort());
    });

    test('that were sent are never due again', async () => {
      const owed = await seedOwed();
      await claim();
      expect(await markSent(first(owed))).toBe(true);
      expect(await hasDue(START + AN_HOUR_MS)).toBe(false);
      expect(await claim(START + AN_HOUR_MS)).toEqual([]);
    });

    test('that are put off are due again then', async () => {
      const owed = await seedOwed();
      await claim();
      const at = START + 1000;
      expect(await putOff(first(owed), at)).toBe(true);
      expect(await hasDue(at - 1)).toBe(false);
      expect(await claim(at)).toMatchObject([{ delivery: owed.delivery, attempt: 2 }]);
    });

    test('that are dead are not due', async () => {
      const owed = await seedOwed();
      await claim();
      expect(await giveUp(first(owed))).toBe(true);
      expect(await hasDue(START + AN_HOUR_MS)).toBe(false);
    });

    test('cannot be closed by a claim that was lost', async () => {
      const owed = await seedOwed();
      await claim();
      await claim(START + LEASE_MS);
      expect(await markSent(first(owed))).toBe(false);
      expect(await putOff(first(owed), START)).toBe(false);
      expect(await giveUp(first(owed))).toBe(false);
      expect(await hasDue(START + LEASE_MS)).toBe(false);
      const again = await claim(START + 2 * LEASE_MS);
      expect(again).toMatchObject([{ delivery: owed.delivery, attempt: 3 }]);
    });

    test('cannot be closed twice, or where there are none', async () => {
      const owed = await seedOwed();
      await claim();
      await markSent(first(owed));
      for (const closed of [first(owed), { id: anId(), attempt: 1 }]) {
        expect(await markSent(closed)).toBe(false);
        expect(await giveUp(closed)).toBe(false);
        expect(await putOff(closed, START)).toBe(false);
      }
      expect(await hasDue(START)).toBe(false);
    });

    test('of many that race to close one claim one wins', async () => {
      const owed = await seedOwed();
      await claim();
      const answers = await race(16, ({ deliveries }) => deliveries.markSent(first(owed), START));
      expect(wins(answers)).toBe(1);
    });
  });

  describe('deliveries as an operator sees them', () => {
    const requeue = (id: Id, now: number) => write(({ deliveries }) => deliveries.requeue(id, now));

    /** A dead delivery, given up at an instant. */
    async function seedDead(details: Partial<Delivery> = {}, at = START, database?: Database) {
      const owed = await seedOwed(START, details, database);
      await claim(NEVER, NEVER, database);
      await (database?.transact ?? transact)(({ deliveries }) =>
        deliveries.giveUp(first(owed), at, 'SMTP 550'),
      );
      return owed.delivery;
    }

    test('name their recipient, their state and their last failure', async () => {
      const owed = await seedOwed();
      const { id, createdAt, channel, kind, to, deadline } = owed.delivery;
      const find = async () => {
        const all = await read(({ deliveries }) => deliveries.list(null, 1000));
        return all.find((each) => each.id === id);
      };
      const about = { id, createdAt, channel, kind, to, deadline };
      const rest = { state: 'waiting', attempts: 0, dueAt: START, closedAt: null, reason: null };
      const fresh = { ...about, ...rest };
      expect(await find()).toEqual(fresh);

      await claim();
      await putOff(first(owed), START + 1, 'SMTP 451');
      const late = { ...fresh, attempts: 1, dueAt: START + 1, reason: 'SMTP 451' };
      expect(await find()).toEqual(late);

      await claim(START + 1);
      await markSent({ id, attempt: 2 }, START + 2);
      const dueAt = START + 1 + LEASE_MS;
      const sent = { ...late, state: 'sent', attempts: 2, dueAt, closedAt: START + 2 };
      expect(await find()).toEqual(sent);
    });

    test('name the instant when they were given up, and the reason', async () => {
      const { id } = await seedDead({}, START + 3);
      const dead = await read(({ deliveries }) => deliveries.list('dead', 1000));
      expect(dead.find((each) => each.id === id)).toMatchObject({
        state: 'dead',
        closedAt: START + 3,
        reason: 'SMTP 550',
      });
    });

    test('are listed by state, those that were owed last first, up to the limit, and counted', async () => {
      await alone(async (database) => {
        const backlog = () => database.read(({ deliveries }) => deliveries.backlog());
        const none = { waiting: 0, dead: 0, oldestAt: null, firstDueAt: null };
        expect(await backlog()).toEqual(none);
        const all: Id[] = [];
        for (let i = 0; i < 6; i += 1) {
          all.push((await seedOwed(START + i, {}, database)).delivery.id);
        }
        const [sent, dead, ...waiting] = all;
        const lease = (id: Id, now: number) =>
          database.transact(({ deliveries }) =>
            deliveries.lease([id], now, NEVER, START + AN_HOUR_MS),
          );
        await lease(sent!, START);
        await lease(dead!, START + 1);
        await database.transact(async ({ deliveries }) => {
          await deliveries.markSent({ id: sent!, attempt: 1 }, START);
          await deliveries.giveUp({ id: dead!, attempt: 1 }, START, 'SMTP 550');
        });
        const ids = async (...args: Parameters<Stores['deliveries']['list']>) =>
          (await database.read(({ deliveries }) => deliveries.list(...args))).map(({ id }) => id);
        expect(await ids('sent', 10)).toEqual([sent]);
        expect(await ids('dead', 10)).toEqual([dead]);
        expect(await ids('waiting', 10)).toEqual(waiting.toReversed());
        expect(await ids('waiting', 3)).toEqual(waiting.toReversed().slice(0, 3));
        expect(await ids(null, 10)).toEqual(all.toReversed());

        const counted = { waiting: 4, dead: 1, oldestAt: START + 2, firstDueAt: START + 2 };
        expect(await backlog()).toEqual(counted);
        await lease(waiting[0]!, START + 2);
        expect(await backlog()).toEqual({ ...counted, firstDueAt: START + 3 });
      });
    });

    test('that are dead and requeued are due at once, and count their attempts on', async () => {
      const { id } = await seedDead();
      const at = START + AN_HOUR_MS;
      expect(await requeue(id, at)).toBe(true);
      expect(await hasDue(at - 1)).toBe(false);
      expect(await claim(at)).toMatchObject([{ delivery: { id }, attempt: 2 }]);
      expect(await requeue(id, at)).toBe(false);
    });

    test('are requeued only while they are dead and before their deadline', async () => {
      const owed = await seedOwed();
      expect(await requeue(owed.delivery.id, START)).toBe(false);
      await claim();
      await markSent(first(owed));
      expect(await requeue(owed.delivery.id, START)).toBe(false);
      expect(await requeue(anId(), START)).toBe(false);

      const deadline = START + 1000;
      const { id } = await seedDead({ deadline });
      expect(await requeue(id, deadline)).toBe(false);
      expect(await hasDue(deadline)).toBe(false);
      expect(await requeue(id, deadline - 1)).toBe(true);
      expect(idsOf(await claim(deadline))).toContain(id);
    });

    test('are redirected with their right, only while they are dead and before their deadline', async () => {
      const redirect = (id: Id, now: number) =>
        write(({ deliveries }) => deliveries.redirect(id, 'ada@example.net', now));
      const rightOf = ({ tokenId }: Delivery) =>
        read(({ oneTimeTokens }) => oneTimeTokens.findGood(tokenId, START));
      const deadline = START + 1000;
      const delivery = await seedDead({ deadline });
      const before = await rightOf(delivery);
      expect(await redirect(delivery.id, deadline)).toBe(false);
      expect(await redirect(anId(), START)).toBe(false);
      expect(await rightOf(delivery)).toEqual(before);

      expect(await redirect(delivery.id, START)).toBe(true);
      const found = await read(({ deliveries }) => deliveries.get(delivery.id));
      expect(found).toEqual({ ...delivery, to: 'ada@example.net' });
      expect(await rightOf(delivery)).toEqual({ ...before, email: 'ada@example.net' });
      expect(await redirect(delivery.id, START)).toBe(false);
      expect(idsOf(await claim(START))).toContain(delivery.id);
    });

    test('take a right along that counts as mailed then: it spends none that was mailed before, and is nowhere the earliest', async () => {
      const dead = await seedDead();
      const { userId } = dead;
      if (userId === null) throw new Error('a delivery of nobody');
      const made = await read(({ oneTimeTokens }) => oneTimeTokens.findGood(dead.tokenId, START));
      const purposes = ['update_email', made!.purpose] as const;
      const between = aOneTimeToken({
        id: anId(),
        purpose: 'update_email',
        userId,
        serviceId: dead.serviceId,
        email: 'ada@example.org',
        createdAt: START + 10,
        expiresAt: START + AN_HOUR_MS,
      });
      await write(({ oneTimeTokens }) => oneTimeTokens.insert(between));
      await write(({ deliveries }) => deliveries.redirect(dead.id, 'ada@example.net', START + 20));
      const earliest = await read(({ oneTimeTokens }) =>
        oneTimeTokens.earliest(userId, purposes, START - 1),
      );
      expect(earliest).toEqual(between);
      await write(({ oneTimeTokens }) => oneTimeTokens.spend(dead.tokenId, START + 30));
      const left = await read(({ oneTimeTokens }) =>
        oneTimeTokens.findGood(between.id, START + 30),
      );
      expect(left).toEqual(between);
    });

    test('are requeued a few at a time: those that were dead by then, and before their deadline', async () => {
      await alone(async (database) => {
        const at = START + AN_HOUR_MS;
        await seedDead({ deadline: at }, START, database);
        await seedDead({}, at + 1, database);
        const dead: Delivery[] = [];
        for (const deadAt of [START, at - 1, at]) dead.push(await seedDead({}, deadAt, database));
        const requeueDead = () =>
          database.transact(({ deliveries }) => deliveries.requeueDead(at, 2));
        const requeued = [await requeueDead(), await requeueDead(), await requeueDead()];
        expect(requeued.map((some) => some.length)).toEqual([2, 1, 0]);
        expect(requeued.flat()).toEqual(expect.arrayContaining(dead));
        expect(idsOf(await claim(at, NEVER, database))).toEqual(new Set(dead.map(({ id }) => id)));
      });
    });
  });
}
