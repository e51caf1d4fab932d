/** What the mail says, in one language. `service` is a name; times are already in words. */
export type Phrases = {
  readonly subject: (service: string) => string;
  readonly changed: (service: string) => string;
  readonly when: string;
  readonly address: string;
  /** The User-Agent is whatever the client claims, and the label says so. */
  readonly client: string;
  readonly unknown: string;
  readonly wasYou: string;
  readonly wasNotYou: string;
  readonly button: string;
  readonly copy: string;
  readonly effect: string;
  readonly until: (time: string) => string;
  readonly note: (service: string) => string;
  readonly why: (service: string) => string;
};
