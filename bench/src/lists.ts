import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { addresses, types, words } from '../../packages/adapters-db/src/stores/audit-octets.ts';
import { formServiceId } from '../../packages/domain/src/service.ts';
import { Connection, request, type Shot, timed } from './client.ts';
import { type Benchmark, type Effort, figure, most, type Row, row } from './figures.ts';
import { digest, id, load, openBehind, prepare, run, wordsOf } from './filling.ts';
import { aFolder, type Server, startPostgres } from './processes.ts';
import { draw, PASSWORD, SERVICE_COLUMNS, SERVICE_KEY, startRekey } from './rekey.ts';

/** The service that half of the users are of, the one that sees few of them, and the operator. */
const MANY = SERVICE_KEY;
const FEW = 'rks_few';
const ROOT = 'rkr_bench';

/** Services that have users, and a chain of the audit. */
const SERVICES = 20;
/** Users of the last of them. */
const FEW_USERS = 50;
/** Entries of the audit, of each user. */
const ENTRIES = 5;
const NOW = Date.UTC(2026, 0, 1);
const FAR = Date.UTC(2100, 0, 1);

/** A database for lists: users, keys, sessions and entries of the audit in all states, of many services. */
type ListData = Awaited<ReturnType<typeof fill>>;

/** Fills a database, or takes it as it was filled before. */
async function fill(
  url: string | null,
  users: number,
  { folder, isFilled }: { readonly folder: string; readonly isFilled: boolean },
) {
  const { databaseUrl, env } = await prepare(url, 10, folder);
  if (!isFilled) await load(databaseUrl, statementsOf(databaseUrl, users));
  return { databaseUrl, env, users };
}

function statementsOf(databaseUrl: string, users: number): string[] {
  const { each, idOf, octets, packed, literal } = wordsOf(databaseUrl);
  const entries = users * ENTRIES;
  const name = `case when i % 100 = 7 then 'Ada' else 'User ' || i end`;
  const email = `'user' || i || '@bench.example'`;
  const isEnabled = 'case when i % 20 = 3 then 0 else 1 end';
  /** Every other user is of the first service, and so are the keys, sessions and entries of that user. */
  const numberOf = (user: string) =>
    `(case when ${user} % 2 = 1 then 1 when ${user} % ${users / FEW_USERS} = 0 then ${SERVICES} else 2 + ${user} / 2 % ${SERVICES - 2} end)`;
  const makerOf = (user: string) => idOf('service', numberOf(user));
  const maker = makerOf('i');
  const ofEntry = `((i - 1) / ${ENTRIES} + 1)`;
  /** The id of an entry without its time. */
  const restOf = `'7000-' || substr(${idOf('audit')}, 20)`;
  const seenBy = (viewer: string, some = '1 = 1') =>
    `insert into visible_users (service_id, user_id, is_enabled, name_key, email_key)
     select ${viewer}, ${idOf('user')}, ${isEnabled}, ${octets(name)}, ${octets(email)} from ${each(users)} where ${some}`;
  const ownKey = (n: number, value: string, service: string) =>
    `insert into keys (id, created_at, updated_at, is_enabled, is_revoked, type, name, service_id, user_id, scopes, digest)
     values ('${id('token', n)}', ${NOW}, ${NOW}, 1, 0, 'KEY', 'bench', ${service}, null, '', '${digest(value)}')`;
  return [
    `insert into services (id, ${SERVICE_COLUMNS})
     select ${idOf('service')}, ${NOW}, ${NOW}, 1, 'Shop ' || i, 'https://shop.example', 'https://shop.example/account', 1, '', 0, 0, 0, 0
     from ${each(Math.max(SERVICES, users / 1000))}`,
    ownKey(1, MANY, `'${id('service', 1)}'`),
    ownKey(2, FEW, `'${id('service', SERVICES)}'`),
    ownKey(3, ROOT, 'null'),
    `insert into users (id, created_at, updated_at, is_enabled, is_locked, is_disabled_by_operator, is_admin, email_valid, email_proven, email_changed,
       name, email, locale, timezone, credential_version, device_epoch, password_allow_reset, password_require_update, created_by)
     select ${idOf('user')}, ${NOW}, ${NOW}, ${isEnabled}, 0, 0, 0, 0, 0, 0,
       ${name}, ${email}, 'en', 'Etc/UTC', 1, 1, 1, 0, ${maker} from ${each(users)}`,
    seenBy(`'all'`),
    seenBy(maker),
    seenBy(`'${formServiceId}'`, 'i % 2 = 1'),
    `insert into keys (id, created_at, updated_at, is_enabled, is_revoked, type, name, service_id, user_id, prefix, scopes, digest)
     select ${idOf('key')}, ${NOW}, ${NOW}, case when i % 10 = 1 then 0 else 1 end, case when i % 20 = 1 then 1 else 0 end,
       case when i % 4 = 1 then 'TOKEN' when i % 20 = 7 then 'TOTP' else 'KEY' end, 'key ' || i, ${maker}, ${idOf('user')},
       'abcdefgh', 'orders:read orders:write', 'digest ' || i from ${each(users)}`,
    `insert into sessions (id, created_at, last_used_at, expires_at, address, amr, user_id, service_id, key_id)
     select ${idOf('session')}, ${NOW}, ${NOW}, ${FAR}, '192.0.2.1', 'pwd', ${idOf('user')}, ${maker}, ${idOf('key')}
     from ${each(users)}`,
    `insert into audit_chains (chain, number, length, hash, pruned, seal)
     select ${idOf('service')}, i, ${entries}, 'hash', 0, '' from ${each(SERVICES)}`,
    `insert into audit_names (number, name) values (1, '${id('token', 1)}')`,
    `insert into audit_entries (place, id, created_at, type, user_id, key_id, subject, address, client, data, hash)
     select ${numberOf(ofEntry)} * 1099511627776 + i, ${packed(restOf)}, ${NOW} - 10 * (${entries} - i),
       case when i % 7 < 4 then ${literal(types.encode('sso:AuthLocalLogin'))} when i % 7 = 4 then ${literal(types.encode('sso:AuthTokenRefresh'))}
         when i % 7 = 5 then ${literal(types.encode('shop:CheckOut'))} when i % 35 = 6 then ${literal(types.encode('sso:UserUpdate'))}
         else ${literal(types.encode('sso:AuthLocalUpdatePassword'))} end,
       ${packed(idOf('user', ofEntry))}, 1,
       case when i % 7 = 5 then ${octets(`'order ' || i`)} else ${packed(idOf('session'))} end,
       ${literal(addresses.encode('192.0.2.1'))}, ${literal(words.encode('Example/1.0'))},
       case when i % 7 = 5 then ${literal(words.encode('{"total":25}'))} end, ${literal(Buffer.from('hash'))}
     from ${each(entries)}`,
  ];
}

