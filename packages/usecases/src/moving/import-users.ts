import type { Actor } from '@rekey/domain';
import type { ImportCounts, ImportState, Ledger, Ports, SourceRow } from '../ports/index.ts';
import { onlyOperator } from '../shared/only-operator.ts';
import { type Batch, type Fault, nothing, sum } from './batch.ts';
import { Directory } from './directory.ts';
import { Entries, type Entry } from './entries.ts';
import {
  type ChangeUser,
  type OnConflict,
  Writer,
  type WriterNeeds,
  type Written,
} from './writer.ts';

/** Entries that one transaction writes: others wait for it for a moment. */
const BATCH = 250;
/** Lines between two reports while everything is read. */
const PACE = 1000;

export type ImportInput = {
  /** The name of the source: there is one unfinished import of each. */
  readonly source: string;
  /** Reads everything from the beginning, the same each time. */
  readonly rows: () => AsyncIterable<SourceRow>;
  readonly onConflict: OnConflict;
  /** Whether nothing is written. */
  readonly isDry?: boolean;
  /** Whether it goes on where one of the same rows was interrupted. */
  readonly isResumed?: boolean;
  /** Whether hashes that are cheap to guess are hashed once more, and not sealed. */
  readonly wrap?: boolean;
  /** The id or name of the service that makes users who name no maker, and where each user gets a TOKEN key. */
  readonly service?: string | undefined;
};

export type ImportNews =
  /** A line is left out: all that is wrong with it. */
  | ({ readonly kind: 'fault' } & Fault)
  | {
      readonly kind: 'progress';
      /** Everything is read before anything is checked, and checked before anything is written. */
      readonly step: 'read' | 'check' | 'write';
      readonly line: number;
      /** The last line; null while that is not known. */
      readonly of: number | null;
      readonly counts: ImportCounts;
    };

export type ImportResult = {
  readonly counts: ImportCounts;
  /** What the other system has and Rekey has no counterpart of. */
  readonly leftOut: readonly string[];
  /** Whether nothing was written because something was wrong. */
  readonly isRefused: boolean;
};

type News<Result> = AsyncGenerator<ImportNews, Result>;

/**
 * Takes users, services and root keys of another system in, many at a time. All rows are read before anything is written,
 * so that of two addresses that differ in case alone the older account is known. Each batch is one transaction, which also
 * writes down how far the import has come: interrupted anywhere, it goes on and doubles nothing.
 */
export class ImportUsers {
  readonly #ports: WriterNeeds & Pick<Ports, 'ledgers'>;
  readonly #writer: Writer;

  constructor(
    ports: WriterNeeds & Pick<Ports, 'ledgers'>,
    { updateUser }: { readonly updateUser: ChangeUser },
  ) {
    this.#ports = ports;
    this.#writer = new Writer(ports, updateUser);
  }

  /** Yields what is wrong and how far it is. A reader that stops leaves what was written, and the rest to be resumed. */
  async *execute(actor: Actor, input: ImportInput): News<ImportResult> {
    onlyOperator(actor);
    const ledger = this.#ports.ledgers.open();
    try {
      return yield* this.#run(actor, input, ledger);
    } finally {
      ledger.close();
    }
  }

  async *#run(actor: Actor, input: ImportInput, ledger: Ledger): News<ImportResult> {
    const { source, onConflict, isDry = false } = input;
    const { database } = this.#ports;
    const earlier = await database.read(({ imports }) => imports.unfinished(source));
    const entries = await this.#entries(input, ledger);
    const { refused, ...look } = yield* this.#look(entries, input.rows());
    const begun = input.isResumed ? checkSame(earlier, source, look.fingerprint) : null;
    const resultOf = (counts: ImportCounts, isRefused = false): ImportResult => {
      return { counts, leftOut: [...entries.leftOut].sort(), isRefused };
    };

    const batches = () => this.#batches(entries, input.rows(), begun?.line ?? 0);
    if (isDry || onConflict === 'fail') {
      const start = { ...nothing, refused };
      const counts = yield* this.#check(batches(), start, onConflict, look.lines);
      const isRefused = onConflict === 'fail' && counts.refused > 0;
      if (isDry) return resultOf(counts, isRefused);
      if (isRefused) return resultOf({ ...nothing, refused: counts.refused }, isRefused);
    }

