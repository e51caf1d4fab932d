import { InvalidCredentials, InvalidOneTimeToken } from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import { useCases } from '../../src/index.ts';
import { PLACE } from '../fixtures.ts';
import { asService, endOf, PASSWORD } from '../world.ts';
import { RACERS, type Track, times } from './track.ts';

export function passwordsRaces({ world, provenTogether }: Track): void {
  describe('changes', () => {
    test('with one old password have one winner of many, which owes one mail', async () => {
      const w = world();
      const owner = await w.addOwner();
      const { updatePassword } = useCases(provenTogether(RACERS)).passwords;
      const ends = await times(RACERS, (racer) =>
        endOf(
          updatePassword.execute(
            asService(owner.service),
            w.change(owner, { newPassword: `password ${racer}` }),
          ),
        ),
      );
      const losers = ends.filter((end) => end !== 'done');
      expect(losers).toHaveLength(RACERS - 1);
      for (const end of losers) expect(end).toBeInstanceOf(InvalidCredentials);

      const credential = await w.credentialOf(owner.user);
      expect(credential?.version).toBe(2);
      const winner = `password ${ends.indexOf('done')}`;
      expect(await w.hasher.verify(winner, credential?.passwordHash ?? null, PLACE)).toBe(true);
      const { sent } = w.channels.mail;
      const before = sent.length;
      await w.deliver();
      expect(sent.slice(before).map(({ to }) => to)).toEqual([owner.user.email]);
    });

    test('that race the kill switch cannot outlive it', async () => {
      const w = world();
      const owner = await w.addOwner();
      const by = asService(owner.service);
      const token = await w.changeAndReadMail(owner, { newPassword: 'stolen one' });
      const { updatePassword, revokeUpdatePassword } = w.useCases.passwords;
      const theft = w.change(owner, { password: 'stolen one', newPassword: 'kept by a thief' });
      const changing = endOf(updatePassword.execute(by, theft));
      await revokeUpdatePassword.execute(by, { token });
      await changing;
      expect((await w.credentialOf(owner.user))?.passwordHash).toBeNull();
      const user = await w.database.read(({ users }) => users.get(owner.user.id));
      expect(user).toMatchObject({ isEnabled: false, isLocked: true });
    });
  });

  describe('the kill switch', () => {
    test('has one winner of sixteen that press one link', async () => {
      const w = world();
      const owner = await w.addOwner();
      const token = await w.changeAndReadMail(owner);
      const { revokeUpdatePassword } = w.useCases.passwords;
      const ends = await times(16, () =>
        endOf(revokeUpdatePassword.execute(asService(owner.service), { token })),
      );
      const losers = ends.filter((end) => end !== 'done');
      expect(losers).toHaveLength(15);
      for (const end of losers) expect(end).toBeInstanceOf(InvalidOneTimeToken);
      expect(await w.credentialOf(owner.user)).toEqual({
        passwordHash: null,
        version: 3,
        sealedQuality: null,
        deviceEpoch: 2,
        networks: null,
      });
    });

    test('has one winner where all links of one user are pressed at once', async () => {
      const w = world();
      const owner = await w.addOwner();
      const passwords = [PASSWORD, 'second one', 'third one', 'fourth one', 'fifth one'];
      const tokens: string[] = [];
      for (const [index, newPassword] of passwords.slice(1).entries()) {
        const password = passwords[index] ?? '';
        tokens.push(await w.changeAndReadMail(owner, { password, newPassword }));
      }
      const { revokeUpdatePassword } = w.useCases.passwords;
      const ends = await Promise.all(
        tokens.map((token) =>
          endOf(revokeUpdatePassword.execute(asService(owner.service), { token })),
        ),
      );
      expect(ends.filter((end) => end === 'done')).toHaveLength(1);
    });
  });
}
