/** Every reason for which Rekey refuses a request, as callers see it. Documented in docs/errors.md. */
export type ErrorCode =
  | 'invalid_argument'
  | 'invalid_credentials'
  | 'invalid_revoke_token'
  | 'invalid_token'
  | 'unauthorized'
  | 'password_update_required'
  | 'registration_closed'
  | 'not_found'
  | 'too_many_requests'
  | 'overloaded'
  | 'unavailable';

/** Why a password is refused, for programs. Documented in docs/errors.md. */
export type PasswordFault =
  | 'malformed'
  | 'too_short'
  | 'too_long'
  | 'common'
  | 'contains_email'
  | 'contains_service'
  | 'same_as_current';

/** One refused argument: the name that the domain gives it, and a message for people that never repeats the value. */
export type Violation = {
  readonly field: string;
  readonly message: string;
  /** Of a password that is refused. */
  readonly reason?: PasswordFault;
};

/** What every refusal has in common. Messages are for people and never hold a value that was sent. */
export abstract class DomainError extends Error {
  abstract readonly code: ErrorCode;
}

/** One or more arguments are missing, malformed or refused. Nothing was changed. */
export class IllegalArgument extends DomainError {
  readonly code = 'invalid_argument';
  readonly violations: readonly Violation[];

  constructor(violations: readonly Violation[]) {
    super('one or more arguments are missing, malformed or refused');
    this.violations = violations;
  }
}

/** What was given proves no account that may be used here; it is never said which part of it is wrong. */
export class InvalidCredentials extends DomainError {
  readonly code = 'invalid_credentials';

  constructor(message = 'the e-mail address or the password is not right') {
    super(message);
  }
}

/** The revoke token is unknown, used or expired; it is never said which. */
export class InvalidRevokeToken extends DomainError {
  readonly code = 'invalid_revoke_token';

  constructor() {
    super('this revoke token is unknown, used or expired');
  }
}

/** The token or key that is asked about is unknown, somebody else's, expired, used or revoked; it is never said which. */
export class InvalidToken extends DomainError {
  readonly code = 'invalid_token';

  constructor() {
    super('this token or key is unknown, expired, used or revoked');
  }
}

/** The key or token of the request is missing or not valid. */
export class Unauthorized extends DomainError {
  readonly code = 'unauthorized';

  constructor() {
    super('a valid key or token is required');
  }
}

/** The caller is known, but this may not be done. */
export class Forbidden extends DomainError {
  readonly code: 'password_update_required' | 'registration_closed';

  constructor(code: Forbidden['code']) {
    super(
      code === 'password_update_required'
        ? 'the password must be changed before the next login'
        : 'new users are not accepted here',
    );
    this.code = code;
  }
}

/** There is no such thing, or it belongs to somebody else: the two look alike. */
export class NotFound extends DomainError {
  readonly code = 'not_found';

  constructor() {
    super('not found');
  }
}

/** Something was tried too often. Nothing was looked at, and the refused try counts for nothing. */
export class TooManyRequests extends DomainError {
  readonly code = 'too_many_requests';
  /** What was exceeded; `window` in milliseconds. */
  readonly limit: { readonly name: string; readonly quota: number; readonly window: number };
  /** Seconds after which a new try is let through. */
  readonly retryAfter: number;

  constructor(limit: TooManyRequests['limit'], retryAfter: number) {
    super('this was tried too often; wait before the next try');
    this.limit = limit;
    this.retryAfter = retryAfter;
  }
}

/** More work is waiting than this machine can do in time. */
export class Overloaded extends DomainError {
  readonly code = 'overloaded';
  /** Seconds after which a new try makes sense. */
  readonly retryAfter: number;

  constructor(retryAfter: number) {
    super('too much work is waiting');
    this.retryAfter = retryAfter;
  }
}

/** Something that Rekey depends on, the database first of all, does not answer now. Nothing was changed. */
export class Unavailable extends DomainError {
  readonly code = 'unavailable';
  /** Seconds after which a new try makes sense. */
  readonly retryAfter: number;

  constructor(retryAfter: number, options?: { cause?: unknown }) {
    super('temporarily not available', options);
    this.retryAfter = retryAfter;
  }
}