    const startedAt = this.#ports.clock.now();
    const counts = { ...nothing, refused };
    const fresh = { source, ...look, line: 0, counts, startedAt, updatedAt: startedAt };
    const state = yield* this.#write(actor, input, batches(), begun ?? fresh, look.lines);
    await database.transact(({ imports }) => imports.forget(source));
    return resultOf(state.counts);
  }

  /** Reads everything once, and tells what is wrong with each row by itself. */
  async *#look(
    entries: Entries,
    rows: AsyncIterable<SourceRow>,
  ): News<{ readonly fingerprint: string; readonly refused: number; readonly lines: number }> {
    const { secrets } = this.#ports;
    let [fingerprint, refused, lines] = ['', 0, 0];
    for await (const row of rows) {
      fingerprint = secrets.digest(`${fingerprint}${JSON.stringify(row)}`);
      lines = row.line;
      const reasons = await entries.look(row);
      if (reasons.length > 0) {
        refused += 1;
        yield { kind: 'fault', line: lines, reasons };
      }
      if (lines % PACE > 0) continue;
      const counts = { ...nothing, refused };
      yield { kind: 'progress', step: 'read', line: lines, of: null, counts };
    }
    return { fingerprint, refused, lines };
  }

  /** Looks for all that would keep rows out, and writes nothing. */
  async *#check(
    batches: AsyncIterable<Batch>,
    start: ImportCounts,
    onConflict: OnConflict,
    of: number,
  ): News<ImportCounts> {
    let counts = start;
    for await (const batch of batches) {
      const found = await this.#writer.check(batch, onConflict);
      for (const fault of found.faults) yield { kind: 'fault', ...fault };
      counts = sum(counts, found.counts);
      yield { kind: 'progress', step: 'check', line: batch.line, of, counts };
    }
    return counts;
  }

  /** Writes batch after batch; the next one is prepared meanwhile. */
  async *#write(
    actor: Actor,
    { onConflict, wrap = false }: ImportInput,
    batches: AsyncIterable<Batch>,
    start: ImportState,
    of: number,
  ): News<ImportState> {
    let state = start;
    let writing: Promise<Written> | null = null;
    const tell = async function* (written: Written): News<void> {
      for (const fault of written.faults) yield { kind: 'fault', ...fault };
      state = written.state;
      const { line, counts } = state;
      yield { kind: 'progress', step: 'write', line, of, counts };
    };
    try {
      for await (const batch of batches) {
        const prepared = await this.#writer.prepare(batch, wrap);
        if (writing) yield* tell(await writing);
        writing = this.#writer.write(actor, prepared, state, onConflict);
        // It is awaited above or below; until then, nobody is to take it for lost.
        writing.catch(() => undefined);
      }
      if (writing) yield* tell(await writing);
      return state;
    } finally {
      await writing?.catch(() => undefined);
    }
  }

  /** The entries after that line that are good and have their names to themselves, so many at a time. */
  async *#batches(
    entries: Entries,
    rows: AsyncIterable<SourceRow>,
    from: number,
  ): AsyncGenerator<Batch> {
    const { watchers } = entries;
    let faults: Fault[] = [];
    let batch: Entry[] = [];
    let last = from;
    for await (const row of rows) {
      const read = entries.read(row);
      const { line } = row;
      if (line <= from) continue;
      last = line;
      if ('entry' in read) batch.push(read.entry);
      else if (read.reasons.length > 0) faults.push({ line, reasons: read.reasons });
      if (batch.length + faults.length < BATCH) continue;
      yield { entries: batch, faults, line, watchers };
      [batch, faults] = [[], []];
    }
    if (batch.length + faults.length > 0) yield { entries: batch, faults, line: last, watchers };
  }

  async #entries({ service: named }: ImportInput, ledger: Ledger): Promise<Entries> {
    const directory = await Directory.open(this.#ports);
    const service = named === undefined ? null : directory.find(named);
    if (typeof service === 'string') throw new Error(`the service for the users ${service}`);
    return new Entries(this.#ports, ledger, {
      directory,
      now: this.#ports.clock.now(),
      find: (text) => directory.find(text),
      service,
    });
  }
}

/** The import that was interrupted, of the same rows. */
function checkSame(earlier: ImportState | null, source: string, fingerprint: string): ImportState {
  if (earlier === null) {
    throw new Error(`no import from ${source} was interrupted: there is nothing to resume`);
  }
  if (earlier.fingerprint === fingerprint) return earlier;
  throw new Error(
    `the import from ${source} that was interrupted was of something else: give it the same again`,
  );
}
