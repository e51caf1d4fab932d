/** A UUID (version 7, RFC 9562) as lower-case text. */
export type Id = string;

/** Milliseconds since 1970-01-01T00:00:00Z. */
export type Instant = number;

/** Somebody's backend: it registers itself and acts for its users. */
export type Service = {
  readonly id: Id;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
  readonly name: string;
  readonly url: string;
  /** The page that links in mails lead to; null where Rekey hosts it. */
  readonly localUrl: string | null;
  /** Whether the service may create users. */
  readonly allowRegister: boolean;
  /** What the operator adds to mails of this service. */
  readonly emailText: string | null;
};

/** The owner of an account. */
export type User = {
  readonly id: Id;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
  readonly isEnabled: boolean;
  readonly name: string;
  /** In its canonical form, see `parseEmail`. */
  readonly email: string;
  /** A BCP 47 language tag. */
  readonly locale: string;
  /** A name of the IANA time zone database. */
  readonly timezone: string;
  readonly passwordAllowReset: boolean;
  readonly passwordRequireUpdate: boolean;
  /** The service that made the user; null for a root key. */
  readonly createdBy: Id | null;
};

/** What proves a user. It never leaves the use cases. */
export type Credential = {
  /** As the hasher wrote it; null where the user has no password. */
  readonly passwordHash: string | null;
  /** One more with every change or shutdown: a proof holds only for the version it was made with. */
  readonly version: number;
  /** What a login found out about the password of some version, sealed; null where none did. */
  readonly sealedQuality: string | null;
};

export const keyTypes = ['KEY', 'TOKEN', 'TOTP'] as const;
export type KeyType = (typeof keyTypes)[number];

/**
 * A key of a service (no user), of a user at a service, or of the operator (neither: a root key).
 * A user needs a usable TOKEN key of a service to log in there or to change a password through it.
 */
export type Key = {
  readonly id: Id;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
  readonly isEnabled: boolean;
  readonly isRevoked: boolean;
  readonly type: KeyType;
  readonly name: string;
  readonly serviceId: Id | null;
  readonly userId: Id | null;
};

/** A login that is still open: access tokens name it, and are worth nothing once it has ended. */
export type Session = {
  readonly id: Id;
  readonly createdAt: Instant;
  /** When the last token that it can have expires, if it has not ended before. */
  readonly expiresAt: Instant;
  readonly userId: Id;
  readonly serviceId: Id;
  /** The TOKEN key that the login rested on. */
  readonly keyId: Id;
};

/** Where a request came from, as far as that is known. */
export type Origin = {
  /** An IP address. */
  readonly address: string;
  /** The User-Agent, as sent: never to be shown without defusing it. */
  readonly client: string | null;
};

/** One change of a password, and the one-time right to say "this wasn't me". */
export type PasswordChange = {
  readonly id: Id;
  readonly createdAt: Instant;
  readonly userId: Id;
  readonly serviceId: Id;
  /** The address that the user had at that moment: the mail goes there, whatever happens later. */
  readonly email: string;
  readonly origin: Origin;
  /** Which secret of the key file signs its revoke token. */
  readonly revokeKeyId: string;
  /** Until when the link works. */
  readonly expiresAt: Instant;
};

/** Whether a key may be used. */
export const isUsable = (key: Key): boolean => key.isEnabled && !key.isRevoked;

/**
 * Whether the owner had the account shut, and nobody has opened it again: it was disabled and the password
 * forgotten, unlike in an account that was only prepared.
 */
export const isShut = (
  user: User,
  { passwordHash, version }: Omit<Credential, 'sealedQuality'>,
): boolean => !user.isEnabled && passwordHash === null && version > 1;
