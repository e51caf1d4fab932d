import { InvalidOneTimeToken, operator, type User } from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import { type Database, useCases } from '../../src/index.ts';
import { aOneTimeToken } from '../fixtures.ts';
import { gate } from '../gate.ts';
import { asService, endOf, type Owner, tokenIn, type World } from '../world.ts';
import { RACERS, type Track, times } from './track.ts';

/** The use cases of racers whose first transactions begin together. */
function together(w: World<Database>, racers: number) {
  const allIn = gate(racers);
  const transact: Database['transact'] = async (work) => {
    await allIn();
    return w.database.transact(work);
  };
  return useCases({ ...w, database: { ...w.database, transact } });
}

async function mailedTo(w: World<Database>, kind: string, user: User): Promise<string> {
  await w.deliver();
  const { sent } = w.channels.mail;
  const mail = sent.findLast((each) => each.kind === kind && each.to === user.email);
  return tokenIn(mail?.link ?? '');
}

/** An account that is locked, the link that gives it back, and a kill switch of an earlier address. */
async function aLockedAccount(w: World<Database>) {
  const owner = await w.addOwner();
  const by = asService(owner.service);
  const right = aOneTimeToken({
    userId: owner.user.id,
    serviceId: owner.service.id,
    email: `before.${owner.user.email}`,
    createdAt: w.clock.now() - 1000,
  });
  await w.database.transact(({ oneTimeTokens }) => oneTimeTokens.insert(right));
  const token = await w.changeAndReadMail(owner);
  await w.useCases.recovery.lockAccount.execute(by, { token });
  const before = { ...owner.user, email: right.email };
  return { owner, by, before, earlier: w.linkTokens.make(right) };
}

async function aWayBack(w: World<Database>) {
  const locked = await aLockedAccount(w);
  await w.useCases.recovery.recoverUser.execute(operator, { id: locked.owner.user.id });
  // The way back leads to the earlier address.
  return { ...locked, link: await mailedTo(w, 'recover', locked.before) };
}

/** The ways back that were mailed to the user and are good. */
async function goodLinks(w: World<Database>, { email }: User) {
  await w.deliver();
  const mails = w.channels.mail.sent.filter(({ kind, to }) => kind === 'recover' && to === email);
  return w.database.read(async ({ oneTimeTokens }) => {
    const found = [];
    for (const { link } of mails) {
      const { id = '' } = w.linkTokens.verify(tokenIn(link)) ?? {};
      found.push(await oneTimeTokens.findGood(id, w.clock.now()));
    }
    return found.filter((right) => right !== null);
  });
}

const userOf = (w: World<Database>, { user }: Owner) =>
  w.database.read(({ users }) => users.get(user.id));
const password = 'one that nobody had';

export function recoveryRaces({ world }: Track): void {
  const refused = (ends: readonly unknown[]) =>
    ends.filter((end) => end !== 'done').every((end) => end instanceof InvalidOneTimeToken);

  describe('the way back', () => {
    test('is taken once of many times at once', async () => {
      const w = world();
      const { by, link, owner } = await aWayBack(w);
      const { confirmRecovery } = together(w, RACERS).recovery;
      const ends = await times(RACERS, (n) =>
        endOf(confirmRecovery.execute(by, { token: link, password: `${password} ${n}` })),
      );
      expect(ends.filter((end) => end === 'done')).toHaveLength(1);
      expect(refused(ends)).toBe(true);
      expect(await userOf(w, owner)).toMatchObject({ isLocked: false, isEnabled: true });
    });

    test('leaves the account locked when a kill switch of an earlier address is pressed at once', async () => {
      for (let round = 0; round < 4; round += 1) {
        const w = world();
        const { by, link, earlier, owner, before } = await aWayBack(w);
        const rooms = together(w, 2);
        const taken = () =>
          endOf(rooms.recovery.confirmRecovery.execute(by, { token: link, password }));
        const pressed = () => endOf(rooms.recovery.lockAccount.execute(by, { token: earlier }));
        const ends = await Promise.all(
          (round % 2 === 0 ? [taken, pressed] : [pressed, taken]).map((run) => run()),
        );
        expect(ends).toContain('done');
        expect(refused(ends)).toBe(true);
        const { email } = before;
        expect(await userOf(w, owner)).toMatchObject({ isLocked: true, isEnabled: false, email });
        expect((await w.credentialOf(before))?.passwordHash).toBeNull();
      }
    });

    test('that is asked for many times at once is one link', async () => {
      const w = world();
      const { owner, before } = await aLockedAccount(w);
      const { recoverUser } = together(w, 8).recovery;
      await times(8, () => recoverUser.execute(operator, { id: owner.user.id }));
      expect(await goodLinks(w, before)).toHaveLength(1);
    });

    test('enables nobody whom the operator disables at once', async () => {
      for (let round = 0; round < 4; round += 1) {
        const w = world();
        const { by, link, owner } = await aWayBack(w);
        const rooms = together(w, 2);
        const change = { id: owner.user.id, isEnabled: false };
        const ends = await Promise.all([
          endOf(rooms.recovery.confirmRecovery.execute(by, { token: link, password })),
          endOf(rooms.users.updateUser.execute(operator, change)),
        ]);
        expect(ends).toEqual(['done', 'done']);
        expect(await userOf(w, owner)).toMatchObject({
          isLocked: false,
          isEnabled: false,
          isDisabledByOperator: true,
        });
      }
    });

    test('brings nobody back who is deleted at once', async () => {
      for (let round = 0; round < 4; round += 1) {
        const w = world();
        const { by, link, owner } = await aWayBack(w);
        const rooms = together(w, 2);
        const [taken, deleted] = await Promise.all([
          endOf(rooms.recovery.confirmRecovery.execute(by, { token: link, password })),
          endOf(rooms.users.deleteUser.execute(operator, { id: owner.user.id })),
        ]);
        expect(deleted).toBe('done');
        expect(refused([taken])).toBe(true);
        expect(await userOf(w, owner)).toBeNull();
      }
    });
  });

  describe('a kill switch', () => {
    test('wins over a reset of the password at once', async () => {
      for (let round = 0; round < 4; round += 1) {
        const w = world();
        const owner = await w.addOwner();
        const by = asService(owner.service);
        const { email } = owner.user;
        const token = await w.changeAndReadMail(owner);
        await w.useCases.passwords.requestReset.execute(by, { email });
        const link = await mailedTo(w, 'reset_password', owner.user);
        const { passwords, recovery } = together(w, 2);
        const [reset, pressed] = await Promise.all([
          endOf(passwords.confirmReset.execute(by, { token: link, password })),
          endOf(recovery.lockAccount.execute(by, { token })),
        ]);
        expect(pressed).toBe('done');
        expect(refused([reset])).toBe(true);
        expect(await userOf(w, owner)).toMatchObject({ isLocked: true, isEnabled: false });
        expect((await w.credentialOf(owner.user))?.passwordHash).toBeNull();
      }
    });

    test('and a request for the way back at once leave no link that the lock did not know', async () => {
      for (let round = 0; round < 4; round += 1) {
        const w = world();
        const { by, earlier, owner, before } = await aLockedAccount(w);
        const rooms = together(w, 2);
        await Promise.all([
          rooms.recovery.recoverUser.execute(operator, { id: owner.user.id }),
          rooms.recovery.lockAccount.execute(by, { token: earlier }),
        ]);
        const { version } = (await w.credentialOf(before)) ?? {};
        for (const right of await goodLinks(w, before)) expect(right.version).toBe(version);
      }
    });
  });
}
