import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parseDatabaseUrl } from './database-url.ts';

function problemOf(url: string): string {
  try {
    parseDatabaseUrl(url);
  } catch (error) {
    return (error as Error).message;
  }
  return '';
}

describe('a URL for SQLite', () => {
  test.each([
    ['sqlite:data/x.db', 'data/x.db'],
    ['sqlite:./data/x.db', 'data/x.db'],
    ['sqlite:../x.db', '../x.db'],
    ['sqlite:/srv/x.db', '/srv/x.db'],
    ['sqlite:/srv/a b#c.db', '/srv/a b#c.db'],
    ['sqlite://./data/x.db', 'data/x.db'],
    ['sqlite://../x.db', '../x.db'],
    ['sqlite:///srv/x.db', '/srv/x.db'],
    ['sqlite:////srv/x.db', '/srv/x.db'],
  ])('%s is the file %s', (url, file) => {
    expect(parseDatabaseUrl(url)).toEqual({ kind: 'sqlite', file: path.resolve(file) });
  });

  test.each([
    ['sqlite://data/x.db', /host/],
    ['sqlite://localhost/srv/x.db', /host/],
    ['sqlite::memory:', /memory/],
    ['sqlite://:memory:', /memory/],
    ['sqlite:///:memory:', /memory/],
    ['sqlite:x.db?mode=rwc', /parameters/],
    ['sqlite:///srv/my%20data/x.db', /percent-encoded/],
    ['sqlite:~/x.db', /~/],
    ['sqlite:$HOME/x.db', /\$/],
    ['sqlite:/srv/$APP/x.db', /\$/],
    ['sqlite:file:./x.db', /file:/],
    ['sqlite:file::memory:?cache=shared', /parameters/],
    ['sqlite:///file:/srv/x.db', /file:/],
    ['sqlite: ./x.db', /space/],
    ['sqlite:./x.db ', /space/],
    ['sqlite:./data/', /name a file/],
    ['sqlite:..', /name a file/],
    ['sqlite:/srv/.', /name a file/],
    ['postgres://h;sslmode=require/db', /behind a \?/],
    ['postgres:///db?host=h;sslmode=require', /behind a \?/],
    ['postgres://h:0/db', /port/],
    ['sqlite:', /sqlite:\.\/PATH/],
    ['sqlite3:x.db', /sqlite:\.\/PATH/],
    ['file:./x.db', /sqlite:\.\/PATH/],
    ['file:///srv/x.db', /sqlite:\.\/PATH/],
    ['jdbc:sqlite:x.db', /sqlite:\.\/PATH/],
    ['./data/x.db', /sqlite:\.\/PATH/],
  ])('may not be %s', (url, problem) => {
    expect(problemOf(url)).toMatch(/^DATABASE_URL must /);
    expect(problemOf(url)).toMatch(problem);
  });
});

