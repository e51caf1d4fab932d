import type { GrantKind, ViolationCode } from '@rekey/domain';

/** Why a new password is refused. */
type PasswordCode = Extract<
  ViolationCode,
  | 'malformed'
  | 'too_short'
  | 'too_long'
  | 'common'
  | 'contains_email'
  | 'contains_service'
  | 'same_as_current'
  | 'used_before'
>;

/** The words of the pages alone, in one language. `service` is a name; a word in braces is filled in where it is shown. */
export type Texts = {
  /** The page that a mailed link opens, before anything is done. */
  readonly confirm: {
    readonly title: string;
    /** For the owner who did it: there is nothing left to do. */
    readonly close: string;
    readonly nothingYet: string;
    readonly whatItDoes: string;
    readonly effects: readonly string[];
  };
  readonly locked: {
    readonly title: string;
    readonly done: string;
    readonly next: string;
    /** Why it is worth telling the service. */
    readonly reopen: string;
    readonly steps: readonly string[];
    /** For an owner who can open the account again without anybody's help. */
    readonly recover: {
      readonly title: string;
      readonly lead: string;
      readonly button: string;
      readonly done: Paragraphs;
    };
  };
  /** The page of a link that gives something. */
  readonly grant: {
    readonly password: string;
    readonly nothingYet: string;
    readonly next: string;
  } & Readonly<Record<GrantKind, GrantTexts>>;
  /** For a link that was good. `time` is in words. */
  readonly used: {
    readonly title: string;
    readonly at: (time: string) => string;
    readonly again: string;
    /** For a link that locks an account, which is open again. */
    readonly open: string;
    readonly lockedSince: (time: string) => string;
    readonly lockedRest: string;
  };
  /** Introduces the place to ask. */
  readonly help: string;
  /** The page at the root of the server. */
  readonly start: {
    readonly title: (service: string) => string;
    readonly lead: (service: string) => string;
    readonly docs: string;
  };
  /** The page that asks for a mail with a link. */
  readonly forgot: {
    readonly title: string;
    readonly lead: (service: string) => string;
    readonly button: string;
    readonly done: Paragraphs;
  };
  /** For expired, unknown and incomplete links alike, and for those whose right ended. */
  readonly dead: Paragraphs;
  /** For a link whose account was deleted. */
  readonly gone: Paragraphs;
  /** For a link that the browser has not kept for its page. */
  readonly lost: Paragraphs;
  /** For a form that another site sent. */
  readonly foreign: Paragraphs;
  /** For a moment in which nothing can be done. */
  readonly later: Paragraphs;
  /** For a failure that nobody foresaw. */
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
    /** Of a second factor. */
    readonly code: string;
    readonly codeHint: string;
    readonly done: Paragraphs;
  };
  /** The page of the own passkeys. */
  readonly passkeys: {
    readonly title: string;
    readonly lead: (service: string) => string;
    readonly needsScript: string;
    /** For a browser that knows none. */
    readonly cannot: string;
    readonly withPasskey: string;
    readonly orPassword: string;
    readonly withPassword: string;
    readonly code: string;
    readonly none: string;
    readonly name: string;
    readonly add: string;
    readonly leave: string;
    /** The words of its script. */
    readonly says: {
      readonly welcome: string;
      readonly added: string;
      readonly removed: string;
      readonly remove: string;
      readonly used: string;
      readonly never: string;
      readonly unknown: string;
      readonly credentials: string;
      readonly code: string;
      readonly cancelled: string;
      readonly many: string;
    };
  };
  /** Why a new password is not set, and the other words of the script of its page. */
  readonly script: {
    /** Asks for the second factor. */
    readonly factor: string;
    readonly busy: string;
    /** From guessed at once to very hard to guess. */
    readonly strengths: readonly [string, string, string, string, string];
    readonly required: string;
    readonly email: string;
    readonly reasons: Readonly<Record<PasswordCode, string>>;
    readonly credentials: string;
    /** Where a code was sent along. */
    readonly credentialsOrCode: string;
    readonly wait: string;
    readonly later: string;
    readonly offline: string;
  };
};

/** What the button of a link does, and what is said once it is done. */
type GrantTexts = {
  readonly effects: readonly string[];
  readonly done: string;
  readonly after: (service: string) => string;
};

type Paragraphs = { readonly title: string; readonly paragraphs: readonly string[] };
