import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { openDatabase } from '../../packages/adapters-db/src/index.ts';
import { behind } from '../../packages/adapters-db/test/behind.ts';
import { expectSeen } from '../../packages/adapters-db/test/seen.ts';
import { Unavailable } from '../../packages/domain/src/index.ts';
import { aKey, aService, aSession, aUser, skips } from '../../packages/usecases/testing/index.ts';
import { record } from './figures.ts';
import { type OwnPostgres, ownPostgres } from './postgres.ts';
import { eventually, PATIENCE_MS } from './world.ts';

vi.setConfig({ testTimeout: PATIENCE_MS, hookTimeout: PATIENCE_MS });

const folder = aFolder();
const primary = await ownPostgres(folder);

describe.skipIf(skips(primary === null, 'PostgreSQL cannot run here'))(
  'what is kept of reads',
  () => {
    const postgres = primary as OwnPostgres;

    /** Two servers on a database that they reach by one address, whichever PostgreSQL answers there. */
    async function world() {
      const url = new URL(await postgres.freshDatabase());
      const address = await anAddress(Number(url.port));
      url.port = String(address.port);
      const [writer, reader] = [await open(url.href), await open(url.href)];
      await writer.migrate();
      const service = aService();
      const user = aUser({ createdBy: service.id });
      const key = aKey({ type: 'TOKEN', userId: user.id, serviceId: service.id });
      const sessions = [1, 2].map(() =>
        aSession({ userId: user.id, serviceId: service.id, keyId: key.id }),
      );
      await writer.database.transact(async (stores) => {
        await stores.services.insert(service);
        await stores.users.insert(user, 'hash');
        await stores.keys.insert(key, { digest: 'digest' });
        for (const session of sessions) await stores.sessions.insert(session);
      });
      const [{ id = '' } = {}] = sessions;
      const find = () => reader.database.read((stores) => stores.sessions.findOpen(id));
      return {
        url: url.href,
        address,
        find,
        isEnded: async () => (await find()) === null,
        end: () => writer.database.transact((stores) => stores.sessions.end(id, 1)),
      };
    }
    type Servers = Awaited<ReturnType<typeof world>>;

    async function open(url: string) {
      const opened = await openDatabase({ url });
      onTestFinished(() => opened.close());
      return opened;
    }

    /** Reads until answers are kept: then a change past the triggers does not show. */
    async function keeping({ url, find }: Servers): Promise<void> {
      const hand = await behind(url);
      for (let count = 1; ; count += 1) {
        await find();
        const name = `hidden ${count}`;
        await hand.run(`set session_replication_role = replica; update users set name = '${name}'`);
        if ((await find())?.user.name !== name) break;
      }
      await hand.close();
    }

    const isThere = ({ find }: Servers) =>
      eventually(() =>
        find().then(
          () => true,
          () => false,
        ),
      ).toBe(true);

    test.for(['fast', 'immediate'] as const)(
      'is not believed once PostgreSQL is gone (%s), and hides nothing when it is back',
      async (how, context) => {
        const servers = await world();
        await keeping(servers);
        await postgres.stop(how);
        await expectSeen(
          () =>
            servers.find().then(
              () => false,
              (error) => error instanceof Unavailable,
            ),
          async () => undefined,
        );
        await postgres.start();
        await isThere(servers);
        await expectSeen(servers.isEnded, servers.end);
        record(context, {
          fault: `PostgreSQL restarted (${how}) under reads that are kept`,
          database: 'PostgreSQL',
          rounds: 1,
          figure: 'no read that began a second after a revocation missed it',
        });
      },
    );

    test('is not believed when a standby takes over, and hides nothing from then on', async (context) => {
      const servers = await world();
      const standby = await aStandby();
      await keeping(servers);
      // It goes once the standby has everything.
      await postgres.stop('fast');
      await standby.query(servers.url, 'select pg_promote()');
      servers.address.leadTo(standby.port);
      await isThere(servers);
      await expectSeen(servers.isEnded, servers.end);
      expect(await servers.isEnded()).toBe(true);
      record(context, {
        fault: 'a standby takes over under reads that are kept',
        database: 'PostgreSQL',
        rounds: 1,
        figure: 'no read that began a second after a revocation missed it',
      });
    });

    /** A standby made of a cold copy: the PostgreSQL of the tests has no pg_basebackup. */
    async function aStandby() {
      const port = await postgres.port();
      const copy = aFolder();
      await postgres.stop('fast');
      execFileSync('cp', ['-a', path.join(folder, 'data'), copy]);
      await postgres.start();
      const data = path.join(copy, 'data');
      writeFileSync(path.join(data, 'standby.signal'), '');
      appendFileSync(
        path.join(data, 'postgresql.auto.conf'),
        `primary_conninfo = 'host=127.0.0.1 port=${port} user=postgres password=password'\n`,
      );
      const standby = await ownPostgres(copy);
      if (standby === null) throw new Error('there is one PostgreSQL here, and no second one');
      onTestFinished(() => standby.end());
      return { ...standby, port: await standby.port() };
    }
  },
);

function aFolder(): string {
  const made = mkdtempSync(path.join(tmpdir(), 'rekey-reads-'));
  // PostgreSQL may run as another user.
  chmodSync(made, 0o755);
  process.once('exit', () => rmSync(made, { recursive: true, force: true }));
  return made;
}

/** An address that leads to a port, and later to another: connections that are there go down with it. */
async function anAddress(first: number) {
  let target = first;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const upstream = connect(target, '127.0.0.1');
    socket.pipe(upstream).pipe(socket);
    for (const side of [socket, upstream]) {
      sockets.add(side);
      side.on('error', () => undefined);
      side.on('close', () => {
        socket.destroy();
        upstream.destroy();
      });
    }
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return {
    port: (server.address() as AddressInfo).port,
    leadTo: (port: number) => {
      target = port;
    },
  };
}
