import { AsyncLocalStorage } from 'node:async_hooks';
import type { Database, Stores } from '../../src/ports/index.ts';
import { watched } from '../watched.ts';
import { audit } from './audit.ts';
import { csrfTokens } from './csrf-tokens.ts';
import { deliveries } from './deliveries.ts';
import { events } from './events.ts';
import { factors } from './factors.ts';
import { imports } from './imports.ts';
import { keptAnswers } from './kept-answers.ts';
import { keys } from './keys.ts';
import { oneTimeTokens } from './one-time-tokens.ts';
import { passkeys } from './passkeys.ts';
import { pending } from './pending.ts';
import { providerLinks } from './provider-links.ts';
import { providerStates } from './provider-states.ts';
import { services } from './services.ts';
import { sessions } from './sessions.ts';
import type { Journal } from './table.ts';
import { emptyTables, type Tables } from './tables.ts';
import { throttles } from './throttles.ts';
import { users } from './users.ts';
import { webhookDeliveries } from './webhook-deliveries.ts';
import { webhooks } from './webhooks.ts';

export type MemoryDatabase = Database & {
  /** All that is committed, but for some tables, to be compared or searched as a whole. */
  snapshot(...except: (keyof Tables)[]): unknown;
  /** Changes tables past all stores, as somebody with a shell on the server of the database could. */
  tamper(change: (tables: Tables) => void): void;
};

/** A database in memory with real transactions, one at a time: what one did is undone when its work throws. */
export function memoryDatabase(): MemoryDatabase {
  const journal: Journal = [];
  const tables = emptyTables(journal);
  const stores: Stores = {
    services: services(tables),
    users: users(tables),
    keys: keys(tables),
    sessions: sessions(tables),
    factors: factors(tables),
    passkeys: passkeys(tables),
    csrfTokens: csrfTokens(tables),
    providerLinks: providerLinks(tables),
    providerStates: providerStates(tables),
    oneTimeTokens: oneTimeTokens(tables),
    deliveries: deliveries(tables),
    throttles: throttles(tables),
    audit: audit(tables),
    events: events(tables),
    pending: pending(tables),
    keptAnswers: keptAnswers(tables),
    imports: imports(tables),
    webhooks: webhooks(tables),
    webhookDeliveries: webhookDeliveries(tables),
  };
  let last: Promise<unknown> = Promise.resolve();
  const inside = new AsyncLocalStorage<true>();

  const run = async <T>(work: (stores: Stores) => Promise<T>): Promise<T> => {
    let isOpen = true;
    let calls = 0;
    const guarded = watched(stores, async (_verb, call) => {
      if (!isOpen) throw new Error('the transaction of these stores has ended');
      calls += 1;
      try {
        const result = await call();
        // A moment longer than the end of a work that does not wait for this call.
        await Promise.resolve();
        return result;
      } finally {
        calls -= 1;
      }
    });
    try {
      const result = await inside.run(true, () => work(guarded));
      if (calls > 0) throw new Error('the work of a transaction ended before its calls');
      return result;
    } catch (error) {
      for (const undo of journal.toReversed()) undo();
      throw error;
    } finally {
      journal.length = 0;
      isOpen = false;
    }
  };
  const oneAtATime = async <T>(work: (stores: Stores) => Promise<T>): Promise<T> => {
    if (inside.getStore()) throw new Error('a transaction is open already: use its stores');
    const turn = last.then(() => run(work));
    last = turn.catch(() => undefined);
    return turn;
  };
  const snapshot: MemoryDatabase['snapshot'] = (...except) => {
    if (journal.length > 0) throw new Error('a transaction is open: not all of this is committed');
    return Object.fromEntries(
      Object.entries(tables)
        .filter(([name]) => !except.some((each) => each === name))
        .map(([name, table]) => [name, table.entries()]),
    );
  };
  const tamper: MemoryDatabase['tamper'] = (change) => {
    change(tables);
    journal.length = 0;
  };
  return { transact: oneAtATime, read: oneAtATime, snapshot, tamper };
}
