import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { ConnectionOptions } from 'node:tls';

/** Where a database is, and how it is spoken to. */
export type DatabasePlace = { readonly kind: 'sqlite'; readonly file: string } | PostgresPlace;

export type PostgresPlace = {
  readonly kind: 'postgres';
  readonly config: PostgresConfig;
  /** Whether transactions share connections behind a pooler, which then keep nothing from one to the next. */
  readonly isPooled: boolean;
  /** Whether a connection can listen to what is notified: not behind a pooler, and not where the engine lacks it. */
  readonly canListen: boolean;
  /** Whether the URL leaves open how the connection is encrypted. */
  readonly isTlsUnsaid: boolean;
};

/** What is not there is left to the variables of PostgreSQL's own tools (PGUSER), and to the defaults of the driver. */
type PostgresConfig = {
  readonly user?: string;
  readonly password?: string;
  readonly host?: string;
  readonly port?: number;
  readonly database?: string;
  readonly options?: string;
  readonly ssl?: false | ConnectionOptions;
};

/** Reads a database URL, or throws an Error that says what is wrong with it and never repeats it: it holds a password. */
export function parseDatabaseUrl(text: string): DatabasePlace {
  const [, scheme, rest] = /^(sqlite|postgres|postgresql):(.+)$/s.exec(text) ?? [];
  if (scheme === 'sqlite' && rest !== undefined) return { kind: 'sqlite', file: fileOf(rest) };
  if (rest === undefined) throw refused(FORMS);
  return postgresOf(text);
}

const FORMS =
  'must be sqlite:./PATH (from the folder of the start), sqlite:/PATH, or postgres://USER:PASSWORD@HOST:PORT/DATABASE';

const refused = (problem: string): Error => new Error(`DATABASE_URL ${problem}`);

