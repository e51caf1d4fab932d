import { describe, expect, test } from 'vitest';
import { START, settings, world } from '../testing/index.ts';
import { ListMails } from './list-mails.ts';
import { MailFailure } from './ports.ts';
import { RequeueDeadMails } from './requeue-dead-mails.ts';
import { RequeueMail } from './requeue-mail.ts';
import { UpdatePassword } from './update-password.ts';

const EXPIRY = START + settings.revokeTokenTtl * 1000;

/** A dead letter for each owner. */
async function deadLetters(count: number) {
  const w = world();
  for (let i = 0; i < count; i += 1) {
    w.mailer.failNext(new MailFailure('550 no such mailbox', true));
    await w.changeAndReadMail(await w.addOwner()).catch(() => 'there is none yet');
  }
  const list = (state: 'waiting' | 'sent' | 'dead' | null) =>
    new ListMails(w).execute({ state, limit: 100 });
  const dead = await list('dead');
  expect(dead).toHaveLength(count);
  return { w, list, ids: dead.map(({ changeId }) => changeId) };
}

describe('a dead letter', () => {
  test('that is requeued goes out, with the id and the link that it always had', async () => {
    const { w, list, ids } = await deadLetters(1);
    expect(await new RequeueMail(w).execute(ids[0]!)).toBe('requeued');
    expect(await w.deliver()).toMatchObject([{ outcome: 'sent' }]);
    expect(w.mailer.sent).toMatchObject([{ messageId: ids[0], linkExpiresAt: EXPIRY }]);
    expect(await list('sent')).toMatchObject([{ changeId: ids[0], reason: '550 no such mailbox' }]);
  });

  test('stays one where its link has expired, and that is said', async () => {
    const { w, list, ids } = await deadLetters(1);
    w.clock.set(EXPIRY);
    expect(await new RequeueMail(w).execute(ids[0]!)).toBe('link expired');
    expect(await w.deliver()).toEqual([]);
    expect(await list('dead')).toHaveLength(1);
    w.clock.set(EXPIRY - 1);
    expect(await new RequeueMail(w).execute(ids[0]!)).toBe('requeued');
  });

  test('is what can be requeued, and nothing else', async () => {
    const { w } = await deadLetters(0);
    const owner = await w.addOwner();
    await new UpdatePassword(w).execute(w.change(owner));
    const [waiting] = await new ListMails(w).execute({ state: 'waiting', limit: 1 });
    const requeue = () => new RequeueMail(w).execute(waiting!.changeId);
    expect(await requeue()).toBe('not dead');
    await w.deliver();
    expect(await requeue()).toBe('not dead');
    expect(await new RequeueMail(w).execute(owner.user.id)).toBe('unknown');
    expect(w.mailer.sent).toHaveLength(1);
  });

  test('is requeued with all the others, but for those whose link has expired', async () => {
    const { w, list } = await deadLetters(2);
    w.clock.set(START + 1000);
    w.mailer.failNext(new MailFailure('550 no such mailbox', true));
    await w.changeAndReadMail(await w.addOwner()).catch(() => 'there is none yet');
    w.clock.set(EXPIRY);
    expect(await new RequeueDeadMails(w).execute()).toBe(1);
    expect(await w.deliver()).toMatchObject([{ outcome: 'sent', attempt: 2 }]);
    expect(await list('dead')).toHaveLength(2);
    expect(await list(null)).toHaveLength(3);
  });
});
