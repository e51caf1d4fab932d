import { IllegalArgument, operator, Unauthorized } from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import {
  asService,
  endOf,
  NEW_PASSWORD,
  nobody,
  PASSWORD,
  root,
  START,
  settings,
  tokenIn,
  type World,
  world,
} from '../../testing/index.ts';
import { DeliveryFailure } from '../index.ts';

const OLD = 'ada@exmaple.com';
const NEW = 'ada@example.com';

const correct = (w: World, id: string, email?: string) =>
  w.useCases.deliveries.correctDelivery.execute(operator, { id, email });

/** A mail about a change that no mailbox took, of an account that has another address since. */
async function aDeadMail() {
  const w = world();
  const owner = await w.addOwner({ email: OLD });
  const by = asService(owner.service);
  await w.useCases.passwords.updatePassword.execute(by, w.change(owner));
  w.channels.mail.failNext(new DeliveryFailure('550 no such mailbox', true));
  expect(await w.deliver()).toMatchObject([{ outcome: 'dead' }]);
  const [dead] = await w.useCases.deliveries.listDeliveries.execute(operator, {
    state: 'dead',
    limit: 10,
  });
  const id = dead?.id ?? '';
  const move = async () => {
    const input = { email: OLD, password: NEW_PASSWORD, newEmail: NEW };
    await w.useCases.users.updateEmail.execute(by, input);
  };
  return { w, owner, by, id, move };
}

describe('a dead delivery whose account has another address', () => {
  test('goes there, and its link is of that address', async () => {
    const { w, owner, by, id, move } = await aDeadMail();
    await move();
    await w.deliver();
    expect(await correct(w, id)).toBe('corrected');
    expect(await w.deliver()).toMatchObject([{ id, outcome: 'sent' }]);
    const mail = w.channels.mail.sent.at(-1);
    expect(mail).toMatchObject({ id, to: NEW, kind: 'update_password' });
    const token = tokenIn(mail?.link ?? '');
    await w.useCases.recovery.lockAccount.execute(by, { token });
    const user = await w.database.read(({ users }) => users.get(owner.user.id));
    expect(user).toMatchObject({ email: NEW, isLocked: true });
  });

  test('gives nothing to a thief who moved the address: neither the links of the owner nor the way back', async () => {
    const { w, owner, by, id, move } = await aDeadMail();
    w.clock.set(START + 1000);
    await move();
    await w.deliver();
    const owners = w.channels.mail.sent.find(
      ({ kind, to }) => kind === 'update_email' && to === OLD,
    );
    w.clock.set(START + 2000);
    expect(await correct(w, id)).toBe('corrected');
    await w.deliver();
    const { lockAccount, recoverUser } = w.useCases.recovery;
    const thiefs = tokenIn(w.channels.mail.sent.at(-1)?.link ?? '');
    await lockAccount.execute(by, { token: thiefs });
    await recoverUser.execute(by, { id: owner.user.id });
    await w.deliver();
    expect(w.channels.mail.sent.at(-1)).toMatchObject({ kind: 'recover', to: OLD });
    await lockAccount.execute(by, { token: tokenIn(owners?.link ?? '') });
    const user = await w.database.read(({ users }) => users.get(owner.user.id));
    expect(user).toMatchObject({ email: OLD, isLocked: true });
  });

  test('goes nowhere else, whatever the operator types', async () => {
    const { w, id, move } = await aDeadMail();
    await move();
    const before = w.database.snapshot();
    expect(await correct(w, id, 'eve@example.com')).toBe('not the address');
    expect(await correct(w, id, OLD)).toBe('not the address');
    expect(await endOf(correct(w, id, 'no address'))).toBeInstanceOf(IllegalArgument);
    expect(w.database.snapshot()).toEqual(before);
    expect(await correct(w, id, 'ADA@example.com')).toBe('corrected');
  });

  test('is recorded', async () => {
    const { w, owner, id, move } = await aDeadMail();
    await move();
    await correct(w, id);
    const { entries } = await w.useCases.audit.listAudit.execute(operator, {
      types: ['rekey:MailCorrect'],
      limit: 10,
    });
    expect(entries).toMatchObject([{ subjectId: id, userId: owner.user.id }]);
  });
});

describe('a delivery stays as it is', () => {
  test('where the account has its address still', async () => {
    const { w, id } = await aDeadMail();
    expect(await correct(w, id)).toBe('same address');
  });

  test('once it was sent, once its link has expired, and where there is none', async () => {
    const { w, id, move } = await aDeadMail();
    await move();
    w.clock.set(START + settings.revokeTokenTtlMs);
    expect(await correct(w, id)).toBe('too late');
    w.clock.set(START);
    expect(await correct(w, id)).toBe('corrected');
    expect(await correct(w, id)).toBe('same address');
    expect(await correct(w, '01900000-0000-7000-8000-00000000ffff')).toBe('unknown');
  });

  test('where it tells of the change of address, asks for a proof, or gives the account to a mailbox', async () => {
    const w = world();
    const owner = await w.addOwner({ email: OLD });
    const by = asService(owner.service);
    await w.useCases.passwords.requestReset.execute(by, { email: OLD });
    const input = { email: OLD, password: PASSWORD, newEmail: 'ada@example.net' };
    await w.useCases.users.updateEmail.execute(by, input);
    const again = { ...input, email: input.newEmail, newEmail: NEW };
    await w.useCases.users.updateEmail.execute(by, again);
    const all = await w.useCases.deliveries.listDeliveries.execute(operator, {
      state: null,
      limit: 10,
    });
    expect(all).toHaveLength(5);
    for (const { id } of all) expect(await correct(w, id)).toBe('of that address alone');
  });

  test('where its account was deleted', async () => {
    const { w, owner, id, move } = await aDeadMail();
    await move();
    await w.useCases.users.deleteUser.execute(operator, { id: owner.user.id });
    expect(await correct(w, id)).toBe('unknown');
  });

  test('for everybody but the operator', async () => {
    const { w, owner, id, move } = await aDeadMail();
    await move();
    const { correctDelivery } = w.useCases.deliveries;
    for (const actor of [nobody, root, asService(owner.service)]) {
      expect(await endOf(correctDelivery.execute(actor, { id }))).toBeInstanceOf(Unauthorized);
    }
  });
});
