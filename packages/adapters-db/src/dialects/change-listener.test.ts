import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import type { Key, Service, Session, User } from '@rekey/domain';
import { aKey, aService, aSession, aUser, skips } from '@rekey/usecases/testing';
import pg from 'pg';
import { describe, expect, onTestFinished, test } from 'vitest';
import { hasPgbouncer, startPgbouncer } from '../../test/pgbouncer.ts';
import { freshPostgres } from '../../test/postgres.ts';
import { expectSeen } from '../../test/seen.ts';
import { openDatabase } from '../index.ts';

const url = await freshPostgres();

describe.skipIf(skips(url === null, 'PostgreSQL cannot run here'))('what is kept of reads', () => {
  async function open(at = url ?? '') {
    const opened = await openDatabase({ url: at });
    onTestFinished(() => opened.close());
    return opened;
  }

  async function raw(query: string, values: unknown[] = []): Promise<pg.QueryResult> {
    const client = new pg.Client(url ?? '');
    await client.connect();
    try {
      return await client.query(query, values);
    } finally {
      await client.end();
    }
  }

  type World = {
    readonly service: Service;
    readonly user: User;
    readonly key: Key;
    readonly session: Session;
  };

  /** A user with a session, and two servers. */
  async function world({ through = url ?? '' } = {}) {
    await raw('drop schema public cascade; create schema public');
    const writer = await open();
    await writer.migrate();
    const service = aService();
    const user = aUser({ createdBy: service.id });
    const key = aKey({ type: 'TOKEN', userId: user.id, serviceId: service.id });
    const session = aSession({ userId: user.id, serviceId: service.id, keyId: key.id });
    await writer.database.transact(async ({ services, users, keys, sessions }) => {
      await services.insert(service);
      await users.insert(user, 'hash');
      await keys.insert(key, { digest: 'digest' });
      await sessions.insert(session);
    });
    const { database } = await open(through);
    return { service, user, key, session, writer: writer.database, database };
  }

  type Both = Awaited<ReturnType<typeof world>>;
  const findSession = ({ database, session }: Both) =>
    database.read(({ sessions }) => sessions.findOpen(session.id));
  const findKey = ({ database }: Both) =>
    database.read(({ keys }) => keys.findByDigest('digest', 0));

  const queries = async (): Promise<number> => {
    await raw('select pg_stat_force_next_flush()');
    const { rows } = await raw(
      `select coalesce(sum(seq_scan + idx_scan), 0)::int as scans from pg_stat_user_tables
       where relname in ('sessions', 'keys')`,
    );
    return rows[0].scans;
  };

  /** Reads until the answer comes from what is kept: a row that is changed past the triggers does not show. */
  async function keeping(both: Both): Promise<void> {
    const hidden = 'set session_replication_role = replica';
    for (let name = 1; ; name += 1) {
      await findSession(both);
      await raw(`${hidden}; update users set name = 'hidden ${name}'`);
      const found = await findSession(both);
      if (found?.user.name !== `hidden ${name}`) return;
    }
  }

  const listeners = async (): Promise<number[]> => {
    const { rows } = await raw(
      `select pid from pg_stat_activity
       where datname = current_database() and application_name = 'rekey listener'`,
    );
    return rows.map(({ pid }) => pid);
  };

  test('is kept: reads are answered without the database', async () => {
    const both = await world();
    await keeping(both);
    const before = await queries();
    for (let i = 0; i < 100; i += 1) await findSession(both);
    expect((await queries()) - before).toBeLessThan(50);
  });

  const end = ({ session }: World) => `update sessions set ended_at = 1 where id = '${session.id}'`;
  const ended = async (both: Both) => (await findSession(both)) === null;

  const byHand: [string, (of: World) => string, (both: Both) => Promise<boolean>][] = [
    ['a session that ended', end, ended],
    [
      'a user that was disabled',
      ({ user }) => `update users set is_enabled = 0 where id = '${user.id}'`,
      async (both) => (await findSession(both))?.user.isEnabled === false,
    ],
    [
      'a TOKEN key that was disabled',
      ({ key }) => `update keys set is_enabled = 0 where id = '${key.id}'`,
      async (both) => (await findSession(both))?.key.isEnabled === false,
    ],
    [
      'a key that was revoked',
      ({ key }) => `update keys set is_revoked = 1 where id = '${key.id}'`,
      async (both) => (await findKey(both))?.key.isRevoked === true,
    ],
    [
      'a key that has another value',
      ({ key }) => `update keys set digest = 'another' where id = '${key.id}'`,
      async (both) => (await findKey(both)) === null,
    ],
    [
      'a key that was deleted',
      () => 'delete from sessions; delete from keys',
      async (both) => (await findKey(both)) === null,
    ],
    ['sessions that were all taken away at once', () => 'truncate sessions cascade', ended],
    [
      'keys that were all taken away at once',
      () => 'truncate keys cascade',
      async (both) => (await findKey(both)) === null,
    ],
    [
      'a service that was disabled',
      ({ service }) => `update services set is_enabled = 0 where id = '${service.id}'`,
      async (both) => (await findKey(both))?.service?.isEnabled === false,
    ],
    [
      'attributes that are new',
      ({ user, service }) =>
        `insert into user_attributes values ('${user.id}', '${service.id}', '{"a":1}')`,
      async (both) => (await findSession(both))?.user.attributes.a === 1,
    ],
  ];
  test.each(byHand)('does not hide %s by hand', async (_, change, isNew) => {
    const both = await world();
    await keeping(both);
    await findKey(both);
    await expectSeen(
      () => isNew(both),
      () => raw(change(both)),
    );
  });

  test('does not hide what another server changed', async () => {
    const both = await world();
    await keeping(both);
    await expectSeen(
      () => ended(both),
      () => both.writer.transact(({ sessions }) => sessions.end(both.session.id, 1)),
    );
  });

  test('does not hide for a moment what the server changed itself', async () => {
    const both = await world();
    const { database, session, user, key } = both;
    await keeping(both);
    await findKey(both);
    await database.transact(async ({ users, keys }) => {
      await users.noteLogin(user.id, 77, session.serviceId);
      await keys.touch([{ id: key.id, at: 88 }]);
    });
    expect((await findSession(both))?.user.lastLoginAt).toBe(77);
    expect((await findKey(both))?.key.lastUsedAt).toBe(88);
    await database.transact(({ sessions }) => sessions.end(session.id, 1));
    expect(await ended(both)).toBe(true);
  });

  test('survives a rollback: nothing changed', async () => {
    const both = await world();
    await keeping(both);
    const undone = both.database.transact(async ({ sessions }) => {
      await sessions.end(both.session.id, 1);
      throw new Error('undone');
    });
    await expect(undone).rejects.toThrow('undone');
    expect(await findSession(both)).not.toBeNull();
  });

  test('is not believed once the connection that listens was ended, and is believed again later', async () => {
    const both = await world();
    await keeping(both);
    for (const pid of await listeners()) await raw('select pg_terminate_backend($1, 5000)', [pid]);
    await expectSeen(
      () => ended(both),
      () => raw(end(both)),
    );
    await raw('update sessions set ended_at = null');
    await keeping(both);
  });

  const canSignal = process.getuid?.() === 0 && process.platform === 'linux';
  test.skipIf(skips(!canSignal, 'only root can stop a process of PostgreSQL'))(
    'is not believed while the process of PostgreSQL that serves the listener stands still',
    async () => {
      const both = await world();
      await keeping(both);
      const [pid = 0] = await listeners();
      process.kill(pid, 'SIGSTOP');
      onTestFinished(() => void process.kill(pid, 'SIGCONT'));
      await expectSeen(
        () => ended(both),
        () => raw(end(both)),
      );
    },
  );

  test('is not believed while the network swallows what the listener is told', async () => {
    const { url: wired, swallow } = await startWire();
    const both = await world({ through: wired });
    await keeping(both);
    swallow('rekey listener');
    await expectSeen(
      () => ended(both),
      () => raw(end(both)),
    );
  });

  test('is not believed when a clock was set ahead: the machine may have slept', async () => {
    const both = await world();
    await keeping(both);
    const wall = Date.now;
    onTestFinished(() => {
      Date.now = wall;
    });
    await raw(`set session_replication_role = replica; ${end(both)}`);
    Date.now = () => wall() + 60_000;
    expect(await ended(both)).toBe(true);
  });

  test.skipIf(skips(!hasPgbouncer, 'pgbouncer is not installed'))(
    'is nothing behind a pooler, where nobody is told of changes',
    async () => {
      const { url: pooled, stop } = await startPgbouncer(url ?? '');
      onTestFinished(stop);
      const both = await world({ through: `${pooled}?pgbouncer=true` });
      await findSession(both);
      await raw(`set session_replication_role = replica; ${end(both)}`);
      expect(await ended(both)).toBe(true);
      expect(await listeners()).toEqual([]);
    },
  );

  /** A wire to PostgreSQL that can swallow all that goes to the connections of one application. */
  async function startWire() {
    const { hostname, port } = new URL(url ?? '');
    const wires: { socket: Socket; upstream: Socket; begin: string }[] = [];
    const server = createServer((socket) => {
      const upstream = connect(Number(port), hostname);
      const wire = { socket, upstream, begin: '' };
      wires.push(wire);
      socket.once('data', (data) => {
        wire.begin = data.toString('latin1');
      });
      socket.pipe(upstream).pipe(socket);
      for (const side of [socket, upstream]) side.on('error', () => undefined);
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    onTestFinished(() => {
      for (const { socket, upstream } of wires) {
        socket.destroy();
        upstream.destroy();
      }
      server.close();
    });
    const wired = new URL(url ?? '');
    wired.port = String((server.address() as { port: number }).port);
    const swallow = (application: string) => {
      for (const { socket, upstream, begin } of wires) {
        if (!begin.includes(application)) continue;
        upstream.unpipe(socket);
        upstream.resume();
      }
    };
    return { url: wired.href, swallow };
  }
});