/** Forms of other tools are understood where there is one reading of them. */
function fileOf(rest: string): string {
  if (/^\/*:memory:/.test(rest))
    throw refused('must be a file: nothing in memory outlives a start');
  if (rest.includes('?')) throw refused('must have no parameters: there is none for SQLite');
  if (/%[\da-f]{2}/i.test(rest)) throw refused('must have its path as it is, not percent-encoded');
  if (/^\/*~|\$\{?\w/.test(rest))
    throw refused('must have a whole path: only a shell knows ~ and $');
  if (/^\/*file:/.test(rest)) throw refused('must have its path alone, without file:');
  if (/^\s|[\s/]$|(?:^|\/)\.\.?$/.test(rest))
    throw refused('must name a file, and have no space at its ends');
  if (/^\/\/(?![/.])/.test(rest)) {
    throw refused('must be sqlite:./PATH or sqlite:/PATH: after sqlite:// a host would stand');
  }
  // sqlite://./PATH is relative, sqlite:///PATH is not.
  return path.resolve(rest.replace(/^\/\/(?=\.)/, ''));
}

/** The parameters that the query may have. */
const PARAMETERS = [
  'sslmode',
  'sslrootcert',
  'sslcert',
  'sslkey',
  'host',
  'options',
  'pgbouncer',
  'listen',
] as const;
type Parameters = Partial<Record<(typeof PARAMETERS)[number], string>>;

/** The right way, for parameters of other tools. */
const HINTS: Readonly<Record<string, string>> = {
  schema: 'write options=-c%20search_path%3DNAME',
  search_path: 'write options=-c%20search_path%3DNAME',
  currentSchema: 'write options=-c%20search_path%3DNAME',
  ssl: 'write sslmode=verify-full',
  sslaccept: 'write sslmode=verify-full, or sslmode=require to check no certificate',
  uselibpqcompat: 'leave it out: sslmode means what it means to psql',
  channel_binding: 'leave it out: sslmode=verify-full knows the server by its certificate',
  connect_timeout: 'leave it out: Rekey waits for 3 seconds',
  statement_timeout: 'leave it out: Rekey has its own',
  connection_limit: 'leave it out: a server has 10 connections at most',
  application_name: 'leave it out: it is rekey',
};

function postgresOf(text: string): DatabasePlace {
  const url = urlOf(text);
  const { hostname, port, pathname, hash, searchParams } = url;
  const database = pathname.slice(1);
  if (hash !== '' || /[/@]/.test(database)) {
    throw refused('must have the characters / # ? @ of user and password percent-encoded');
  }
  const given = parametersOf(searchParams);
  const host = given.host ?? decoded(hostname).replace(/^\[(.+)\]$/, '$1');
  if (/[,;=&\s]/.test(host)) throw refused('must name one host, and its parameters behind a ?');
  if (port === '0') throw refused('must have a port from 1 to 65535');
  if (given.host !== undefined && hostname !== '' && hostname !== SOCKET) {
    throw refused('must name its host once: before the path, or as host');
  }
  const isPooled = flagOf('pgbouncer', given.pgbouncer);
  const canListen = flagOf('listen', given.listen ?? String(!isPooled));
  if (isPooled && canListen) throw refused('must not have listen=true behind a pooler');
  const config = {
    user: decoded(url.username),
    password: decoded(url.password),
    host: host === SOCKET ? '' : host,
    port: port === '' ? undefined : Number(port),
    database: decoded(database),
    options: given.options,
    ssl: sslOf(given),
  };
  const set = Object.entries(config).filter(([, value]) => value !== '' && value !== undefined);
  return {
    kind: 'postgres',
    config: Object.fromEntries(set),
    isPooled,
    canListen,
    isTlsUnsaid: given.sslmode === undefined,
  };
}

/** Stands for the host that a URL needs behind its user, where a socket is meant: `postgres://user@/database?host=/run`. */
const SOCKET = '_';

function urlOf(text: string): URL {
  const whole = text.replace(/^(\w+:\/\/[^/]*)@(?=\/)/, `$1@${SOCKET}`);
  if (!/^\w+:\/\//.test(text) || !URL.canParse(whole)) {
    throw refused(
      'must be postgres://USER:PASSWORD@HOST:PORT/DATABASE, with the characters / # ? @ : of user and password percent-encoded',
    );
  }
  return new URL(whole);
}

function parametersOf(params: URLSearchParams): Parameters {
  const names = [...params.keys()];
  const unknown = names.filter((name) => !PARAMETERS.some((known) => known === name));
  if (unknown.length > 0) {
    // A password that is not encoded may end up here.
    const shown = unknown.map((name) => {
      const isName = /^[a-z_]{1,32}$/i.test(name);
      const hint = Object.hasOwn(HINTS, name) ? ` (${HINTS[name]})` : '';
      return isName ? `${name}${hint}` : 'one that is no name';
    });
    const may = `it may have ${PARAMETERS.join(', ')}`;
    throw refused(`must not have the parameter ${shown.join(', ')}; ${may}`);
  }
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice !== undefined) throw refused(`must have the parameter ${twice} once`);
  const empty = names.find((name) => params.get(name) === '');
  if (empty !== undefined) throw refused(`must have a value for the parameter ${empty}`);
  return Object.fromEntries(params);
}

/** As psql reads `sslmode`, but for the modes that may end up in clear text. */
function sslOf({ sslmode, ...files }: Parameters): PostgresConfig['ssl'] {
  const { sslrootcert } = files;
  switch (sslmode) {
    case undefined:
    case 'disable':
      if (sslrootcert ?? files.sslcert ?? files.sslkey) {
        throw refused('must have sslmode=verify-full (or another with TLS) to use certificates');
      }
      // Without a word, the driver asks PGSSLMODE.
      return sslmode && false;
    case 'require':
      return sslrootcert === undefined
        ? { rejectUnauthorized: false, ...certificatesOf(files) }
        : { checkServerIdentity: anyName, ...certificatesOf(files) };
    case 'verify-ca':
      if (sslrootcert === undefined || sslrootcert === 'system') {
        throw refused('must have sslrootcert=FILE for sslmode=verify-ca, or sslmode=verify-full');
      }
      return { checkServerIdentity: anyName, ...certificatesOf(files) };
    case 'verify-full':
      return certificatesOf(files);
    default:
      throw refused(
        'must have the sslmode disable, require, verify-ca or verify-full: others may end up in clear text',
      );
  }
}

const anyName = () => undefined;

function certificatesOf({ sslrootcert, sslcert, sslkey }: Parameters): ConnectionOptions {
  if ((sslcert === undefined) !== (sslkey === undefined)) {
    throw refused('must have both of sslcert and sslkey, or none');
  }
  return {
    // The certificates that Node brings along are meant by `system`.
    ...(sslrootcert && sslrootcert !== 'system' && { ca: contentOf('sslrootcert', sslrootcert) }),
    ...(sslcert && sslkey
      ? { cert: contentOf('sslcert', sslcert), key: contentOf('sslkey', sslkey) }
      : {}),
  };
}

function contentOf(parameter: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch {
    throw refused(`must have a file that can be read as ${parameter}`);
  }
}

function flagOf(parameter: string, value = 'false'): boolean {
  if (value === 'true' || value === 'false') return value === 'true';
  throw refused(`must have true or false as ${parameter}`);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw refused('must have a % of user, password, host and database written as %25');
  }
}
