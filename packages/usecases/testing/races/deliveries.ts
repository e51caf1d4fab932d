import {
  domainOf,
  formServiceId,
  formServiceName,
  type Id,
  InvalidCredentials,
  operator,
  TooManyRequests,
} from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import { type Database, type Owed, useCases } from '../../src/index.ts';
import { aDelivery, anId, aOneTimeToken, START } from '../fixtures.ts';
import { asService, endOf, type Owner, type World } from '../world.ts';
import { RACERS, type Track, times } from './track.ts';

export function deliveriesRaces({ world, alone }: Track): void {
  describe('deliveries', () => {
    /** Owes a mail to each of many owners, of as many services. */
    const owe = async (count: number): Promise<Set<string>> => {
      const w = world();
      await w.deliver();
      const owners = await times(count, () => w.addOwner());
      for (const owner of owners) {
        const { updatePassword } = w.useCases.passwords;
        await updatePassword.execute(asService(owner.service), w.change(owner));
      }
      return new Set(owners.map(({ user }) => user.email));
    };

    test('that many servers make at once are each made once', async () => {
      const w = world();
      const owed = await owe(12);
      const { sent } = w.channels.mail;
      const before = sent.length;
      const delivered = (await times(8, () => w.deliver())).flat();
      expect(delivered.map(({ outcome }) => outcome)).toEqual(Array(12).fill('sent'));
      const addresses = sent.slice(before).map(({ to }) => to);
      expect(addresses).toHaveLength(12);
      expect(new Set(addresses)).toEqual(owed);
    });

    test('that are marked in groups at once are all marked, whatever services they are of', async () => {
      const w = world();
      await owe(8);
      const { claimDeliveries, handOver, markDeliveries } = w.useCases.deliveries;
      const claimed = await claimDeliveries.execute(operator, { limit: 16 });
      const handed = await Promise.all(claimed.map((owed) => handOver.execute(operator, owed)));
      // Forwards and backwards, so that two that lock one row after the other would wait for each other.
      const groups = [handed, handed.toReversed(), handed, handed.toReversed()];
      const marked = await Promise.all(
        groups.map((group) => markDeliveries.execute(operator, group)),
      );
      const outcomes = marked.flat().map(({ outcome }) => outcome);
      expect(outcomes.filter((outcome) => outcome === 'sent')).toHaveLength(8);
      expect(outcomes.filter((outcome) => outcome === 'lost claim')).toHaveLength(24);
    });
  });

  describe('mails to accounts that nobody vouches for', () => {
    test('are no more than the budget of their mailbox, of sixteen that are started at once', async () => {
      await alone(async (w) => {
        const form = await w.addService({ id: formServiceId, name: formServiceName });
        const owners = await times(RACERS, (n) =>
          w.addOwner({ email: `ada+${n}@example.com` }, { service: form }),
        );
        // A second wrong try at an account would have to wait.
        const throttle = { ...w.settings.throttle, accountFree: 1 };
        const { passwords } = useCases({ ...w, settings: { ...w.settings, throttle } });
        const change = (owner: Owner, details = {}) =>
          endOf(passwords.updatePassword.execute(asService(form), w.change(owner, details)));

        const ends = await times(RACERS, (n) => change(owners[n]!));
        const refused = owners.filter((_, n) => ends[n] instanceof TooManyRequests);
        expect(ends.filter((end) => end === 'done')).toHaveLength(10);
        expect(refused).toHaveLength(RACERS - 10);
        expect(await w.deliver()).toHaveLength(10);
        for (const owner of refused) {
          expect(await w.credentialOf(owner.user)).toMatchObject({ version: 1 });
          // The one that was refused was right, and counts as none.
          const wrong = await change(owner, { password: 'wrong horse' });
          expect(wrong).toBeInstanceOf(InvalidCredentials);
        }
      });
    });
  });

  describe('the lanes of a server', () => {
    const LANES = 8;
    type Lane = readonly Owed[];

    /** Owes an account at each of the domains a mail. */
    const oweTo = async (w: World<Database>, ...domains: readonly string[]) => {
      for (const domain of domains) {
        const owner = await w.addOwner({ email: `ada-${anId()}@${domain}` });
        const { updatePassword } = w.useCases.passwords;
        await updatePassword.execute(asService(owner.service), w.change(owner));
      }
    };
    const claim = (w: World<Database>, underWay: Lane = [], lanes = LANES) => {
      const limit = lanes - underWay.length;
      return w.useCases.deliveries.claimDeliveries.execute(operator, { limit, underWay });
    };
    const failAll = (w: World<Database>, owed: Lane) => {
      const failure = { message: 'stalls', isPermanent: false, detail: null };
      const { markDeliveries } = w.useCases.deliveries;
      return markDeliveries.execute(
        operator,
        owed.map((each) => ({ owed: each, failure })),
      );
    };
    const sendAll = (w: World<Database>, owed: Lane) => {
      const { markDeliveries } = w.useCases.deliveries;
      return markDeliveries.execute(
        operator,
        owed.map((each) => ({ owed: each, failure: null })),
      );
    };
    const domainsOf = (owed: Lane) => owed.map(({ delivery }) => domainOf(delivery.to));

    test('that one domain stalls, however many mails it is owed, are half of them: others are next', async () => {
      await alone(async (w) => {
        await oweTo(w, ...Array(40).fill('stalls.example'));
        const stalled = await claim(w);
        expect(domainsOf(stalled)).toEqual(Array(4).fill('stalls.example'));
        expect(await claim(w, stalled)).toEqual([]);
        // In front of it and behind it, in the order of the names.
        await oweTo(w, 'z.example', 'a.example');
        expect(domainsOf(await claim(w, stalled)).sort()).toEqual(['a.example', 'z.example']);
      });
    });

    test('that several domains stall leave the next one to somebody who has none', async () => {
      await alone(async (w) => {
        const stalling = ['a.example', 'b.example', 'c.example', 'd.example'];
        for (const domain of stalling) await oweTo(w, ...Array(10).fill(domain));
        const stalled = await claim(w);
        expect(stalled).toHaveLength(LANES);
        expect(new Set(domainsOf(stalled))).toEqual(new Set(stalling));
        await oweTo(w, 'e.example');
        const [ended, ...rest] = stalled;
        await failAll(w, [ended!]);
        expect(domainsOf(await claim(w, rest))).toEqual(['e.example']);
      });
    });

    test('go to first attempts before repeated ones, which have half of them at most', async () => {
      await alone(async (w) => {
        const many = (name: string) => Array.from({ length: 10 }, (_, n) => `${name}-${n}.example`);
        await oweTo(w, ...many('again'));
        for (;;) {
          const claimed = await claim(w);
          if (claimed.length === 0) break;
          await failAll(w, claimed);
        }
        w.clock.set(START + 1000);
        await oweTo(w, ...many('new').slice(0, 3));
        const claimed = await claim(w);
        expect(claimed.map(({ attempt }) => attempt).sort()).toEqual([1, 1, 1, 2, 2, 2]);

        await sendAll(w, claimed);
        expect((await claim(w)).map(({ attempt }) => attempt)).toEqual([2, 2, 2, 2]);
      });
    });

    test('are one for an account, whatever it is owed', async () => {
      await alone(async (w) => {
        const owner = await w.addOwner({ email: 'ada@example.com' });
        for (let key = 0; key < 20; key += 1) {
          const { createKey } = w.useCases.keys;
          const input = {
            isEnabled: true,
            type: 'KEY',
            name: 'ci',
            userId: owner.user.id,
          } as const;
          await createKey.execute(asService(owner.service), input);
        }
        await oweTo(w, 'example.com', 'example.com');
        const claimed = await claim(w);
        expect(new Set(claimed.map(({ delivery }) => delivery.userId)).size).toBe(3);
        expect(claimed).toHaveLength(3);
        expect(await claim(w, claimed)).toEqual([]);
        const [first] = claimed;
        await sendAll(w, [first!]);
        expect(await claim(w, claimed.slice(1))).toMatchObject([
          { delivery: { userId: owner.user.id } },
        ]);
      });
    });

    test('are given to domains in turn', async () => {
      await alone(async (w) => {
        const domains = Array.from({ length: 5 }, (_, n) => `${n}.example`);
        for (const domain of domains) await oweTo(w, domain, domain, domain);
        const served: string[] = [];
        for (let turn = 0; turn < 15; turn += 1) {
          const claimed = await claim(w, [], 1);
          served.push(...domainsOf(claimed));
          await sendAll(w, claimed);
        }
        expect(served).toEqual([...domains, ...domains, ...domains]);
      });
    });

    test('find what is due behind hundreds of domains whose mails are put off', async () => {
      await alone(async (w) => {
        const { user, service } = await w.addOwner();
        const domains = Array.from(
          { length: 600 },
          (_, n) => `${String(n).padStart(3, '0')}.example`,
        );
        const token = aOneTimeToken({ userId: user.id, serviceId: service.id });
        const ids: Id[] = [];
        await w.database.transact(async ({ oneTimeTokens, deliveries }) => {
          await oneTimeTokens.insert(token);
          for (const domain of domains) {
            const delivery = aDelivery(token, { to: `ada@${domain}` });
            ids.push(delivery.id);
            await deliveries.insert(delivery);
          }
          await deliveries.lease(ids, START, START, START);
          for (const id of ids.slice(0, -1)) {
            await deliveries.putOff({ id, attempt: 1 }, START + 1, 'busy');
          }
        });
        const claims = [await claim(w), await claim(w), await claim(w)];
        expect(claims.flat().map(({ delivery }) => delivery.id)).toEqual(ids.slice(-1));
      });
    });
  });
}
