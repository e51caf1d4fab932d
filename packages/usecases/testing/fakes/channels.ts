import type { Channels, MailTally, Notice, Outlet } from '../../src/ports/index.ts';

/** Keeps what it is told to send. A failure that was planted is thrown instead, once for each time. */
type FakeOutlet = Outlet & {
  readonly sent: Notice[];
  failNext(...failures: Error[]): void;
};

export function fakeOutlet(): FakeOutlet {
  const sent: Notice[] = [];
  const planted: Error[] = [];
  return {
    sent,
    failNext: (...failures) => {
      planted.push(...failures);
    },
    send: async (notice) => {
      const failure = planted.shift();
      if (failure) throw failure;
      sent.push(notice);
    },
  };
}

export const fakeChannels = () => ({ mail: fakeOutlet() }) satisfies Channels;

/** Keeps the limits that were met. */
export function fakeMailTally(): MailTally & { readonly limits: string[] } {
  const limits: string[] = [];
  return { limits, withheld: (limit) => limits.push(limit) };
}