/** Every list and every lookup, by its name: each asks for another page than the one before. */
function shotsOf({ users }: ListData, bearer: string): Record<string, () => Shot> {
  const next = draw(users);
  const entries = users * ENTRIES;
  /** Users of the first service, in the middle of all: whatever the size, a page is full. */
  const n = () => {
    const drawn = Math.round(users / 4 + next() / 2);
    return drawn - 1 + (drawn % 2);
  };
  const user = () => id('user', n());
  const key = () => id('key', n());
  const entry = () => (n() - 1) * ENTRIES + 1 + (next() % ENTRIES);
  const entryId = () => {
    const i = entry();
    const time = (NOW - 10 * (entries - i)).toString(16).padStart(12, '0');
    return `${time.slice(0, 8)}-${time.slice(8)}-7000-${id('audit', i).slice(19)}`;
  };
  const at = () => new Date(NOW - 10 * (entries - entry())).toISOString();
  const order = () => {
    let i = entry();
    while (i % 7 !== 5 || Math.floor((i - 1) / ENTRIES) % 2 !== 0) i += 1;
    return i;
  };
  const service = id('service', 1);

  const by = (authorization: string) => (path: () => string) => () => ({
    bytes: request('GET', path(), { authorization }),
  });
  const [many, few, root, admin] = [by(MANY), by(FEW), by(ROOT), by(`Bearer ${bearer}`)];
  return {
    'a user by its id': many(() => `/v1/user/${user()}`),
    'users, gt': many(() => `/v1/user?gt=${user()}`),
    'users, lt': many(() => `/v1/user?lt=${user()}`),
    'users, next of the last first': many(() => `/v1/user?order=desc&after=${user()}`),
    'users, name_ge': many(() => `/v1/user?name_ge=User%20${n()}`),
    'users, name_ge of many of one name': many(() => `/v1/user?name_ge=Ada&offset_id=${user()}`),
    'users, name_le': many(() => `/v1/user?name_le=User%20${n()}`),
    'users, email': many(() => `/v1/user?email=user${n()}@bench.example`),
    'users, id': many(() => `/v1/user?id=${user()}&id=${user()}`),
    'users, is_enabled': many(() => `/v1/user?is_enabled=false&limit=10&gt=${user()}`),
    'users, search that finds one': many(() => `/v1/user?search=user${n()}@`),
    'users, search that finds few': many(() => `/v1/user?search=user%20${Math.floor(n() / 10)}`),
    'users, search that finds one in a hundred': many(
      () => `/v1/user?search=ada&limit=2&gt=${user()}`,
    ),
    'users, search that finds all': many(() => `/v1/user?search=user&gt=${user()}`),
    'users, search that finds none': many(() => `/v1/user?search=nobody${n()}`),
    'users, search by name': many(() => `/v1/user?search=user&name_ge=User%20${n()}`),
    'users of a service with few': few(() => '/v1/user'),
    'users of a service with few, search': few(() => '/v1/user?search=user'),
    'all users, gt': root(() => `/v1/user?gt=${user()}`),
    'all users, name_ge': root(() => `/v1/user?name_ge=User%20${n()}`),
    'all users, search that finds few': root(
      () => `/v1/user?search=user%20${Math.floor(n() / 10)}`,
    ),
    'a key by its id': many(() => `/v1/key/${key()}`),
    'keys, gt': many(() => `/v1/key?gt=${key()}`),
    'keys, lt': many(() => `/v1/key?lt=${key()}`),
    'keys, id': many(() => `/v1/key?id=${key()}&id=${key()}`),
    'keys, type': many(() => `/v1/key?type=TOTP&limit=10&gt=${key()}`),
    'keys, is_enabled': many(() => `/v1/key?is_enabled=false&limit=10&gt=${key()}`),
    'keys, is_revoked': many(() => `/v1/key?is_revoked=true&limit=10&gt=${key()}`),
    'keys, user_id': many(() => `/v1/key?user_id=${user()}`),
    'keys, user_id and type': many(() => `/v1/key?user_id=${user()}&type=KEY`),
    'keys of a service with few': few(() => '/v1/key'),
    'all keys, gt': root(() => `/v1/key?gt=${key()}`),
    'all keys, type': root(() => `/v1/key?type=TOTP&limit=10&gt=${key()}`),
    'all keys, service_id': root(() => `/v1/key?service_id=${service}&gt=${key()}`),
    'all keys, user_id': root(() => `/v1/key?user_id=${user()}`),
    'sessions, gt': many(() => `/v1/session?gt=${id('session', n())}`),
    'sessions, user_id': many(() => `/v1/session?user_id=${user()}`),
    'sessions of a service with few': few(() => '/v1/session'),
    'all sessions, gt': root(() => `/v1/session?gt=${id('session', n())}`),
    'all sessions, user_id': root(() => `/v1/session?user_id=${user()}`),
    'an entry of the audit by its id': many(() => `/v1/audit/${entryId()}`),
    'audit, the last': many(() => '/v1/audit'),
    'audit, ge': many(() => `/v1/audit?ge=${at()}`),
    'audit, le': many(() => `/v1/audit?le=${at()}`),
    'audit, offset_id': many(() => `/v1/audit?offset_id=${entryId()}`),
    'audit, order=asc': many(() => `/v1/audit?order=asc&offset_id=${entryId()}`),
    'audit, order=desc': many(() => `/v1/audit?order=desc&le=${at()}`),
    'audit, id': many(() => `/v1/audit?id=${entryId()}&id=${entryId()}`),
    'audit, type that is common': many(() => `/v1/audit?type=sso:AuthLocalLogin&le=${at()}`),
    'audit, type that is not': many(() => '/v1/audit?type=sso:UserUpdate'),
    'audit, type of its own': many(() => `/v1/audit?type=shop:CheckOut&le=${at()}`),
    'audit, two types': many(() => `/v1/audit?type=shop:CheckOut&type=sso:UserUpdate&le=${at()}`),
    'audit, subject': many(() => `/v1/audit?subject=order%20${order()}`),
    'audit, user_id': many(() => `/v1/audit?user_id=${user()}`),
    'audit, user_id and type': many(() => `/v1/audit?user_id=${user()}&type=sso:AuthLocalLogin`),
    'audit of a service with little': few(() => '/v1/audit'),
    'all audit, le': root(() => `/v1/audit?le=${at()}`),
    'all audit, ge': root(() => `/v1/audit?ge=${at()}`),
    'all audit, service_id': root(() => `/v1/audit?service_id=${service}&le=${at()}`),
    'all audit, type': root(() => `/v1/audit?type=shop:CheckOut&le=${at()}`),
    'all audit, user_id': root(() => `/v1/audit?user_id=${user()}`),
    'a service by its id': root(() => `/v1/service/${service}`),
    services: root(() => `/v1/service?limit=${SERVICES}`),
    'the own service': many(() => '/v1/service'),
    '/users/list': admin(() => `/users/list?limit=50&after=${user()}`),
    '/users/by-email': admin(() => `/users/by-email?email=user${n()}@bench.example`),
  };
}

