import type {
  Channel,
  FactorChange,
  Id,
  Instant,
  NamedKey,
  NoticeKind,
  Origin,
} from '@rekey/domain';

/** The ways out to people: what is owed is handed over here. */
export type Channels = { readonly [channel in Channel]: Outlet };

export interface Outlet {
  /** Hands the notice over to its one recipient, or throws a `DeliveryFailure`. */
  send(notice: Notice): Promise<void>;
}

/** All that a mail tells, before it is put into words. */
export type Notice = {
  /** One id, however often the notice is sent. */
  readonly id: Id;
  readonly kind: NoticeKind;
  /** An address. The name beside it is a stranger's words: anyone may sign up with somebody else's address. */
  readonly to: string;
  readonly locale: string;
  readonly timezone: string;
  readonly service: { readonly name: string; readonly emailText: string | null };
  /** The place where people find help: a URL with https or mailto; null for none. */
  readonly supportUrl: string | null;
  /** The address that the account has now, in part, where the notice is about that; null elsewhere. */
  readonly newEmail: string | null;
  /** The key that the notice is about; null elsewhere. */
  readonly key: NamedKey | null;
  /** The factor that was added or removed, where the notice is about that; null elsewhere. */
  readonly factor: FactorChange | null;
  readonly happenedAt: Instant;
  readonly origin: Origin;
  readonly link: string;
  readonly linkExpiresAt: Instant;
};

/** Counts mails that nobody owes because there were too many of them, for the operator. */
export interface MailTally {
  /** `limit`: the name of the one that was met. */
  withheld(limit: string): void;
}

/** The notice was not handed over. The message names no person and no secret: it is stored and shown. */
export class DeliveryFailure extends Error {
  override readonly name = 'DeliveryFailure';
  /** Whether trying again is of no use: an unknown mailbox, for one. */
  readonly isPermanent: boolean;

  constructor(message: string, isPermanent: boolean, options?: { cause?: unknown }) {
    super(message, options);
    this.isPermanent = isPermanent;
  }
}
