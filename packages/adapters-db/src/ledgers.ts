import { hash, randomBytes } from 'node:crypto';
import type { Ledgers } from '@rekey/usecases';
import Sqlite from 'better-sqlite3';

/** Octets of a name that are kept: two names of a billion share them once in 10^20 files. */
const NAME_BYTES = 16;

/** Ledgers in files without a name, which nobody else can open, and which hold no name that could be read. */
export const ledgers: Ledgers = {
  open() {
    const file = new Sqlite('');
    file.pragma('journal_mode = off');
    file.pragma('synchronous = off');
    file.pragma('cache_size = -16000');
    file.exec(
      `create table claims (
        name blob not null primary key,
        line integer not null,
        rank real not null
      ) without rowid`,
    );
    // One for all: nothing of it is ever kept.
    file.exec('begin');
    const claim = file.prepare(
      `insert into claims (name, line, rank) values (?, ?, ?)
       on conflict (name) do update set line = excluded.line, rank = excluded.rank
       where excluded.rank < rank or (excluded.rank = rank and excluded.line < line)`,
    );
    const holder = file.prepare('select line from claims where name = ?').pluck();
    const salt = randomBytes(NAME_BYTES);
    const kept = (name: string) =>
      hash('sha256', Buffer.concat([salt, Buffer.from(name)]), 'buffer').subarray(0, NAME_BYTES);
    return {
      claim: (name, line, rank) => void claim.run(kept(name), line, rank),
      holder: (name) => (holder.get(kept(name)) as number | undefined) ?? null,
      close: () => file.close(),
    };
  },
};
