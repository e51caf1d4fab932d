import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Source, SourceRow } from '@rekey/usecases';
import { skips } from '@rekey/usecases/testing';
import pg from 'pg';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { seed } from '../../test/exports.ts';
import { allOf, rowsOf } from '../../test/reading.ts';
import { sources } from '../index.ts';

/** The tables of other systems, as their migrations make them; columns that no query names are left out. */
const schemas = {
  // mojzu/sso 0.10.2, sso/migrations/2019-04-09-134546_init/up.sql
  'mojzu-sso': `
    create table sso_service (
      created_at timestamptz not null, updated_at timestamptz not null, id uuid primary key,
      is_enabled boolean not null, name varchar not null, url varchar not null,
      user_allow_register boolean not null, user_email_text varchar not null,
      provider_local_url varchar, provider_github_oauth2_url varchar,
      provider_microsoft_oauth2_url varchar
    );
    create table sso_user (
      created_at timestamptz not null, updated_at timestamptz not null, id uuid primary key,
      is_enabled boolean not null, name varchar not null, email varchar not null unique,
      locale varchar not null, timezone varchar not null, password_allow_reset boolean not null,
      password_require_update boolean not null, password_hash varchar
    );
    create table sso_key (
      created_at timestamptz not null, updated_at timestamptz not null, id uuid primary key,
      is_enabled boolean not null, is_revoked boolean not null, type varchar not null,
      name varchar not null, value varchar not null unique,
      service_id uuid references sso_service, user_id uuid references sso_user
    );`,
  // supabase/auth, migrations
  supabase: `
    create schema auth;
    create type auth.factor_type as enum ('totp', 'webauthn', 'phone');
    create type auth.factor_status as enum ('unverified', 'verified');
    create table auth.users (
      id uuid primary key, email varchar(255), encrypted_password varchar(255),
      email_confirmed_at timestamptz, phone text, banned_until timestamptz, deleted_at timestamptz,
      is_anonymous boolean not null default false, is_sso_user boolean not null default false,
      raw_user_meta_data jsonb, created_at timestamptz, last_sign_in_at timestamptz
    );
    create table auth.mfa_factors (
      id uuid primary key, user_id uuid not null references auth.users,
      factor_type auth.factor_type not null, status auth.factor_status not null, secret text
    );`,
  // better-auth, packages/core/src/db/schema
  'better-auth': `
    create table "user" (
      id text primary key, name text not null, email text not null unique,
      "emailVerified" boolean not null, image text, "createdAt" timestamptz not null,
      "updatedAt" timestamptz not null
    );
    create table account (
      id text primary key, "accountId" text not null, "providerId" text not null,
      "userId" text not null references "user", password text
    );`,
  // keratin/authn-server, app/data/postgres/migrations.go
  'authn-server': `
    create table accounts (
      id serial primary key, username text unique, password text,
      locked boolean not null default false, require_new_password boolean not null default false,
      password_changed_at timestamptz, created_at timestamptz not null,
      updated_at timestamptz not null, deleted_at timestamptz, last_login_at timestamptz,
      totp_secret text
    );
    create table oauth_accounts (
      id serial primary key, account_id integer not null, provider text not null,
      provider_id text not null, access_token text not null
    );`,
} as const;

type System = keyof typeof schemas;

const docs = readFileSync(path.join(import.meta.dirname, '../../../../docs/moving.md'), 'utf8');

/** The queries of a system, as the documentation has them. */
function queriesOf(system: System): string[] {
  const [, section = ''] = docs.split(`\n### ${system}\n`);
  const [, sql = ''] = /```sql\n(.*?)```/s.exec(section.split('\n### ')[0] ?? '') ?? [];
  return sql.split(';').filter((query) => query.trim() !== '');
}

const source = (system: System): Source => sources[system]!;

