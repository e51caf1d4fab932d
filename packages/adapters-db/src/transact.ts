import { AsyncLocalStorage } from 'node:async_hooks';
import { Unavailable } from '@rekey/domain';
import type { Database, Stores } from '@rekey/usecases';
import type { Connection, Dialect } from './dialects/dialect.ts';
import { auditOn } from './stores/audit.ts';
import { csrfTokensOn } from './stores/csrf-tokens.ts';
import { deliveriesOn } from './stores/deliveries.ts';
import { eventsOn } from './stores/events.ts';
import { factorsOn } from './stores/factors.ts';
import { importsOn } from './stores/imports.ts';
import { keptAnswersOn } from './stores/kept-answers.ts';
import { keysOn } from './stores/keys.ts';
import { oneTimeTokensOn } from './stores/one-time-tokens.ts';
import { passkeysOn } from './stores/passkeys.ts';
import { pendingOn, type Told, toldOn } from './stores/pending.ts';
import { providerLinksOn } from './stores/provider-links.ts';
import { providerStatesOn } from './stores/provider-states.ts';
import { servicesOn } from './stores/services.ts';
import { sessionsOn } from './stores/sessions.ts';
import { throttlesOn } from './stores/throttles.ts';
import { usersOn } from './stores/users.ts';
import { webhookDeliveriesOn } from './stores/webhook-deliveries.ts';
import { webhooksOn } from './stores/webhooks.ts';

const RETRY_AFTER_S = 2;

type Guarded = { readonly stores: Stores; readonly told: Told };

/** One transaction, or one `read`: the stores of its connection work while it is open. */
type Scope = {
  isOpen: boolean;
  readonly on: Connection;
  readonly running: Set<Promise<unknown>>;
};

/** The one door to the stores, see `Database`. */
export function databaseOn(dialect: Dialect): Database {
  const inside = new AsyncLocalStorage<Scope>();
  const known = new WeakMap<Connection, Guarded>();

  /** One set of stores for each connection: they find out by themselves which scope a call is made in. */
  function guardedStoresOn(on: Connection): Guarded {
    const found = known.get(on);
    if (found) return found;
    const told = toldOn(on);
    const made = { stores: guard(storesOn(on, told), on, inside), told };
    known.set(on, made);
    return made;
  }

  /** Runs `work` on stores that close behind it. */
  async function runScope<T>(on: Connection, work: (stores: Stores) => Promise<T>): Promise<T> {
    const scope: Scope = { isOpen: true, on, running: new Set() };
    const { stores, told } = guardedStoresOn(on);
    try {
      const result = await inside.run(scope, work, stores);
      if (scope.running.size > 0) {
        throw new Error(
          'the work of a transaction ended before its calls: await every one of them',
        );
      }
      await told.write();
      return result;
    } finally {
      scope.isOpen = false;
      // A call that still runs must not slip behind the commit or the rollback.
      if (scope.running.size > 0) await Promise.allSettled(scope.running);
      told.forget();
    }
  }

  const enter = <T>(run: () => Promise<T>) =>
    orUnavailable(dialect, () => {
      if (inside.getStore()?.isOpen) {
        throw new Error('a transaction or read is open already: use its stores');
      }
      return run();
    });

  return {
    transact: (work, onDisk) => enter(() => dialect.transact((on) => runScope(on, work), onDisk)),
    read: (work) => enter(() => dialect.read((on) => runScope(on, work))),
  };
}

/** Turns an error that says that the database does not answer into `Unavailable`. */
export async function orUnavailable<T>(dialect: Dialect, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (dialect.isOutage(error)) throw new Unavailable(RETRY_AFTER_S, { cause: error });
    throw error;
  }
}

/** The stores, without the door around them. */
export const storesOn = (on: Connection, told: Told = toldOn(on)): Stores => ({
  services: servicesOn(on),
  users: usersOn(on),
  keys: keysOn(on),
  sessions: sessionsOn(on),
  factors: factorsOn(on),
  passkeys: passkeysOn(on),
  csrfTokens: csrfTokensOn(on),
  providerLinks: providerLinksOn(on),
  providerStates: providerStatesOn(on),
  oneTimeTokens: oneTimeTokensOn(on),
  deliveries: deliveriesOn(on),
  throttles: throttlesOn(on),
  audit: auditOn(on, told),
  events: eventsOn(on, told),
  pending: pendingOn(on, told),
  keptAnswers: keptAnswersOn(on),
  imports: importsOn(on, told),
  webhooks: webhooksOn(on),
  webhookDeliveries: webhookDeliveriesOn(on),
});

type Verb = (...args: unknown[]) => Promise<unknown>;

/** Lets calls through while their scope is open, and keeps count of those that have not returned. */
function guard(stores: Stores, on: Connection, inside: AsyncLocalStorage<Scope>): Stores {
  const guarded =
    (verb: Verb) =>
    (...args: unknown[]) => {
      const scope = inside.getStore();
      if (!scope?.isOpen || scope.on !== on) {
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
