import type { PasswordFault } from '@rekey/domain';

/** All that the pages say, in one language. `service` is a name; what stands in braces is filled in where it is shown. */
export type Texts = {
  /** What the link in the mail opens: nothing has been done yet. */
  readonly confirm: {
    readonly title: string;
    readonly changed: (service: string) => string;
    readonly account: string;
    readonly when: string;
    readonly address: string;
    /** The User-Agent is whatever the client claims, and the label says so. */
    readonly client: string;
    readonly unknown: string;
    readonly wasYou: string;
    readonly wasNotYou: string;
    readonly button: string;
    readonly nothingYet: string;
    readonly whatItDoes: string;
    readonly effects: readonly string[];
  };
  /** The account is shut. */
  readonly shut: {
    readonly title: string;
    readonly done: string;
    readonly next: string;
    readonly steps: (service: string) => readonly string[];
  };
  /** Used, expired, unknown and incomplete links. */
  readonly dead: Paragraphs;
  /** A form that another site sent. */
  readonly foreign: Paragraphs;
  /** What cannot be done at the moment. */
  readonly later: Paragraphs;
  /** What nobody foresaw. */
  readonly broken: Paragraphs & { readonly number: (id: string) => string };
  readonly change: {
    readonly title: string;
    readonly lead: (service: string) => string;
    readonly email: string;
    readonly password: string;
    readonly newPassword: string;
    readonly rule: string;
    readonly show: string;
    readonly button: string;
    readonly needsScript: string;
    readonly done: Paragraphs;
  };
  /** What the script of that page says. */
  readonly script: {
    readonly busy: string;
    /** From guessed at once to very hard to guess. */
    readonly strengths: readonly [string, string, string, string, string];
    readonly required: string;
    readonly email: string;
    readonly reasons: Readonly<Record<PasswordFault, string>>;
    readonly credentials: string;
    readonly wait: string;
    readonly later: string;
    readonly offline: string;
  };
};

type Paragraphs = { readonly title: string; readonly paragraphs: readonly string[] };
