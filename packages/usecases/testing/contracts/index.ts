import { describe } from 'vitest';
import { auditContract } from './audit.ts';
import { csrfTokensContract } from './csrf-tokens.ts';
import { transactionsContract } from './database.ts';
import { deliveriesContract } from './deliveries.ts';
import { eventsContract } from './events.ts';
import { factorsContract } from './factors.ts';
import { importsContract } from './imports.ts';
import { keptAnswersContract } from './kept-answers.ts';
import { keysContract } from './keys.ts';
import { oneTimeTokensContract } from './one-time-tokens.ts';
import { type Open, opened } from './opened.ts';
import { passkeysContract } from './passkeys.ts';
import { pendingContract } from './pending.ts';
import { providerLinksContract } from './provider-links.ts';
import { providerStatesContract } from './provider-states.ts';
import { servicesContract } from './services.ts';
import { sessionsContract } from './sessions.ts';
import { throttlesContract } from './throttles.ts';
import { usersContract } from './users.ts';
import { webhookDeliveriesContract } from './webhook-deliveries.ts';
import { webhooksContract } from './webhooks.ts';

export * from './access-tokens.ts';
export * from './breach-list.ts';
export * from './device-tokens.ts';
export * from './foreign-hashes.ts';
export * from './hasher.ts';
export * from './ledgers.ts';
export * from './link-tokens.ts';
export * from './macs.ts';
export * from './news.ts';
export type { Open, OpenDatabase } from './opened.ts';
export * from './outlet.ts';
export * from './password-meter.ts';
export * from './providers.ts';
export * from './secrets.ts';
export * from './totp.ts';
export * from './web-authn.ts';

/** The obligations of every database: each sentence of the documentation of its ports is a case here. */
export function databaseContract(name: string, open: Open): void {
  describe(`the database in ${name}`, () => {
    const database = opened(open);
    transactionsContract(database);
    servicesContract(database);
    usersContract(database);
    keysContract(database);
    sessionsContract(database);
    factorsContract(database);
    passkeysContract(database);
    csrfTokensContract(database);
    providerLinksContract(database);
    providerStatesContract(database);
    oneTimeTokensContract(database);
    deliveriesContract(database);
    throttlesContract(database);
    auditContract(database);
    eventsContract(database);
    pendingContract(database);
    keptAnswersContract(database);
    importsContract(database);
    webhooksContract(database);
    webhookDeliveriesContract(database);
  });
}
