import type { Id, Instant } from './ids.ts';
import type { NoticeKind } from './notice.ts';

/** The ways to somebody outside. */
export type Channel = 'mail';

/** A message that is owed to somebody outside, from the commit that it reports on until it is handed over or given up. */
export type Delivery = {
  /** Also the Message-ID of a mail, however often it is sent. */
  readonly id: Id;
  readonly createdAt: Instant;
  readonly channel: Channel;
  /** What it tells. */
  readonly kind: NoticeKind;
  /** The right that it carries. */
  readonly tokenId: Id;
  /** Null for a registration, and once the account was deleted. */
  readonly userId: Id | null;
  readonly serviceId: Id;
  /** An address, in its canonical form. */
  readonly to: string;
  /** The language and the clock of the mail: those of the user when it happened. */
  readonly locale: string;
  readonly timezone: string;
  /** After this instant there is no use in trying again. */
  readonly deadline: Instant;
};

/** Whether it is about an address that somebody asks to register with, and not about an account. */
export const isOfRegistration = ({ kind }: Pick<Delivery, 'kind'>): boolean =>
  kind === 'register' || kind === 'register_known';

export const deliveryStates = ['waiting', 'sent', 'dead'] as const;
/** `dead`: given up, and kept until somebody requeues it. */
export type DeliveryState = (typeof deliveryStates)[number];
