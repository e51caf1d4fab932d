import type { PasswordQuality, Place } from '@rekey/domain';

/** Hashes wait for their turn in a queue that services, and the networks of each, share: `place` says whose a hash is. */
export interface Hasher {
  /** Throws `Overloaded` where a hash would be turned away now, so that nothing is done for one in vain. */
  admit(place: Place): void;
  /** The form in which a normalized password is stored, a different one each time. Throws `Overloaded` when too many wait. */
  hash(password: string, place: Place): Promise<string>;
  /** Whether the password has this hash. Null, and what is no hash, cost as much as a hash and are never right. */
  verify(password: string, hash: string | null, place: Place): Promise<boolean>;
  /** Whether the hash was made by `hash` with its current settings. */
  isCurrent(hash: string): boolean;
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
