import type { Id, Instant, Passkey, PasskeyReference, User } from '@rekey/domain';

/** The occasion that a challenge is made for: it is good for no other. */
export type Ceremony = {
  /** To make a passkey, or to log in with one. */
  readonly kind: 'create' | 'get';
  readonly serviceId: Id;
  /** The id of the user who gets the passkey; at a login the address that was named, or an empty text for none. */
  readonly account: string;
};

/** A challenge that was answered, to be spent. */
export type AnsweredChallenge = { readonly challenge: string; readonly expiresAt: Instant };

/** A passkey that was just made. */
export type NewPasskey = Omit<Passkey, 'id' | 'userId' | 'createdAt' | 'lastUsedAt' | 'name'> & {
  readonly answered: AnsweredChallenge;
};

/** A proof by a passkey. */
export type PasskeyProof = {
  readonly counter: number;
  readonly isBackedUp: boolean;
  /** Whether the authenticator verified the person just now. */
  readonly isUserVerified: boolean;
  readonly answered: AnsweredChallenge;
};

/** The answer of a browser, with all that it has to fit. `origin`: where the page says that it was; undefined where it says nothing. */
export type PasskeyAnswer = {
  readonly response: unknown;
  readonly ceremony: Ceremony;
  readonly origin: string | undefined;
  readonly now: Instant;
};

/** The talk with browsers and authenticators about passkeys (W3C Web Authentication, Level 3). */
export interface WebAuthn {
  /** The domain that passkeys of an origin belong to, or of the first origin for none; null for an origin that is not accepted. */
  rpIdOf(origin: string | undefined): string | null;
  /** A challenge of 32 bytes, in base64url; a different one each time. It is stored nowhere, and good for five minutes. */
  challenge(ceremony: Ceremony, now: Instant): string;
  /** The passkeys of an account that has none: the same for an address each time, and like those of somebody. */
  madeUp(email: string): readonly PasskeyReference[];
  /** The options of `navigator.credentials.create`, as JSON (WebAuthn, 5.1.8): without those that the person has already. */
  creationOptions(of: {
    readonly challenge: string;
    readonly rpId: string;
    readonly rpName: string;
    readonly user: Pick<User, 'id' | 'email' | 'name'>;
    readonly existing: readonly PasskeyReference[];
  }): object;
  /** The options of `navigator.credentials.get`, as JSON (WebAuthn, 5.1.9); any passkey does where none are named. */
  requestOptions(of: {
    readonly challenge: string;
    readonly rpId: string;
    readonly allowed: readonly PasskeyReference[];
  }): object;
  /** The credential id that an answer names; null where it names none. */
  credentialIdIn(response: unknown): string | null;
  /**
   * The passkey in an answer to `creationOptions`; null unless everything fits: the challenge, which has not expired, an
   * accepted origin and its domain, a person who was there, and a key that is understood.
   */
  created(answer: PasskeyAnswer): Promise<NewPasskey | null>;
  /**
   * The proof in an answer to `requestOptions`; null unless everything fits, and the passkey signed it. Takes as long
   * where there is no such passkey. The counter is the caller's to judge.
   */
  proven(answer: PasskeyAnswer, passkey: Passkey | null): Promise<PasskeyProof | null>;
}
