import type { Connection, Dialect } from '../dialects/dialect.ts';

/** A step of the schema, in SQL that both databases understand. One that was released is never edited. */
export type Migration = {
  readonly name: string;
  readonly statements: readonly string[];
  /** What follows on one of the databases alone. */
  readonly sqlite?: readonly string[];
  readonly postgres?: readonly string[];
  /** Takes over at last what no SQL can. */
  takeOver?(on: Connection, name: Dialect['name']): Promise<void>;
};