describe('a URL for PostgreSQL', () => {
  const base = 'postgres://rekey:secret@db.example';

  test.each([
    [
      'postgres://us%40er:p%3Aw%2F@db.example:6432/rekey',
      { user: 'us@er', password: 'p:w/', host: 'db.example', port: 6432, database: 'rekey' },
    ],
    ['postgresql://[::1]/rekey', { host: '::1', database: 'rekey' }],
    ['postgres:///rekey', { database: 'rekey' }],
    [
      'postgres://%2Fvar%2Frun%2Fpostgresql/rekey',
      { host: '/var/run/postgresql', database: 'rekey' },
    ],
    ['postgres:///rekey?host=/run/pg', { host: '/run/pg', database: 'rekey' }],
    [
      'postgres://rekey:secret@/rekey?host=/run/pg',
      { user: 'rekey', password: 'secret', host: '/run/pg', database: 'rekey' },
    ],
    [
      'postgres://db/rekey?options=-c%20search_path%3Dsso',
      { host: 'db', database: 'rekey', options: '-c search_path=sso' },
    ],
  ])('%s says where the database is', (url, config) => {
    expect(parseDatabaseUrl(url)).toEqual({
      kind: 'postgres',
      config,
      isPooled: false,
      canListen: true,
      isTlsUnsaid: true,
    });
  });

  test.each([
    ['disable', false],
    ['require', { rejectUnauthorized: false }],
    ['verify-full', {}],
  ])('with sslmode=%s says how the connection is encrypted', (mode, ssl) => {
    const place = parseDatabaseUrl(`${base}/rekey?sslmode=${mode}`);
    expect(place).toMatchObject({ config: { ssl }, isTlsUnsaid: false });
  });

  test('has certificates in files', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'rekey-tls-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = path.join(folder, 'file');
    writeFileSync(file, 'a certificate');
    const content = Buffer.from('a certificate');
    const sslOf = (query: string) => {
      const place = parseDatabaseUrl(`${base}/rekey?${query}`);
      return place.kind === 'postgres' ? place.config.ssl : null;
    };
    expect(sslOf(`sslmode=verify-full&sslrootcert=${file}`)).toEqual({ ca: content });
    expect(sslOf(`sslmode=verify-full&sslcert=${file}&sslkey=${file}`)).toEqual({
      cert: content,
      key: content,
    });
    expect(sslOf('sslmode=verify-full&sslrootcert=system')).toEqual({});
    // The authority is checked in these modes, and the name of the server is not.
    for (const mode of ['require', 'verify-ca']) {
      expect(sslOf(`sslmode=${mode}&sslrootcert=${file}`)).toEqual({
        ca: content,
        checkServerIdentity: expect.any(Function),
      });
    }
  });

  test('may say that a pooler stands in between', () => {
    const pooled = { isPooled: true, canListen: false };
    expect(parseDatabaseUrl(`${base}/rekey?pgbouncer=true`)).toMatchObject(pooled);
    const deaf = { isPooled: false, canListen: false };
    expect(parseDatabaseUrl(`${base}/rekey?listen=false`)).toMatchObject(deaf);
  });

  test.each([
    ['?schema=sso', /schema \(write options=-c%20search_path%3DNAME\)/],
    ['?ssl=true', /ssl \(write sslmode=verify-full\)/],
    ['?sslmode=prefer', /sslmode.*clear text/],
    ['?sslmode=allow', /sslmode.*clear text/],
    ['?sslmode=Require', /sslmode/],
    ['?sslmode=', /value for the parameter sslmode/],
    ['?sslmode=require&sslmode=disable', /sslmode once/],
    ['?sslmode=verify-ca', /sslrootcert=FILE/],
    ['?sslmode=verify-full&sslrootcert=/none', /can be read as sslrootcert/],
    ['?sslmode=verify-full&sslcert=/none', /both of sslcert and sslkey/],
    ['?sslmode=disable&sslrootcert=/none', /sslmode=verify-full/],
    ['?sslrootcert=/none', /sslmode=verify-full/],
    ['?connection_limit=5', /connection_limit/],
    ['?sslMode=require', /sslMode/],
    ['?pgbouncer=1', /true or false as pgbouncer/],
    ['?listen=off', /true or false as listen/],
    ['?pgbouncer=true&listen=true', /must not have listen=true behind a pooler/],
    ['?host=/run/pg', /host once/],
    ['#fragment', /percent-encoded/],
    ['/table', /percent-encoded/],
  ])('may not end in %s', (end, problem) => {
    const text = problemOf(`${base}/rekey${end}`);
    expect(text).toMatch(/^DATABASE_URL must /);
    expect(text).toMatch(problem);
  });

  test.each([
    'postgres:rekey:secret@db',
    'postgres:/db/secret',
    'postgres://rekey:se/cret@db/rekey',
    'postgres://rekey:se#cret@db/rekey',
    'postgres://rekey:12#secret@db/rekey',
    'postgres://rekey:12?secret@db/rekey',
    'postgres://rekey:12/secret@db/rekey',
    'postgres://rekey:secret%@db/rekey',
    'postgres://rekey:secret@db:port/rekey',
    'postgres://rekey:secret@db:99999/rekey',
    'postgres://rekey:secret@one,two/rekey',
    'mysql://rekey:secret@db/rekey',
  ])('may not be %s, and is not repeated', (url) => {
    expect(problemOf(url)).toMatch(/^DATABASE_URL must (?!.*cret)/);
  });
});
