import type { Id, IdPage, Instant, Key, KeyType, SeenUser, Service } from '@rekey/domain';

export interface Keys {
  /**
   * Adds a key; answers false, and changes nothing, where it would be the second usable TOKEN key, or the second usable
   * TOTP key, of a user at a service. One that has expired by then gives way: it is disabled.
   */
  insert(key: Key, secret: KeySecret): Promise<boolean>;
  get(id: Id): Promise<Key | null>;
  /** Keys that fit all parts of a filter, by their ids. */
  list(filter: KeyFilter, page: IdPage): Promise<Key[]>;
  /**
   * Finds by the digest of the value, with the service and the user that the key is of. The user has the
   * attributes of the service. The digest of the value before a
   * rotation finds it too, until the overlap ends.
   */
  findByDigest(
    digest: string,
    now: Instant,
  ): Promise<{ key: Key; service: Service | null; user: SeenUser | null } | null>;
  /** The usable TOKEN key of a user at a service. */
  findToken(userId: Id, serviceId: Id, now: Instant): Promise<Key | null>;
  /** Whether the service has a KEY or a TOKEN key of the user, in whatever state. */
  linksUser(userId: Id, serviceId: Id): Promise<boolean>;
  /** Finds a key, and locks the row: every other change of it waits until the transaction ends. */
  lock(id: Id): Promise<Key | null>;
  /** The keys with which a service asks, in whatever state, or the root keys for null. Locks them like `lock`. */
  lockOwn(serviceId: Id | null): Promise<Key[]>;
  /**
   * Changes a key whose user, if it has one, is locked. Answers false, and changes nothing, where it would be a second
   * usable one like `insert` has it; one that has expired by `updatedAt` gives way.
   */
  update(key: KeyUpdate): Promise<boolean>;
  /** Gives a key another value, whatever its state. The value until now is good until the end of the overlap, if there is one. */
  rotate(
    id: Id,
    to: {
      readonly secret: KeySecret;
      readonly prefix: string | null;
      readonly overlapEndsAt: Instant | null;
    },
    now: Instant,
  ): Promise<void>;
  /** Disables and revokes a key, only if it is not revoked; answers whether it did. */
  revoke(id: Id, now: Instant): Promise<boolean>;
  /** Disables and revokes every key of the user that is not revoked, for all services; answers them. */
  revokeAllOf(userId: Id, now: Instant): Promise<Key[]>;
  /** Deletes a key with the sessions that rest on it. */
  delete(id: Id): Promise<void>;
  /** Writes down when keys were used last. A later use that is known stays, and a key that is gone is passed over. */
  touch(uses: readonly KeyUse[]): Promise<void>;
  /**
   * Up to `limit` usable keys of the type KEY of enabled users that expire after `now` and by `until`, those that expire
   * first first, but for those that were told of since their expiry was set.
   */
  expiring(now: Instant, until: Instant, limit: number): Promise<Key[]>;
  /** Writes down that the expiry of a key, which is locked, was told of. */
  noteExpiryTold(id: Id): Promise<void>;
  /** The usable TOTP key of a user at a service, with its sealed seed. */
  findTotp(
    userId: Id,
    serviceId: Id,
    now: Instant,
  ): Promise<{ readonly id: Id; readonly sealed: string } | null>;
  /** Spends a step of time, only if the key is enabled and this step and all later ones are unspent; answers whether it did. */
  spendTotpStep(id: Id, step: number): Promise<boolean>;
}

/**
 * The stored form of the value of a key: a digest to find it by, and the value itself, sealed, where it must be read again
 * (TOTP): then the digest is a blind index.
 */
export type KeySecret = { readonly digest: string; readonly sealed?: string };

/** Parts that are not set fit every key. */
export type KeyFilter = {
  readonly ids?: readonly Id[] | undefined;
  readonly types?: readonly KeyType[] | undefined;
  readonly isEnabled?: boolean | undefined;
  readonly isRevoked?: boolean | undefined;
  readonly serviceIds?: readonly Id[] | undefined;
  readonly userIds?: readonly Id[] | undefined;
};

export type KeyUpdate = Pick<
  Key,
  | 'id'
  | 'updatedAt'
  | 'isEnabled'
  | 'isRevoked'
  | 'type'
  | 'name'
  | 'scopes'
  | 'expiresAt'
  | 'serviceId'
  | 'userId'
>;

export type KeyUse = { readonly id: Id; readonly at: Instant };

/** The uses of keys that wait to be written down, in the memory of a process: a use costs no write. */
export interface KeyUses {
  note(use: KeyUse): void;
  /** Up to so many uses, of each key the latest, which are no longer noted then. */
  take(limit: number): KeyUse[];
}
