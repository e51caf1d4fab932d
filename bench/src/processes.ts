import { type ChildProcess, execFileSync, fork, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';

export type Server = {
  readonly url: string;
  readonly pid: number;
  /** Milliseconds from the start of the process to the first 200. */
  readonly readyAfter: number;
  /** By SIGKILL. */
  stop(): Promise<void>;
};

const children = new Set<ChildProcess>();
const folders: string[] = [];
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL');
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

/** A folder of its own, gone when the run ends. */
export function aFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'rekey-bench-'));
  folders.push(folder);
  return folder;
}

/** A port below those that the system hands out, so that no other program gets it in the meantime. */
export async function freePort(): Promise<number> {
  const probe = createServer();
  for (;;) {
    const port = randomInt(20_000, 30_000);
    try {
      await once(probe.listen(port, '127.0.0.1'), 'listening');
    } catch {
      continue;
    }
    probe.close();
    await once(probe, 'close');
    return port;
  }
}

/** The program as it is in the image. */
export function makeBundle(): string {
  const server = path.join(import.meta.dirname, '../../apps/server');
  const rolldown = path.join(server, 'node_modules/.bin/rolldown');
  execFileSync(rolldown, ['-c', 'rolldown.config.js'], { cwd: server, stdio: 'ignore' });
  return path.join(import.meta.dirname, '../../dist/main.mjs');
}

/** Starts a program that listens on `PORT`, and waits until `ready` answers 200. Its log goes to a file, as in production. */
export async function startServer(
  program: string,
  env: Record<string, string>,
  options: { readonly ready: string; readonly args?: readonly string[] },
): Promise<Server> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const logFile = path.join(aFolder(), 'log');
  const log = openSync(logFile, 'a');
  const begin = performance.now();
  const child = spawn(process.execPath, [...(options.args ?? []), program], {
    cwd: aFolder(),
    env: { PATH: process.env.PATH, PORT: String(port), ...env },
    stdio: ['ignore', log, log],
  });
  children.add(child);
  const exit = once(child, 'exit').then(() => children.delete(child));
  for (;;) {
    if (child.exitCode !== null) throw new Error(`${program} ended:\n${readFileSync(logFile)}`);
    const answer = await fetch(url + options.ready).catch(() => null);
    await answer?.arrayBuffer();
    if (answer?.ok) break;
    await setTimeout(2);
  }
  return {
    url,
    pid: child.pid ?? 0,
    readyAfter: performance.now() - begin,
    stop: async () => {
      child.kill('SIGKILL');
      await exit;
    },
  };
}

/** A process that answers each message with one. */
export async function startHelper<Question extends object, Reply>(
  program: string,
  env: Record<string, string> = {},
): Promise<{ ask(question: Question): Promise<Reply>; stop(): void }> {
  const child = fork(program, { env: { ...process.env, ...env } });
  children.add(child);
  child.once('exit', () => children.delete(child));
  await once(child, 'message');
  return {
    ask: async (question) => {
      child.send(question);
      const [reply] = await once(child, 'message');
      return reply;
    },
    stop: () => child.disconnect(),
  };
}

/** In a folder that is kept, or in one of its own. */
export async function startPostgres(folder?: string) {
  const env = folder === undefined ? {} : { FOLDER: folder };
  type Asked = { name?: string; fault?: 'crash' | 'revive' };
  const postgres = await startHelper<Asked, { url: string }>(
    path.join(import.meta.dirname, 'postgres.ts'),
    env,
  );
  return {
    fresh: async () => (await postgres.ask({})).url,
    named: async (name: string) => (await postgres.ask({ name })).url,
    crash: () => postgres.ask({ fault: 'crash' }),
    revive: () => postgres.ask({ fault: 'revive' }),
    stop: async () => {
      postgres.stop();
      // It puts its files away.
      await setTimeout(1000);
    },
  };
}

/** Seconds of processor time that a process has used. */
export function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  // User and system time, in ticks of 10 ms.
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Resident memory in MB. */
export function memoryOf(pid: number): number {
  const [, kilobytes] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) / 1024;
}
