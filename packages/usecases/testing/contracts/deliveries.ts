import type { Delivery, Id, OneTimeToken } from '@rekey/domain';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Claim, Database, Owed, Stores } from '../../src/ports/index.ts';
import { aDelivery, anId, START } from '../fixtures.ts';
import { type Opened, wins } from './opened.ts';

/** Later than any delivery is put off, so that none is due for that. */
const NEVER = Number.MAX_SAFE_INTEGER;
const LEASE_MS = 60_000;
const AN_HOUR_MS = 3_600_000;

export function deliveriesContract({ write, read, race, alone, seedToken }: Opened): void {
  const transact: Database['transact'] = write;

  /** A delivery that is owed at an instant, with all that it is about. */
  async function seedOwed(
    createdAt = START,
    details: Partial<Delivery> = {},
    database?: Database,
  ): Promise<Pick<Owed, 'delivery' | 'token' | 'user' | 'service'>> {
    const { service, user, token } = await seedToken({ createdAt }, database);
    const delivery = aDelivery(token, details);
    await (database?.transact ?? transact)(({ deliveries }) => deliveries.insert(delivery));
    return { delivery, token, user, service };
  }
  const claim = (now = START, limit = 100) =>
    write(({ deliveries }) => deliveries.claim(now, NEVER, now + LEASE_MS, limit));
  const hasDue = (now: number) => read(({ deliveries }) => deliveries.hasDue(now, NEVER));
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
    // Whatever other tests left is due to nobody.
    beforeEach(() =>
      write(async ({ deliveries }) => {
        for (const { delivery, attempt } of await deliveries.claim(NEVER, NEVER, NEVER, 1000)) {
          await deliveries.markSent({ id: delivery.id, attempt }, START);
        }
      }),
    );

    test('come back as they went in', async () => {
      const { delivery } = await seedOwed();
      expect(await read(({ deliveries }) => deliveries.get(delivery.id))).toEqual(delivery);
      expect(await read(({ deliveries }) => deliveries.get(anId()))).toBeNull();
    });

    test('are due at once, and claimed with all that it takes to make them', async () => {
      const owed = await seedOwed();
      expect(await hasDue(START - 1)).toBe(false);
      expect(await claim(START - 1)).toEqual([]);
      expect(await hasDue(START)).toBe(true);
      expect(await claim(START)).toEqual([{ ...owed, attempt: 1 }]);
    });

    test('tell of a second kind with its own token', async () => {
      const { service, user, token: other } = await seedToken();
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
      expect(await claim()).toEqual([{ delivery, attempt: 1, token, user, service }]);
    });

    test('are claimed with their user and token as they are by then', async () => {
      const { user, token } = await seedOwed();
      await write(async ({ users, oneTimeTokens }) => {
        await oneTimeTokens.spend(token.id, START);
        await users.lockOut(user.id, START + 1);
      });
      const [owed] = await claim();
      expect(owed).toMatchObject({ token, user: { id: user.id, isLocked: true } });
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

    test('that are put off or leased beyond what any clock does are due, and no others', async () => {
      await alone(async (database) => {
        const add = () => seedOwed(START, {}, database);
        const [sent, near, leased, far] = [await add(), await add(), await add(), await add()];
        const tooFar = START + AN_HOUR_MS;
        await database.transact(async ({ deliveries }) => {
          await deliveries.claim(START, NEVER, START + LEASE_MS, 100);
          await deliveries.markSent(first(sent), tooFar + 1);
          await deliveries.putOff(first(near), tooFar, 'reason');
          await deliveries.putOff(first(leased), START, 'reason');
          await deliveries.putOff(first(far), tooFar + 1, 'reason');
          await deliveries.claim(START, NEVER, tooFar + 1, 100);
        });

        const hasDue = (beyond: number) =>
          database.read(({ deliveries }) => deliveries.hasDue(START, beyond));
        expect(await hasDue(tooFar + 1)).toBe(false);
        expect(await hasDue(tooFar)).toBe(true);
        const claimed = await database.transact(({ deliveries }) =>
          deliveries.claim(START, tooFar, START + LEASE_MS, 100),
        );
        expect(idsOf(claimed)).toEqual(idsOf([leased, far]));
        expect(await hasDue(tooFar)).toBe(false);
      });
    });

    test('are claimed up to the limit, the longest due first', async () => {
      const late = await seedOwed(START);
      const early = await seedOwed(START - 1);
      const earliest = await seedOwed(START - 2);
      expect(idsOf(await claim(START, 2))).toEqual(idsOf([early, earliest]));
      expect(await claim()).toMatchObject([{ delivery: late.delivery, attempt: 1 }]);
    });

    test('that many race for are each claimed once', async () => {
      const all: Id[] = [];
      for (let i = 0; i < 8; i += 1) all.push((await seedOwed()).delivery.id);
      const claims = await race(16, ({ deliveries }) =>
        deliveries.claim(START, NEVER, START + LEASE_MS, 3),
      );
      const claimed = [...claims.flat(), ...(await claim())].map(({ delivery }) => delivery.id);
      expect(claimed.sort()).toEqual(all.sort());
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
      await (database?.transact ?? transact)(async ({ deliveries }) => {
        await deliveries.claim(NEVER, NEVER, NEVER, 1000);
        await deliveries.giveUp(first(owed), at, 'SMTP 550');
      });
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
        await database.transact(async ({ deliveries }) => {
          await deliveries.claim(START, NEVER, START + AN_HOUR_MS, 1);
          await deliveries.markSent({ id: sent!, attempt: 1 }, START);
          await deliveries.claim(START + 1, NEVER, START + AN_HOUR_MS, 1);
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
        await database.transact(({ deliveries }) =>
          deliveries.claim(START + 2, NEVER, START + AN_HOUR_MS, 1),
        );
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
        const due = await database.transact(({ deliveries }) =>
          deliveries.claim(at, NEVER, NEVER, 100),
        );
        expect(idsOf(due)).toEqual(new Set(dead.map(({ id }) => id)));
      });
    });
  });
}
