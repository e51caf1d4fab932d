/**
 * The words of the import, as docs/moving.md documents them: the lines of the source `users` are these, and every other source
 * puts what another system wrote into them. Nothing here is checked yet: the import parses each value with the
 * parsers of the API, and tells all that is wrong with a row at once. Null is the same as nothing.
 */

/** One user. */
export type UserRow = {
  /** A UUID, which is kept; a new one where there is none. */
  readonly id?: unknown;
  readonly name?: unknown;
  readonly email?: unknown;
  /** Whether a mail to the address was answered there. */
  readonly email_valid?: unknown;
  /** Whether its owner acted on such a mail, and no machine can have: sign-in with a provider rests on it. */
  readonly email_proven?: unknown;
  readonly locale?: unknown;
  readonly timezone?: unknown;
  readonly is_enabled?: unknown;
  readonly password_hash?: unknown;
  readonly password_hash_format?: unknown;
  readonly password_salt?: unknown;
  readonly password_salt_position?: unknown;
  readonly password_allow_reset?: unknown;
  readonly password_require_update?: unknown;
  /** `user`, `admin` */
  readonly roles?: unknown;
  /** What the service that made the user keeps with it: flat JSON. */
  readonly attributes?: unknown;
  /** The seed of the second factor of the form dialect, in base32. */
  readonly totp_secret?: unknown;
  /** The keys of the user at services: `KeyRow`. */
  readonly keys?: unknown;
  /** The id or the name of the service that made the user; that of `--service` where it is left out, and else the operator. */
  readonly created_by?: unknown;
  /** RFC 3339. */
  readonly created_at?: unknown;
  readonly updated_at?: unknown;
  readonly last_login_at?: unknown;
};

/** One service, with the keys with which it asks. */
export type ServiceRow = {
  readonly id?: unknown;
  readonly name?: unknown;
  readonly url?: unknown;
  readonly is_enabled?: unknown;
  readonly user_allow_register?: unknown;
  readonly user_email_text?: unknown;
  readonly provider_local_url?: unknown;
  readonly provider_github_oauth2_url?: unknown;
  readonly provider_microsoft_oauth2_url?: unknown;
  readonly provider_google_oauth2_url?: unknown;
  readonly keys?: unknown;
  readonly created_at?: unknown;
  readonly updated_at?: unknown;
};

/** One key. Its value goes on working: it is given as it is, or as a digest where nobody has to see it. */
export type KeyRow = {
  readonly id?: unknown;
  /** `KEY`, `TOKEN`, `TOTP` */
  readonly type?: unknown;
  readonly name?: unknown;
  /** The value as callers send it; of a TOTP key the seed in base32. A TOKEN key needs none. */
  readonly value?: unknown;
  /** SHA-256 over the UTF-8 of the value, in hex or base64url. Not for TOTP keys. */
  readonly value_sha256?: unknown;
  /** The id or the name of the service; only for keys of users. */
  readonly service?: unknown;
  readonly is_enabled?: unknown;
  readonly is_revoked?: unknown;
  readonly scopes?: unknown;
  readonly expires_at?: unknown;
  readonly created_at?: unknown;
  readonly updated_at?: unknown;
  readonly last_used_at?: unknown;
};

/**
 * What a source reads, in the order of its input. `line`: the line of a file of lines, from 1; else the number of the entry,
 * from 1. `faults` says in words why an entry cannot be read, never with a value of it. Services come before the users who have
 * keys of them.
 */
export type SourceRow = {
  readonly line: number;
  /** What the entry has and Rekey has no counterpart of, by the names of the other system: the summary lists each name once. */
  readonly leftOut?: readonly string[];
} & (
  | { readonly user: UserRow }
  | { readonly service: ServiceRow }
  /** A key of the operator. */
  | { readonly rootKey: KeyRow }
  | { readonly faults: readonly string[] }
);

export type SourceOptions = {
  /** What `--hash-config FILE` holds, as JSON: parameters of hashes that an export does not name. */
  readonly hashConfig?: unknown;
};

/** A system that users come from. The whole input never has to fit into memory: one entry does, of 1 MiB at most. */
export type Source = {
  /** For the help of the command. */
  readonly description: string;
  /** Reads an export: its octets, in pieces of any size. An input that is no such export at all is an error that says so. */
  readonly read: (
    octets: AsyncIterable<Uint8Array>,
    options: SourceOptions,
  ) => AsyncIterable<SourceRow>;
  /** Reads from the database of the system itself. The same rows in the same order each time. */
  readonly connect?: (url: string, options: SourceOptions) => AsyncIterable<SourceRow>;
};
