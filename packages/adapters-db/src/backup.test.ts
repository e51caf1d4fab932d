import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { aService } from '@rekey/usecases/testing';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { backupSqlite, inspectDatabase, openDatabase } from './index.ts';
import { migrations } from './migrations/index.ts';

let folder: string;
let url: string;
let copy: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'rekey-'));
  url = `sqlite:${path.join(folder, 'rekey.db')}`;
  copy = path.join(folder, 'copy.db');
});
afterEach(() => rm(folder, { recursive: true }));

describe('a copy of a database', () => {
  test('holds what was committed, while a transaction is open that is not', async () => {
    const { database, migrate, close } = await openDatabase({ url });
    await migrate();
    const [kept, open] = [aService(), aService()];
    await database.transact(({ services }) => services.insert(kept));
    await database.transact(async ({ services }) => {
      await services.insert(open);
      await backupSqlite(url, copy);
    });
    await close();

    const copied = await openDatabase({ url: `sqlite:${copy}` });
    expect(await copied.migrate()).toEqual([]);
    const find = (id: string) => copied.database.read(({ services }) => services.get(id));
    expect(await find(kept.id)).toEqual(kept);
    expect(await find(open.id)).toBeNull();
    await copied.close();
  });

  test('is for its owner alone', async () => {
    const { migrate, close } = await openDatabase({ url });
    await migrate();
    await close();
    await backupSqlite(url, copy);
    expect((await stat(copy)).mode & 0o777).toBe(0o600);
  });

  test('is never made over a file that is there', async () => {
    const { migrate, close } = await openDatabase({ url });
    await migrate();
    await close();
    await writeFile(copy, 'precious');
    await expect(backupSqlite(url, copy)).rejects.toThrow('EEXIST');
    expect(await readFile(copy, 'utf8')).toBe('precious');
  });

  test('is not made of another application’s database', async () => {
    const other = new Sqlite(path.join(folder, 'rekey.db'));
    other.exec('create table notes (text)');
    other.close();
    await expect(backupSqlite(url, copy)).rejects.toThrow(/rekey\.db cannot be copied: .*another/);
  });
});

describe('an inspected database', () => {
  const latest = migrations.length;

  test('is null before there is one, and none is made', async () => {
    expect(await inspectDatabase(url)).toBeNull();
    expect(await readdir(folder)).toEqual([]);
  });

  test('has the version of its schema, and says whether there are users', async () => {
    const { migrate, close } = await openDatabase({ url });
    expect(await inspectDatabase(url)).toMatchObject({ schema: { version: 0, latest } });
    await migrate();
    await close();
    expect(await inspectDatabase(url)).toMatchObject({
      product: expect.stringMatching(/^SQLite 3\./),
      place: path.join(folder, 'rekey.db'),
      isDurable: true,
      schema: { version: latest, latest },
      hasUsers: false,
      clockOffsetMs: null,
    });
  });

  test.each([
    ['percent%zz', '127.0.0.1:1/rekey'],
    ['with a space', '127.0.0.1:1/rekey'],
    ['and#a-fragment', '127.0.0.1:1/rekey'],
    ['right', '127.0.0.1:1/rekey'],
    ['right', '127.0.0.1:99999/rekey'],
    ['right', '127.0.0.1:port/rekey'],
    ['right', '127.0.0.1:1/rekey?sslrootcert=/not/there'],
  ])('that cannot be reached is an error without its password: %s, %s', async (secret, rest) => {
    const error: Error = await inspectDatabase(`postgres://rekey:planted${secret}@${rest}`).then(
      () => new Error('it was reached'),
      (reason) => reason,
    );
    expect(error.message).toMatch(/ECONNREFUSED|^DATABASE_URL must/);
    expect(error.message).not.toMatch(/planted|space|a-fragment/);
  });

  test('is refused where it is a folder, or another application’s', async () => {
    await expect(inspectDatabase(`sqlite:${folder}`)).rejects.toThrow(/is not a file/);
    const other = new Sqlite(path.join(folder, 'rekey.db'));
    other.exec('create table notes (text)');
    other.close();
    await expect(inspectDatabase(url)).rejects.toThrow(/another application/);
  });
});
