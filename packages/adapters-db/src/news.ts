import type { Id } from '@rekey/domain';
import type { News } from '@rekey/usecases';
import { sql } from 'kysely';
import type { Dialect } from './dialects/dialect.ts';
import { one } from './query.ts';

/** How often the feeds are looked at where the database does not tell of them, while somebody waits. */
const POLL_MS = 200;

/** It grows with each event of any service. */
const places = one((db) =>
  db.selectFrom('feeds').select(sql<number>`cast(coalesce(sum(last), 0) as bigint)`.as('all')),
);

type Waiter = { readonly of: readonly Id[] | null; resolve(): void };

/** Tells of new events: at once of those of this process, and of others as soon as the database tells or shows them. */
export function newsOn(dialect: Dialect, pollMs = POLL_MS): News & { close(): void } {
  const waiting = new Set<Waiter>();
  const wake = (isMeant: (serviceId: Id) => boolean, isAny: boolean) => {
    for (const { of, resolve } of waiting) if (isAny || of === null || of.some(isMeant)) resolve();
  };
  const isSureToHear =
    dialect.hearOfFeeds?.((serviceId) => wake((id) => id === serviceId, serviceId === null)) ??
    (() => false);

  /** What was seen last; null where nobody waited, and something may have come unseen. */
  let seen: number | null = null;
  let timer: NodeJS.Timeout | null = null;
  async function look(): Promise<void> {
    if (isSureToHear()) {
      seen = null;
      return;
    }
    const now = await dialect.read((on) => places(on)());
    const all = now?.all ?? 0;
    if (seen !== all) wake(() => true, true);
    seen = all;
  }
  const lookLater = () => {
    timer ??= setTimeout(() => {
      void look()
        .catch(() => undefined)
        .finally(() => {
          timer = null;
          if (waiting.size > 0) lookLater();
          else seen = null;
        });
    }, pollMs).unref();
  };

  return {
    next(of, signal) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const waiter: Waiter = {
        of,
        resolve: () => {
          waiting.delete(waiter);
          signal.removeEventListener('abort', waiter.resolve);
          resolve();
        },
      };
      waiting.add(waiter);
      signal.addEventListener('abort', waiter.resolve);
      if (signal.aborted) waiter.resolve();
      else lookLater();
      return promise;
    },
    tell: (serviceIds) => {
      const meant = new Set(serviceIds);
      wake((id) => meant.has(id), false);
    },
    look: () => {
      // A database that does not answer has no news.
      if (waiting.size > 0) void look().catch(() => undefined);
    },
    close() {
      if (timer !== null) clearTimeout(timer);
      for (const { resolve } of waiting) resolve();
    },
  };
}
