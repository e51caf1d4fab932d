import { IllegalArgument, type Instant, parseInstant } from '@rekey/domain';

/** Far more than any value that the import takes. */
const MAX_TEXT_LENGTH = 100_000;

/** Reads the members of a row, and gathers all that is wrong with them, in words that never repeat a value. */
export class Reading {
  readonly faults: string[] = [];
  readonly #row: Readonly<Record<string, unknown>>;
  /** Where in an entry the row stands: `keys[0].` */
  readonly #place: string;

  /** `known`: the members that a row may have. One that nobody reads would be lost in silence. */
  constructor(row: object, known: readonly string[], place = '') {
    this.#row = row as Record<string, unknown>;
    this.#place = place;
    for (const name of Object.keys(row)) {
      if (!known.includes(name)) this.refuse(printable(name), 'is not known here');
    }
  }

  refuse(name: string, message: string): void {
    this.faults.push(`${this.#place}${name} ${message}`);
  }

  /** Whether the row says something of it: null is the same as nothing. */
  has(name: string): boolean {
    return (this.#row[name] ?? null) !== null;
  }

  /** Undefined where the row has nothing, or nothing good. */
  text<T = string>(
    name: string,
    parse: (text: string, field: string) => T = (text) => text as T,
  ): T | undefined {
    const value = this.#row[name] ?? undefined;
    if (value === undefined) return undefined;
    if (typeof value !== 'string') return this.#wrong(name, 'must be a string');
    if (value.length > MAX_TEXT_LENGTH) return this.#wrong(name, 'is far too long');
    return this.parsed(name, () => parse(value, name));
  }

  /** Like `text`, of what every row must have. */
  needed<T>(name: string, parse: (text: string, field: string) => T): T | undefined {
    if (!this.has(name)) this.refuse(name, 'is required');
    return this.text(name, parse);
  }

  flag(name: string): boolean | undefined {
    const value = this.#row[name] ?? undefined;
    if (value === undefined || typeof value === 'boolean') return value;
    return this.#wrong(name, 'must be true or false');
  }

  instant(name: string): Instant | undefined {
    return this.text(name, parseInstant);
  }

  /** An instant that has passed. */
  past(name: string, now: Instant): Instant | undefined {
    const instant = this.instant(name);
    return instant !== undefined && instant > now
      ? this.#wrong(name, 'must not be to come')
      : instant;
  }

  texts(name: string): readonly string[] | undefined {
    const values = this.list(name);
    if (values?.every((value) => typeof value === 'string')) return values;
    return values && this.#wrong(name, 'must be a list of strings');
  }

  list(name: string): readonly unknown[] | undefined {
    const value = this.#row[name] ?? undefined;
    if (value === undefined || Array.isArray(value)) return value;
    return this.#wrong(name, 'must be a list');
  }

  /** The member as it is. */
  value(name: string): unknown {
    return this.#row[name] ?? undefined;
  }

  /** What a parser of the domain makes of something; its refusal is a fault of the member. */
  parsed<T>(name: string, parse: () => T): T | undefined {
    try {
      return parse();
    } catch (error) {
      this.note(name, error);
      return undefined;
    }
  }

  /** Gathers what a parser of the domain, or an adapter, refused; anything else is no fault of the row. */
  note(name: string, error: unknown): void {
    if (!(error instanceof IllegalArgument)) throw error;
    for (const { message } of error.violations) this.refuse(name, message);
  }

  #wrong(name: string, message: string): undefined {
    this.refuse(name, message);
    return undefined;
  }
}

const MAX_REMEMBERED = 1000;

/** A parser that remembers what it made of the texts that come again and again: to parse a zone takes longer than all else. */
export function remembered<T>(
  parse: (text: string, field: string) => T,
): (text: string, field: string) => T {
  const known = new Map<string, T>();
  return (text, field) => {
    const found = known.get(text);
    if (found !== undefined) return found;
    const made = parse(text, field);
    if (known.size < MAX_REMEMBERED) known.set(text, made);
    return made;
  };
}

/** The name of a member as it may be shown: somebody else chose it. */
const printable = (name: string): string =>
  /^[\w.-]{1,40}$/.test(name) ? name : 'a member with another name';
