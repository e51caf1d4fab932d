import type { Identity, Provider } from '@rekey/domain';

/** The providers that people sign in with. */
export type Providers = { readonly [name in Provider]: IdentityProvider };

export type IdentityProvider = {
  /** Sign-in by way of the provider's pages; null where it is not configured. */
  readonly codes: CodeFlow | null;
  /** Sign-in by a token that the provider gave to a page; null where it is not configured, or not offered by Rekey. */
  readonly tokens: TokenCheck | null;
};

/**
 * The authorization code flow (RFC 6749, 4.1) with PKCE (RFC 7636, S256). Both calls end within ten seconds, and throw
 * `Unavailable` where the provider does not answer, or answers what makes no sense.
 */
export interface CodeFlow {
  /** The page of the provider that the person is sent to. `nonce`: the ID token has to hold it. */
  urlOf(request: {
    readonly returnUrl: string;
    readonly state: string;
    readonly verifier: string;
    readonly nonce: string;
  }): Promise<string>;
  /**
   * The person who came back with that code. Throws `InvalidToken` for a code that is unknown, used, expired, another
   * client's, or not for that URL, verifier and nonce.
   */
  identify(answer: {
    readonly code: string;
    readonly returnUrl: string;
    readonly verifier: string;
    readonly nonce: string;
  }): Promise<Identity>;
}

/** Takes tokens as a page got them. Ends, and throws `Unavailable`, like `CodeFlow`. */
export interface TokenCheck {
  /**
   * The person whom an ID token of OpenID Connect is about, or who gave the access token. Throws `InvalidToken` for a
   * token that the provider did not make, that was not made for this client, that has expired, or is not valid yet; clocks
   * may differ by 30 seconds.
   */
  identify(token: string): Promise<Identity>;
}
