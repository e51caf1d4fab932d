import { IllegalArgument, operator } from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import {
  asService,
  asUser,
  endOf,
  nobody,
  type Owner,
  PASSWORD,
  START,
  settings,
  tokenIn,
  type World,
  world,
} from '../../testing/index.ts';
import { type Ports, useCases } from '../index.ts';

const within = (w: World, passwordHistory: number): Ports => ({
  ...w,
  settings: { ...settings, passwordHistory },
});

/** Every way on which the owner of a password replaces it. */
const ways: [
  string,
  (ports: Ports, w: World, owner: Owner, from: string, to: string) => Promise<unknown>,
][] = [
  [
    'a change',
    (ports, w, owner, password, newPassword) =>
      useCases(ports).passwords.updatePassword.execute(
        asService(owner.service),
        w.change(owner, { password, newPassword }),
      ),
  ],
  [
    'a change of the account',
    async (ports, w, owner, password, newPassword) => {
      const actor = asUser(await w.logIn(owner, password));
      const input = { email: owner.user.email, password, newPassword };
      return useCases(ports).users.updateAccount.execute(actor, input);
    },
  ],
  [
    'a reset',
    async (ports, w, owner, _, newPassword) => {
      const { email } = owner.user;
      await w.useCases.passwords.requestReset.execute(asService(owner.service), { email });
      await w.deliver();
      const mail = w.channels.mail.sent.findLast(({ kind }) => kind === 'reset_password');
      const token = tokenIn(mail?.link ?? 'none:');
      const asked = { token, password: newPassword };
      return useCases(ports).passwords.confirmReset.execute(nobody, asked);
    },
  ],
];

describe.each(ways)('%s', (_, replace) => {
  /** An owner who had the passwords PASSWORD, `second one` and `third one`, and has `fourth one`. */
  async function prepare() {
    const w = world();
    const owner = await w.addOwner();
    const passwords = [PASSWORD, 'second one', 'third one', 'fourth one'];
    for (const [index, newPassword] of passwords.slice(1).entries()) {
      w.clock.set(START + index);
      await w.changeAndReadMail(owner, { password: passwords[index]!, newPassword });
    }
    const to = (password: string, history: number) =>
      endOf(replace(within(w, history), w, owner, 'fourth one', password));
    return { w, owner, to };
  }

  test('brings back none of as many passwords as PASSWORD_HISTORY says', async () => {
    const { w, owner, to } = await prepare();
    const before = await w.credentialOf(owner.user);
    for (const password of ['third one', 'second one']) {
      const end = await to(password, 2);
      expect(end).toBeInstanceOf(IllegalArgument);
      expect(end).toMatchObject({ violations: [{ code: 'used_before' }] });
    }
    expect((await w.credentialOf(owner.user))?.passwordHash).toBe(before?.passwordHash);
    expect(await to(PASSWORD, 2)).toBe('done');
  });

  test('never brings back the current password', async () => {
    const { to } = await prepare();
    expect(await to('fourth one', 0)).toMatchObject({ violations: [{ code: 'same_as_current' }] });
  });

  test('brings back any other where there is no history', async () => {
    const { to } = await prepare();
    expect(await to('third one', 0)).toBe('done');
  });
});

test('a password that nobody proved to replace costs no look at earlier ones', async () => {
  const w = world();
  const owner = await w.addOwner();
  await w.changeAndReadMail(owner, { newPassword: 'second one' });
  const before = w.hasher.work();
  const wrong = w.change(owner, { password: 'wrong', newPassword: PASSWORD });
  const { passwords } = useCases(within(w, 24));
  await endOf(passwords.updatePassword.execute(asService(owner.service), wrong));
  expect(w.hasher.work() - before).toBe(1);
});

test('a history keeps nothing beyond its length, and goes with the person', async () => {
  const w = world();
  const owner = await w.addOwner();
  const names = ['second one', 'third one', 'fourth one'];
  let password = PASSWORD;
  for (const newPassword of names) {
    await w.changeAndReadMail(owner, { password, newPassword });
    password = newPassword;
  }
  w.clock.set(START + settings.revokeTokenTtlMs * 2);
  await useCases(within(w, 1)).maintenance.prune.execute(operator);
  const past = () =>
    w.database.read(({ users }) =>
      users.pastPasswords(owner.user.id, { from: 'latest', limit: 9 }),
    );
  expect(await past()).toHaveLength(1);
  await w.useCases.users.deleteUser.execute(operator, { id: owner.user.id });
  expect(await past()).toEqual([]);
});
