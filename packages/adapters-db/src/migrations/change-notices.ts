/** The channel on which PostgreSQL tells which user, key or service a committed change is about, by its id. */
export const CHANGES = 'rekey_changes';

/** What is told in the place of an id where a table was emptied. */
export const EVERYTHING = '*';

/** The setting in which a transaction lists the same ids for the server that commits it, with spaces between them. */
export const CHANGED = 'rekey.changed';

type Told = {
  /** The column with the id that is told. */
  readonly id: 'id' | 'user_id';
  /** Columns of whose changes all servers are told; all columns where there are none. */
  readonly everywhere?: readonly string[];
  /** Columns of whose changes only the server is told that makes them: instants of last uses. */
  readonly here?: string;
  /** Which deletions matter. */
  readonly deleted?: string;
  /** Whether a row that is inserted changes an answer as well. */
  readonly isToldOfInserts?: true;
};

/**
 * The changes that answers of lookups are forgotten for. Commits that tell everywhere wait for each other, so a login
 * does not: it inserts a session, and writes down an instant.
 */
const told: Readonly<Record<string, Told>> = {
  services: { id: 'id' },
  users: {
    id: 'id',
    everywhere: [
      ...['updated_at', 'is_enabled', 'is_locked', 'is_disabled_by_operator', 'is_admin', 'name'],
      ...['email', 'email_valid', 'email_proven', 'email_changed', 'locale', 'timezone'],
      ...['password_allow_reset', 'password_require_update', 'created_by'],
    ],
    here: 'last_login_at',
  },
  keys: {
    id: 'id',
    everywhere: [
      ...['updated_at', 'is_enabled', 'is_revoked', 'type', 'name', 'service_id', 'user_id'],
      ...['prefix', 'scopes', 'expires_at', 'digest', 'previous_digest', 'overlap_ends_at'],
    ],
    here: 'last_used_at',
  },
  sessions: {
    id: 'user_id',
    everywhere: ['ended_at', 'expires_at'],
    here: 'last_used_at',
    deleted: 'old.ended_at is null',
  },
  user_attributes: { id: 'user_id', isToldOfInserts: true },
};

/** `tg_argv`: whether the change is told everywhere. */
const tell = (id: Told['id']): string => `create function rekey_tell_${id}() returns trigger
  language plpgsql as $$
  declare
    changed text := case tg_op when 'INSERT' then new.${id} else old.${id} end;
  begin
    perform set_config('${CHANGED}', concat(current_setting('${CHANGED}', true), ' ', changed), true);
    if tg_argv[0] = 'everywhere' then
      perform pg_notify('${CHANGES}', changed);
    end if;
    return null;
  end $$`;

/** `truncate` fires no trigger of a row. */
const tellEverything = `create function rekey_tell_everything() returns trigger
  language plpgsql as $$
  begin
    perform pg_notify('${CHANGES}', '${EVERYTHING}');
    return null;
  end $$`;

function triggers(table: string, { id, everywhere, here, deleted, isToldOfInserts }: Told) {
  const trigger = (name: string, event: string, when: string | undefined, reach: string) =>
    `create trigger ${table}_${name} after ${event} on ${table} for each row
      ${when === undefined ? '' : `when (${when})`}
      execute function rekey_tell_${id}('${reach}')`;
  const differ = (columns: readonly string[]) => {
    const row = (name: string) => `(${columns.map((column) => `${name}.${column}`).join(', ')})`;
    return `${row('old')} is distinct from ${row('new')}`;
  };
  return [
    trigger('changed', 'update', everywhere ? differ(everywhere) : undefined, 'everywhere'),
    trigger('deleted', 'delete', deleted, 'everywhere'),
    ...(here ? [trigger('used', 'update', differ([here]), 'here')] : []),
    ...(isToldOfInserts ? [trigger('inserted', 'insert', undefined, 'everywhere')] : []),
    `create trigger ${table}_emptied after truncate on ${table}
      execute function rekey_tell_everything()`,
  ];
}

/** Triggers and not calls in the stores: whoever changes a row by hand is heard of too. */
export const changeNotices: readonly string[] = [
  tell('id'),
  tell('user_id'),
  tellEverything,
  ...Object.entries(told).flatMap(([table, of]) => triggers(table, of)),
];

/** A session that was proven again is told of everywhere: its answers say how and when. */
export const tellProvenSessions: readonly string[] = [
  `create trigger sessions_proven after update on sessions for each row
    when ((old.amr, old.authenticated_at) is distinct from (new.amr, new.authenticated_at))
    execute function rekey_tell_user_id('everywhere')`,
];
