import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { TestProject } from 'vitest/node';
import { type Started, shared } from './shared.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Each GET makes a fresh database and answers its URL; 204 where PostgreSQL cannot run here. */
    postgres: string;
  }
}

/** Gives every test file a way to databases of its own on one PostgreSQL, which ends with the run. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { value, end } = await shared('postgres', start);
  project.provide('postgres', value);
  return end;
}

async function start(): Promise<Started<string>> {
  // A process of its own: the library that starts PostgreSQL decides how its process exits,
  // and would turn the exit code of failing tests into 0.
  const server = fork(path.join(import.meta.dirname, 'postgres-server.ts'));
  const [url] = await once(server, 'message');
  return {
    value: url,
    end: async () => {
      server.disconnect();
      await once(server, 'exit');
    },
  };
}
