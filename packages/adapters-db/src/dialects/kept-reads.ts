import type { Id } from '@rekey/domain';
import type { FoundBy, Lookup } from './dialect.ts';

/** The answers of lookups, kept until one of the rows that they rest on changes. */
export type KeptReads = {
  /** As `Connection.find` has it; the lookups of one turn of the event loop are asked together. */
  find<Row extends FoundBy, Answer>(
    lookup: Lookup<Row, Answer>,
    text: string,
  ): Promise<Answer | null>;
  /** Forgets the answers that rest on these rows, and keeps none that is on its way. */
  forget(ids: Iterable<Id>): void;
  forgetAll(): void;
};

/** How far the answers that are kept can be trusted. */
export type Trust = {
  /** Whether every change that was committed a second ago was told of. */
  isProven(): boolean;
  /** Whether every change that is committed from now on will be told of, or all answers be forgotten. */
  isListening(): boolean;
};

type Options = {
  /** Reads the rows that have one of these texts. */
  ask<Row extends FoundBy, Answer>(
    lookup: Lookup<Row, Answer>,
    texts: readonly string[],
  ): Promise<Row[]>;
  readonly trust: Trust;
  /** Milliseconds of a clock that never goes back. */
  readonly now?: () => number;
  readonly maxAnswers?: number;
};

/** A session with its user and its key takes about 1 KB. */
const MAX_ANSWERS = 16_000;

/** Instants of last uses in an answer may be as old: nobody is told of their changes on other servers. */
const MAX_AGE_MS = 30_000;

type Kept = { readonly answer: unknown; readonly ids: readonly Id[]; readonly readAt: number };
type Batch = Map<string, PromiseWithResolvers<unknown>>;
type AnyLookup = Lookup<FoundBy, unknown>;

/**
 * An answer of nothing is not kept: whoever makes a row tells nobody. An answer that was on its way while something
 * was forgotten is not kept either: nobody knows which of the two was first.
 */
export function keptReads({
  ask,
  trust,
  now = () => performance.now(),
  maxAnswers = MAX_ANSWERS,
}: Options): KeptReads {
  /** In the order in which they were read. */
  const kept = new Map<string, Kept>();
  const keptOf = new Map<Id, Set<string>>();
  const batches = new Map<AnyLookup, Batch>();
  let changes = 0;

  function drop(name: string): void {
    const ids = kept.get(name)?.ids ?? [];
    kept.delete(name);
    for (const id of ids) {
      const names = keptOf.get(id);
      names?.delete(name);
      if (names?.size === 0) keptOf.delete(id);
    }
  }

  function keep(name: string, answer: Kept): void {
    drop(name);
    if (kept.size >= maxAnswers) {
      const [oldest = ''] = kept.keys();
      drop(oldest);
    }
    kept.set(name, answer);
    for (const id of answer.ids) keptOf.set(id, (keptOf.get(id) ?? new Set()).add(name));
  }

  async function run(lookup: AnyLookup, batch: Batch): Promise<void> {
    const seen = changes;
    const isListening = trust.isListening();
    const readAt = now();
    try {
      for (const row of await ask(lookup, [...batch.keys()])) {
        const answer = lookup.as(row);
        if (isListening && seen === changes) {
          keep(nameOf(lookup, row.foundBy), { answer, ids: lookup.idsOf(answer), readAt });
        }
        batch.get(row.foundBy)?.resolve(answer);
      }
      // A promise that is resolved stays as it is.
      for (const { resolve } of batch.values()) resolve(null);
    } catch (error) {
      for (const { reject } of batch.values()) reject(error);
    }
  }

  function batchOf(lookup: AnyLookup): Batch {
    const begun = batches.get(lookup);
    if (begun) return begun;
    const batch: Batch = new Map();
    batches.set(lookup, batch);
    setImmediate(() => {
      batches.delete(lookup);
      void run(lookup, batch);
    });
    return batch;
  }

  return {
    find<Row extends FoundBy, Answer>(lookup: Lookup<Row, Answer>, text: string) {
      const known = trust.isProven() ? kept.get(nameOf(lookup, text)) : undefined;
      if (known && now() - known.readAt < MAX_AGE_MS) {
        return Promise.resolve(known.answer as Answer);
      }
      const batch = batchOf(lookup as unknown as AnyLookup);
      const asked = batch.get(text) ?? Promise.withResolvers<unknown>();
      batch.set(text, asked);
      return asked.promise as Promise<Answer | null>;
    },

    forget(ids) {
      changes += 1;
      for (const id of ids) {
        for (const name of keptOf.get(id) ?? []) drop(name);
      }
    },

    forgetAll() {
      changes += 1;
      kept.clear();
      keptOf.clear();
    },
  };
}

const nameOf = ({ statement }: { readonly statement: { readonly name: string } }, text: string) =>
  `${statement.name} ${text}`;
