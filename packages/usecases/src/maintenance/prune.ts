import { type Actor, DAY_MS } from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';
import { doubtMs } from '../shared/kill-switch.ts';
import { onlyOperator } from '../shared/only-operator.ts';

type Needs = Pick<Ports, 'database' | 'clock' | 'settings'>;

/** For an operator who wants to see what was there. */
const SESSIONS_KEPT_MS = 7 * DAY_MS;
const TOKENS_KEPT_MS = 90 * DAY_MS;
/** Of passwords that one transaction looks at: each can take a few statements. */
const PASSWORDS = 200;
const EVENTS_KEPT_MS = 30 * DAY_MS;
/** As long as an answer is given again. */
const ANSWERS_KEPT_MS = DAY_MS;

/** Rows of a kind that one transaction deletes: others wait for it no longer than for a login. */
const BATCH = 500;
const MAX_BATCHES = 50;

/**
 * Deletes rows that have long been over: sessions with their refresh tokens, one-time tokens with their deliveries,
 * CSRF tokens, challenges, seeds that nobody confirmed, sign-ins with a provider that nobody finished, events, passwords of
 * the past, and counts of tries that no longer matter.
 */
export class Prune {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /** Answers how many rows it deleted. The rows that are too many for one run are left to the next. */
  async execute(actor: Actor): Promise<number> {
    onlyOperator(actor);
    const { clock, settings } = this.#ports;
    const now = clock.now();
    // They tell when an account was used last.
    const sessionsKeptMs = Math.max(SESSIONS_KEPT_MS, settings.unprovenTtlMs ?? 0);
    await this.#inBatches(({ sessions }) => sessions.endExpired(now, BATCH));
    const sessions = await this.#inBatches(({ sessions }) =>
      sessions.prune(now - sessionsKeptMs, BATCH),
    );
    const orphans = await this.#inBatches(({ deliveries }) => deliveries.pruneOrphans(now, BATCH));
    const tokens = await this.#inBatches(({ oneTimeTokens }) =>
      oneTimeTokens.prune(now - TOKENS_KEPT_MS, BATCH),
    );
    const events = await this.#inBatches(({ events }) => events.prune(now - EVENTS_KEPT_MS, BATCH));
    const webhookDeliveries = await this.#inBatches(({ webhookDeliveries }) =>
      webhookDeliveries.prune(now - EVENTS_KEPT_MS, BATCH),
    );
    const webhooks = await this.#inBatches(({ webhooks }) => webhooks.prune(BATCH));
    const csrfTokens = await this.#inBatches(({ csrfTokens }) => csrfTokens.prune(now, BATCH));
    const challenges = await this.#inBatches(({ factors }) => factors.prune(now, BATCH));
    const answered = await this.#inBatches(({ passkeys }) => passkeys.pruneChallenges(now, BATCH));
    const providerStates = await this.#inBatches(({ providerStates }) =>
      providerStates.prune(now, BATCH),
    );
    const keptAnswers = await this.#inBatches(({ keptAnswers }) =>
      keptAnswers.prune(now - ANSWERS_KEPT_MS, BATCH),
    );
    const { passwordHistory } = settings;
    const passwords = await this.#inBatches(({ users }) =>
      users.prunePastPasswords(now - doubtMs(settings), passwordHistory, PASSWORDS),
    );
    const throttles = await this.#inBatches(({ throttles }) => throttles.prune(now, BATCH));
    const unfinished = csrfTokens + challenges + answered + providerStates;
    const others = unfinished + orphans + keptAnswers + passwords + throttles;
    return sessions + tokens + events + webhookDeliveries + webhooks + others;
  }

  async #inBatches(prune: (stores: Stores) => Promise<number>): Promise<number> {
    let total = 0;
    for (let batch = 0; batch < MAX_BATCHES; batch += 1) {
      const deleted = await this.#ports.database.transact(prune);
      if (deleted === 0) break;
      total += deleted;
    }
    return total;
  }
}
