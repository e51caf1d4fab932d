import type { KeyRow, Source, SourceRow } from '@rekey/usecases';
import pg from 'pg';
import { allWithin, type Fields, isFields, leftOf } from '../fields.ts';
import { type Line, linesOf } from '../lines.ts';

/**
 * What is read of the database of mojzu/sso 0.10, one entry a row: the root keys, the services with their keys, and the
 * users with theirs. docs/moving.md has the same for psql. The keys of all users are gathered once: the table has no
 * index by the user.
 */
const QUERIES = [
  `select jsonb_build_object('root_key', to_jsonb(k)) as entry
   from sso_key k
   where k.service_id is null and k.user_id is null
   order by k.id`,
  `select jsonb_build_object('service', to_jsonb(s), 'keys', k.keys) as entry
   from sso_service s
   left join (
     select service_id, jsonb_agg(to_jsonb(sso_key) order by id) as keys
     from sso_key
     where user_id is null
     group by service_id
   ) k on k.service_id = s.id
   order by s.id`,
  `select jsonb_build_object('user', to_jsonb(u), 'keys', k.keys) as entry
   from sso_user u
   left join (
     select user_id, jsonb_agg(to_jsonb(sso_key) order by id) as keys
     from sso_key
     where user_id is not null
     group by user_id
   ) k on k.user_id = u.id
   order by u.id`,
];

/** Rows that are fetched at a time. */
const BATCH = 500;
/** For a server that does not answer. */
const PATIENCE_MS = 10_000;

/** All of mojzu/sso: root keys, services and users, with their ids and the values of their keys. */
export const mojzuSso: Source = {
  description:
    'mojzu/sso 0.10: its PostgreSQL by URL, or JSON lines of the query in the documentation',
  read: (octets) => rowsOf(linesOf(octets)),
  connect: (url) => rowsOf(entriesIn(url)),
};

/** The entries of a database, of one moment. Nothing is written to it. */
async function* entriesIn(connectionString: string): AsyncGenerator<Line> {
  const client = new pg.Client({
    connectionString,
    application_name: 'rekey import',
    connectionTimeoutMillis: PATIENCE_MS,
  });
  // A connection that breaks fails the query that runs; without a listener it would end the process.
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query('begin transaction isolation level repeatable read, read only');
    let line = 0;
    for (const query of QUERIES) {
      await client.query(`declare entries no scroll cursor for ${query}`);
      for (;;) {
        const { rows } = await client.query<{ entry: unknown }>(`fetch ${BATCH} from entries`);
        for (const { entry } of rows) {
          line += 1;
          yield { line, value: entry };
        }
        if (rows.length < BATCH) break;
      }
      await client.query('close entries');
    }
  } finally {
    await client.end();
  }
}

async function* rowsOf(lines: AsyncIterable<Line>): AsyncGenerator<SourceRow> {
  for await (const read of lines) {
    const { line } = read;
    if ('faults' in read) yield read;
    else if (isFields(read.value)) yield { line, ...rowOf(read.value) };
    else yield { line, faults: ['is not an object'] };
  }
}

type Row =
  | Omit<Extract<SourceRow, { user: unknown }>, 'line'>
  | Omit<Extract<SourceRow, { service: unknown }>, 'line'>
  | Omit<Extract<SourceRow, { rootKey: unknown }>, 'line'>
  | Omit<Extract<SourceRow, { faults: unknown }>, 'line'>;

const OF_USERS = new Set([
  ...['id', 'created_at', 'updated_at', 'is_enabled', 'name', 'email', 'locale', 'timezone'],
  ...['password_allow_reset', 'password_require_update', 'password_hash'],
]);
const OF_SERVICES = new Set([
  ...['id', 'created_at', 'updated_at', 'is_enabled', 'name', 'url', 'user_allow_register'],
  ...['user_email_text', 'provider_local_url'],
  ...['provider_github_oauth2_url', 'provider_microsoft_oauth2_url'],
]);

function rowOf({ user, service, root_key: rootKey, keys: given }: Fields): Row {
  const keys = allWithin(given);
  const strange = [...keys, ...(isFields(rootKey) ? [rootKey] : [])].filter(
    ({ type }) => !isType(type),
  );
  if (strange.length > 0) return { faults: ['has a key of a type that is not known'] };
  if (isFields(user)) {
    // The columns have the names that they have here: an account goes on as it was.
    return {
      user: { ...taken(user, OF_USERS), keys: keys.map(keyOf) },
      leftOut: leftOf(user, OF_USERS),
    };
  }
  if (isFields(service)) {
    const leftOut = leftOf(service, OF_SERVICES);
    return { service: { ...taken(service, OF_SERVICES), keys: keys.map(keyOf) }, leftOut };
  }
  if (isFields(rootKey)) return { rootKey: keyOf(rootKey) };
  return { faults: ['is neither a user, a service nor a root key'] };
}

const taken = (fields: Fields, names: ReadonlySet<string>): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([name]) => names.has(name)));

const TYPES: Readonly<Record<string, string>> = { Key: 'KEY', Token: 'TOKEN', Totp: 'TOTP' };

const isType = (type: unknown): type is string =>
  typeof type === 'string' && Object.hasOwn(TYPES, type);

/** A key as it was. The value of a TOKEN key signed tokens there; here nothing needs it. */
function keyOf(key: Fields): KeyRow {
  const type = isType(key.type) ? TYPES[key.type] : undefined;
  return {
    id: key.id,
    type,
    name: key.name,
    ...(type !== 'TOKEN' && { value: key.value }),
    ...(isFields(key) && key.user_id !== null && { service: key.service_id }),
    is_enabled: key.is_enabled,
    is_revoked: key.is_revoked,
    created_at: key.created_at,
    updated_at: key.updated_at,
  };
}
