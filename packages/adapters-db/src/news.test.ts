import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { anEvent, aService, newsContract, skips } from '@rekey/usecases/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { hasPgbouncer, startPgbouncer } from '../test/pgbouncer.ts';
import { freshPostgres } from '../test/postgres.ts';
import { openSqlite } from './dialects/sqlite.ts';
import { openDatabase } from './index.ts';
import { newsOn } from './news.ts';

const never = new AbortController().signal;
const isMissing = (await freshPostgres()) === null;

async function sqlite(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'rekey-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return `sqlite:${path.join(folder, 'rekey.db')}`;
}
const postgres = async (): Promise<string> => (await freshPostgres()) ?? '';

async function open(url: string) {
  const opened = await openDatabase({ url });
  onTestFinished(() => opened.close());
  await opened.migrate();
  return opened;
}

/** Waits for news here of what another process puts into a feed, time and again. */
async function expectNews(url: string, direct = url): Promise<void> {
  const there = await open(direct);
  const { news } = await open(url);
  const { id: serviceId } = aService();
  for (let sequence = 1; sequence <= 5; sequence += 1) {
    const next = news.next([serviceId], never);
    await there.database.transact(({ events }) =>
      events.append([{ ...anEvent({ serviceId }), sequence }]),
    );
    await next;
  }
}

newsContract('SQLite', async () => (await open(await sqlite())).news);

test('news of another process come on SQLite', async () => {
  await expectNews(await sqlite());
});

test('news of another process come on SQLite as soon as this one says that there may be some', async () => {
  const url = await sqlite();
  const there = await open(url);
  const dialect = await openSqlite(url.slice('sqlite:'.length));
  onTestFinished(() => dialect.close());
  // It does not look by itself.
  const news = newsOn(dialect, 2 ** 30);
  onTestFinished(() => news.close());
  const { id: serviceId } = aService();
  const next = news.next([serviceId], never);
  await there.database.transact(({ events }) =>
    events.append([{ ...anEvent({ serviceId }), sequence: 1 }]),
  );
  news.look();
  expect(await next).toBeUndefined();
});

test('those who wait are let go when the database is closed', async () => {
  const { news, close } = await openDatabase({ url: await sqlite() });
  const waiting = news.next(null, never);
  await close();
  expect(await waiting).toBeUndefined();
});

describe.skipIf(skips(isMissing, 'PostgreSQL cannot run here'))('with a server', () => {
  newsContract('PostgreSQL', async () => (await open(await postgres())).news);

  test('news of another process come on PostgreSQL', async () => {
    await expectNews(await postgres());
  });

  test('news come as well where the connection that listens is cut again and again', async () => {
    const url = await postgres();
    const there = await open(url);
    const { news } = await open(url);
    const { id: serviceId } = aService();
    for (let sequence = 1; sequence <= 3; sequence += 1) {
      const next = news.next([serviceId], never);
      const cut = `select pg_terminate_backend(pid) from pg_stat_activity
        where application_name = 'rekey listener' and datname = current_database()`;
      await raw(url, cut);
      await there.database.transact(({ events }) =>
        events.append([{ ...anEvent({ serviceId }), sequence }]),
      );
      await next;
    }
  });

  test.skipIf(skips(!hasPgbouncer, 'pgbouncer is not installed'))(
    'news of another process come behind a pooler, which tells nobody anything',
    async () => {
      const direct = await postgres();
      const { url, stop } = await startPgbouncer(direct);
      onTestFinished(stop);
      await expectNews(`${url}?pgbouncer=true`, direct);
    },
  );
});

async function raw(url: string, query: string): Promise<void> {
  const { default: pg } = await import('pg');
  const client = new pg.Client(url);
  await client.connect();
  await client.query(query);
  await client.end();
}
