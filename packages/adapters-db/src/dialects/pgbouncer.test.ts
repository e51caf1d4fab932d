import { aService, skips } from '@rekey/usecases/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { hasPgbouncer, startPgbouncer } from '../../test/pgbouncer.ts';
import { freshPostgres } from '../../test/postgres.ts';
import { inspectDatabase, openDatabase } from '../index.ts';

const isMissing = !hasPgbouncer || (await freshPostgres()) === null;

describe.skipIf(skips(isMissing, 'pgbouncer is not installed'))('behind PgBouncer', () => {
  async function open(query: string) {
    const { url, stop } = await startPgbouncer((await freshPostgres()) ?? '');
    onTestFinished(stop);
    const opened = await openDatabase({ url: `${url}${query}` });
    onTestFinished(() => opened.close());
    return { ...opened, url };
  }

  test('reads and transactions work, whatever connection each of them gets', async () => {
    const { database, migrate } = await open('?pgbouncer=true');
    await migrate();
    const services = Array.from({ length: 60 }, () => aService());
    await Promise.all(
      services.map(async (service) => {
        await database.transact((stores) => stores.services.insert(service));
        const found = await database.read((stores) => stores.services.find(service.id));
        expect(found).toEqual(service);
      }),
    );
  });

  test('a URL that does not name the pooler is refused with the right way', async () => {
    const { migrate, url } = await open('');
    const hint = /DATABASE_URL needs the parameter pgbouncer=true/;
    await expect(migrate()).rejects.toThrow(hint);
    await expect(inspectDatabase(url)).rejects.toThrow(hint);
    const found = await inspectDatabase(`${url}?pgbouncer=true`);
    expect(found?.product).toMatch(/^PostgreSQL /);
  });
});