/** A database with the tables of a system. */
async function databaseOf(system: System) {
  const url = await (await fetch(inject('postgres'))).text();
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  onTestFinished(() => client.end());
  await client.query(schemas[system]);
  /** What psql prints of the queries of the documentation: a row a line, as it is. */
  const exported = async () => {
    const rows = [];
    for (const text of queriesOf(system)) {
      rows.push(...(await client.query<string[]>({ text, rowMode: 'array', types: asText })).rows);
    }
    return rows.map(([line]) => `${line}\n`).join('');
  };
  const insert = (table: string, row: Record<string, unknown>) => {
    const [names, values] = [Object.keys(row), Object.values(row)];
    const places = values.map((_, index) => `$${index + 1}`);
    const columns = names.map((name) => `"${name}"`);
    return client.query(`insert into ${table} (${columns}) values (${places})`, values);
  };
  return { url, client, exported, insert };
}
const asText = { getTypeParser: () => (text: string) => text };

const id = (last: number) => `5f86c319-0000-4000-8000-0000000000${String(last).padStart(2, '0')}`;
const at = new Date('2024-05-01T10:00:00Z');
const hash = `$2a$10$${'a'.repeat(53)}`;

const hasNone = (await fetch(inject('postgres'))).status === 204;
const why = 'PostgreSQL cannot start here';

describe.skipIf(skips(hasNone, why))('the database of mojzu/sso', () => {
  const name = 'shop "\\ ä';
  async function filled(users = 3) {
    const sso = await databaseOf('mojzu-sso');
    const times = { created_at: at, updated_at: at };
    await sso.insert('sso_service', {
      ...{ ...times, id: id(1), is_enabled: true, name, url: 'https://shop.example' },
      ...{ user_allow_register: true, user_email_text: '' },
    });
    const key = (last: number, given: object) =>
      sso.insert('sso_key', {
        ...{ ...times, id: id(last), is_enabled: true, is_revoked: false, type: 'Key' },
        ...{ name: 'key', value: `VALUE${last}`, ...given },
      });
    await key(50, {});
    await key(51, { service_id: id(1) });
    await sso.client.query(
      `insert into sso_user
       select $1, $1, ('5f86c319-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, true, 'User ' || n,
         'user' || n || '@example.com', 'en', 'Etc/UTC', true, false, '$argon2$…'
       from generate_series(10, 9 + $2::int) n`,
      [at, users],
    );
    await key(52, { service_id: id(1), user_id: id(10), type: 'Token', is_revoked: true });
    await key(53, { service_id: id(1), user_id: id(10), type: 'Totp', value: seed });
    return sso;
  }
  const kindOf = (row: SourceRow) =>
    ['rootKey', 'service', 'user', 'faults'].find((each) => each in row);

  it('is read as a whole, and says the same as the queries of the documentation', async () => {
    const sso = await filled();
    const rows = await allOf(source('mojzu-sso').connect!(sso.url, {}));
    expect(rows.map(kindOf)).toEqual(['rootKey', 'service', 'user', 'user', 'user']);
    expect(rows).toMatchObject([
      { line: 1, rootKey: { id: id(50), value: 'VALUE50' } },
      { line: 2, service: { id: id(1), name, keys: [{ id: id(51), value: 'VALUE51' }] } },
      {
        line: 3,
        user: {
          id: id(10),
          email: 'user10@example.com',
          created_at: expect.stringMatching(/^2024-05-01T\d\d:00:00\+\d\d:\d\d$/),
          keys: [
            { id: id(52), type: 'TOKEN', service: id(1), is_revoked: true },
            { id: id(53), type: 'TOTP', service: id(1), value: seed },
          ],
        },
      },
      { line: 4, user: { keys: [] } },
      { line: 5 },
    ]);
    expect(await rowsOf(source('mojzu-sso'), await sso.exported())).toEqual(rows);
  });

  it('is read to its end where that takes more than one batch, of one moment', async () => {
    const sso = await filled(1500);
    let users = 0;
    for await (const row of source('mojzu-sso').connect!(sso.url, {})) {
      // What changes meanwhile is not seen.
      if (kindOf(row) === 'rootKey')
        await sso.client.query('delete from sso_key; delete from sso_user');
      if (kindOf(row) === 'user') users += 1;
    }
    expect(users).toBe(1500);
  });

  it('is let go by a reader who stops half-way', async () => {
    const sso = await filled();
    for await (const _ of source('mojzu-sso').connect!(sso.url, {})) break;
    const { rows } = await sso.client.query(
      `select count(*)::int as sessions from pg_stat_activity
       where application_name = 'rekey import' and datname = current_database() and state like 'idle in%'`,
    );
    expect(rows).toEqual([{ sessions: 0 }]);
  });

  it('of another system is told by what it lacks', async () => {
    const { url } = await databaseOf('authn-server');
    const reading = allOf(source('mojzu-sso').connect!(url, {}));
    await expect(reading).rejects.toThrow('relation "sso_key" does not exist');
  });
});

