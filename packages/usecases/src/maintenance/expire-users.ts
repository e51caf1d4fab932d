import type { Actor, Id, Instant } from '@rekey/domain';
import type { AccountUse, Ports, Stores } from '../ports/index.ts';
import { deleteUsers } from '../shared/delete-users.ts';
import { onlyOperator } from '../shared/only-operator.ts';

type Needs = Pick<Ports, 'database' | 'macs' | 'clock' | 'ids' | 'settings'>;

/** Accounts that one transaction looks at: others wait for it no longer than for a login. */
const BATCH = 50;
const MAX_BATCHES = 50;

/**
 * Deletes accounts that nobody proved and nobody uses any more, so that nobody keeps the address of somebody else for
 * ever.
 */
export class ExpireUsers {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /** Answers how many accounts it deleted. Those that are too many for one run are left to the next. */
  async execute(actor: Actor): Promise<number> {
    onlyOperator(actor);
    const { database, clock, settings } = this.#ports;
    const { unprovenTtlMs } = settings;
    if (unprovenTtlMs === null) return 0;
    const before = clock.now() - unprovenTtlMs;

    let total = 0;
    for (let batch = 0; batch < MAX_BATCHES; batch += 1) {
      const { seen, expired } = await database.transact(async (stores) => {
        const ids = await stores.users.lockIdle(before, BATCH);
        const expired = await idleOf(stores, ids, before, unprovenTtlMs);
        await deleteUsers(this.#ports, stores, actor, { ids: expired, type: 'rekey:UserExpire' });
        return { seen: ids.length, expired: expired.length };
      });
      total += expired;
      if (seen < BATCH) break;
    }
    return total;
  }
}

/** Those that were idle since before the instant; for the others writes down since when they are. */
async function idleOf(
  { users }: Pick<Stores, 'users'>,
  ids: readonly Id[],
  before: Instant,
  ttlMs: number,
): Promise<Id[]> {
  const idle: Id[] = [];
  for (const id of ids) {
    const since = idleSince(await users.useOf(id), ttlMs);
    if (since !== null && since < before) idle.push(id);
    else await users.setIdle(id, since);
  }
  return idle;
}

/** An account with a link that works is kept until the link expires, and one that another service counts on for ever. */
const idleSince = ({ lastAt, linkUntil, isShared }: AccountUse, ttlMs: number): Instant | null =>
  isShared ? null : Math.max(lastAt, (linkUntil ?? 0) - ttlMs);
