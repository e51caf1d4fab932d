/** All that a kind of notice says of its own, in one language. `service` is a name. */
export type NoticeWords = {
  /** The subject of the mail, on one line. */
  readonly subject: (service: string) => string;
  /** What happened: the head of the mail, and of the page that its link opens. */
  readonly happened: (service: string) => string;
  /** Why the mail was sent. */
  readonly why: (service: string) => string;
  /** What to tell the service once the account is locked. */
  readonly report: (service: string) => string;
};
