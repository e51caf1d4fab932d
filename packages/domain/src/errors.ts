/** Every reason for which Rekey refuses a request, as callers see it. Documented in docs/errors.md. */
export type ErrorCode =
  | 'invalid_argument'
  | 'invalid_credentials'
  | 'invalid_one_time_token'
  | 'invalid_token'
  | 'invalid_cursor'
  | 'cursor_expired'
  | 'unauthorized'
  | 'password_update_required'
  | 'second_factor_required'
  | 'factor_enrolment_required'
  | 'insufficient_user_authentication'
  | 'registration_closed'
  | 'forbidden'
  | 'root_key_required'
  | 'account_locked'
  | 'account_not_locked'
  | 'recent_change'
  | 'last_way_in'
  | 'address_not_proven'
  | 'idempotency_key_in_use'
  | 'idempotency_key_reused'
  | 'not_found'
  | 'too_many_requests'
  | 'overloaded'
  | 'unavailable';

/** Every reason for which an argument is refused, for programs. Documented in docs/errors.md. */
export const violationCodes = [
  'required',
  'unknown',
  'repeated',
  'malformed',
  'too_short',
  'too_long',
  /** An e-mail address that is none, or that cannot be used here. */
  'unusable',
  /** There may be only one of it, and there is one. */
  'exists',
  /** A number, or a list, beyond what is allowed. */
  'out_of_range',
  /** An instant that has passed. */
  'past',
  /** Not together with another argument, or not at this state of the thing. */
  'not_allowed',
  // Of a new password:
  'common',
  'contains_email',
  'contains_service',
  'same_as_current',
  'used_before',
] as const;
export type ViolationCode = (typeof violationCodes)[number];

/** One refused argument: the name that the domain gives it, and a message for people that never repeats the value. */
export type Violation = {
  readonly field: string;
  readonly message: string;
  readonly code: ViolationCode;
};

/** The base of every refusal. Messages are for people and never hold a value that was sent. */
export abstract class DomainError extends Error {
  abstract override readonly name: string;
  abstract readonly code: ErrorCode;
}

/** One or more arguments are missing, malformed or refused. Nothing was changed. */
export class IllegalArgument extends DomainError {
  readonly name = 'IllegalArgument';
  readonly code = 'invalid_argument';
  readonly violations: readonly Violation[];

  constructor(violations: readonly Violation[]) {
    super('one or more arguments are missing, malformed or refused');
    this.violations = violations;
  }
}

/** The credentials prove no account that may be used here; it is never said which part of them is wrong. */
export class InvalidCredentials extends DomainError {
  readonly name = 'InvalidCredentials';
  readonly code = 'invalid_credentials';

  constructor(message = 'the e-mail address or the password is not right') {
    super(message);
  }
}

/** The token of a mailed link is unknown, used or expired; it is never said which. */
export class InvalidOneTimeToken extends DomainError {
  readonly name = 'InvalidOneTimeToken';
  readonly code = 'invalid_one_time_token';
  /** Whether the account that it was about was deleted: people are told, and programs are not. */
  readonly isOfDeleted: boolean;

  constructor({ isOfDeleted = false } = {}) {
    super('this link is unknown, used or expired');
    this.isOfDeleted = isOfDeleted;
  }
}

/** The token or key that is asked about is unknown, somebody else's, expired, used or revoked; it is never said which. */
export class InvalidToken extends DomainError {
  readonly name = 'InvalidToken';
  readonly code = 'invalid_token';

  constructor() {
    super('this token or key is unknown, expired, used or revoked');
  }
}

/** The cursor of a feed is none of it, or what comes after it is not kept any more: nothing is passed over in silence. */
export class BadCursor extends DomainError {
  readonly name = 'BadCursor';
  readonly code: keyof typeof badCursors;

  constructor(code: BadCursor['code']) {
    super(badCursors[code]);
    this.code = code;
  }
}

const badCursors = {
  invalid_cursor: 'this cursor is none of this feed',
  cursor_expired: 'what came after this cursor is not kept any more: begin anew without it',
} as const;

/** The key or token of the request is missing or not valid. */
export class Unauthorized extends DomainError {
  readonly name = 'Unauthorized';
  readonly code = 'unauthorized';

  constructor() {
    super('a valid key or token is required');
  }
}

