import { noticeKinds } from '@rekey/domain';
import { beforeAll, describe, expect, test } from 'vitest';
import { DeliveryFailure, type Notice, type Outlet } from '../../src/ports/index.ts';
import { aNotice } from '../fixtures.ts';

type OpenOutlet = {
  readonly outlet: Outlet;
  /** All that was handed over so far: the envelope's recipients and the Message-ID. */
  handedOver(): Promise<{ readonly recipients: readonly string[]; readonly messageId: string }[]>;
  /** Makes the next handover fail, for good or for now; absent where nothing refuses a notice. */
  refuseNext?(isPermanent: boolean): void;
};

/** The obligations of every outlet of the channel `mail`. */
export function outletContract(name: string, open: () => Promise<OpenOutlet>): void {
  describe(`the outlet ${name}`, () => {
    let opened: OpenOutlet;
    beforeAll(async () => {
      opened = await open();
    });

    /** Sends a notice and answers what became of it. */
    const send = async (notice: Notice) => {
      const before = (await opened.handedOver()).length;
      await opened.outlet.send(notice);
      return (await opened.handedOver()).slice(before);
    };

    test.each(['owner@example.com', "o'wner+tag@example.com", 'owner@xn--nxasmq6b.example'])(
      'hands a notice over to its one recipient: %j',
      async (to) => {
        const handed = await send(aNotice({ to }));
        expect(handed.map(({ recipients }) => recipients)).toEqual([[to]]);
      },
    );

    test.each(noticeKinds)('hands over a notice of every kind: %s', async (kind) => {
      const notice = aNotice({ kind });
      const handed = await send(notice);
      expect(handed.map(({ recipients }) => recipients)).toEqual([[notice.to]]);
    });

    test('gives a notice one Message-ID, however often it is sent, and another notice another one', async () => {
      const notice = aNotice();
      const [first] = await send(notice);
      const [again] = await send(notice);
      const [other] = await send(aNotice());
      expect(again?.messageId).toBe(first?.messageId);
      expect(other?.messageId).not.toBe(first?.messageId);
    });

    test.for([true, false])(
      'says whether a failure is for good: %j',
      async (isPermanent, { skip }) => {
        if (!opened.refuseNext) return skip('nothing refuses a notice here');
        opened.refuseNext(isPermanent);
        const notice = aNotice();
        const failure = await opened.outlet.send(notice).catch((error: unknown) => error);
        expect(failure).toBeInstanceOf(DeliveryFailure);
        expect(failure).toMatchObject({ isPermanent });
        const { message } = failure as DeliveryFailure;
        for (const secret of [notice.to, notice.link]) {
          expect(message).not.toContain(secret);
        }
      },
    );
  });
}
