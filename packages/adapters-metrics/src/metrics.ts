import type { Backlog, Database, Delivered, FactorCounts, WebhookCounts } from '@rekey/usecases';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { listenForScrapes } from './listen.ts';

/** The gate that hashes go through, as far as it is measured. */
type Gate<Place> = {
  run<T>(place: Place, task: () => Promise<T>): Promise<T>;
  admit(place: Place): void;
  readonly running: number;
  readonly waiting: number;
};

/** A request that is over. Route and status are null where there was none. */
type Answered = {
  readonly method: string;
  readonly route: string | null;
  readonly status: number | null;
  readonly ms: number;
};

/** How much is stored. */
type Size = { readonly auditEntries: number; readonly bytes: number };

export type Metrics = ReturnType<typeof openMetrics>;

/** From the time of a read to the longest that a request may take. */
const REQUEST_SECONDS = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15];
const HASH_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const DATABASE_SECONDS = [0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5];

/** For so long an answer of the database serves every scrape; one that it has to count for, longer. */
const ANSWER_TTL_MS = 1000;
const COUNT_TTL_MS = 60_000;

/** Methods of routes, and those that strangers try most. All others share a label, so that no client can add a series. */
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/**
 * The metrics that operators watch, in a registry of their own. They wrap what they measure, which does not know of them.
 * Every label has few values, none of them sent by a client.
 */
