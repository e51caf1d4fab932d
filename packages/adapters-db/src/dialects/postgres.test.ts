import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { Unavailable } from '@rekey/domain';
import type { OnDisk, Stores } from '@rekey/usecases';
import {
  aKey,
  anId,
  aOneTimeToken,
  aService,
  aSession,
  aUser,
  gate,
  skips,
} from '@rekey/usecases/testing';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { freshPostgres } from '../../test/postgres.ts';
import { everyQuery, walking } from '../../test/queries.ts';
import { aWire } from '../../test/wire.ts';
import { type PostgresPlace, parseDatabaseUrl } from '../database-url.ts';
import { inspectDatabase, type OpenedDatabase, type OpenOptions, openDatabase } from '../index.ts';
import { migrate, migrations, schemaVersion } from '../migrations/index.ts';
import { databaseOn } from '../transact.ts';
import { openPostgres, postgresGrammar } from './postgres.ts';

const FOREIGN_KEY = '23503';

const url = await freshPostgres();
const place = parseDatabaseUrl(url ?? 'postgres://localhost') as PostgresPlace;

describe.skipIf(skips(url === null, 'PostgreSQL cannot run here'))('a PostgreSQL server', () => {
  const name = new URL(url ?? 'postgres:').pathname.slice(1);
  let closers: (() => unknown)[];
  beforeEach(async () => {
    closers = [];
    await raw('drop schema public cascade; create schema public');
    // Not what Rekey needs: it must not rely on the defaults of a server.
    await raw(`alter database ${name} set default_transaction_isolation = serializable`);
  });
  afterEach(async () => {
    for (const close of closers.reverse()) await close();
  });

  async function open(options: Partial<OpenOptions> = {}): Promise<OpenedDatabase> {
    const opened = await openDatabase({ url: url ?? '', ...options });
    closers.push(() => opened.close());
    return opened;
  }

  async function openMigrated(options: Partial<OpenOptions> = {}): Promise<OpenedDatabase> {
    const opened = await open(options);
    await opened.migrate();
    return opened;
  }

  /** Straight to the server, past Rekey. */
  async function connectRaw(): Promise<pg.Client> {
    const client = new pg.Client(url ?? '');
    await client.connect();
    closers.push(() => client.end());
    return client;
  }

  async function raw(query: string): Promise<pg.QueryResult> {
    const client = new pg.Client(url ?? '');
    await client.connect();
    try {
      return await client.query(query);
    } finally {
      await client.end();
    }
  }

  /** Ends connections as an operator's restart does. */
  const cutConnections = () =>
    raw(`select pg_terminate_backend(pid, 5000) from pg_stat_activity
         where datname = current_database() and pid <> pg_backend_pid()`);

  test('tells its size', async () => {
    const { size } = await openMigrated();
    const before = await size();
    expect(before).toBeGreaterThan(1_000_000);
    await raw('create table filler as select generate_series(1, 100000) as number');
    expect(await size()).toBeGreaterThan(before + 100_000);
  });

  test('of another encoding than UTF-8 is refused by the start and by whoever looks at it, with the right way', async () => {
    const latin = `${name}_latin1`;
    await raw(`create database ${latin} encoding 'LATIN1' locale 'C' template template0`);
    closers.push(() => raw(`drop database ${latin} with (force)`));
    const there = Object.assign(new URL(url ?? ''), { pathname: latin }).href;
    const refusal = /encoding LATIN1, and UTF8 is needed: create database NAME encoding 'UTF8'/;
    await expect((await open({ url: there })).migrate()).rejects.toThrow(refusal);
    await expect(inspectDatabase(there)).rejects.toThrow(refusal);
  });

  test('is looked at where the URL names a schema by the search path', async () => {
    const there = `${url}?options=-c%20search_path%3Dsso`;
    await raw('create schema sso');
    closers.push(() => raw('drop schema sso cascade'));
    const opened = await open({ url: there });
    await opened.migrate();
    expect(await inspectDatabase(there)).toMatchObject({ schema: { version: migrations.length } });
    expect(await inspectDatabase(url ?? '')).toMatchObject({
      schema: { version: 0 },
      connection: { encryption: 'on this machine', isExposed: false },
    });
    expect((await raw(`select to_regclass('sso.users') as found`)).rows).toEqual([
      { found: 'sso.users' },
    ]);
  });

  describe('that restarts', () => {
    test('costs the idle connections, tells of them, and no call', async () => {
      const lost = Promise.withResolvers<Error>();
      const { database } = await openMigrated({ onConnectionError: lost.resolve });
      await cutConnections();
      expect(await lost.promise).toMatchObject({ code: '57P01' });
      expect(await database.transact(({ services }) => services.insert(aService()))).toBe(true);
    });

    test('makes an open transaction unavailable, and keeps nothing of it', async () => {
      const { database } = await openMigrated();
      const service = aService();
      const cut = database.transact(async ({ services }) => {
        await services.insert(service);
        await cutConnections();
        await services.get(service.id);
      });
      await expect(cut).rejects.toBeInstanceOf(Unavailable);
      expect(await database.read(({ services }) => services.get(service.id))).toBeNull();
    });

    test('makes a commit unavailable that it cuts off', async () => {
      const { database } = await openMigrated();
      const cut = database.transact(async ({ services }) => {
        await services.insert(aService());
        await cutConnections();
      });
      await expect(cut).rejects.toBeInstanceOf(Unavailable);
    });
  });

  describe('that does not answer', () => {
    test('is unavailable: nobody listens', async () => {
      const { ping, database } = await open({ url: 'postgres://127.0.0.1:1/none' });
      await expect(ping()).rejects.toBeInstanceOf(Unavailable);
      await expect(database.read(({ users }) => users.exist())).rejects.toBeInstanceOf(Unavailable);
      await expect(database.transact(async () => 'kept')).rejects.toBeInstanceOf(Unavailable);
    });

    test('is unavailable: somebody accepts and stays silent', async () => {
      const mute = createServer();
      await once(mute.listen(0, '127.0.0.1'), 'listening');
      closers.push(() => mute.close());
      const { port } = mute.address() as { port: number };
      const { ping } = await open({ url: `postgres://127.0.0.1:${port}/x`, patienceMs: 20 });
      await expect(ping()).rejects.toBeInstanceOf(Unavailable);
    });

    test('is unavailable: a connection fell silent, which is not used again', async () => {
      const { hostname, port } = new URL(url ?? '');
      const sockets: Socket[] = [];
      const wire = createServer((socket) => {
        const upstream = connect(Number(port), hostname);
        socket.pipe(upstream).pipe(socket);
        for (const end of [socket, upstream]) sockets.push(end.on('error', () => undefined));
      });
      await once(wire.listen(0, '127.0.0.1'), 'listening');
      const wired = new URL(url ?? '');
      wired.port = String((wire.address() as { port: number }).port);
      const { ping } = await openMigrated({ url: wired.href });
      closers.unshift(() => {
        for (const socket of sockets) socket.destroy();
        wire.close();
      });

      for (const socket of sockets) socket.unpipe();
      await expect(ping()).rejects.toBeInstanceOf(Unavailable);
      await ping();
    });

    test('is unavailable: all connections are taken, until one is given back', async () => {
      // Long enough to connect on a busy machine.
      const { database, ping } = await openMigrated({ poolSize: 1, patienceMs: 1000 });
      const free = Promise.withResolvers<void>();
      const taken = Promise.withResolvers<void>();
      const holder = database.transact(async () => {
        taken.resolve();
        await free.promise;
      });
      await taken.promise;
      await Promise.all(
        [
          ping(),
          database.read(({ users }) => users.exist()),
          database.transact(async () => 'kept'),
        ].map((call) => expect(call).rejects.toBeInstanceOf(Unavailable)),
      );
      free.resolve();
      await holder;
      await ping();
    });

    test('is unavailable: somebody has locked the row', async () => {
      const { database } = await openMigrated();
      const service = aService();
      const user = aUser({ createdBy: service.id });
      await database.transact(async ({ services, users }) => {
        await services.insert(service);
        await users.insert(user, null);
      });
      const other = await connectRaw();
      await other.query('begin');
      await other.query('select 1 from users for update');
      const lockOut = () => database.transact(({ users }) => users.lockOut(user.id, 1));
      await expect(lockOut()).rejects.toBeInstanceOf(Unavailable);
      await other.query('rollback');
      await lockOut();
    });

    test('is no outage: a database that is not there', async () => {
      const { ping } = await open({ url: url?.replace(/\/[^/]*$/, '/no_such_database') ?? '' });
      await expect(ping()).rejects.toMatchObject({ code: '3D000' });
    });
  });

  test('settles a deadlock: both transactions are kept', async () => {
    const { database } = await openMigrated();
    const service = aService();
    const [first, second] = [aUser({ createdBy: service.id }), aUser({ createdBy: service.id })];
    await database.transact(async ({ services, users }) => {
      await services.insert(service);
      await users.insert(first, 'hash');
      await users.insert(second, 'hash');
    });
    const bothLock = gate(2);
    let runs = 0;
    const lockOut = (one: string, other: string) =>
      database.transact(async ({ users }) => {
        runs += 1;
        await users.lockOut(one, 1);
        // Nobody waits for a write, but for a read behind it.
        await users.get(one);
        await bothLock();
        await users.lockOut(other, 1);
      });
    await Promise.all([lockOut(first.id, second.id), lockOut(second.id, first.id)]);
    // One of them, or both, was undone and ran again.
    expect(runs).toBeGreaterThan(2);
    for (const { email } of [first, second]) {
      const found = await database.read(({ users }) => users.findByEmail(email));
      expect(found?.credential.version).toBe(3);
    }
  });

  test('undoes a transaction that goes on after a query that failed, and says so', async () => {
    const { database } = await openMigrated();
    const service = aService();
    const careless = database.transact(async ({ services, users }) => {
      await services.insert(service);
      await users.insert(aUser({ createdBy: aService().id }), null).catch(() => undefined);
    });
    await expect(careless).rejects.toThrow('went on after a query that failed');
    expect(await database.read(({ services }) => services.get(service.id))).toBeNull();
  });

  test('throws the error of a write that nobody waited for, from whatever follows it', async () => {
    const { database } = await openMigrated();
    const service = aService();
    const ofNobody = aSession({ userId: anId(), serviceId: service.id, keyId: anId() });
    const follows: Record<string, (stores: Stores) => Promise<unknown>> = {
      commit: async () => undefined,
      read: ({ services }) => services.get(service.id),
      change: ({ users }) => users.insert(aUser({ createdBy: service.id }), null),
      write: ({ sessions }) => sessions.renew(ofNobody.id, 1, 2),
    };
    for (const [what, follow] of Object.entries(follows)) {
      const failing = database.transact(async (stores) => {
        await stores.services.insert(service);
        await stores.sessions.insert(ofNobody);
        await follow(stores);
      });
      await expect(failing, what).rejects.toMatchObject({ code: FOREIGN_KEY });
    }
    expect(await database.read(({ services }) => services.get(service.id))).toBeNull();
  });

  test('changes nothing for a transaction that could not begin', async () => {
    const wire = await aWire(url ?? '', (sent) =>
      Buffer.from(sent.toString('latin1').replace('begin isolation', 'bogus isolation'), 'latin1'),
    );
    const { database } = await openMigrated();
    const service = aService();
    const user = aUser({ createdBy: service.id });
    const key = aKey({ userId: user.id, serviceId: service.id });
    await database.transact(async ({ services, users, keys }) => {
      await services.insert(service);
      await users.insert(user, null);
      await keys.insert(key, { digest: 'digest' });
    });
    const broken = await open({ url: wire.url });
    closers.push(() => wire.close());
    const first: Record<string, (stores: Stores) => Promise<unknown>> = {
      read: ({ services }) => services.get(service.id),
      change: ({ keys }) => keys.revoke(key.id, 1),
      'change that answers rows': ({ keys }) => keys.revokeAllOf(user.id, 1),
      write: ({ keys }) => keys.touch([{ id: key.id, at: 1 }]),
    };
    for (const [what, work] of Object.entries(first)) {
      const failing = broken.database.transact(work);
      await expect(failing, what).rejects.toThrow('syntax error at or near "bogus"');
    }
    expect(await database.read(({ keys }) => keys.get(key.id))).toEqual(key);
  });

  test('runs transactions within limits, read committed whatever its default is', async () => {
    const config = { ...place.config, options: '-c synchronous_commit=on' };
    const dialect = openPostgres({ ...place, config });
    closers.push(() => dialect.close());
    const settings = (onDisk?: OnDisk) =>
      dialect.transact(async (on) => {
        const sql = `select name, setting from pg_settings
          where name like '%\\_timeout' or name in ('transaction_isolation', 'synchronous_commit')`;
        const found = await on.rows<{ name: string; setting: string }>({ sql }, []);
        return Object.fromEntries(found.map(({ name, setting }) => [name, setting]));
      }, onDisk);
    // A commit waits for the disk, unless the next one may take it there.
    expect(await settings('with the next one')).toMatchObject({ synchronous_commit: 'off' });
    expect(await settings()).toMatchObject({
      synchronous_commit: 'on',
      transaction_isolation: 'read committed',
      statement_timeout: '5000',
      lock_timeout: '2000',
      idle_in_transaction_session_timeout: '10000',
    });
  });

  test('prepares a query once for each connection', async () => {
    const dialect = openPostgres(place, { poolSize: 1 });
    closers.push(() => dialect.close());
    await migrate(dialect);
    const { read } = databaseOn(dialect);
    for (let i = 0; i < 3; i += 1) await read(({ services }) => services.get(aService().id));
    const sql = `select generic_plans + custom_plans as runs from pg_prepared_statements
      where statement like '%from "services"%'`;
    expect(await dialect.read(async (on) => on.rows({ sql }, []))).toEqual([{ runs: 3 }]);
  });

  test('answers instants as numbers', async () => {
    const { database } = await openMigrated();
    const service = aService();
    const user = aUser({ createdBy: service.id });
    const token = aOneTimeToken({
      userId: user.id,
      serviceId: service.id,
      expiresAt: 8_640_000_000_000_000,
    });
    await database.transact(async ({ services, users, oneTimeTokens }) => {
      await services.insert(service);
      await users.insert(user, null);
      await oneTimeTokens.insert(token);
    });
    const find = database.read(({ oneTimeTokens }) => oneTimeTokens.findGood(token.id, 0));
    expect(await find).toEqual(token);
    // And of this pool alone: other users of the library keep what they are used to.
    expect((await raw('select 1::int8 as one')).rows).toEqual([{ one: '1' }]);
  });

  describe('migrations', () => {
    test('run once when many servers start at once', async () => {
      const all = await Promise.all(Array.from({ length: 8 }, () => open()));
      const answers = await Promise.all(all.map((opened) => opened.migrate()));
      expect(answers.flat()).toEqual(migrations.map(({ name }) => name));
      expect(await all[0]!.migrate()).toEqual([]);
    });

    test('wait for one another, for as long as it takes', async () => {
      const dialect = openPostgres(place);
      closers.push(() => dialect.close());
      const observer = await connectRaw();
      const waiting = `select 1 from pg_locks where locktype = 'advisory' and not granted
                       and database = (select oid from pg_database where datname = current_database())`;
      const order: string[] = [];
      const inside = Promise.withResolvers<void>();
      const first = dialect.transactAlone(async (on) => {
        inside.resolve();
        while ((await observer.query(waiting)).rows.length === 0) {
          // Until the second one stands at the door.
        }
        const sql = `select current_setting('lock_timeout') as lock,
                            current_setting('statement_timeout') as statement`;
        expect(await on.rows({ sql }, [])).toEqual([{ lock: '0', statement: '0' }]);
        order.push('first');
      });
      await inside.promise;
      const second = dialect.transactAlone(async () => {
        order.push('second');
      });
      await Promise.all([first, second]);
      expect(order).toEqual(['first', 'second']);
    });

    test('that fail leave nothing behind', async () => {
      const dialect = openPostgres(place);
      closers.push(() => dialect.close());
      const broken = { name: 'broken', statements: ['create table half (id text)', 'nonsense'] };
      await expect(migrate(dialect, [...migrations, broken])).rejects.toThrow(/syntax error/);
      const tables = await raw(`select * from pg_tables where schemaname = 'public'`);
      expect(tables.rows).toEqual([]);
      expect(await migrate(dialect)).toEqual(migrations.map(({ name }) => name));
      expect(await dialect.read(schemaVersion)).toBe(migrations.length);
    });

    test('refuse a newer schema', async () => {
      const opened = await openMigrated();
      await raw(
        `insert into rekey_migrations values (${migrations.length + 1}, 'from the future')`,
      );
      await expect(opened.migrate()).rejects.toThrow('run a newer Rekey');
    });
  });

  test('needs to scan no table and to sort nothing, but for the queries of an operator', async () => {
    await openMigrated();
    const client = await connectRaw();
    // Small tables are scanned for speed; this leaves only the scans that no index could replace.
    await client.query(
      'set enable_seqscan = off; set enable_bitmapscan = off; set enable_sort = off',
    );
    for (const { verb, sql, values } of await everyQuery(postgresGrammar)) {
      if (walking.includes(verb)) continue;
      const { rows } = await client.query(`explain ${sql}`, values);
      const plan = rows.map((row: Record<string, string>) => row['QUERY PLAN']).join('\n');
      // What shares a millisecond is sorted as it is read.
      const others = plan.replaceAll(/Incremental Sort|(?:Presorted|Sort) Key/g, '');
      expect(others, sql).not.toMatch(/Seq Scan|Sort/);
    }
  });

  test('finds the users, keys and sessions of a service by the service, and not among those of all by their ids', async () => {
    await openMigrated();
    const client = await connectRaw();
    const ofService = (sql: string) => {
      const conditions = sql.slice(sql.indexOf(' where '));
      return conditions.includes('"service_id"') && !/"user_id" =/.test(conditions);
    };
    const queries = (await everyQuery(postgresGrammar)).filter(
      ({ verb, sql }) => /^(keys|sessions|users)\.list$/.test(verb) && ofService(sql),
    );
    const columns =
      'created_at, updated_at, is_enabled, name, url, user_allow_register, user_email_text, sees_all_users, owner_recovery, require_factor, new_device_mail';
    await client.query(`
      begin;
      insert into services (id, ${columns}) select 's' || i, 0, 0, 1, '', '', 0, '', 0, 0, 0, 0 from generate_series(0, 19) i;
      insert into users (id, created_at, updated_at, is_enabled, is_locked, is_disabled_by_operator, is_admin, name, email, email_valid,
        email_proven, email_changed, locale, timezone, credential_version, device_epoch, password_allow_reset, password_require_update)
        select 'u' || i, 0, 0, 1, 0, 0, 0, '', 'u' || i, 0, 0, 0, '', '', 1, 1, 1, 0 from generate_series(1, 10000) i;
      insert into visible_users (service_id, user_id, is_enabled, name_key, email_key)
        select 's' || i % 20, 'u' || i, 1, convert_to('u' || i, 'UTF8'), '' from generate_series(1, 10000) i;
      insert into keys (id, created_at, updated_at, is_enabled, is_revoked, type, name, service_id, user_id, scopes, digest)
        select 'k' || i, 0, 0, 1, 0, 'KEY', '', 's' || i % 20, 'u' || i, '', 'd' || i from generate_series(1, 10000) i;
      insert into sessions (id, created_at, last_used_at, expires_at, user_id, service_id, key_id, address, amr)
        select 'x' || i, 0, 0, 9000000000000, 'u' || i, 's' || i % 20, 'k' || i, '', '' from generate_series(1, 10000) i;
      analyze users; analyze visible_users; analyze keys; analyze sessions;
      set local plan_cache_mode = force_generic_plan`);
    for (const [index, { sql, values }] of queries.entries()) {
      await client.query(`prepare q${index} as ${sql}`);
      const literals = values.map((value) => `'${value}'`).join();
      const { rows } = await client.query(`explain execute q${index}(${literals})`);
      const plan = rows.map((row: Record<string, string>) => row['QUERY PLAN']).join('\n');
      expect(plan, sql).toMatch(/using (keys_of_|sessions_open_of_|visible_users_)/);
      // Users are found one by one, by those that the service sees.
      expect(plan, sql).not.toMatch(/ on users (?!.*\n +Index Cond: \((id|email) = )/);
    }
    expect(queries.length).toBeGreaterThan(4);
    await client.query('rollback');
  });

  test('finds the entries of a chain by the chain, and not among those of all by time', async () => {
    await openMigrated();
    const client = await connectRaw();
    const queries = (await everyQuery(postgresGrammar)).filter(
      ({ verb, sql }) => verb === 'audit.list' && / where chain = \$\d+\) \+ 0/.test(sql),
    );
    await client.query(`
      begin;
      insert into audit_chains (chain, number, length, hash, pruned, seal)
        select 's' || i, i + 10, 500, '', 0, '' from generate_series(0, 19) i;
      insert into audit_entries (place, created_at, type, id, hash, data)
        select (case when i % 2 = 0 then 10 else i % 20 + 10 end) * 1099511627776 + i, i, '\\x01', decode(lpad(to_hex(i), 20, '0'), 'hex'), '', convert_to(repeat('x', 200), 'UTF8')
        from generate_series(1, 100000) i;
      analyze audit_chains; analyze audit_entries;
      set local plan_cache_mode = force_generic_plan`);
    for (const [index, { sql, values }] of queries.entries()) {
      await client.query(`prepare q${index} as ${sql}`);
      const literals = values.map((value) =>
        Buffer.isBuffer(value) ? `'\\x${value.toString('hex')}'` : `'${value}'`,
      );
      const { rows } = await client.query(`explain execute q${index}(${literals.join()})`);
      const plan = rows.map((row: Record<string, string>) => row['QUERY PLAN']).join('\n');
      expect(plan, sql).toMatch(/audit_entries_of_(chain|type)/);
      expect(plan, sql).not.toContain('audit_entries_by_time');
      // In the order of the index, and not all of them before the first.
      expect(plan, sql).not.toContain('Bitmap');
    }
    expect(queries.length).toBeGreaterThan(3);
    await client.query('rollback');
  });
});