/** Signs somebody up at the built-in service, as its admin; answers the token. */
async function anAdmin({ url }: Server, { databaseUrl }: ListData): Promise<string> {
  const email = `admin-${Date.now()}@bench.example`;
  const body = new URLSearchParams({ name: 'Admin', email, password: PASSWORD });
  const answer = await fetch(`${url}/users/createAuthenticate`, { method: 'POST', body });
  const { token } = (await answer.json()) as { token: string };
  await run(databaseUrl, [`update users set is_admin = 1 where email = '${email}'`]);
  return token;
}

/** The sources that say what a database is filled with. */
const SOURCES = [
  import.meta.filename,
  path.join(import.meta.dirname, '../../packages/adapters-db/src/migrations/0001-initial.ts'),
];

/** Where the databases are: filled already, if they are kept there, and were made for as many users by these sources. */
function placeOf({ keep, most }: Effort) {
  const folder = keep === null ? aFolder() : path.resolve(keep);
  const mark = path.join(folder, 'filled');
  const made = [most, ...SOURCES.map((file) => digest(readFileSync(file, 'utf8')))].join(' ');
  const isFilled = existsSync(mark) && readFileSync(mark, 'utf8') === made;
  if (!isFilled) rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  return { folder, isFilled, filled: () => writeFileSync(mark, made) };
}

