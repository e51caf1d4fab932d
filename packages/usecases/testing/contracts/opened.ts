import type { OneTimeToken, Service, User } from '@rekey/domain';
import { afterAll, beforeAll } from 'vitest';
import type { Database, OnDisk, Stores } from '../../src/ports/index.ts';
import { aOneTimeToken, aService, aUser } from '../fixtures.ts';
import { gate } from '../gate.ts';

export type OpenDatabase = {
  readonly database: Database;
  /** How many transactions can be open at once: 1 where they wait for each other. */
  readonly concurrency: number;
  close(): Promise<void>;
};

/** Opens an empty database. */
export type Open = () => Promise<OpenDatabase>;

type Work<T> = (stores: Stores) => Promise<T>;

/** One database for all cases of a suite, and the steps that they share. */
export type Opened = ReturnType<typeof opened>;

export function opened(open: Open) {
  let common: OpenDatabase;
  beforeAll(async () => {
    common = await open();
  });
  afterAll(() => common.close());

  const write = <T>(work: Work<T>, onDisk?: OnDisk) => common.database.transact(work, onDisk);
  const read = <T>(work: Work<T>) => common.database.read(work);

  /** Runs one work in as many transactions as there are racers, as many at once as the database keeps open. */
  const race = <T>(racers: number, work: (stores: Stores, racer: number) => Promise<T>) => {
    const allIn = gate(Math.min(racers, common.concurrency));
    return Promise.all(
      Array.from({ length: racers }, (_, racer) =>
        write(async (stores) => {
          await allIn();
          return work(stores, racer);
        }),
      ),
    );
  };

  /** Runs a case on a database of its own. */
  const alone = async (run: (database: Database) => Promise<void>): Promise<void> => {
    const own = await open();
    try {
      await run(own.database);
    } finally {
      await own.close();
    }
  };

  const seed = async (details: Partial<User> = {}, database = common.database) => {
    const service: Service = aService();
    const user: User = aUser({ createdBy: service.id, ...details });
    await database.transact(async ({ services, users }) => {
      await services.insert(service);
      await users.insert(user, 'hash-1');
    });
    return { service, user };
  };

  const seedToken = async (details: Partial<OneTimeToken> = {}, database = common.database) => {
    const { service, user } = await seed({}, database);
    const token = aOneTimeToken({ userId: user.id, serviceId: service.id, ...details });
    await database.transact(({ oneTimeTokens }) => oneTimeTokens.insert(token));
    return { service, user, token };
  };

  return { write, read, race, alone, seed, seedToken, concurrency: () => common.concurrency };
}

export const wins = (answers: readonly boolean[]): number => answers.filter(Boolean).length;