export function openMetrics({
  version,
  eventTypes,
  proofTypes,
  ...where
}: {
  readonly host: string;
  readonly port: number;
  readonly version: string;
  /** Every type of an event that there is. */
  readonly eventTypes: readonly string[];
  /** The types that the audit has for tries to prove oneself. */
  readonly proofTypes: readonly string[];
}) {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  new Gauge({
    name: 'rekey_build_info',
    help: 'Always 1: the version of Rekey is its label.',
    labelNames: ['version'],
    registers,
  }).set({ version }, 1);

  const requests = new Histogram({
    name: 'rekey_http_request_duration_seconds',
    help: 'Requests that are over, by method, route as declared, and status.',
    labelNames: ['method', 'route', 'status'],
    buckets: REQUEST_SECONDS,
    registers,
  });
  const throttled = new Counter({
    name: 'rekey_throttled_total',
    help: 'Tries that were turned away, by the limit that they met.',
    labelNames: ['limit'],
    registers,
  });
  const replayed = new Counter({
    name: 'rekey_idempotent_replays_total',
    help: 'Requests that came again with their idempotency key, and were answered as before.',
    registers,
  });
  const withheld = new Counter({
    name: 'rekey_mails_withheld_total',
    help: 'Mails that were asked for and not sent, by the limit that they met.',
    labelNames: ['limit'],
    registers,
  });
  const exchanges = new Counter({
    name: 'rekey_provider_exchanges_total',
    help: 'Exchanges with the providers that people sign in with, by what became of them.',
    labelNames: ['provider', 'outcome'],
    registers,
  });
  const attempts = new Counter({
    name: 'rekey_mail_attempts_total',
    help: 'Attempts to send a mail, by what became of them.',
    labelNames: ['outcome'],
    registers,
  });

  const calls = new Counter({
    name: 'rekey_webhook_calls_total',
    help: 'Calls of webhooks, by what became of them.',
    labelNames: ['outcome'],
    registers,
  });
  const disabled = new Counter({
    name: 'rekey_webhooks_given_up_total',
    help: 'Webhooks that were disabled because an event failed there for three days, or the receiver is gone.',
    registers,
  });
  const events = new Counter({
    name: 'rekey_events_total',
    help: 'Changes that services are told of, once however many are told, by what became of their transactions.',
    labelNames: ['type', 'outcome'],
    registers,
  });
  const logins = new Counter({
    name: 'rekey_logins_total',
    help: 'Sessions that were opened, by all that was proven for them.',
    labelNames: ['amr'],
    registers,
  });
  const failedProofs = new Counter({
    name: 'rekey_failed_proofs_total',
    help: 'Tries to log in or to show a factor that failed, by their type in the audit.',
    labelNames: ['type', 'account'],
    registers,
  });
  // From nothing to one, no rule sees an increase.
  for (const type of proofTypes) {
    for (const account of ['known', 'none']) failedProofs.inc({ type, account }, 0);
  }
  for (const type of eventTypes) {
    for (const outcome of ['committed', 'undone']) events.inc({ type, outcome }, 0);
  }

  return {
    answered({ method, route, status, ms }: Answered): void {
      const labels = {
        method: METHODS.has(method) ? method : 'other',
        route: route ?? 'none',
        status: status ?? 'aborted',
      };
      requests.observe(labels, ms / 1000);
    },

    throttled: (limit: string): void => throttled.inc({ limit }),

    replayed: (): void => replayed.inc(),

    withheld: (limit: string): void => withheld.inc({ limit }),

    exchanged: ({ provider, outcome }: { readonly provider: string; readonly outcome: string }) =>
      exchanges.inc({ provider, outcome }),

    delivered: ({ outcome }: Pick<Delivered, 'outcome'>): void =>
      attempts.inc({ outcome: outcome.replaceAll(' ', '_') }),

    called: ({ failure }: { readonly failure: string | null }): void =>
      calls.inc({ outcome: failure ?? 'delivered' }),

    webhookDisabled: (): void => disabled.inc(),

    /** Answers a gate that works as the given one does, and is measured. */
    watchGate<Place>(gate: Gate<Place>): Gate<Place> {
      const waited = new Histogram({
        name: 'rekey_hash_wait_seconds',
        help: 'How long hashes waited for their turn.',
        buckets: HASH_SECONDS,
        registers,
      });
      const took = new Histogram({
        name: 'rekey_hash_duration_seconds',
        help: 'How long hashes took from their turn on.',
        buckets: HASH_SECONDS,
        registers,
      });
      new Gauge({
        name: 'rekey_hash_running',
        help: 'Hashes that are being made.',
        registers,
        collect() {
          this.set(gate.running);
        },
      });
      new Gauge({
        name: 'rekey_hash_waiting',
        help: 'Hashes that wait for their turn.',
        registers,
        collect() {
          this.set(gate.waiting);
        },
      });
      return {
        admit: (place) => gate.admit(place),
        run(place, task) {
          const asked = performance.now();
          return gate.run(place, async () => {
            const began = performance.now();
            waited.observe((began - asked) / 1000);
            try {
              return await task();
            } finally {
              took.observe((performance.now() - began) / 1000);
            }
          });
        },
        get running() {
          return gate.running;
        },
        get waiting() {
          return gate.waiting;
        },
      };
    },

    /** Answers a database that works as the given one does, and is measured. */
    watchDatabase(database: Database): Database {
      const calls = new Histogram({
        name: 'rekey_database_duration_seconds',
        help: 'How long transactions and lone reads took, waiting for a connection or a lock included.',
        labelNames: ['kind'],
        buckets: DATABASE_SECONDS,
        registers,
      });
      const counted = counting(database, {
        events,
        opened: (amr) => logins.inc({ amr: amr.join('+') }),
        failed({ type, userId, count }) {
          const account = userId === null ? 'none' : 'known';
          if (proofTypes.includes(type)) failedProofs.inc({ type, account }, count);
        },
      });
      const timed = async <T>(kind: string, call: () => Promise<T>): Promise<T> => {
        const began = performance.now();
        try {
          return await call();
        } finally {
          calls.observe({ kind }, (performance.now() - began) / 1000);
        }
      };
      return {
        transact: (work, onDisk) => timed('transact', () => counted.transact(work, onDisk)),
        read: (work) => timed('read', () => database.read(work)),
      };
    },

    /** Asks for the backlog at a scrape, at most once a second. Without an answer the numbers are absent. */
    watchBacklog(ask: () => Promise<Backlog>, now: () => number = Date.now): void {
      const latest = remembering(ask, now);
      const ago = (instant: number | null) =>
        instant === null ? 0 : Math.max(0, now() - instant) / 1000;
      addGauges(registers, latest, [
        ['rekey_outbox_waiting', 'Mails that are not sent yet.', ({ waiting }) => waiting],
        ['rekey_outbox_dead', 'Mails that were given up.', ({ dead }) => dead],
        [
          'rekey_outbox_oldest_seconds',
          'For how long the oldest mail that is not sent yet has been owed.',
          ({ oldestAt }) => ago(oldestAt),
        ],
        [
          'rekey_outbox_overdue_seconds',
          'For how long the first mail that is due has waited for a server to take it.',
          ({ firstDueAt }) => ago(firstDueAt),
        ],
      ]);
      new Gauge({
        name: 'rekey_database_up',
        help: '1 where the database answered, 0 where it did not.',
        registers,
        async collect() {
          this.set((await latest()) ? 1 : 0);
        },
      });
    },

    /** Asks for the webhooks like `watchBacklog`. */
    watchWebhooks(ask: () => Promise<WebhookCounts>, now: () => number = Date.now): void {
      addGauges(registers, remembering(ask, now), [
        [
          'rekey_webhook_failing',
          'Events that webhooks were called with in vain, and that are tried again.',
          ({ failing }) => failing,
        ],
        [
          'rekey_webhook_failing_seconds',
          'For how long the first of them has been failing.',
          ({ failingSince }) =>
            failingSince === null ? 0 : Math.max(0, now() - failingSince) / 1000,
        ],
        ['rekey_webhooks_disabled', 'Webhooks that are disabled.', ({ disabled }) => disabled],
      ]);
    },

    /** Asks at a scrape, at most once a minute, how many accounts have which factor. Without an answer there are no numbers. */
    watchFactors(ask: () => Promise<FactorCounts>, now: () => number = Date.now): void {
      const latest = remembering(ask, now, COUNT_TTL_MS);
      new Gauge({
        name: 'rekey_accounts_with_factor',
        help: 'Accounts that have a factor, by its kind.',
        labelNames: ['factor'],
        registers,
        async collect() {
          this.reset();
          const counts: Partial<FactorCounts> = (await latest()) ?? {};
          for (const [factor, count] of Object.entries(counts)) this.set({ factor }, count);
        },
      });
    },

    /** Asks for the size of what is stored at a scrape, at most once a second. Without an answer the numbers are absent. */
    watchSize(ask: () => Promise<Size>, now: () => number = Date.now): void {
      addGauges(registers, remembering(ask, now), [
        ['rekey_audit_entries', 'Entries of the audit.', ({ auditEntries }) => auditEntries],
        [
          'rekey_database_bytes',
          'Bytes that the database takes on the disk.',
          ({ bytes }) => bytes,
        ],
      ]);
    },

    /** Asks at a scrape for how many lines of the log were dropped since the start. */
    watchLog(dropped: () => number): void {
      new Counter({
        name: 'rekey_log_dropped_total',
        help: 'Lines of the log that were dropped, because nothing took them.',
        registers,
        collect() {
          this.reset();
          this.inc(dropped());
        },
      });
    },

    /** Answers scrapes from now on; rejects where it cannot listen. */
    listen: () => listenForScrapes(where, registry),
  };
}

