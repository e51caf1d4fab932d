import { InvalidCredentials } from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import { useCases } from '../../src/index.ts';
import { gate } from '../gate.ts';
import { asService, endOf } from '../world.ts';
import { type Track, times } from './track.ts';

export function factorsRaces({ world, lookedTogether }: Track): void {
  describe('one-time codes', () => {
    test('have one winner of sixteen that present one', async () => {
      const w = world();
      const owner = await w.addOwner();
      const { seed } = await w.addTotp(owner);
      const { verifyTotp } = useCases(lookedTogether(gate(16))).factors;
      const asked = { userId: owner.user.id, code: w.totp.codeAt(seed, w.clock.now()) };
      const ends = await times(16, () =>
        endOf(verifyTotp.execute(asService(owner.service), asked)),
      );
      expect(ends.filter((end) => end === 'done')).toHaveLength(1);
      expect(ends.filter((end) => end instanceof InvalidCredentials)).toHaveLength(15);
    });
  });
}
