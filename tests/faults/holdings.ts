import { copyFileSync, existsSync } from 'node:fs';
import path from 'node:path';
import { behind } from '../../packages/adapters-db/test/behind.ts';
import { aFolder } from '../harness.ts';
import type { Walker } from './flows.ts';
import type { World } from './world.ts';

type Row = Readonly<Record<string, unknown>>;
export type Tables = Readonly<Record<string, readonly Row[]>>;

/** Sums over people, and what is there to be forgotten. */
const notOfPeople =
  /^(throttles|audit_sums|audit_chains|audit_names|feeds|csrf_tokens|passkey_challenges|provider_states|kept_answers|services|rekey_migrations)$/;

/** Everything that the database holds of people. */
export async function tablesOf({ env, folder }: World): Promise<Tables> {
  return read(String(env.DATABASE_URL).replace('./', `${folder}/`));
}

/** As a server left them that was killed. Files are copied: what a crash left is for the next server to mend. */
export async function tablesAfterDeath(world: World): Promise<Tables> {
  const [, file] = /^sqlite:\.\/(.+)$/.exec(String(world.env.DATABASE_URL)) ?? [];
  if (file === undefined) return tablesOf(world);
  const copy = path.join(aFolder(), 'rekey.db');
  for (const suffix of ['', '-wal']) {
    const part = path.join(world.folder, file + suffix);
    if (existsSync(part)) copyFileSync(part, copy + suffix);
  }
  return read(`sqlite:${copy}`);
}

async function read(url: string): Promise<Tables> {
  const rows = await behind(url);
  const { pending = [], ...tables } = await rows.tables(notOfPeople);
  await rows.close();
  return withPending(tables, pending);
}

/** With what has no place yet as the rows that it will be. */
function withPending(tables: Tables, pending: readonly Row[]): Tables {
  const { events = [], audit_entries = [] } = tables;
  const rows = { events: [...events], audit_entries: [...audit_entries] };
  for (const { kind, content } of pending) {
    const told = JSON.parse(String(content));
    if (kind === 'event') rows.events.push({ ...inColumns(told), data: JSON.stringify(told.data) });
    else {
      const { origin, data, subjectId, subject, serviceId, ...entry } = told.entry;
      rows.audit_entries.push({
        ...inColumns(entry),
        ...inColumns(origin ?? {}),
        chain: serviceId ?? 'operator',
        subject: subjectId ?? subject,
        data: data && JSON.stringify(data),
      });
    }
  }
  return { ...tables, ...rows };
}

const inColumns = (of: object): Row =>
  Object.fromEntries(
    Object.entries(of).map(([name, value]) => [
      name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      value,
    ]),
  );

/** Columns of what a worker does meanwhile. */
const passing = new Set(
  'attempts due_at sent_at dead_at reason last_used_at sequence hash previous_hash count'.split(
    ' ',
  ),
);
/** Columns of the audit that are emptied some time after a deletion. */
const lateTexts = new Set(['address', 'client', 'forwarded', 'data', 'salt']);
const workersEntry = new Set(['rekey:MailSend', 'rekey:Throttle']);
/** Columns of which the words are told. */
const telling = new Set(['purpose', 'kind', 'type', 'outcome', 'amr']);

/**
 * Tells what the database holds of people, row by row, without what differs from one to the other: two who are at one
 * place of a flow hold the same. Notes their ids.
 */
export function holdingsIn(tables: Tables): (walker: Walker) => string[] {
  const places = new Map<unknown, { readonly table: string; readonly row: Row }[]>();
  for (const [table, rows] of Object.entries(tables)) {
    for (const row of rows) {
      for (const value of Object.values(row)) {
        if (typeof value !== 'string' || value.length < 16) continue;
        const found = places.get(value);
        if (found) found.push({ table, row });
        else places.set(value, [{ table, row }]);
      }
    }
  }
  return (walker) => {
    const found = new Map<Row, string>();
    const names = [...walker.emails, ...walker.ids, walker.id];
    for (const name of names) {
      for (const { table, row } of places.get(name) ?? []) {
        found.set(row, table);
        const id = String(row.id ?? '');
        if (id === '' || walker.ids.has(id)) continue;
        walker.ids.add(id);
        names.push(id);
      }
    }
    const rows = [...found].filter(([{ type }]) => !workersEntry.has(String(type)));
    const isUser = rows.some(([, table]) => table === 'users');
    const isDeleted = !isUser && walker.id !== '';
    return rows
      .filter(([, table]) => {
        // The last mails about a deleted account stay until they are sent.
        const isOfMail = table === 'deliveries' || table === 'one_time_tokens';
        return !(isDeleted && isOfMail);
      })
      .map(([row, table]) => {
        const left = isDeleted ? lateTexts : new Set<string>();
        return `${table} ${JSON.stringify(described(row, walker, left))}`;
      })
      .toSorted();
  };
}

function described(row: Row, { emails }: Walker, without: ReadonlySet<string>): Row {
  const cells = Object.entries(row)
    .filter(([column, value]) => value !== null && !passing.has(column) && !without.has(column))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(
    cells.map(([column, value]) => {
      const address = emails.indexOf(String(value));
      if (telling.has(column)) return [column, value];
      if (address >= 0) return [column, `address ${address}`];
      // Instants have thirteen digits.
      const isSmall = /^\d{1,6}$/.test(String(value));
      return [column, isSmall ? Number(value) : 'something'];
    }),
  );
}

/** Of accounts that are locked, what is still open, and of mails, what was given up: nothing, at any moment. */
export function leftOpen({ users = [], keys = [], sessions = [], deliveries = [] }: Tables): Row[] {
  const locked = new Set(users.filter((user) => user.is_locked).map(({ id }) => id));
  return [
    ...users.filter((user) => user.is_locked && (user.is_enabled || user.password_hash !== null)),
    ...keys.filter((key) => locked.has(key.user_id) && !key.is_revoked),
    ...sessions.filter((session) => locked.has(session.user_id) && session.ended_at === null),
    ...deliveries.filter(({ dead_at }) => dead_at !== null),
  ];
}

/** The ids of the mails that wait. */
export const waitingIn = ({ deliveries = [] }: Tables): Set<unknown> =>
  new Set(deliveries.filter(({ sent_at }) => sent_at === null).map(({ id }) => id));
