import { type Grant, type IdempotencyConflict, Unavailable } from '@rekey/domain';
import type { Database, Flow, OnDisk, Ports, Stores } from '../ports/index.ts';

/** What the last transaction of a request does besides, as it commits; `undo`: it does not commit. */
type End = ((stores: Stores) => Promise<void>) | 'undo' | null;

/** What a request is stopped with before it changes anything; null where it may go on. */
type Look = (stores: Stores) => Promise<IdempotencyConflict | null>;

const RETRY_AFTER_S = 1;

/**
 * A request that something has to be committed with which only its answer tells. A transaction in it hands its result out
 * before it commits, and waits: where the answer follows from the result alone, it commits both together; where the
 * request goes on to something else, it commits by itself. Nobody outside sees the answer before the commit.
 *
 * Whether the request may change anything at all is looked at in its first transaction, beside the work of that one, and
 * costs no way to the database of its own. Where it may not, no transaction of it commits.
 */
export class Unit {
  readonly #database: Database;
  readonly #flow: Flow;
  readonly #look: Look;
  /** What the look found; undefined before it. */
  #found: IdempotencyConflict | null | undefined;
  #isOpen = true;
  /** The transaction that waits, or waited, for the answer. */
  #last: { end(how: End): void; readonly committed: Promise<unknown> } | null = null;
  /** The session of the last token that was issued. */
  grant: Grant | null = null;

  constructor({ database, flow }: Pick<Ports, 'database' | 'flow'>, look: Look) {
    this.#database = database;
    this.#flow = flow;
    this.#look = look;
  }

  run<T>(call: () => T): T {
    return this.#flow.run(this, call);
  }

  /** What the request is stopped with; looked for now if no transaction has. */
  async look(): Promise<IdempotencyConflict | null> {
    if (this.#found === undefined) this.#found = await this.#database.read(this.#look);
    return this.#found;
  }

  /** Ends the request. Throws where its last transaction could not be committed: then that changed nothing. */
  async end(how: End): Promise<void> {
    this.#isOpen = false;
    await this.#letGo(how);
  }

  async transact<T>(work: (stores: Stores) => Promise<T>, onDisk?: OnDisk): Promise<T> {
    if (this.#found) throw this.#found;
    await this.#letGo(null);
    if (!this.#isOpen) return this.#database.transact(work, onDisk);
    const result = Promise.withResolvers<T>();
    let isOut = false;
    // On the disk at once, whatever was asked for: it may be the one that commits the answer.
    const committed = this.#database.transact(async (stores) => {
      // The database asks for the work once more, and what followed from it cannot be undone.
      if (isOut) throw new Unavailable(RETRY_AFTER_S);
      const value = await this.#looking(stores, work);
      isOut = true;
      const ending = Promise.withResolvers<End>();
      this.#last = { end: ending.resolve, committed };
      result.resolve(value);
      void this.#flow.settled().then(() => ending.resolve(null));
      const end = await ending.promise;
      if (end === 'undo') throw new Undone();
      if (end !== null) await end(stores);
    });
    committed.catch(result.reject);
    return result.promise;
  }

  async read<T>(work: (stores: Stores) => Promise<T>): Promise<T> {
    await this.#letGo(null);
    return this.#database.read(work);
  }

  /** The result of the work, if the request may change anything. */
  async #looking<T>(stores: Stores, work: (stores: Stores) => Promise<T>): Promise<T> {
    if (this.#found === null) return work(stores);
    const [look, done] = await Promise.allSettled([this.#look(stores), work(stores)]);
    if (look.status === 'rejected') throw look.reason;
    this.#found = look.value;
    if (this.#found !== null) throw this.#found;
    if (done.status === 'rejected') throw done.reason;
    return done.value;
  }

  async #letGo(how: End): Promise<void> {
    const last = this.#last;
    if (last === null) return;
    last.end(how);
    await last.committed.catch((error: unknown) => {
      if (!(error instanceof Undone)) throw error;
    });
  }
}

class Undone extends Error {
  override readonly name = 'Undone';
}

/** The ports, but that they take part in the unit that a call runs in. */
export function inUnits(ports: Ports): Ports {
  const { database, accessTokens, flow } = ports;
  const unit = () => {
    const current = flow.current();
    return current instanceof Unit ? current : null;
  };
  return {
    ...ports,
    database: {
      transact: (work, onDisk) => (unit() ?? database).transact(work, onDisk),
      read: (work) => unit()?.read(work) ?? database.read(work),
    },
    accessTokens: {
      issue(grant, ...more) {
        const current = unit();
        if (current) current.grant = grant;
        return accessTokens.issue(grant, ...more);
      },
      verify: (token) => accessTokens.verify(token),
    },
  };
}
