import { afterAll, beforeAll } from 'vitest';
import type { Database } from '../../src/index.ts';
import type { Open, OpenDatabase } from '../contracts/opened.ts';
import { gatedHasher, type World, world } from '../world.ts';

export const RACERS = 16;

/** Where races are run: a world on one database for all of them. */
export type Track = ReturnType<typeof track>;

export function track(open: Open) {
  let opened: OpenDatabase;
  let w: World<Database>;
  beforeAll(async () => {
    opened = await open();
    w = world(opened.database);
  });
  afterAll(() => opened.close());

  return {
    world: () => w,
    /** A world on a database of its own. */
    alone: async (run: (w: World<Database>) => Promise<void>): Promise<void> => {
      const own = await open();
      try {
        await run(world(own.database));
      } finally {
        await own.close();
      }
    },
    /** The ports of racers that have all proven the password before any goes on. */
    provenTogether: (racers: number) => ({ ...w, hasher: gatedHasher(w.hasher, racers) }),
    /** The ports of racers that have all looked before any goes on. */
    lookedTogether: (allIn: () => Promise<void>) => ({
      ...w,
      database: {
        ...w.database,
        read: async (work) => {
          const found = await w.database.read(work);
          await allIn();
          return found;
        },
      } satisfies Database,
    }),
  };
}

export const times = <T>(count: number, run: (racer: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, racer) => run(racer)));

/** What a promise ends in: its answer, or its error. */
export const outcomeOf = <T>(promise: Promise<T>): Promise<T | Error> =>
  promise.catch((error: Error) => error);
