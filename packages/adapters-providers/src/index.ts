import type { Clock, IdentityProvider, Providers } from '@rekey/usecases';
import type { ExchangeOptions } from './exchange.ts';
import type { GithubOptions } from './github.ts';
import type { GoogleOptions } from './google.ts';
import type { MicrosoftOptions } from './microsoft.ts';

export { isSafe } from './bounded-fetch.ts';
export type { Exchanged, ProviderEvents } from './exchange.ts';

/** Null for each that is not configured. */
export type ProvidersOptions = ExchangeOptions & {
  readonly google: GoogleOptions | null;
  readonly github: GithubOptions | null;
  readonly microsoft: MicrosoftOptions | null;
  readonly clock: Clock;
};

const none: IdentityProvider = { codes: null, tokens: null };

/**
 * The providers that people sign in with. Nothing is asked of them before somebody does, and the libraries that speak to
 * them are loaded where one is configured.
 */
export async function openProviders(options: ProvidersOptions): Promise<Providers> {
  const {
    google: ofGoogle,
    github: ofGithub,
    microsoft: ofMicrosoft,
    clock,
    ...exchange
  } = options;
  const now = () => clock.now();
  return {
    google: ofGoogle
      ? (await import('./google.ts')).google({ ...ofGoogle, ...exchange, now })
      : none,
    github: ofGithub ? (await import('./github.ts')).github({ ...ofGithub, ...exchange }) : none,
    microsoft: ofMicrosoft
      ? (await import('./microsoft.ts')).microsoft({ ...ofMicrosoft, ...exchange, now })
      : none,
  };
}
