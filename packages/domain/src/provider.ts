import type { Id, Instant } from './ids.ts';

/** The providers that people sign in with, by the names that paths, `amr` and audit have for them. */
export const providers = ['google', 'github', 'microsoft'] as const;
export type Provider = (typeof providers)[number];

/** A person as a provider knows them. */
export type Identity = {
  readonly provider: Provider;
  /** The system that the subject is a person of: one provider can be served by several, such as GitHub Enterprise. */
  readonly issuer: string;
  /** Names the person there for ever; nobody else gets it later. */
  readonly subject: string;
  /** As the provider has it, and only where the provider says that the person proved it; null for none. */
  readonly verifiedEmail: string | null;
  /** In the words of the person; null for none. */
  readonly name: string | null;
};

/** The account of a person at a provider, by which its owner gets into an account here. */
export type ProviderLink = Pick<Identity, 'provider' | 'issuer' | 'subject'> & {
  readonly id: Id;
  readonly createdAt: Instant;
  /** When a sign-in went through it last; null for never since it was made. */
  readonly lastUsedAt: Instant | null;
  readonly userId: Id;
};

/** How long after a person was sent to a provider the answer counts. */
export const PROVIDER_STATE_TTL_MS = 600_000;

/** Of an authorization code: the longest that the providers document are a quarter of it. */
export const MAX_CODE_LENGTH = 8192;
/** Of an ID token or access token. */
export const MAX_PROVIDER_TOKEN_LENGTH = 8192;
/** Of a text that ties a sign-in to a browser. */
export const MAX_BINDING_LENGTH = 200;
