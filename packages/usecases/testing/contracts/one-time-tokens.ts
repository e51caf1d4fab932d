import { type Id, type OneTimeToken, type Purpose, purposes } from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import type { Claim, Stores } from '../../src/ports/index.ts';
import { aDelivery, anId, aOneTimeToken, START } from '../fixtures.ts';
import { type Opened, wins } from './opened.ts';

export function oneTimeTokensContract({ write, read, race, seed, seedToken }: Opened): void {
  const insert = (...tokens: OneTimeToken<Id | null>[]) =>
    write(async ({ oneTimeTokens }) => {
      for (const token of tokens) await oneTimeTokens.insert(token);
    });
  const findGood = (id: Id, now = START) =>
    read(({ oneTimeTokens }) => oneTimeTokens.findGood(id, now));
  const use = (id: Id, now = START) => write(({ oneTimeTokens }) => oneTimeTokens.use(id, now));
  const spend = (id: Id, now = START) => write(({ oneTimeTokens }) => oneTimeTokens.spend(id, now));

  describe('one-time tokens', () => {
    test('come back as they went in', async () => {
      const { service, user, token } = await seedToken();
      expect(await findGood(token.id)).toEqual(token);
      const bare = aOneTimeToken({
        userId: user.id,
        serviceId: service.id,
        origin: { address: '2001:db8::1', client: null },
      });
      const odd = aOneTimeToken({
        ...bare,
        id: anId(),
        origin: { address: '::1', client: '🦉"\\' },
      });
      await insert(bare, odd);
      expect(await findGood(bare.id)).toEqual(bare);
      expect(await findGood(odd.id)).toEqual(odd);
    });

    test.each(purposes)('come back and are spent, whatever they are for: %s', async (purpose) => {
      const { token } = await seedToken({ purpose });
      expect(await findGood(token.id)).toEqual(token);
      expect(await spend(token.id)).toEqual(token);
    });

    test('come back with all that they say', async () => {
      const { service, user } = await seed();
      const of = { userId: user.id, serviceId: service.id };
      const grant = aOneTimeToken({ ...of, purpose: 'reset_password', version: 3 });
      const details = { newEmail: 'new@example.com' };
      const moved = aOneTimeToken({ ...of, purpose: 'update_email', details });
      await insert(grant, moved);
      expect(await findGood(grant.id)).toEqual(grant);
      expect(await findGood(moved.id)).toEqual(moved);
    });

    test('of a registration have no user, and are used once', async () => {
      const { service } = await seed();
      const email = `${anId()}@example.com`;
      const details = { name: 'Ada', locale: 'en', timezone: 'Etc/UTC' };
      const of = { ...aOneTimeToken({ userId: anId(), serviceId: service.id }), userId: null };
      const [first, second] = [1, 2].map(
        () => ({ ...of, id: anId(), purpose: 'register', email, details }) as const,
      );
      const isOfDeleted = () =>
        read(({ oneTimeTokens }) => oneTimeTokens.isOfDeleted(first!.id, START));
      await insert(first!, second!);
      expect(await findGood(first!.id)).toEqual(first);
      expect(await isOfDeleted()).toBe(false);
      expect(await spend(first!.id)).toBeNull();
      expect(await use(first!.id)).toEqual(first);
      expect(await use(first!.id)).toBeNull();
      expect(await isOfDeleted()).toBe(false);
      expect(await findGood(second!.id)).toEqual(second);
      await write(({ oneTimeTokens }) => oneTimeTokens.endRegistrations(email, START));
      expect(await findGood(second!.id)).toBeNull();
    });

    test('are used alone, once and in time', async () => {
      const { service, user } = await seed();
      const of = { userId: user.id, serviceId: service.id, email: user.email };
      const grant = aOneTimeToken({ ...of, purpose: 'reset_password', expiresAt: START + 10 });
      const other = aOneTimeToken(of);
      await insert(grant, other);
      expect(await use(grant.id, START + 10)).toBeNull();
      expect(await use(grant.id, START + 9)).toEqual(grant);
      expect(await use(grant.id, START + 9)).toBeNull();
      expect(await findGood(other.id)).toEqual(other);
    });

    test('of a user end together by what they are for, and nobody else’s', async () => {
      const { service, user } = await seed();
      const { user: stranger } = await seed();
      const of = { userId: user.id, serviceId: service.id, purpose: 'reset_password' } as const;
      const mine = aOneTimeToken(of);
      const kept = [aOneTimeToken({ ...of, purpose: 'invite' })];
      kept.push(aOneTimeToken({ ...of, userId: stranger.id }));
      await insert(mine, ...kept);
      await write(({ oneTimeTokens }) =>
        oneTimeTokens.endAll(user.id, ['reset_password', 'recover'], START),
      );
      expect(await findGood(mine.id)).toBeNull();
      for (const token of kept) expect(await findGood(token.id)).toEqual(token);
    });

    test('of a user are good for a purpose until they are spent or expire', async () => {
      const { user, token } = await seedToken({ expiresAt: START + 10 });
      const haveGood = (purposes: Purpose[], now: number) =>
        read(({ oneTimeTokens }) => oneTimeTokens.haveGood(user.id, purposes, now));
      expect(await haveGood(['update_email', 'update_password'], START + 9)).toBe(true);
      expect(await haveGood(['update_password'], START + 10)).toBe(false);
      expect(await haveGood(['update_email'], START)).toBe(false);
      await use(token.id);
      expect(await haveGood(['update_password'], START)).toBe(false);
    });

    test('that are spent are found as long as they would be good', async () => {
      const { token } = await seedToken({ expiresAt: START + 1000 });
      const findSpent = (now: number) =>
        read(({ oneTimeTokens }) => oneTimeTokens.findSpent(token.id, now));
      expect(await findSpent(START)).toBeNull();
      await spend(token.id, START + 3);
      expect(await findSpent(START + 999)).toEqual({ token, spentAt: START + 3 });
      expect(await findSpent(START + 1000)).toBeNull();
    });

    test('of a user end that were mailed to any other address', async () => {
      const { service, user } = await seed();
      const { token: foreign } = await seedToken();
      const of = { userId: user.id, serviceId: service.id };
      const own = aOneTimeToken({ ...of, email: 'one@example.com' });
      const elsewhere = aOneTimeToken({ ...of, email: 'two@example.com' });
      await insert(own, elsewhere);
      await write(({ oneTimeTokens }) =>
        oneTimeTokens.endElsewhere(user.id, 'one@example.com', START),
      );
      expect(await findGood(own.id)).toEqual(own);
      expect(await findGood(elsewhere.id)).toBeNull();
      expect(await findGood(foreign.id)).toEqual(foreign);
    });

    test('about a change of address reserve the old one for its owner, while they are good', async () => {
      const { service, user } = await seed();
      const { user: stranger } = await seed();
      const email = `${anId()}@example.com`;
      const of = { userId: user.id, serviceId: service.id, email, expiresAt: START + 10 };
      const isReserved = (now = START, exceptFor?: Id) =>
        read(({ oneTimeTokens }) => oneTimeTokens.isReserved(email, now, exceptFor));
      await insert(aOneTimeToken(of));
      expect(await isReserved()).toBe(false);
      const token = aOneTimeToken({ ...of, purpose: 'update_email' });
      await insert(token);
      expect(await isReserved()).toBe(true);
      expect(await isReserved(START, stranger.id)).toBe(true);
      expect(await isReserved(START, user.id)).toBe(false);
      expect(await isReserved(START + 9)).toBe(true);
      expect(await isReserved(START + 10)).toBe(false);
      const owner = () => read(({ oneTimeTokens }) => oneTimeTokens.reservedFor(email, START));
      expect(await owner()).toBe(user.id);
      await spend(token.id);
      expect(await isReserved()).toBe(false);
      expect(await owner()).toBeNull();
    });

    test('need not be good for an address that the way back of a locked account leads to', async () => {
      const { service, user } = await seed();
      const { user: stranger } = await seed();
      const email = `${anId()}@example.com`;
      const isReserved = (exceptFor?: Id) =>
        read(({ oneTimeTokens }) => oneTimeTokens.isReserved(email, START, exceptFor));
      await write(({ users }) =>
        users.lockOut(user.id, START, { serviceId: service.id, recoverTo: email }),
      );
      expect(await isReserved()).toBe(true);
      expect(await isReserved(stranger.id)).toBe(true);
      expect(await isReserved(user.id)).toBe(false);
      const owner = await read(({ oneTimeTokens }) => oneTimeTokens.reservedFor(email, START));
      expect(owner).toBe(user.id);
      const to = { passwordHash: 'hash', email: user.email, now: START };
      await write(({ users }) => users.unlock(user.id, 2, to));
      expect(await isReserved()).toBe(false);
    });

    test('of a user are found by what they are for, the earliest since an instant', async () => {
      const { service, user } = await seed();
      const of = { userId: user.id, serviceId: service.id };
      const made = [START + 5, START + 9, START + 7].map((createdAt) =>
        aOneTimeToken({ ...of, createdAt }),
      );
      const other = aOneTimeToken({ ...of, createdAt: START + 1, purpose: 'reset_password' });
      await insert(...made, other);
      const earliest = (after: number) =>
        read(({ oneTimeTokens }) =>
          oneTimeTokens.earliest(user.id, ['update_password', 'new_device'], after),
        );
      await write(({ oneTimeTokens }) => oneTimeTokens.use(made[0]!.id, START));
      expect(await earliest(START)).toEqual(made[0]);
      expect(await earliest(START + 5)).toEqual(made[2]);
      expect(await earliest(START + 9)).toBeNull();
    });

    test('are spent once, and not when unknown', async () => {
      const { token } = await seedToken();
      expect(await spend(token.id)).toEqual(token);
      expect(await spend(token.id)).toBeNull();
      expect(await spend(anId())).toBeNull();
    });

    test('can be spent until they expire, and not at that instant', async () => {
      const { token: early } = await seedToken({ expiresAt: START + 1000 });
      const { token: late } = await seedToken({ expiresAt: START + 1000 });
      expect(await spend(early.id, START + 999)).toEqual(early);
      expect(await spend(late.id, START + 1000)).toBeNull();
    });

    test('are found as good as long as they can be spent', async () => {
      const { token } = await seedToken({ expiresAt: START + 1000 });
      expect(await findGood(token.id, START + 999)).toEqual(token);
      expect(await findGood(token.id, START + 1000)).toBeNull();
      expect(await findGood(anId())).toBeNull();
      await spend(token.id);
      expect(await findGood(token.id)).toBeNull();
    });

    test('of a user are counted by purpose from the latest back, and nobody else’s', async () => {
      const { service, user } = await seed();
      const { user: stranger } = await seed();
      const of = { userId: user.id, serviceId: service.id };
      await insert(
        aOneTimeToken({ ...of, createdAt: START + 5 }),
        aOneTimeToken({ ...of, createdAt: START + 9 }),
        aOneTimeToken({ ...of, createdAt: START + 7, expiresAt: START }),
        aOneTimeToken({ ...of, createdAt: START + 6, purpose: 'factor_change' }),
        aOneTimeToken({ ...of, userId: stranger.id, createdAt: START + 8 }),
      );
      const nth = (purpose: OneTimeToken['purpose'], n: number) =>
        read(({ oneTimeTokens }) => oneTimeTokens.nthLatest(user.id, purpose, n));
      const changes = [1, 2, 3, 4].map((n) => nth('update_password', n));
      expect(await Promise.all(changes)).toEqual([START + 9, START + 7, START + 5, null]);
      expect(await nth('factor_change', 1)).toBe(START + 6);
      expect(await nth('factor_change', 2)).toBeNull();
    });

    test('of sixteen that race to spend one, one wins', async () => {
      const { token } = await seedToken();
      const answers = await race(16, ({ oneTimeTokens }) => oneTimeTokens.spend(token.id, START));
      expect(wins(answers.map((answer) => answer !== null))).toBe(1);
    });

    test('are unspent again when the transaction that spent them fails', async () => {
      const { token } = await seedToken();
      const failing = write(async ({ oneTimeTokens }) => {
        await oneTimeTokens.spend(token.id, START);
        throw new Error('planted');
      });
      await expect(failing).rejects.toThrow('planted');
      expect(await spend(token.id)).toEqual(token);
    });
  });

  describe('a one-time token that is spent', () => {
    /** The rights of one user, each a second after the one before. */
    const seedRights = async (...addresses: string[]) => {
      const { service, user } = await seed();
      const rights = addresses.map((email, index) =>
        aOneTimeToken({
          userId: user.id,
          serviceId: service.id,
          email,
          createdAt: START + 1000 * index,
          purpose: index % 2 === 0 ? 'update_password' : 'factor_change',
        }),
      );
      await insert(...rights);
      return rights as [OneTimeToken, ...OneTimeToken[]];
    };
    const goodOf = async (rights: OneTimeToken[]) => {
      const found = await Promise.all(rights.map(({ id }) => findGood(id)));
      return found.map((right) => right !== null);
    };

    test('spends all rights that were mailed to its address, before and after, for whatever purpose', async () => {
      const rights = await seedRights('one@example.com', 'one@example.com', 'one@example.com');
      expect(await spend(rights[1]!.id)).toEqual(rights[1]);
      expect(await goodOf(rights)).toEqual([false, false, false]);
    });

    test('spends a right that was mailed to another address later', async () => {
      const rights = await seedRights('one@example.com', 'two@example.com');
      expect(await spend(rights[0].id)).toEqual(rights[0]);
      expect(await goodOf(rights)).toEqual([false, false]);
    });

    test('leaves a right good that was mailed to another address before', async () => {
      const rights = await seedRights('one@example.com', 'two@example.com', 'two@example.com');
      expect(await spend(rights[1]!.id)).toEqual(rights[1]);
      expect(await goodOf(rights)).toEqual([true, false, false]);
      expect(await spend(rights[0].id)).toEqual(rights[0]);
    });

    test('leaves a right good that was mailed to another address at that moment', async () => {
      // A change of the address tells both, and a thief has the new one.
      const [old] = await seedRights('one@example.com');
      const young = aOneTimeToken({ ...old, id: anId(), email: 'two@example.com' });
      await insert(young);
      expect(await spend(young.id)).toEqual(young);
      expect(await goodOf([old, young])).toEqual([true, false]);
    });

    test('spends no right of anybody else', async () => {
      const rights = await seedRights('one@example.com');
      const foreign = await seedRights('one@example.com', 'two@example.com');
      await spend(rights[0].id);
      expect(await goodOf(foreign)).toEqual([true, true]);
    });

    test('spends no other right where it cannot be spent itself', async () => {
      const { token, user } = await seedToken({ expiresAt: START - 1 });
      const good = aOneTimeToken({ userId: user.id, serviceId: token.serviceId });
      await insert(good);
      expect(await spend(token.id)).toBeNull();
      expect(await findGood(good.id)).toEqual(good);
    });

    test('is the only one that wins where two of one user are spent at once', async () => {
      const rights = await seedRights('one@example.com', 'one@example.com');
      const answers = await race(2, async ({ users, oneTimeTokens }, racer) => {
        const right = rights[racer]!;
        const spent = await oneTimeTokens.spend(right.id, START);
        await users.lockOut(right.userId, START);
        return spent !== null;
      });
      expect(wins(answers)).toBe(1);
    });
  });

  describe('one-time tokens are pruned', () => {
    // Long before the tokens of other tests.
    const past = START - 1e12;
    const prune = (limit: number) => write(({ oneTimeTokens }) => oneTimeTokens.prune(past, limit));
    const isKept = async ({ id }: OneTimeToken) => (await findGood(id, past - 2)) !== null;

    type Close = (stores: Stores, claim: Claim) => Promise<boolean>;
    const sent: Close = ({ deliveries }, claim) => deliveries.markSent(claim, past);
    const dead: Close = ({ deliveries }, claim) => deliveries.giveUp(claim, past, 'late');
    const waiting: Close = ({ deliveries }, claim) =>
      deliveries.putOff(claim, START + 2e12, 'busy');

    const addDelivery = async (token: OneTimeToken, close: Close) => {
      const delivery = aDelivery(token, { createdAt: past });
      await write(async (stores) => {
        await stores.deliveries.insert(delivery);
        const owed = await stores.deliveries.lease(
          [delivery.id],
          past,
          Number.MAX_SAFE_INTEGER,
          past,
        );
        expect(owed.map((each) => each.delivery.id)).toEqual([delivery.id]);
        await close(stores, { id: delivery.id, attempt: 1 });
      });
      return delivery;
    };
    /** An expired token with a delivery, which `close` closes or leaves waiting. */
    const seedExpired = async (close: Close, expiresAt = past - 1) => {
      const { token } = await seedToken({ expiresAt });
      return { token, delivery: await addDelivery(token, close) };
    };

    test('when they expired long ago and nothing is owed, with their deliveries', async () => {
      const gone = [await seedExpired(sent), await seedExpired(dead)];
      const { token: unmailed } = await seedToken({ expiresAt: past - 1 });
      expect(await prune(100)).toBe(5);
      for (const token of [...gone.map((each) => each.token), unmailed]) {
        expect(await isKept(token)).toBe(false);
      }
      for (const { delivery } of gone) {
        expect(await read(({ deliveries }) => deliveries.get(delivery.id))).toBeNull();
      }
    });

    test('never while a link is good, or a delivery waits', async () => {
      const kept = [
        await seedExpired(waiting),
        await seedExpired(sent, past),
        await seedExpired(sent, START + 1000),
      ];
      expect(await prune(100)).toBe(0);
      for (const { token } of kept) expect(await isKept(token)).toBe(true);
    });

    test('only with all of their deliveries', async () => {
      const { token } = await seedExpired(sent);
      await addDelivery(token, waiting);
      await prune(100);
      expect(await isKept(token)).toBe(true);
    });

    test('a few at a time', async () => {
      for (let i = 0; i < 3; i += 1) await seedExpired(sent);
      const counts: number[] = [];
      do counts.push(await prune(2));
      while (counts.at(-1) !== 0);
      expect(Math.max(...counts)).toBeLessThanOrEqual(4);
      expect(counts.reduce((total, count) => total + count)).toBe(6);
    });
  });
}
