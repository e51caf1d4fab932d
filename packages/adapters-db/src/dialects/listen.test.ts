import { aKey, aService, aSession, aUser, skips } from '@rekey/usecases/testing';
import pg from 'pg';
import { describe, expect, onTestFinished, test } from 'vitest';
import { behind } from '../../test/behind.ts';
import { freshPostgres } from '../../test/postgres.ts';
import { openDatabase } from '../index.ts';

const isMissing = (await freshPostgres()) === null;

describe.skipIf(skips(isMissing, 'PostgreSQL cannot run here'))('with listen=false', () => {
  /** Two servers on a database that knows a session. */
  async function world(options = '') {
    const url = `${await freshPostgres()}?listen=false${options}`;
    const open = async () => {
      const opened = await openDatabase({ url });
      onTestFinished(() => opened.close());
      return opened;
    };
    const [writer, reader] = [await open(), await open()];
    await writer.migrate();
    const service = aService();
    const user = aUser({ createdBy: service.id });
    const key = aKey({ type: 'TOKEN', userId: user.id, serviceId: service.id });
    const session = aSession({ userId: user.id, serviceId: service.id, keyId: key.id });
    await writer.database.transact(async (stores) => {
      await stores.services.insert(service);
      await stores.users.insert(user, 'hash');
      await stores.keys.insert(key, { digest: 'digest' });
      await stores.sessions.insert(session);
    });
    return {
      url,
      find: () => reader.database.read((stores) => stores.sessions.findOpen(session.id)),
      end: () => writer.database.transact((stores) => stores.sessions.end(session.id, 1)),
    };
  }

  test('no connection listens', async () => {
    const { url, find } = await world();
    await find();
    const client = new pg.Client(url);
    await client.connect();
    const { rows } = await client.query(
      `select distinct application_name as name from pg_stat_activity
       where datname = current_database() and application_name like 'rekey%'`,
    );
    await client.end();
    expect(rows).toEqual([{ name: 'rekey' }]);
  });

  test('what another server or a hand changes holds at the next read', async () => {
    const { url, find, end } = await world();
    const hand = await behind(url);
    for (const name of ['Ada', 'Bea', 'Cia']) {
      // Past the triggers: nobody is told.
      await hand.run(`set session_replication_role = replica; update users set name = '${name}'`);
      expect((await find())?.user.name).toBe(name);
    }
    await hand.close();
    await end();
    expect(await find()).toBeNull();
  });

  test('an engine whose pg_notify does nothing is enough', async () => {
    const { url, find, end } = await world('&options=-c%20search_path%3Dpublic,pg_catalog');
    const hand = await behind(url);
    await hand.run(
      `create function public.pg_notify(text, text) returns void language sql as 'select'`,
    );
    await hand.close();
    expect(await find()).not.toBeNull();
    await end();
    expect(await find()).toBeNull();
  });
});
