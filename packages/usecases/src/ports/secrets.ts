import type {
  Authentication,
  Device,
  Grant,
  Id,
  Instant,
  OneTimeToken,
  Purpose,
  Role,
} from '@rekey/domain';

export interface Secrets {
  /** 32 random bytes as base64url text after the prefix. */
  generate(prefix: string): string;
  /** 20 random bytes in base32 (RFC 4226, 4; RFC 4648, 6): the seed of a TOTP key. */
  generateTotpSeed(): string;
  /** 32 random bytes as Standard Webhooks 1.0 writes a secret: `whsec_` and base64. */
  generateWebhookSecret(): string;
  /** A one-way digest of a random secret. A secret has one digest. */
  digest(secret: string): string;
  /** The digest of a secret that only its SHA-256 is known of, in hex or base64url; null for a text that is none. */
  digestFrom(sha256: string): string | null;
  /**
   * A one-way digest of something that can be guessed, such as an address: it takes a secret that the database does
   * not have to make one. A text has one digest.
   */
  blind(text: string): string;
  /**
   * The digests by which a secret is found again that is kept sealed: it takes a secret that the database does not have
   * to make one. The first is the one to keep; the others were the first before rotations of the key file.
   */
  blindIndexes(secret: string): readonly [string, ...string[]];
  /**
   * Encrypts with a secret that the database does not have; a different text each time. `owner` names what the secret
   * belongs to: a writer to the database cannot give it to another.
   */
  seal(secret: string, owner: string): string;
  /** The secret that was sealed for that owner; throws for anything else. */
  unseal(sealed: string, owner: string): string;
}

/** MACs with a secret that the database does not have: a thief of the database can make none. */
export interface Macs {
  /** The MAC of a text. */
  make(text: string): string;
  /** Whether the MAC was made here for that text. */
  verify(text: string, mac: string): boolean;
  /** 16 random bytes as base64url text. */
  salt(): string;
  /** SHA-256 over the bytes of a salt and a text, as base64url text. Everybody who has both can make it. */
  digest(salt: string, text: string): string;
}

export interface AccessTokens {
  /**
   * A token for the grant: signed, for a service to verify. For a person at the built-in service, whom `holder` names,
   * it may be encrypted besides, and says address and roles for others to read. It says how and when the user proved
   * itself, where that is given: `amr`, `auth_time` and `acr`. It expires on a whole second.
   */
  issue(
    grant: Grant & Partial<Authentication>,
    holder?: TokenHolder,
  ): Promise<{ token: string; expiresAt: Instant }>;
  /** The grant of a token of any kind, and when it expires; null for what was not issued here or has expired. */
  verify(token: string): Promise<(Grant & { readonly expiresAt: Instant }) | null>;
}

export type TokenHolder = { readonly email: string; readonly roles: readonly Role[] };

/** One-time codes by the clock (RFC 6238): SHA-1, six digits, a new code with each step of 30 seconds. */
export interface Totp {
  /** The step that a code is of, the current one or one on either side; null for a code of none, the latest for one of several. */
  stepOf(code: string, seed: string, now: Instant): number | null;
}

/** The tokens of mailed links. They are never stored: each is made when a mail is sent, from a secret that the database does not have. */
export interface LinkTokens {
  /** The id of the secret that new links are to be made with. */
  currentKeyId(): string;
  /** The token of a right. A right has one token. Throws where the secret of its key id is gone. */
  make(right: Pick<OneTimeToken, 'id' | 'purpose' | 'keyId'>): string;
  /** The right that a token was made for; null for anything else. */
  verify(token: string): { readonly id: Id; readonly purpose: Purpose } | null;
}

/** The tokens by which devices are known. Nothing of them is stored. */
export interface DeviceTokens {
  make(device: Device): string;
  /** The device that a token was made for; null for anything else. */
  verify(token: string): Device | null;
}
