import type { Event, Id } from '@rekey/domain';
import type { Pending } from '@rekey/usecases';
import { sql } from 'kysely';
import type { Connection } from '../dialects/dialect.ts';
import { all, one, type Param, write } from '../query.ts';
import type { Schema } from '../schema.ts';
import { nameOf } from './audit.ts';

type Row = Omit<Schema['pending'], 'position'>;

/** An event as a row. */
export const pendingEvent = (event: Event): Row => ({
  kind: 'event',
  owner: event.serviceId,
  content: JSON.stringify(event),
});

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
  ({ position, content }) => ({ position, event: JSON.parse(content) as Event }),
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
    return { events: rows.map(({ event }) => event) };
  },

  async isEmpty(serviceIds?: readonly (Id | null)[]) {
    return (await first(on)(serviceIds?.map(nameOf))) === null;
  },
});
