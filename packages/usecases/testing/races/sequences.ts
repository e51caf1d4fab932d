import { type Id, operator } from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import { type Database, places, type SequencedEvent, useCases } from '../../src/index.ts';
import { anEvent, aService } from '../fixtures.ts';
import { world } from '../world.ts';
import { type Track, times } from './track.ts';

/** What was told, with moments of one counter: before its transaction began, and after it was committed. */
type Told = {
  readonly id: Id;
  readonly serviceId: Id;
  readonly began: number;
  readonly ended: number;
};

/** Lets run what waits for the disk or the network. */
const others = () => new Promise((resolve) => setImmediate(resolve));

export function sequenceRaces({ aloneBare, concurrency }: Track): void {
  /** Servers that give places, each with ports of its own, and the services that are told of. */
  const seed = async (database: Database) => {
    const services = [aService(), aService(), aService()];
    await database.transact(async (stores) => {
      for (const service of services) await stores.services.insert(service);
    });
    const server = () => {
      const w = world(database);
      return useCases({ ...w, places: places({ ...w, database }) }).maintenance.sequence;
    };
    return { ids: services.map(({ id }) => id), server };
  };
  const feedOf = (database: Database, serviceId: Id) =>
    database.read(({ events }) => events.follow(serviceId, 0, 10_000));

  describe('places', () => {
    test('are given to all that is told, once, without gaps and in the order of the commits, by whoever is at it', async () => {
      await aloneBare(async (database) => {
        const { ids, server } = await seed(database);
        let moment = 0;
        const told: Told[] = [];
        const tell = async (teller: number) => {
          for (let round = 0; round < 12; round += 1) {
            const serviceId = ids[(teller + round) % ids.length] ?? '';
            const event = anEvent({ serviceId });
            moment += 1;
            const began = moment;
            await database.transact(({ events }) => events.insert(event));
            moment += 1;
            told.push({ id: event.id, serviceId, began, ended: moment });
          }
        };
        let isTelling = true;
        const sequencing = times(3, async (each) => {
          const sequence = server();
          while (isTelling) {
            await sequence.execute(operator, { isPatient: each === 0 });
            await others();
          }
        });
        const reading = times(2, async (each) => {
          const serviceId = ids[each] ?? '';
          const seen: SequencedEvent[] = [];
          while (isTelling) {
            const after = seen.at(-1)?.sequence ?? 0;
            seen.push(...(await database.read(({ events }) => events.follow(serviceId, after, 5))));
            await others();
          }
          return { serviceId, seen };
        });
        await times(8, tell);
        isTelling = false;
        await sequencing;
        const seenBy = await reading;
        await server().execute(operator, { isPatient: true });

        expect(told).toHaveLength(96);
        for (const serviceId of ids) {
          const feed = await feedOf(database, serviceId);
          expect(feed.map(({ sequence }) => sequence)).toEqual(feed.map((_, index) => index + 1));
          const all = told.filter((each) => each.serviceId === serviceId);
          expect(feed.map(({ id }) => id).toSorted()).toEqual(all.map(({ id }) => id).toSorted());
          const placeOf = new Map(feed.map(({ id, sequence }) => [id, sequence]));
          for (const a of all) {
            for (const b of all.filter(({ began }) => began > a.ended)) {
              expect(placeOf.get(a.id)).toBeLessThan(placeOf.get(b.id) ?? 0);
            }
          }
        }
        // A reader that went on from the last event it saw has missed none.
        for (const { serviceId, seen } of seenBy) {
          expect(seen).toEqual((await feedOf(database, serviceId)).slice(0, seen.length));
        }
      });
    });

    test('are given to what was told before and is committed after others have theirs', async () => {
      if (concurrency() === 1) return;
      await aloneBare(async (database) => {
        const { ids, server } = await seed(database);
        const [serviceId = ''] = ids;
        const [early, late] = [anEvent({ serviceId }), anEvent({ serviceId })];
        const [isTold, mayCommit] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
        const slow = database.transact(async ({ events }) => {
          await events.insert(early);
          isTold.resolve();
          await mayCommit.promise;
        });
        await isTold.promise;
        await database.transact(({ events }) => events.insert(late));
        await server().execute(operator);
        expect(await feedOf(database, serviceId)).toEqual([{ ...late, sequence: 1 }]);
        mayCommit.resolve();
        await slow;
        await server().execute(operator);
        expect(await feedOf(database, serviceId)).toEqual([
          { ...late, sequence: 1 },
          { ...early, sequence: 2 },
        ]);
      });
    });

    test('are given by another one where the one at it comes to nothing', async () => {
      await aloneBare(async (database) => {
        const { ids, server } = await seed(database);
        const [serviceId = ''] = ids;
        const event = anEvent({ serviceId });
        await database.transact(({ events }) => events.insert(event));
        const failing: Database = {
          ...database,
          transact: (work) =>
            database.transact(async (stores) => {
              await work(stores);
              throw new Error('planted');
            }),
        };
        const broken = places({ ...world(database), database: failing });
        await expect(broken.give({ isPatient: false })).rejects.toThrow('planted');
        expect(await feedOf(database, serviceId)).toEqual([]);
        expect(await server().execute(operator)).not.toBeNull();
        expect(await feedOf(database, serviceId)).toEqual([{ ...event, sequence: 1 }]);
      });
    });

    test('are told of as given up to an instant by who gave them, and by nobody who let another one do it', async () => {
      await aloneBare(async (database) => {
        const { ids, server } = await seed(database);
        const tell = () =>
          database.transact(({ events }) => events.insert(anEvent({ serviceId: ids[0] ?? '' })));
        const w = world(database);
        expect(await server().execute(operator)).toBe(w.clock.now());
        await tell();
        expect(await server().execute(operator)).toBe(w.clock.now());
        if (concurrency() === 1) return;
        await tell();
        const [hasTurn, mayEnd] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
        const other = database.transact(async ({ pending }) => {
          await pending.takeTurn({ isPatient: true });
          hasTurn.resolve();
          await mayEnd.promise;
        });
        await hasTurn.promise;
        expect(await server().execute(operator)).toBeNull();
        const patient = server().execute(operator, { isPatient: true });
        mayEnd.resolve();
        await other;
        expect(await patient).toBe(w.clock.now());
      });
    });
  });
}
