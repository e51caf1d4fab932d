import { insertPlain } from '../stores/audit.ts';
import { PLAIN_COLUMNS, type PlainRow } from '../stores/audit-rows.ts';
import type { Migration } from './migration.ts';

/** Rows that are taken over at a time. */
const PAGE = 1000;

/** `full`: for an index that grows at its end, so that no page is written to again. */
const indexes = (full: string): string[] => [
  `create index audit_entries_by_time on audit_entries (created_at)${full}`,
  // Entries that were made at another time than their ids say.
  'create index audit_entries_by_id on audit_entries (id) where length(id) <> 10',
  // The time as an expression: PostgreSQL would walk by time over the entries of all other chains for one with few.
  `create index audit_entries_of_chain
    on audit_entries ((cast(place / 1099511627776 as integer)), (created_at + 0))${full}`,
  // By another expression, or SQLite would take the index without the type, and walk over all other types.
  `create index audit_entries_of_type
    on audit_entries ((cast(place / 1099511627776 as integer) + 0), type, (created_at + 0))${full}`,
  `create index audit_entries_of_user
    on audit_entries (user_id, (cast(created_at / 1073741824 as integer)))
    where user_id is not null`,
  `create index audit_entries_of_subject
    on audit_entries (subject, (cast(created_at / 1073741824 as integer)))
    where subject is not null`,
  'create index audit_entries_proven on audit_entries (user_key_id) where user_key_id is not null',
];

const table = (place: string, octets: string) => `create table audit_entries (
  place ${place},
  created_at bigint not null,
  key_id integer,
  kid integer,
  status_code integer,
  count bigint,
  outcome smallint,
  type ${octets} not null,
  id ${octets} not null,
  user_id ${octets},
  user_key_id ${octets},
  subject ${octets},
  address ${octets},
  client ${octets},
  forwarded ${octets},
  data ${octets},
  salt ${octets},
  text_digest ${octets},
  hash ${octets} not null
)`;

/**
 * Entries of the audit in octets, with one number for their chain and place, and without what follows from the rest of
 * them: see decision 89.
 */
export const packedAudit: Migration = {
  name: 'packed audit',
  statements: [
    'alter table audit_chains add column number integer',
    `update audit_chains set number = numbered.number from (
      select chain as named, row_number() over (order by chain) as number from audit_chains
    ) as numbered where named = chain`,
    'create unique index audit_chains_by_number on audit_chains (number)',
    ...['of_chain', 'of_type', 'of_user', 'of_subject', 'proven', 'by_time'].map(
      (name) => `drop index audit_entries_${name}`,
    ),
    'create table audit_names (number integer not null primary key, name text not null unique)',
    'alter table audit_entries rename to unpacked_audit_entries',
  ],
  sqlite: [table('integer not null primary key', 'blob')],
  postgres: [
    // As SQLite has it.
    `create function hex(octets bytea) returns text
      language sql immutable strict parallel safe as $$ select encode(octets, 'hex') $$`,
    'alter index audit_entries_pkey rename to unpacked_audit_entries_pkey',
    table('bigint not null primary key with (fillfactor = 100)', 'bytea'),
  ],
  async takeOver(on, name) {
    const page = {
      name: 'rekey-unpacked',
      sql: `select ${PLAIN_COLUMNS.join()} from unpacked_audit_entries where (chain, sequence) > (${
        name === 'sqlite' ? '?, ?' : '$1, $2'
      }) order by chain, sequence limit ${PAGE}`,
    };
    let last: Pick<PlainRow, 'chain' | 'sequence'> = { chain: '', sequence: 0 };
    for (;;) {
      const rows = await on.rows<PlainRow>(page, [last.chain, last.sequence]);
      await insertPlain(on, rows);
      const end = rows.at(-1);
      if (!end) break;
      last = end;
    }
    await on.changes({ sql: 'drop table unpacked_audit_entries' }, []);
    for (const sql of indexes(name === 'sqlite' ? '' : ' with (fillfactor = 100)')) {
      await on.changes({ sql }, []);
    }
  },
};
