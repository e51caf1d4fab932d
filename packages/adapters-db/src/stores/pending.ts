import type { Event, Id, PendingEntry } from '@rekey/domain';
import type { Pending } from '@rekey/usecases';
import { sql } from 'kysely';
import type { Connection } from '../dialects/dialect.ts';
import { all, one, type Param, write } from '../query.ts';
import type { Schema } from '../schema.ts';
import { nameOf } from './chain-names.ts';
import { inPieces } from './pieces.ts';

type PendingRow = Omit<Schema['pending'], 'position'>;

/** An event as a row. */
export const pendingEvent = (event: Event): PendingRow => ({
  kind: 'event',
  owner: event.serviceId,
  content: JSON.stringify(event),
});

/** An entry of the audit as a row. */
export const pendingEntry = (pending: PendingEntry): PendingRow => ({
  kind: 'entry',
  owner: nameOf(pending.entry.serviceId),
  content: JSON.stringify(pending),
});

type Read = { readonly event: Event } | { readonly pending: PendingEntry };

const read = ({ kind, content }: Pick<PendingRow, 'kind' | 'content'>): Read =>
  kind === 'event' ? { event: JSON.parse(content) } : { pending: JSON.parse(content) };

const insert = write((db, rows: Param<readonly PendingRow[]>) =>
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

/**
 * What the transaction of a connection has told and recorded so far. It is written when the transaction ends: by one
 * statement, and after all that it waited for, so that positions are in the order of the commits.
 */
export type Told = {
  add(rows: readonly PendingRow[]): void;
  write(): Promise<void>;
  forget(): void;
};

export function toldOn(on: Connection): Told {
  let told: PendingRow[] = [];
  return {
    add: (rows) => {
      told.push(...rows);
    },
    async write() {
      const rows = told;
      told = [];
      await inPieces(rows, insert(on));
    },
    forget() {
      told = [];
    },
  };
}

/** What was told and recorded, and has no place yet. */
export const pendingOn = (on: Connection, told: Told): Pending => ({
  async takeTurn({ isPatient }) {
    // A transaction of SQLite has the whole file.
    if (on.turn === null) return true;
    const rows = await on.rows(isPatient ? on.turn.wait : on.turn.try, []);
    return rows.length > 0;
  },

  async take(limit) {
    await told.write();
    const rows = (await take(on)(limit)).sort((a, b) => a.position - b.position);
    return {
      events: rows.flatMap((row) => ('event' in row ? [row.event] : [])),
      entries: rows.flatMap((row) => ('pending' in row ? [row.pending] : [])),
    };
  },

  async entriesOf(serviceId) {
    await told.write();
    return entriesOf(on)(nameOf(serviceId));
  },

  async isEmpty(serviceIds?: readonly (Id | null)[]) {
    await told.write();
    return (await first(on)(serviceIds?.map(nameOf))) === null;
  },
});
