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

/** One transaction, or one `read`: its stores work while it is open. */
type Scope = { isOpen: boolean; readonly running: Set<Promise<unknown>> };

/** The one door to the stores, see `Database`. */
export function databaseOn(dialect: Dialect): Database {
  const inside = new AsyncLocalStorage<Scope>();

  /** Runs `work` on stores that close behind it. */
  const runScope = async <T>(db: Kysely<Schema>, work: (stores: Stores) => Promise<T>) => {
    const scope: Scope = { isOpen: true, running: new Set() };
    try {
      const result = await inside.run(scope, () => work(guard(storesOn(db), scope)));
      if (scope.running.size > 0) {
        throw new Error(
          'the work of a transaction ended before its calls: await every one of them',
        );
      }
      return result;
    } finally {
      scope.isOpen = false;
      // What still runs must not slip behind the commit or the rollback.
      await Promise.allSettled(scope.running);
    }
  };

  const enter = async <T>(door: 'transact' | 'read', work: (stores: Stores) => Promise<T>) => {
    if (inside.getStore()?.isOpen) {
      throw new Error('a transaction or read is open already: use its stores');
    }
    return orUnavailable(dialect, () => dialect[door]((db) => runScope(db, work)));
  };

  return {
    transact: (work) => enter('transact', work),
    read: (work) => enter('read', work),
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

const known = new WeakMap<Kysely<Schema>, Stores>();

/** The stores, without the door around them: one set for each connection. */
export function storesOn(db: Kysely<Schema>): Stores {
  const stores = known.get(db) ?? makeStores(db);
  known.set(db, stores);
  return stores;
}

function makeStores(db: Kysely<Schema>): Stores {
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

/** Lets calls through while the scope is open, and keeps count of those that have not returned. */
function guard<T extends object>(target: T, scope: Scope): T {
  return new Proxy(target, {
    get(_, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member === 'object' && member !== null) return guard(member, scope);
      if (typeof member !== 'function') return member;
      return async (...args: unknown[]) => {
        if (!scope.isOpen) throw new Error('the transaction of these stores has ended');
        const call: Promise<unknown> = member(...args);
        scope.running.add(call);
        try {
          return await call;
        } finally {
          scope.running.delete(call);
        }
      };
    },
  });
}
