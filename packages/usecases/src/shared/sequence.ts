import type { Id, Instant } from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';

export type SequenceNeeds = Pick<Ports, 'database' | 'clock' | 'news'>;

/** What one transaction gives places to. */
const BATCH = 500;

/**
 * Gives places to all that is pending. Answers the instant up to which everything that was committed has its place now;
 * null where another transaction has the turn, and this one is not to wait for it.
 */
export async function sequence(
  { database, clock, news }: SequenceNeeds,
  { isPatient }: { readonly isPatient: boolean },
): Promise<Instant | null> {
  for (;;) {
    const now = clock.now();
    if (await database.read(({ pending }) => pending.isEmpty())) return now;
    const done = await database.transact(async (stores) =>
      (await stores.pending.takeTurn({ isPatient })) ? sequenceSome(stores) : null,
    );
    if (done === null) return null;
    if (done.serviceIds.length > 0) news.tell(done.serviceIds);
    if (done.count < BATCH) return now;
  }
}

/** Lets nobody who reads what these services have, or what anybody has, miss what was committed before. */
export async function caughtUp(
  ports: SequenceNeeds,
  serviceIds?: readonly (Id | null)[],
): Promise<void> {
  if (await ports.database.read(({ pending }) => pending.isEmpty(serviceIds))) return;
  await sequence(ports, { isPatient: true });
}

type Done = {
  readonly count: number;
  /** The services whose feeds have something new. */
  readonly serviceIds: readonly Id[];
};

/** Gives their places to some of what is pending, in a transaction that has the turn. */
async function sequenceSome({ pending, events }: Stores): Promise<Done> {
  const taken = await pending.take(BATCH);
  const serviceIds = [...new Set(taken.events.map(({ serviceId }) => serviceId))];
  if (serviceIds.length > 0) {
    const ends = new Map(await events.ends(serviceIds));
    const sequenced = taken.events.map((event) => {
      const place = (ends.get(event.serviceId) ?? 0) + 1;
      ends.set(event.serviceId, place);
      return { ...event, sequence: place };
    });
    await events.append(sequenced);
  }
  return { count: taken.events.length, serviceIds };
}
