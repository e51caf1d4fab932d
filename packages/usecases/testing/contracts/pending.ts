import type { Event } from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import type { Database } from '../../src/ports/index.ts';
import { anEvent, aPendingEntry } from '../fixtures.ts';
import { gate } from '../gate.ts';
import type { Opened } from './opened.ts';

export function pendingContract({ alone, concurrency, seed }: Opened): void {
  describe('what is pending', () => {
    const isEmpty = (database: Database, serviceIds?: (string | null)[]) =>
      database.read(({ pending }) => pending.isEmpty(serviceIds));
    const insert = (database: Database, ...events: Event[]) =>
      database.transact(async (stores) => {
        for (const event of events) await stores.events.insert(event);
      });
    const take = (database: Database, limit = 100) =>
      database.transact(async ({ pending }) => {
        expect(await pending.takeTurn({ isPatient: true })).toBe(true);
        return (await pending.take(limit)).events;
      });

    test('is taken once, as it was added, so much at a time', async () => {
      await alone(async (database) => {
        const { service, user } = await seed({}, database);
        const details = { userId: user.id, subjectId: user.id, type: 'key.created' } as const;
        const events = [
          anEvent({ serviceId: service.id, ...details }),
          ...Array.from({ length: 4 }, () => anEvent({ serviceId: service.id })),
        ];
        await insert(database, ...events.slice(0, 2));
        await insert(database, ...events.slice(2));
        expect(await take(database, 3)).toEqual(events.slice(0, 3));
        await database.transact(({ imports }) => imports.insertEvents(events));
        expect(await take(database)).toEqual([...events.slice(3), ...events]);
        expect(await take(database)).toEqual([]);
      });
    });

    test('has entries of the audit, of services and of the operator, among the events', async () => {
      await alone(async (database) => {
        const { service } = await seed({}, database);
        const entries = [aPendingEntry(service.id), aPendingEntry(null), aPendingEntry(service.id)];
        const event = anEvent({ serviceId: service.id });
        await database.transact(async ({ audit, events }) => {
          await audit.insert(entries.slice(0, 2));
          await events.insert(event);
          await audit.insert(entries.slice(2));
        });
        await database.read(async ({ pending }) => {
          expect(await pending.entriesOf(service.id)).toEqual([entries[0], entries[2]]);
          expect(await pending.entriesOf(null)).toEqual([entries[1]]);
          expect(await pending.entriesOf('another')).toEqual([]);
          expect(await pending.isEmpty([null])).toBe(false);
        });
        const taken = await database.transact(async ({ pending }) => {
          await pending.takeTurn({ isPatient: true });
          return pending.take(100);
        });
        expect(taken).toEqual({ events: [event], entries });
        const many = Array.from({ length: 90 }, () => aPendingEntry(null));
        await database.transact(({ audit }) => audit.insert(many));
        expect(await database.read(({ pending }) => pending.entriesOf(null))).toEqual(many);
      });
    });

    test('is empty, or not, of some services or of all', async () => {
      await alone(async (database) => {
        const { service } = await seed({}, database);
        expect(await isEmpty(database)).toBe(true);
        await insert(database, anEvent({ serviceId: service.id }));
        expect(await isEmpty(database)).toBe(false);
        expect(await isEmpty(database, [null, service.id])).toBe(false);
        expect(await isEmpty(database, [null, 'another'])).toBe(true);
        await take(database);
        expect(await isEmpty(database)).toBe(true);
      });
    });

    test('of a transaction that fails is not there, and what it took is there again', async () => {
      await alone(async (database) => {
        const { service } = await seed({}, database);
        const [kept, lost] = [1, 2].map(() => anEvent({ serviceId: service.id }));
        await insert(database, kept!);
        const failing = database.transact(async ({ events, pending }) => {
          await events.insert(lost!);
          await pending.takeTurn({ isPatient: true });
          await pending.take(100);
          throw new Error('planted');
        });
        await expect(failing).rejects.toThrow('planted');
        expect(await take(database)).toEqual([kept]);
      });
    });

    test('is no reason for those who add to it to wait, where transactions do not wait for each other anyway', async () => {
      if (concurrency() === 1) return;
      await alone(async (database) => {
        const { service } = await seed({}, database);
        const racers = 4;
        const allIn = gate(racers + 1);
        const adding = Array.from({ length: racers }, () =>
          database.transact(async ({ events }) => {
            await events.insert(anEvent({ serviceId: service.id }));
            // Each of them is open until all are, and one that takes.
            await allIn();
          }),
        );
        const taking = database.transact(async ({ pending }) => {
          await pending.takeTurn({ isPatient: true });
          const { events } = await pending.take(100);
          await allIn();
          return events;
        });
        expect(await taking).toEqual([]);
        await Promise.all(adding);
        expect(await take(database)).toHaveLength(racers);
      });
    });

    test('comes in the order of the commits where one transaction waited for a lock of the other, whichever told first', async () => {
      if (concurrency() === 1) return;
      await alone(async (database) => {
        const { service, user } = await seed({}, database);
        const [first, second] = [1, 2].map(() => anEvent({ serviceId: service.id }));
        const [hasLock, hasTold] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
        const holding = database.transact(async ({ users, events }) => {
          await users.lock(user.id);
          hasLock.resolve();
          await hasTold.promise;
          await events.insert(first!);
        });
        await hasLock.promise;
        const waiting = database.transact(async ({ users, events }) => {
          await events.insert(second!);
          hasTold.resolve();
          await users.lock(user.id);
        });
        await Promise.all([holding, waiting]);
        expect(await take(database)).toEqual([first, second]);
      });
    });

    test('is taken by one transaction at a time, and another one waits for its turn or goes on without', async () => {
      if (concurrency() === 1) return;
      await alone(async (database) => {
        const { service } = await seed({}, database);
        const event = anEvent({ serviceId: service.id });
        await insert(database, event);
        const [hasTurn, mayEnd] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
        const first = database.transact(async ({ pending }) => {
          await pending.takeTurn({ isPatient: true });
          const { events } = await pending.take(100);
          hasTurn.resolve();
          await mayEnd.promise;
          return events;
        });
        await hasTurn.promise;
        const impatient = database.transact(({ pending }) =>
          pending.takeTurn({ isPatient: false }),
        );
        expect(await impatient).toBe(false);
        const patient = take(database);
        mayEnd.resolve();
        expect(await first).toEqual([event]);
        expect(await patient).toEqual([]);
      });
    });
  });
}