/** The caller is known, but this may not be done. */
export class Forbidden extends DomainError {
  readonly name = 'Forbidden';
  readonly code: keyof typeof forbidden;

  constructor(code: Forbidden['code']) {
    super(forbidden[code]);
    this.code = code;
  }
}

const forbidden = {
  forbidden: 'this caller may not do this',
  insufficient_user_authentication: 'this takes a proof that is fresher or stronger',
  password_update_required: 'the password must be changed before the next login',
  registration_closed: 'new users are not accepted here',
  root_key_required: 'this takes a root key',
} as const;

/** What was proven is right, and not enough: a second factor is missing, or has to be enrolled first. */
export class FactorDemanded extends DomainError {
  readonly name = 'FactorDemanded';
  readonly code: keyof typeof demands;
  /** To be shown together with the factor, once; null where a factor can be enrolled only with a proven address. */
  readonly challenge: string | null;

  constructor(code: FactorDemanded['code'], challenge: string | null) {
    super(demands[code]);
    this.code = code;
    this.challenge = challenge;
  }
}

const demands = {
  second_factor_required: 'this takes a second factor as well',
  factor_enrolment_required: 'this takes a second factor, which must be enrolled first',
} as const;

/** The account is not in a state in which this can be done. Nothing was changed. */
export class WrongState extends DomainError {
  readonly name = 'WrongState';
  readonly code: keyof typeof wrongStates;

  constructor(code: WrongState['code']) {
    super(wrongStates[code]);
    this.code = code;
  }
}

const wrongStates = {
  account_locked:
    'the owner locked this account; it opens again only through the mailbox of the owner',
  account_not_locked: 'this account is not locked',
  address_not_proven: 'the address of this account was never proven',
  last_way_in: 'this is the last way into the account: set a password first',
  recent_change: 'something was changed here lately, and the owner can still take it back',
} as const;

/** An idempotency key stands for another request, or for one that is still under way. */
export class IdempotencyConflict extends DomainError {
  readonly name = 'IdempotencyConflict';
  readonly code: keyof typeof idempotencyConflicts;

  constructor(code: IdempotencyConflict['code']) {
    super(idempotencyConflicts[code]);
    this.code = code;
  }
}

const idempotencyConflicts = {
  idempotency_key_in_use: 'a request with this idempotency key is under way',
  idempotency_key_reused: 'this idempotency key was used for another request',
} as const;

/** There is no such thing, or it belongs to somebody else: the two look alike. */
export class NotFound extends DomainError {
  readonly name = 'NotFound';
  readonly code = 'not_found';

  constructor() {
    super('not found');
  }
}

/** Something was tried too often. Nothing was looked at, and the refused try counts for nothing. */
export class TooManyRequests extends DomainError {
  readonly name = 'TooManyRequests';
  readonly code = 'too_many_requests';
  /** The limit that was exceeded. */
  readonly limit: { readonly name: string; readonly quota: number; readonly windowMs: number };
  /** Seconds after which a new try is let through. */
  readonly retryAfterS: number;

  constructor(limit: TooManyRequests['limit'], retryAfterS: number) {
    super('this was tried too often; wait before the next try');
    this.limit = limit;
    this.retryAfterS = retryAfterS;
  }
}

/** More work is waiting than this machine can do in time. */
export class Overloaded extends DomainError {
  readonly name = 'Overloaded';
  readonly code = 'overloaded';
  /** Seconds after which a new try makes sense. */
  readonly retryAfterS: number;

  constructor(retryAfterS: number) {
    super('too much work is waiting');
    this.retryAfterS = retryAfterS;
  }
}

/** Something that Rekey depends on, the database first of all, does not answer now. Nothing was changed. */
export class Unavailable extends DomainError {
  readonly name = 'Unavailable';
  readonly code = 'unavailable';
  /** Seconds after which a new try makes sense. */
  readonly retryAfterS: number;

  constructor(retryAfterS: number, options?: { cause?: unknown }) {
    super('temporarily not available', options);
    this.retryAfterS = retryAfterS;
  }
}

/** Whether an error says no, and not that something is out of order. */
export const isRefusal = (error: unknown): error is DomainError =>
  error instanceof DomainError && !(error instanceof Overloaded || error instanceof Unavailable);
