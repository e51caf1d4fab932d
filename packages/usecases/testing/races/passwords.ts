import { InvalidCredentials, InvalidOneTimeToken } from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import { useCases } from '../../src/index.ts';
import { gate } from '../gate.ts';
import { asService, endOf, type Owner, PASSWORD, tokenIn } from '../world.ts';
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
      expect(await w.hasPassword(owner.user, winner)).toBe(true);
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
      const { updatePassword } = w.useCases.passwords;
      const { lockAccount } = w.useCases.recovery;
      const theft = w.change(owner, { password: 'stolen one', newPassword: 'kept by a thief' });
      const changing = endOf(updatePassword.execute(by, theft));
      await lockAccount.execute(by, { token });
      await changing;
      expect((await w.credentialOf(owner.user))?.passwordHash).toBeNull();
      const user = await w.database.read(({ users }) => users.get(owner.user.id));
      expect(user).toMatchObject({ isEnabled: false, isLocked: true });
    });
  });

  describe('resets', () => {
    /** Everybody has made the hash of a new password before anybody goes on. */
    const hashedTogether = (racers: number) => {
      const w = world();
      const allHave = gate(racers);
      const hash: typeof w.hasher.hash = async (...asked) => {
        const made = await w.hasher.hash(...asked);
        await allHave();
        return made;
      };
      return useCases({ ...w, hasher: { ...w.hasher, hash } });
    };
    /** The token of the link that the owner asked for. */
    const mailed = async ({ user, service }: Owner) => {
      const w = world();
      await w.useCases.passwords.requestReset.execute(asService(service), { email: user.email });
      await w.deliver();
      const mail = w.channels.mail.sent.findLast(({ to }) => to === user.email);
      return tokenIn(mail?.link ?? 'none:');
    };
    const isOf = ({ user }: Owner, password: string) => world().hasPassword(user, password);

    test('by one link have one winner of many', async () => {
      const owner = await world().addOwner();
      const token = await mailed(owner);
      const { confirmReset } = hashedTogether(RACERS).passwords;
      const ends = await times(RACERS, (racer) =>
        endOf(
          confirmReset.execute(asService(owner.service), { token, password: `password ${racer}` }),
        ),
      );
      const losers = ends.filter((end) => end !== 'done');
      expect(losers).toHaveLength(RACERS - 1);
      for (const end of losers) expect(end).toBeInstanceOf(InvalidOneTimeToken);
      expect((await world().credentialOf(owner.user))?.version).toBe(2);
      expect(await isOf(owner, `password ${ends.indexOf('done')}`)).toBe(true);
    });

    test('and changes of one password have one winner', async () => {
      const w = world();
      const owner = await w.addOwner();
      const token = await mailed(owner);
      const by = asService(owner.service);
      const { confirmReset, updatePassword } = hashedTogether(2).passwords;
      const change = w.change(owner, { newPassword: 'by the change' });
      const ends = await Promise.all([
        endOf(confirmReset.execute(by, { token, password: 'by the reset' })),
        endOf(updatePassword.execute(by, change)),
      ]);
      expect(ends.filter((end) => end === 'done')).toHaveLength(1);
      expect(await isOf(owner, ends[0] === 'done' ? 'by the reset' : 'by the change')).toBe(true);
    });

    test('cannot outlive the kill switch', async () => {
      const w = world();
      const owner = await w.addOwner();
      const by = asService(owner.service);
      const killSwitch = await w.changeAndReadMail(owner);
      const token = await mailed(owner);
      const { passwords, recovery } = hashedTogether(1);
      const { confirmReset } = passwords;
      const { lockAccount } = recovery;
      await Promise.all([
        endOf(confirmReset.execute(by, { token, password: 'kept by a thief' })),
        lockAccount.execute(by, { token: killSwitch }),
      ]);
      expect((await w.credentialOf(owner.user))?.passwordHash).toBeNull();
      const user = await w.database.read(({ users }) => users.get(owner.user.id));
      expect(user).toMatchObject({ isEnabled: false, isLocked: true });
    });

    test('and newer requests leave one link that works, at most', async () => {
      const w = world();
      const owner = await w.addOwner();
      const by = asService(owner.service);
      const tokens = [await mailed(owner)];
      const { requestReset, confirmReset } = w.useCases.passwords;
      const { sent } = w.channels.mail;
      const before = sent.length;
      await times(4, () => requestReset.execute(by, { email: owner.user.email }));
      await w.deliver();
      const mails = sent.slice(before).filter(({ to }) => to === owner.user.email);
      tokens.push(...mails.map(({ link }) => tokenIn(link)));
      expect(tokens).toHaveLength(5);
      const ends: unknown[] = [];
      for (const token of tokens) {
        ends.push(await endOf(confirmReset.execute(by, { token, password: 'by the reset' })));
      }
      expect(ends.filter((end) => end === 'done')).toHaveLength(1);
    });
  });

  describe('the kill switch', () => {
    test('has one winner of sixteen that press one link', async () => {
      const w = world();
      const owner = await w.addOwner();
      const token = await w.changeAndReadMail(owner);
      const { lockAccount } = w.useCases.recovery;
      const ends = await times(16, () =>
        endOf(lockAccount.execute(asService(owner.service), { token })),
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
      const { lockAccount } = w.useCases.recovery;
      const ends = await Promise.all(
        tokens.map((token) => endOf(lockAccount.execute(asService(owner.service), { token }))),
      );
      expect(ends.filter((end) => end === 'done')).toHaveLength(1);
    });
  });
}
