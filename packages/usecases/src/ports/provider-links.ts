import type { Id, Identity, Instant, Provider, ProviderLink } from '@rekey/domain';

/** Which account at a provider opens which account here. */
export interface ProviderLinks {
  /**
   * Adds a link to a user who is locked; answers false, and changes nothing, where the account at the provider is linked
   * already, or the user has a link with the provider.
   */
  insert(link: ProviderLink): Promise<boolean>;
  /** Finds the link of an account at a provider. */
  find(of: Pick<Identity, 'provider' | 'issuer' | 'subject'>): Promise<ProviderLink | null>;
  /** The links of a user, in the order of their ids; no more than there are providers. */
  ofUser(userId: Id): Promise<ProviderLink[]>;
  /** Writes down that a sign-in went through a link. */
  touch(id: Id, now: Instant): Promise<void>;
  /** Removes a link, only if it is the user's; answers the provider that it was with, or null. */
  remove(id: Id, userId: Id): Promise<Provider | null>;
  /** Removes all links of a user; answers them. */
  removeAllOf(userId: Id): Promise<ProviderLink[]>;
}
