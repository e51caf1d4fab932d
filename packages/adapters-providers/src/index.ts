import type { Clock, IdentityProvider, Providers } from '@rekey/usecases';
import type { ExchangeOptions } from './exchange.ts';
import { type GithubOptions, github } from './github.ts';
import { type GoogleOptions, google } from './google.ts';
import { type MicrosoftOptions, microsoft } from './microsoft.ts';

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

/** The providers that people sign in with. Nothing is asked of them before somebody does. */
export function openProviders(options: ProvidersOptions): Providers {
  const {
    google: ofGoogle,
    github: ofGithub,
    microsoft: ofMicrosoft,
    clock,
    ...exchange
  } = options;
  const now = () => clock.now();
  return {
    google: ofGoogle ? google({ ...ofGoogle, ...exchange, now }) : none,
    github: ofGithub ? github({ ...ofGithub, ...exchange }) : none,
    microsoft: ofMicrosoft ? microsoft({ ...ofMicrosoft, ...exchange, now }) : none,
  };
}
