import {
  type Actor,
  DAY_MS,
  isUsable,
  type Key,
  keyData,
  keyDetails,
  nowhere,
} from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';
import { onlyOperator } from '../shared/only-operator.ts';
import { oweNews } from '../shared/owe.ts';
import { tell } from '../shared/tell.ts';

type Needs = Pick<
  Ports,
  'database' | 'secrets' | 'linkTokens' | 'mailTally' | 'clock' | 'ids' | 'settings'
>;

/** Long enough to make another key in time. */
const AHEAD_MS = 7 * DAY_MS;
/** Whoever makes a key for a day or less does not forget that it ends. */
const SHORT_LIFE_MS = DAY_MS;

const BATCH = 100;
const MAX_BATCHES = 50;

/**
 * Mails the owners of accounts that a KEY of theirs expires within a week, once for each expiry, and tells the service that
 * the key is of.
 */
export class TellExpiringKeys {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /** Answers how many keys it told of. Those that are too many for one run are left to the next. */
  async execute(actor: Actor): Promise<number> {
    onlyOperator(actor);
    const { database, clock } = this.#ports;
    let total = 0;
    for (let batch = 0; batch < MAX_BATCHES; batch += 1) {
      const now = clock.now();
      const found = await database.read(({ keys }) => keys.expiring(now, now + AHEAD_MS, BATCH));
      let done = 0;
      for (const { id, userId } of found) {
        const isDone = await database.transact((stores) => this.#tell(stores, id, userId ?? ''));
        if (isDone) done += 1;
      }
      total += done;
      // Where nothing is done, all that were found wait for the budget of their mailboxes.
      if (found.length < BATCH || done === 0) break;
    }
    return total;
  }

  /** Answers whether the key needs no telling any more. */
  async #tell(stores: Stores, id: Key['id'], owner: string): Promise<boolean> {
    const { users, keys } = stores;
    const now = this.#ports.clock.now();
    // The user first, as everywhere.
    const account = await users.lock(owner);
    const key = await keys.lock(id);
    const { expiresAt = null, serviceId = null } = key ?? {};
    // It was changed since it was found.
    if (!account?.user.isEnabled || !key || !isUsable(key, now)) return false;
    if (expiresAt === null || serviceId === null || expiresAt > now + AHEAD_MS) return false;

    if (expiresAt - key.createdAt > SHORT_LIFE_MS) {
      const { user } = account;
      const mail = { purpose: 'key_expiring', user, serviceId, origin: nowhere } as const;
      const details = keyDetails(key);
      if ((await oweNews(this.#ports, stores, { ...mail, details })) === null) return false;
      const of = { serviceId, userId: user.id, subjectId: id };
      await tell(this.#ports, stores, { ...of, type: 'key.expiring', data: keyData(key) });
    }
    await keys.noteExpiryTold(id);
    return true;
  }
}
