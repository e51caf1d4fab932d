import type { Audit } from './audit.ts';
import type { CsrfTokens } from './csrf-tokens.ts';
import type { Deliveries } from './deliveries.ts';
import type { Events } from './events.ts';
import type { Factors } from './factors.ts';
import type { Imports } from './imports.ts';
import type { KeptAnswers } from './kept-answers.ts';
import type { Keys } from './keys.ts';
import type { OneTimeTokens } from './one-time-tokens.ts';
import type { Passkeys } from './passkeys.ts';
import type { Pending } from './pending.ts';
import type { ProviderLinks } from './provider-links.ts';
import type { ProviderStates } from './provider-states.ts';
import type { Services } from './services.ts';
import type { Sessions } from './sessions.ts';
import type { Throttles } from './throttles.ts';
import type { Users } from './users.ts';
import type { WebhookDeliveries } from './webhook-deliveries.ts';
import type { Webhooks } from './webhooks.ts';

/** The one door to the stores. Nothing slow goes through it: no hashing, no mail, no network. */
export interface Database {
  /**
   * Runs `work` in one transaction: commits what it did when it returns, and undoes all of it when it throws.
   * Where two transactions are in each other's way, one is undone and its `work` runs again: it must change nothing
   * but the stores. Nesting, and a promise of `work` that outlives it, are errors.
   * What it did is on the disk when it returns, unless `onDisk` says otherwise.
   * Throws `Unavailable` where the database does not answer.
   */
  transact<T>(work: (stores: Stores) => Promise<T>, onDisk?: OnDisk): Promise<T>;
  /** Runs `work` without a transaction, for lone reads. */
  read<T>(work: (stores: Stores) => Promise<T>): Promise<T>;
}

/**
 * When a commit reaches the disk. `with the next one`: no later than the next that does so `now`. Everybody sees it at
 * once, and a process that dies loses nothing of it; until then a power cut may undo it.
 */
export type OnDisk = 'now' | 'with the next one';

export type Stores = {
  readonly services: Services;
  readonly users: Users;
  readonly keys: Keys;
  readonly sessions: Sessions;
  readonly factors: Factors;
  readonly passkeys: Passkeys;
  readonly csrfTokens: CsrfTokens;
  readonly providerLinks: ProviderLinks;
  readonly providerStates: ProviderStates;
  readonly oneTimeTokens: OneTimeTokens;
  readonly deliveries: Deliveries;
  readonly throttles: Throttles;
  readonly audit: Audit;
  readonly events: Events;
  readonly pending: Pending;
  readonly keptAnswers: KeptAnswers;
  readonly imports: Imports;
  readonly webhooks: Webhooks;
  readonly webhookDeliveries: WebhookDeliveries;
};
