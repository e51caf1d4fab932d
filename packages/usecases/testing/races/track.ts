import { afterAll, beforeAll } from 'vitest';
import type { Database, Hasher } from '../../src/index.ts';
import type { Open, OpenDatabase } from '../contracts/opened.ts';
import { gate } from '../gate.ts';
import { type World, world } from '../world.ts';

export const RACERS = 16;

/** A world on one database for all races. */
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
    /** How many transactions can be open at once, see `OpenDatabase`. */
    concurrency: () => opened.concurrency,
    /** A world on a database of its own. */
    alone: async (run: (w: World<Database>) => Promise<void>): Promise<void> => {
      const own = await open();
      try {
        await run(world(own.database));
      } finally {
        await own.close();
      }
    },
    /** A database of its own, in which nothing has a place before somebody gives it one. */
    aloneBare: async (run: (database: Database) => Promise<void>): Promise<void> => {
      const own = await open();
      try {
        await run(own.database);
      } finally {
        await own.close();
      }
    },
    /** The ports of racers that have all proven the password before any goes on. */
    provenTogether: (racers: number) => {
      const allHaveProven = gate(racers);
      const verify: Hasher['verify'] = async (...asked) => {
        const isRight = await w.hasher.verify(...asked);
        await allHaveProven();
        return isRight;
      };
      return { ...w, hasher: { ...w.hasher, verify } };
    },
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

/** The answer of a promise, or its error. */
export const outcomeOf = <T>(promise: Promise<T>): Promise<T | Error> =>
  promise.catch((error: Error) => error);
