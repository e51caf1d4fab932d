import { beforeAll, describe, expect, test } from 'vitest';
import { type Mailer, MailFailure, type PasswordChangedMail } from '../src/ports.ts';
import { aMail } from './fixtures.ts';

export type OpenMailer = {
  readonly mailer: Mailer;
  /** What was handed over so far: the envelope's recipients and the Message-ID. */
  handedOver(): Promise<{ readonly recipients: readonly string[]; readonly messageId: string }[]>;
  /** Makes the next handover fail, for good or for now; absent where nothing refuses a mail. */
  refuseNext?(isPermanent: boolean): void;
};

export function mailerContract(name: string, open: () => Promise<OpenMailer>): void {
  describe(`the mailer ${name}`, () => {
    let opened: OpenMailer;
    beforeAll(async () => {
      opened = await open();
    });

    /** Sends a mail and answers what became of it. */
    const send = async (mail: PasswordChangedMail) => {
      const before = (await opened.handedOver()).length;
      await opened.mailer.send(mail);
      return (await opened.handedOver()).slice(before);
    };

    test.each([
      ['Ada', 'owner@example.com'],
      ['Ada, eve@example.net', 'owner@example.com'],
      ['Ada <eve@example.net>', "o'wner+tag@example.com"],
      ['Ñandú 🦉\r\nBcc: eve@example.net', 'owner@xn--nxasmq6b.example'],
    ])('hands a mail over for its one recipient: %j', async (owner, address) => {
      const handed = await send(aMail({ to: { name: owner, address } }));
      expect(handed.map(({ recipients }) => recipients)).toEqual([[address]]);
    });

    test('gives a mail the same Message-ID each time, and another mail another one', async () => {
      const mail = aMail();
      const [first] = await send(mail);
      const [again] = await send(mail);
      const [other] = await send(aMail());
      expect(again?.messageId).toBe(first?.messageId);
      expect(other?.messageId).not.toBe(first?.messageId);
    });

    test.for([true, false])(
      'says whether a failure is for good: %j',
      async (isPermanent, { skip }) => {
        if (!opened.refuseNext) return skip('nothing refuses a mail here');
        opened.refuseNext(isPermanent);
        const mail = aMail();
        const failure = await opened.mailer.send(mail).catch((error: unknown) => error);
        expect(failure).toBeInstanceOf(MailFailure);
        expect(failure).toMatchObject({ isPermanent });
        const { message } = failure as MailFailure;
        for (const secret of [mail.to.address, mail.to.name, mail.link]) {
          expect(message).not.toContain(secret);
        }
      },
    );
  });
}
