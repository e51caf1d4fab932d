/** A text about a service, which is given by its name. */
type OfService = (service: string) => string;

/** All that every kind of notice says of its own, in one language. */
type Told = {
  /** The subject of the mail, on one line. */
  readonly subject: OfService;
  /** What happened, or was asked for: the head of the mail, and of the page that its link opens. */
  readonly happened: OfService;
  /** Why the mail was sent. */
  readonly why: OfService;
};

/** A notice whose link locks the account. */
export type LockWords = Told & {
  /** What to tell the service once the account is locked. */
  readonly report: OfService;
  /** What the lock does beyond what every lock does. */
  readonly besides?: string;
};

/** A notice whose link gives something that was asked for. */
export type GrantWords = Told & {
  /** What to do: introduces the button. */
  readonly ask: OfService;
  /** The button, on the page as well. */
  readonly button: string;
  /** What the button leads to, and what it does. */
  readonly effect: string;
  /** What to do if nobody whom the reader knows asked for it. */
  readonly unless: string;
  /** A second button, which locks the account. */
  readonly refuse?: string;
};

/** A notice without a link. */
export type NewsWords = Told & {
  /** What to do about it, if anything. */
  readonly next: OfService;
};

export type NoticeWords = LockWords | GrantWords | NewsWords;
