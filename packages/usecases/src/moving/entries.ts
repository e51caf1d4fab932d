import { type Id, IllegalArgument } from '@rekey/domain';
import type { ImportedKey, Ledger, Ports, SourceRow } from '../ports/index.ts';
import type { Directory } from './directory.ts';
import { readRootKey, readService, type ServiceToImport } from './read-service.ts';
import { readUser, type Surroundings, type UserToImport } from './read-user.ts';

type Needs = Pick<Ports, 'secrets' | 'ids' | 'foreignHashes'>;

/** A row that is good. */
export type Entry = { readonly line: number } & (
  | { readonly kind: 'user'; readonly of: UserToImport }
  | { readonly kind: 'service'; readonly of: ServiceToImport }
  | { readonly kind: 'root key'; readonly of: ImportedKey }
);

/** Reads rows: each is looked at by itself first, and read once it is known which one has its names. */
export class Entries {
  /** What rows have that no counterpart is known of here. */
  readonly leftOut = new Set<string>();
  readonly #ports: Needs;
  readonly #ledger: Ledger;
  readonly #around: Surroundings & { readonly directory: Directory };
  /** The services of the file, by their lines. */
  readonly #services = new Map<number, Id>();

  /** The services that see all users, and learn of each. */
  get watchers(): readonly Id[] {
    return this.#around.directory.watchers;
  }

  constructor(
    ports: Needs,
    ledger: Ledger,
    around: Surroundings & { readonly directory: Directory },
  ) {
    this.#ports = ports;
    this.#ledger = ledger;
    this.#around = around;
  }

  /** Answers all that is wrong with a row. One that is good claims its address: the older account has it. */
  async look(row: SourceRow): Promise<readonly string[]> {
    for (const name of row.leftOut ?? []) this.leftOut.add(name);
    const { entry, reasons } = this.#parse(row);
    const faults = [...reasons, ...(await this.#refusedHash(entry))];
    if (faults.length > 0) this.#ledger.claim(asFaulty(row), row.line, 0);
    else if (entry?.kind === 'user') {
      const { user } = entry.of;
      const rank = entry.of.hasAge ? user.createdAt : Number.POSITIVE_INFINITY;
      this.#ledger.claim(asAddress(user.email), row.line, rank);
    }
    return faults;
  }

  /**
   * A row that is good and has its names to itself; otherwise what is wrong with it beside what a look at it told. The
   * rows are to be read in their order.
   */
  read(row: SourceRow): { readonly entry: Entry } | { readonly reasons: readonly string[] } {
    if (this.#ledger.holder(asFaulty(row)) !== null) return { reasons: [] };
    const { entry, claims } = this.#parse(row);
    if (!entry) throw new Error('a row that was good is not, the second time it is read');
    const reasons: string[] = [];
    if (entry.kind === 'user') {
      const holder = this.#ledger.holder(asAddress(entry.of.user.email));
      if (holder !== row.line) {
        reasons.push(
          `email is that of line ${holder} but for its spelling, which is the older account`,
        );
      }
    }
    if (reasons.length === 0) {
      for (const name of claims) {
        this.#ledger.claim(name, row.line, row.line);
        const holder = this.#ledger.holder(name);
        const [kind] = name.split(' ');
        if (holder !== row.line)
          reasons.push(`has the ${words[kind ?? '']} that line ${holder} has`);
      }
    }
    return reasons.length === 0 ? { entry } : { reasons };
  }

  #parse(row: SourceRow): {
    readonly entry: Entry | null;
    readonly claims: readonly string[];
    readonly reasons: readonly string[];
  } {
    const { line } = row;
    if ('faults' in row) return { entry: null, claims: [], reasons: row.faults };
    if ('user' in row) {
      const { found, faults } = readUser(this.#ports, row.user, this.#around);
      const entry = found && ({ line, kind: 'user', of: found } as const);
      return { entry, claims: found?.claims ?? [], reasons: faults };
    }
    const { now, directory } = this.#around;
    if ('rootKey' in row) {
      const { key, claims, faults } = readRootKey(this.#ports, row.rootKey, now);
      return { entry: key && { line, kind: 'root key', of: key }, claims, reasons: faults };
    }
    const known = this.#services.get(line);
    const { found, faults } = readService(this.#ports, row.service, now, known);
    if (found === null) return { entry: null, claims: [], reasons: faults };
    if (known === undefined) {
      const { id } = directory.meet(found.service, found.hasId);
      this.#services.set(line, id);
      return this.#parse(row);
    }
    return { entry: { line, kind: 'service', of: found }, claims: found.claims, reasons: [] };
  }

  async #refusedHash(entry: Entry | null): Promise<readonly string[]> {
    if (entry?.kind !== 'user' || entry.of.foreign === null) return [];
    try {
      const options = { wrap: false, userId: entry.of.user.id };
      await this.#ports.foreignHashes.adopt(entry.of.foreign, options);
      return [];
    } catch (error) {
      if (!(error instanceof IllegalArgument)) throw error;
      return error.violations.map(({ message }) => `password_hash ${message}`);
    }
  }
}

const asFaulty = ({ line }: SourceRow): string => `line ${line}`;
const asAddress = (email: string): string => `address ${email}`;

/** What is claimed, for people. */
const words: Readonly<Record<string, string>> = {
  user: 'id',
  service: 'id',
  key: 'id of a key',
  value: 'value of a key',
};
