import type { Id, Instant, Key, Service, User } from '@rekey/domain';

export interface Keys {
  /**
   * Adds a key; answers false, and changes nothing, where it would be the second
   * usable TOKEN key of a user at a service.
   */
  insert(key: Key, secret: KeySecret): Promise<boolean>;
  get(id: Id): Promise<Key | null>;
  /** Finds by digest, with the service and the user that the key is of. */
  findByDigest(
    digest: string,
  ): Promise<{ key: Key; service: Service | null; user: User | null } | null>;
  /** The usable TOKEN key of a user at a service. */
  findToken(userId: Id, serviceId: Id): Promise<Key | null>;
  /** Whether the service has a key of the user, in whatever state. */
  linksUser(userId: Id, serviceId: Id): Promise<boolean>;
  /** Disables and revokes a key, only if it is not revoked; answers whether it did. */
  revoke(id: Id, now: Instant): Promise<boolean>;
  /** Disables and revokes every key of the user, for all services. */
  revokeAllOf(userId: Id, now: Instant): Promise<void>;
  /** The newest usable TOTP key of a user at a service, with its sealed seed. */
  findTotp(userId: Id, serviceId: Id): Promise<{ id: Id; sealed: string } | null>;
  /** Spends a step of time, only if the key is usable and this step and all later ones are unspent; answers whether it did. */
  spendTotpStep(id: Id, step: number): Promise<boolean>;
}

/** The stored form of a key's value: a digest to find it by, or the value sealed where it must be read again (TOTP). */
export type KeySecret = { readonly digest: string } | { readonly sealed: string };
