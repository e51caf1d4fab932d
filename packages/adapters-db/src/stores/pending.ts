import type { Event, Id, PendingEntry } from '@rekey/domain';
import type { Pending } from '@rekey/usecases';
import { sql } from 'kysely';
import type { Connection } from '../dialects/dialect.ts';
import { all, one, type Param, write } from '../query.ts';
import type { Schema } from '../schema.ts';
import { nameOf } from './chain-names.ts';

type Row = Omit<Schema['pending'], 'position'>;

/** An event as a row. */
export const pendingEvent = (event: Event): Row => ({
  kind: 'event',
  owner: event.serviceId,
  content: JSON.stringify(event),
});

/** An entry of the audit as a row. */
export const pendingEntry = (pending: PendingEntry): Row => ({
  kind: 'entry',
  owner: nameOf(pending.entry.serviceId),
  content: JSON.stringify(pending),
});

type Read = { readonly event: Event } | { readonly pending: PendingEntry };

const read = ({ kind, content }: Pick<Row, 'kind' | 'content'>): Read =>
  kind === 'event' ? { event: JSON.parse(content) } : { pending: JSON.parse(content) };

/** Adds what has no place yet. */
export const insertPending = write((db, rows: Param<readonly Row[]>) =>
  db.insertInto('pending').values(
    rows.map((row) => ({
      kind: row.kind,
      owner: row.owner,
      content: row.content,
    })),
  ),
);

const take = all(
  (db, limit: Param<number>) =>
    db
      .deleteFrom('pending')
      .where('position', 'in', (eb) =>
        eb.selectFrom('pending').select('position').orderBy('position').limit(limit),
      )
      .returning(['position', 'kind', 'content']),
  ({ position, ...row }) => ({ position, ...read(row) }),
);

const entriesOf = all(
  (db, owner: Param<string>) =>
    db
      .selectFrom('pending')
      .select('content')
      .where('kind', '=', sql.lit('entry' as const))
      .where('owner', '=', owner)
      .orderBy('position'),
  ({ content }): PendingEntry => JSON.parse(content),
);

const first = one((db, owners?: Param<readonly string[]>) => {
  const found = db.selectFrom('pending').select('position').limit(sql.lit(1));
  return owners === undefined ? found : found.where('owner', 'in', [...owners]);
});

/** What was told and recorded, and has no place yet. */
export const pendingOn = (on: Connection): Pending => ({
  async takeTurn({ isPatient }) {
    // A transaction of SQLite has the whole file.
    if (on.turn === null) return true;
    const rows = await on.rows(isPatient ? on.turn.wait : on.turn.try, []);
    return rows.length > 0;
  },

  async take(limit) {
    const rows = (await take(on)(limit)).sort((a, b) => a.position - b.position);
    return {
      events: rows.flatMap((row) => ('event' in row ? [row.event] : [])),
      entries: rows.flatMap((row) => ('pending' in row ? [row.pending] : [])),
    };
  },

  entriesOf: (serviceId) => entriesOf(on)(nameOf(serviceId)),

  async isEmpty(serviceIds?: readonly (Id | null)[]) {
    return (await first(on)(serviceIds?.map(nameOf))) === null;
  },
});
