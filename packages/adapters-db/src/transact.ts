import { AsyncLocalStorage } from 'node:async_hooks';
import { Unavailable } from '@rekey/domain';
import type { Database, Stores } from '@rekey/usecases';
import type { Kysely } from 'kysely';
import { auditOn } from './audit.ts';
import type { Dialect } from './dialect.ts';
import { keysOn } from './keys.ts';
import { outboxOn } from './outbox.ts';
import { passwordChangesOn } from './password-changes.ts';
import type { Schema } from './schema.ts';
import { servicesOn } from './services.ts';
import { sessionsOn } from './sessions.ts';
import { throttlesOn } from './throttles.ts';
import { usersOn } from './users.ts';

/** Seconds. */
const RETRY_AFTER = 2;

/** One transaction, or one `read`: the stores of its connection work while it is open. */
type Scope = {
  isOpen: boolean;
  readonly db: Kysely<Schema>;
  readonly running: Set<Promise<unknown>>;
};

/** The one door to the stores, see `Database`. */
export function databaseOn(dialect: Dialect): Database {
  const inside = new AsyncLocalStorage<Scope>();
  const known = new WeakMap<Kysely<Schema>, Stores>();

  /** One set of stores for each connection: they find out by themselves which scope a call is made in. */
  function guardedStoresOn(db: Kysely<Schema>): Stores {
    const stores = known.get(db) ?? guard(storesOn(db), db, inside);
    known.set(db, stores);
    return stores;
  }

  /** Runs `work` on stores that close behind it. */
  async function runScope<T>(db: Kysely<Schema>, work: (stores: Stores) => Promise<T>): Promise<T> {
    const scope: Scope = { isOpen: true, db, running: new Set() };
    try {
      const result = await inside.run(scope, work, guardedStoresOn(db));
      if (scope.running.size > 0) {
        throw new Error(
          'the work of a transaction ended before its calls: await every one of them',
        );
      }
      return result;
    } finally {
      scope.isOpen = false;
      // What still runs must not slip behind the commit or the rollback.
      if (scope.running.size > 0) await Promise.allSettled(scope.running);
    }
  }

  const enter = async <T>(run: () => Promise<T>) => {
    if (inside.getStore()?.isOpen) {
      throw new Error('a transaction or read is open already: use its stores');
    }
    return orUnavailable(dialect, run);
  };

  return {
    transact: (work, options) => enter(() => dialect.transact((db) => runScope(db, work), options)),
    read: (work) => enter(() => dialect.read((db) => runScope(db, work))),
  };
}

/** Turns an error that says that the database does not answer into `Unavailable`. */
export async function orUnavailable<T>(dialect: Dialect, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (dialect.isOutage(error)) throw new Unavailable(RETRY_AFTER, { cause: error });
    throw error;
  }
}

/** The stores, without the door around them. */
export function storesOn(db: Kysely<Schema>): Stores {
  return {
    services: servicesOn(db),
    users: usersOn(db),
    keys: keysOn(db),
    sessions: sessionsOn(db),
    changes: passwordChangesOn(db),
    outbox: outboxOn(db),
    throttles: throttlesOn(db),
    audit: auditOn(db),
  };
}

type Verb = (...args: unknown[]) => Promise<unknown>;

/** Lets calls through while their scope is open, and keeps count of those that have not returned. */
function guard(stores: Stores, db: Kysely<Schema>, inside: AsyncLocalStorage<Scope>): Stores {
  const guarded =
    (verb: Verb) =>
    (...args: unknown[]) => {
      const scope = inside.getStore();
      if (!scope?.isOpen || scope.db !== db) {
        return Promise.reject(new Error('the transaction of these stores has ended'));
      }
      const call = verb(...args);
      scope.running.add(call);
      const end = () => scope.running.delete(call);
      call.then(end, end);
      return call;
    };
  const all = Object.entries(stores).map(([name, store]) => {
    const verbs = Object.entries(store as unknown as Record<string, Verb>);
    return [name, Object.fromEntries(verbs.map(([verb, run]) => [verb, guarded(run)]))];
  });
  return Object.fromEntries(all);
}
