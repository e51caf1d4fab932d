import type { Id, PasswordQuality, Place } from '@rekey/domain';

/** Hashes wait for their turn in a queue that services, and the networks of each, share: `place` says whose a hash is. */
export interface Hasher {
  /** Throws `Overloaded` where a hash would be turned away now, so that nothing is done for one in vain. */
  admit(place: Place): void;
  /** The form in which a normalized password is stored, a different one each time. Throws `Overloaded` when too many wait. */
  hash(password: string, place: Place): Promise<string>;
  /**
   * Whether the password, as it was typed, has this hash. Null, and what is no hash, cost as much as a hash and are never
   * right.
   */
  verify(password: string, stored: StoredHash | null, place: Place): Promise<boolean>;
  /** Whether the hash was made by `hash` with its current settings. */
  isCurrent(hash: string): boolean;
}

/** A hash as it is stored with a user: one that was sealed is good for that user alone. */
export type StoredHash = { readonly hash: string; readonly userId: Id };

/** A hash of a password by another system, as an export has it: docs/moving.md documents the formats. */
export type ForeignHash = {
  /** One text with all that its format needs beside the password, but for `salt`. */
  readonly hash: string;
  /** The name of the format, where the hash does not begin with what tells it. */
  readonly format?: string | undefined;
  /** For a bare digest in hex: the text that was hashed together with the password. */
  readonly salt?: string | undefined;
  readonly saltPosition?: 'prefix' | 'suffix' | undefined;
};

export interface ForeignHashes {
  /**
   * The form in which a hash of another system is stored: the hasher verifies it for that user, and no hash of another
   * system is current. Where the format is so cheap that guesses cost next to nothing, the hash is sealed for the user;
   * with `wrap` it is hashed once more instead, which takes as long as a hash of our own. Throws `IllegalArgument`,
   * which never repeats a value, for a format that is unknown, a hash that is malformed or costs too much to verify, and
   * the hash of a password that was published.
   */
  adopt(
    foreign: ForeignHash,
    options: { readonly wrap: boolean; readonly userId: Id },
  ): Promise<string>;
  /** Whether a stored hash is one that was adopted, and not one of our own. */
  isAdopted(stored: string): boolean;
}

/** Judges passwords; it keeps nothing of them. */
export interface PasswordMeter {
  /** `context`: words that an attacker would try first. */
  assess(password: string, context: readonly string[]): Promise<PasswordQuality>;
}

/** A list of passwords known from breaches that somebody else keeps. It learns nothing of a password that tells which one it is. */
export interface BreachList {
  /** Whether the password is on the list; null where that cannot be found out in time. Never throws. */
  has(password: string): Promise<boolean | null>;
}