/**
 * Every list and every lookup, where there is very much beside where there is little. Something is committed before
 * every tenth: otherwise the answers for a thousand users would be known from before, and those for a million would not.
 */
export const lists: Benchmark = async (effort) => {
  const place = placeOf(effort);
  const rows: Row[] = [];
  for (const on of ['SQLite', 'PostgreSQL']) {
    const postgres =
      on === 'SQLite' ? null : await startPostgres(path.join(place.folder, 'postgres'));
    const open = async (users: number) => {
      const name = `users_${users}`;
      const url = (await postgres?.named(name)) ?? null;
      const data = await fill(url, users, {
        folder: path.join(place.folder, `${on}-${name}`),
        isFilled: place.isFilled,
      });
      const server = await startRekey(data);
      const shots = shotsOf(data, await anAdmin(server, data));
      const behind = await openBehind(data.databaseUrl);
      return { server, behind, shots };
    };
    const [large, small] = [await open(effort.most), await open(1000)];
    /** Turn by turn, so that both meet the same machine; answers the median of each. */
    const measure = async (what: string, turns: number) => {
      const taken = await Promise.all(
        [large, small].map(async (side) => {
          const connection = await Connection.open(side.server.url);
          return { ...side, connection, values: [] as number[] };
        }),
      );
      for (let turn = 0; turn < turns; turn += 1) {
        for (const side of turn % 2 === 0 ? taken : taken.toReversed()) {
          const shot = side.shots[what]?.();
          if (!shot) throw new Error(`there is no list ${what}`);
          if (turn % 10 === 0) await side.behind.touch();
          side.values.push(await timed(side.connection, shot));
        }
      }
      for (const { connection } of taken) connection.close();
      return taken.map(({ values }) => figure(values).median);
    };
    for (const what of Object.keys(large.shots)) {
      // The first ones are planned and compiled.
      await measure(what, 20);
      const got = { large: [] as number[], small: [] as number[] };
      for (let round = 0; round < effort.rounds; round += 1) {
        const [ofLarge = 0, ofSmall = 0] = await measure(what, Math.round(60 * effort.scale));
        got.large.push(ofLarge);
        got.small.push(ofSmall);
      }
      const beside = 'with 1000 users';
      rows.push(row(`${on}: ${what}`, 'ms', got.large, beside, got.small, most(1.3)));
    }
    for (const { server, behind } of [large, small]) {
      await behind.close();
      await server.stop();
    }
    await postgres?.stop();
  }
  place.filled();
  return rows;
};
