import {
  type AuditChain,
  type AuditEntry,
  type Event,
  emptyAuditChain,
  type Id,
  type Instant,
  type PendingEntry,
} from '@rekey/domain';
import type { Places, Ports, Stores } from '../ports/index.ts';
import { chained, resealed } from './chain.ts';
import { record } from './record.ts';

type Needs = Pick<Ports, 'database' | 'clock' | 'news' | 'macs' | 'ids'>;

/** What one transaction gives places to. */
const BATCH = 500;

/** Gives places in this process. Those who wait for it at the same time wait for one run together. */
export function places(ports: Needs): Places {
  const { database, clock, news } = ports;

  async function give(isPatient: boolean): Promise<Instant | null> {
    for (;;) {
      const now = clock.now();
      if (await database.read(({ pending }) => pending.isEmpty())) {
        news.look();
        return now;
      }
      const done = await database.transact(async (stores) =>
        (await stores.pending.takeTurn({ isPatient })) ? giveSome(ports, stores) : null,
      );
      if (done === null) return null;
      if (done.serviceIds.length > 0) news.tell(done.serviceIds);
      if (!done.isMoreToDo) return now;
    }
  }

  let running: Promise<Instant | null> | null = null;
  /** The run that begins when the one is over that is under way, which may have looked already. */
  let next: Promise<Instant | null> | null = null;
  function begin(isPatient: boolean): Promise<Instant | null> {
    const run = give(isPatient).finally(() => {
      if (running === run) running = null;
    });
    running = run;
    return run;
  }
  function runOnce(isPatient: boolean): Promise<Instant | null> {
    if (running === null) return begin(isPatient);
    next ??= running
      .catch(() => null)
      .then(() => {
        next = null;
        return begin(true);
      });
    return next;
  }

  return {
    give: ({ isPatient }) => runOnce(isPatient),
    async caughtUp(serviceIds) {
      if (await database.read(({ pending }) => pending.isEmpty(serviceIds))) return;
      await runOnce(true);
    },
  };
}

type Done = {
  /** The services whose feeds have something new. */
  readonly serviceIds: readonly Id[];
  readonly isMoreToDo: boolean;
};

/** Gives their places to some of what is pending, in a transaction that has the turn. */
export async function giveSome(
  ports: Pick<Needs, 'macs' | 'clock' | 'ids'>,
  stores: Stores,
): Promise<Done> {
  const { events, entries } = await stores.pending.take(BATCH);
  const isFull = events.length + entries.length === BATCH;
  const serviceIds = await placeEvents(stores, events);
  const hasAdded = entries.length > 0 && (await placeEntries(ports, stores, entries));
  return { serviceIds, isMoreToDo: isFull || hasAdded };
}

async function placeEvents({ events }: Stores, taken: readonly Event[]): Promise<Id[]> {
  if (taken.length === 0) return [];
  const serviceIds = [...new Set(taken.map(({ serviceId }) => serviceId))];
  const ends = new Map(await events.ends(serviceIds));
  const placed = taken.map((event) => {
    const sequence = (ends.get(event.serviceId) ?? 0) + 1;
    ends.set(event.serviceId, sequence);
    return { ...event, sequence };
  });
  await events.append(placed);
  return serviceIds;
}

/** Answers whether it recorded something, which is pending now. */
async function placeEntries(
  ports: Pick<Needs, 'macs' | 'clock' | 'ids'>,
  stores: Stores,
  taken: readonly PendingEntry[],
): Promise<boolean> {
  const { macs } = ports;
  const { audit } = stores;
  const owners = [...new Set(taken.map(({ entry }) => entry.serviceId))];
  const before = new Map((await audit.chains(owners)).map((chain) => [chain.serviceId, chain]));
  const ends = new Map<Id | null, AuditChain>();
  const appended: AuditEntry[] = [];
  const { pending, newlyErased } = await withoutErased(stores, taken);
  for (const each of pending) {
    const { serviceId } = each.entry;
    const chain = ends.get(serviceId) ?? before.get(serviceId) ?? emptyAuditChain(serviceId);
    const { entry, end } = chained(macs, each, chain);
    appended.push(entry);
    ends.set(serviceId, end);
  }
  const chains = [...ends.values()].map((end) =>
    resealed(macs, before.get(end.serviceId) ?? emptyAuditChain(end.serviceId), end),
  );
  await audit.append(appended, chains);
  for (const subjectId of newlyErased) {
    const asker = { kind: 'unnamed', origin: null } as const;
    await record(ports, stores, asker, { type: 'rekey:AuditErase', serviceId: null, subjectId });
  }
  return newlyErased.length > 0;
}

/** What the deletion of a user says of itself: of the operator who did it, and never of the person. */
const OF_DELETIONS: readonly string[] = ['sso:UserDelete', 'rekey:UserExpire'];

/**
 * The entries without the words about users who were deleted while the entries were on their way; and erases what has its
 * place already of those whose deletion is among the entries. `newlyErased`: keys that such users proved entries with,
 * and for which no erasure is on record.
 */
async function withoutErased(
  { audit, imports }: Stores,
  taken: readonly PendingEntry[],
): Promise<{ readonly pending: readonly PendingEntry[]; readonly newlyErased: readonly Id[] }> {
  const erasing = taken.flatMap(({ entry: { type, serviceId, subjectId } }) =>
    type === 'rekey:AuditErase' && serviceId === null ? (subjectId ?? []) : [],
  );
  if (erasing.length > 0) await audit.eraseAgain(erasing);

  const spoken = new Set(
    taken.filter(({ entry }) => entry.salt !== null && !OF_DELETIONS.includes(entry.type)),
  );
  const people = [...spoken].flatMap(({ entry, proverId }) =>
    [entry.userId ?? [], proverId ?? []].flat(),
  );
  if (people.length === 0) return { pending: taken, newlyErased: [] };
  const present = await imports.usersWith([...new Set(people)], []);
  const isThere = new Set(present.map(({ id }) => id));
  const absent = people.filter((id) => !isThere.has(id));
  if (absent.length === 0 && erasing.length === 0) return { pending: taken, newlyErased: [] };

  const proofs = [...spoken].flatMap(({ entry }) => entry.userKeyId ?? []);
  const gone = new Set([...erasing, ...(await audit.erased([...absent, ...proofs]))]);
  const isGone = (id: Id | null) => id !== null && gone.has(id) && !isThere.has(id);
  const newlyErased = new Set<Id>();
  const pending = taken.map((each) => {
    if (!spoken.has(each)) return each;
    const { entry, proverId } = each;
    const { userId, userKeyId } = entry;
    if (!isGone(userId) && !isGone(userKeyId)) {
      // Of whoever proved something there was a row.
      if (proverId === null || isThere.has(proverId)) return each;
      if (userKeyId !== null) newlyErased.add(userKeyId);
    }
    return { ...each, entry: { ...entry, subject: null, origin: null, data: null, salt: null } };
  });
  return { pending, newlyErased: [...newlyErased] };
}
