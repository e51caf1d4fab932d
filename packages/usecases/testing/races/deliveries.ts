import { operator } from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import { asService } from '../world.ts';
import { type Track, times } from './track.ts';

export function deliveriesRaces({ world }: Track): void {
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
      const claimed = await claimDeliveries.execute(operator, { limit: 8 });
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
}
