import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

const PROGRAM = ['/usr/sbin/pgbouncer', '/usr/bin/pgbouncer'].find((file) => existsSync(file));

export const hasPgbouncer = PROGRAM !== undefined;

/** Connections to PostgreSQL: fewer than those to the pooler, so that each is shared. */
const SERVERS = 3;

/**
 * Starts Debian's PgBouncer in transaction mode before a database; answers its URL. Transactions take turns with its
 * connections, so that each meets one that others had before.
 */
export async function startPgbouncer(
  database: string,
): Promise<{ url: string; stop: () => Promise<void> }> {
  const folder = mkdtempSync(path.join(tmpdir(), 'rekey-pgbouncer-'));
  chmodSync(folder, 0o755);
  const { hostname, port, username, password, pathname } = new URL(database);
  const listenPort = await freePort();
  const file = path.join(folder, 'pgbouncer.ini');
  const name = pathname.slice(1);
  writeFileSync(
    file,
    `[databases]
${name} = host=${hostname} port=${port} dbname=${name} user=${username} password=${password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${listenPort}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = ${SERVERS}
server_round_robin = 1
logfile = ${path.join(folder, 'log')}
`,
  );
  const isRoot = process.getuid?.() === 0;
  // It does not run as root.
  if (isRoot) execFileSync('chown', ['-R', 'postgres', folder]);
  const child = spawn(PROGRAM ?? '', ['-q', ...(isRoot ? ['-u', 'postgres'] : []), file], {
    stdio: 'ignore',
  });
  const ended = once(child, 'exit');
  await untilListening(listenPort, ended);
  return {
    url: `postgres://${username}@127.0.0.1:${listenPort}/${name}`,
    async stop() {
      child.kill('SIGKILL');
      await ended;
      rmSync(folder, { recursive: true });
    },
  };
}

async function untilListening(port: number, ended: Promise<unknown>): Promise<void> {
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    const first = await Promise.race([
      once(socket, 'connect').then(
        () => 'listening',
        () => 'not yet',
      ),
      ended.then(() => 'ended'),
    ]);
    socket.destroy();
    if (first === 'listening') return;
    if (first === 'ended') throw new Error('pgbouncer ended');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