describe.skipIf(skips(hasNone, why))('the query of the documentation', () => {
  it('for Supabase writes what is read', async () => {
    const supabase = await databaseOf('supabase');
    await supabase.insert('auth.users', {
      ...{ id: id(1), email: 'ada@example.com', encrypted_password: hash, created_at: at },
      ...{ email_confirmed_at: at, raw_user_meta_data: { full_name: 'Ada "\\ ä' } },
      banned_until: 'infinity',
    });
    await supabase.insert('auth.users', { id: id(2), email: 'b@example.com', created_at: at });
    await supabase.insert('auth.users', { id: id(3), deleted_at: at });
    const factor = { factor_type: 'totp', status: 'verified', secret: seed };
    await supabase.insert('auth.mfa_factors', { id: id(4), user_id: id(1), ...factor });
    expect(await rowsOf(source('supabase'), await supabase.exported())).toMatchObject([
      {
        leftOut: [],
        user: {
          ...{ id: id(1), name: 'Ada "\\ ä', email: 'ada@example.com', email_valid: true },
          ...{ is_enabled: false, password_hash: hash, totp_secret: seed },
        },
      },
      { leftOut: [], user: { id: id(2), email_valid: false, is_enabled: true } },
    ]);
  });

  it('for better-auth writes what is read', async () => {
    const auth = await databaseOf('better-auth');
    const user = { name: 'Ada', emailVerified: true, createdAt: at, updatedAt: at };
    await auth.insert('"user"', { ...user, id: 'a1', email: 'ada@example.com' });
    await auth.insert('"user"', { ...user, id: 'b2', email: 'b@example.com', image: 'b.png' });
    const account = { accountId: 'a1', userId: 'a1' };
    await auth.insert('account', {
      ...account,
      id: '1',
      providerId: 'credential',
      password: 'a:b',
    });
    await auth.insert('account', { ...account, id: '2', providerId: 'google' });
    expect(await rowsOf(source('better-auth'), await auth.exported())).toMatchObject([
      {
        leftOut: ['account of google'],
        user: { attributes: { better_auth_id: 'a1' }, password_hash: 'a:b', email_valid: true },
      },
      { leftOut: ['user.image'], user: { email: 'b@example.com' } },
    ]);
  });

  it('for authn-server writes what is read', async () => {
    const authn = await databaseOf('authn-server');
    const times = { created_at: at, updated_at: at };
    await authn.insert('accounts', { ...times, username: 'ada@example.com', password: hash });
    await authn.insert('accounts', { ...times, username: 'b@example.com', locked: true });
    await authn.insert('accounts', { ...times, username: '@gone', deleted_at: at });
    const oauth = { account_id: 2, provider: 'google', provider_id: '1', access_token: '-' };
    await authn.insert('oauth_accounts', oauth);
    expect(await rowsOf(source('authn-server'), await authn.exported())).toMatchObject([
      { leftOut: [], user: { email: 'ada@example.com', password_hash: hash, is_enabled: true } },
      { leftOut: ['oauth_accounts'], user: { is_enabled: false } },
    ]);
  });
});
