import type { Channels, MailTally } from './channels.ts';
import type { Clock, Ids } from './clock.ts';
import type { Database } from './database.ts';
import type { Flow } from './flow.ts';
import type { Ledgers } from './imports.ts';
import type { KeyUses } from './keys.ts';
import type { News } from './news.ts';
import type { BreachList, ForeignHashes, Hasher, PasswordMeter } from './passwords.ts';
import type { Places } from './places.ts';
import type { Providers } from './providers.ts';
import type { AccessTokens, DeviceTokens, LinkTokens, Macs, Secrets, Totp } from './secrets.ts';
import type { Settings } from './settings.ts';
import type { WebAuthn } from './web-authn.ts';

export * from './audit.ts';
export * from './channels.ts';
export * from './clock.ts';
export * from './csrf-tokens.ts';
export * from './database.ts';
export * from './deliveries.ts';
export * from './events.ts';
export * from './factors.ts';
export * from './flow.ts';
export * from './imports.ts';
export * from './kept-answers.ts';
export * from './keys.ts';
export * from './moving.ts';
export * from './news.ts';
export * from './one-time-tokens.ts';
export * from './passkeys.ts';
export * from './passwords.ts';
export * from './pending.ts';
export * from './places.ts';
export * from './provider-links.ts';
export * from './provider-states.ts';
export * from './providers.ts';
export * from './secrets.ts';
export * from './services.ts';
export * from './sessions.ts';
export * from './settings.ts';
export * from './throttles.ts';
export * from './users.ts';
export * from './web-authn.ts';

/** All that a use case can need from outside; each says which part of it. */
export type Ports = {
  readonly database: Database;
  readonly hasher: Hasher;
  readonly foreignHashes: ForeignHashes;
  readonly meter: PasswordMeter;
  /** Null where there is none to ask. */
  readonly breachList: BreachList | null;
  readonly secrets: Secrets;
  readonly macs: Macs;
  readonly accessTokens: AccessTokens;
  readonly deviceTokens: DeviceTokens;
  readonly totp: Totp;
  readonly linkTokens: LinkTokens;
  readonly webAuthn: WebAuthn;
  readonly providers: Providers;
  readonly channels: Channels;
  readonly mailTally: MailTally;
  readonly ledgers: Ledgers;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly flow: Flow;
  readonly news: News;
  readonly places: Places;
  /** Told after each commit, so that what it left pending is soon given its place. */
  readonly commits: { made(): void };
  readonly keyUses: KeyUses;
  /** Like `keyUses`, of sessions. */
  readonly sessionUses: KeyUses;
  readonly settings: Settings;
};
