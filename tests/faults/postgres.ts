import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { Call, Reply } from './postgres-process.ts';

/** A PostgreSQL that is nobody else's, and so can be hurt. */
export type OwnPostgres = {
  freshDatabase(): Promise<string>;
  port(): Promise<number>;
  /** Starts it again, and waits until it takes connections. */
  start(): Promise<void>;
  /** `fast` ends what clients do; `immediate` leaves it to recovery, as a crash does. */
  stop(how: 'fast' | 'immediate'): Promise<void>;
  /** All of its processes stand still, or go on. */
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  /** On a connection of its own, the same each time. */
  query(database: string, text: string): Promise<void>;
  end(): Promise<void>;
};

/** Starts one, with its data in a folder that must be empty; null where none can run, which is an error in CI. */
export async function ownPostgres(folder?: string): Promise<OwnPostgres | null> {
  const child = fork(path.join(import.meta.dirname, 'postgres-process.ts'), {
    env: { ...process.env, ...(folder !== undefined && { POSTGRES_FOLDER: folder }) },
  });
  const gone = once(child, 'exit').then((): Reply => ({ error: 'PostgreSQL’s process has ended' }));
  const ask = async (...call: Call): Promise<string> => {
    child.send(call);
    const said = once(child, 'message').then(([reply]): Reply => reply);
    const reply = await Promise.race([said, gone]);
    if ('error' in reply) throw new Error(reply.error);
    return reply.answer;
  };
  try {
    await ask('start');
  } catch (error) {
    child.disconnect();
    if (process.env.CI) throw error;
    process.stdout.write(`skipped: PostgreSQL cannot run here: ${error}\n`);
    return null;
  }
  return {
    freshDatabase: () => ask('freshDatabase'),
    port: async () => Number(await ask('port')),
    start: async () => void (await ask('start')),
    stop: async (how) => void (await ask('stop', how)),
    freeze: async () => void (await ask('freeze')),
    thaw: async () => void (await ask('thaw')),
    query: async (database, text) => void (await ask('query', database, text)),
    end: async () => {
      child.disconnect();
      await gone;
    },
  };
}