/** What is counted of transactions. */
type Counted = {
  /** What they tell services of. */
  readonly events: Counter<'type' | 'outcome'>;
  /** A session was opened. */
  opened(amr: readonly string[]): void;
  /** The audit has that so many tries failed; about nobody where it names no user. */
  failed(of: {
    readonly type: string;
    readonly userId: string | null;
    readonly count: number;
  }): void;
};

/** Answers a database that works as the given one does; what its transactions do is counted when they are over. */
function counting(database: Database, { events, opened, failed }: Counted): Database {
  return {
    ...database,
    async transact(work, onDisk) {
      // A change is told to each service that sees the user, and is one change.
      const told = new Map<string, string>();
      let done: (() => void)[] = [];
      const count = (outcome: 'committed' | 'undone') => {
        for (const type of told.values()) events.inc({ type, outcome });
        told.clear();
        if (outcome === 'committed') for (const each of done) each();
        done = [];
      };
      try {
        const result = await database.transact((stores) => {
          // The work runs again where two transactions were in each other's way.
          count('undone');
          const events: typeof stores.events = {
            ...stores.events,
            insert(event) {
              told.set(`${event.type} ${event.userId ?? event.id}`, event.type);
              return stores.events.insert(event);
            },
          };
          const sessions: typeof stores.sessions = {
            ...stores.sessions,
            insert(session) {
              done.push(() => opened(session.amr));
              return stores.sessions.insert(session);
            },
          };
          const audit: typeof stores.audit = {
            ...stores.audit,
            insert(entries) {
              for (const { entry } of entries) {
                if (entry.outcome !== 'failure') continue;
                done.push(() => failed(entry));
              }
              return stores.audit.insert(entries);
            },
          };
          return work({ ...stores, events, sessions, audit });
        }, onDisk);
        count('committed');
        return result;
      } catch (error) {
        count('undone');
        throw error;
      }
    },
  };
}

/** Asks when it is asked, and answers what it was told for so long; null where there was no answer. */
function remembering<T>(
  ask: () => Promise<T>,
  now: () => number,
  ttlMs = ANSWER_TTL_MS,
): () => Promise<T | null> {
  let answer: Promise<T | null> = Promise.resolve(null);
  let askedAt = Number.NEGATIVE_INFINITY;
  return () => {
    if (Math.abs(now() - askedAt) >= ttlMs) {
      askedAt = now();
      answer = ask().catch(() => null);
    }
    return answer;
  };
}

/** Gauges that are read out of one answer, and absent without one. */
function addGauges<T>(
  registers: Registry[],
  latest: () => Promise<T | null>,
  gauges: readonly [name: string, help: string, read: (answer: T) => number][],
): void {
  for (const [name, help, read] of gauges) {
    new Gauge({
      name,
      help,
      registers,
      async collect() {
        const answer = await latest();
        if (answer === null) this.remove();
        else this.set(read(answer));
      },
    });
  }
}
