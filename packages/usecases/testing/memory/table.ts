/** How to undo what an open transaction did, the first change first. */
export type Journal = (() => void)[];

/** Rows by key. A row never changes: another one takes its place. */
export class Table<Key, Row> {
  readonly #rows = new Map<Key, Row>();
  readonly #journal: Journal;

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  get size(): number {
    return this.#rows.size;
  }

  get(key: Key): Row | undefined {
    return this.#rows.get(key);
  }

  has(key: Key): boolean {
    return this.#rows.has(key);
  }

  entries(): [Key, Row][] {
    return [...this.#rows];
  }

  rows(): Row[] {
    return [...this.#rows.values()];
  }

  find(test: (row: Row) => boolean): Row | undefined {
    for (const row of this.#rows.values()) if (test(row)) return row;
    return undefined;
  }

  put(key: Key, row: Row): void {
    this.#remember(key);
    this.#rows.set(key, row);
  }

  delete(key: Key): void {
    this.#remember(key);
    this.#rows.delete(key);
  }

  #remember(key: Key): void {
    const row = this.#rows.get(key);
    this.#journal.push(() => {
      if (row === undefined) this.#rows.delete(key);
      else this.#rows.set(key, row);
    });
  }
}
