import { type Line, lineFrom, MAX_LINE_BYTES } from './lines.ts';

const code = (char: string) => char.charCodeAt(0);
const [QUOTE, BACKSLASH, COMMA, COLON] = [code('"'), code('\\'), code(','), code(':')];
const [OBJECT, OBJECT_END, ARRAY, ARRAY_END] = [code('{'), code('}'), code('['), code(']')];

/** What is around the entries of an export is a few levels deep, and has names of a few letters. */
const MAX_DEPTH = 16;
const MAX_NAME_BYTES = 100;

/** Neither a bracket nor a quote nor what stands between values: blanks, digits, the letters of `true`. */
const PLAIN = /^[ \t\r\n\d+\-.A-Za-z]$/;
const isPlain = Array.from({ length: 256 }, (_, octet) => PLAIN.test(String.fromCharCode(octet)));

/**
 * Reads the objects at some places of JSON, one at a time, whatever the size of the whole. A place is the way to its
 * entries: `users[]` are the elements of an array with that name, `[]` those of the outermost array, and the empty text
 * is an outermost object itself. More than one text of JSON may follow upon each other, as pages of an API do. An entry that is
 * too long is passed over without being kept. Throws where the input is no JSON, where it ends too early, and where it
 * has nothing at any of the places.
 */
export async function* entriesOf(
  octets: AsyncIterable<Uint8Array>,
  places: readonly string[],
): AsyncGenerator<Line> {
  const scanner = new Scanner(new Set(places));
  for await (const piece of octets) yield* scanner.scan(piece);
  scanner.end();
}

/** An array or object around the entries: the way to it, and of an object the name that was read last. */
type Frame = { readonly isArray: boolean; readonly place: string; name: string | null };

class Scanner {
  readonly #places: ReadonlySet<string>;
  /** The arrays that the places are in: one that is there and empty is an export without entries. */
  readonly #arrays: ReadonlySet<string>;
  readonly #frames: Frame[] = [];
  #count = 0;
  #wasFound = false;
  #isBegun = false;

  /** Within an entry: how deep, and what was read of it. */
  #depth = 0;
  #parts: Uint8Array[] = [];
  #length = 0;

  /** Within a text, of an entry or around entries. */
  #isText = false;
  #isEscaped = false;
  /** The octets of a name around entries; null within a text that is none. */
  #name: number[] | null = null;

  constructor(places: ReadonlySet<string>) {
    this.#places = places;
    this.#arrays = new Set([...places].map((place) => place.replace(/\[\]$/, '')));
  }

  /** The entries that end in a piece of the input. */
  *scan(piece: Uint8Array): Generator<Line> {
    // Where the entry begins that the octet is in.
    let from = 0;
    for (let at = 0; at < piece.length; at += 1) {
      const octet = piece[at] ?? 0;
      if (this.#isText) this.#readText(octet);
      else if (this.#depth > 0) {
        if (octet === QUOTE) this.#isText = true;
        else if (octet === OBJECT || octet === ARRAY) this.#depth += 1;
        else if (octet === OBJECT_END || octet === ARRAY_END) {
          this.#depth -= 1;
          if (this.#depth > 0) continue;
          this.#keep(piece.subarray(from, at + 1));
          yield this.#entry();
        }
      } else if (octet === OBJECT && this.#places.has(this.#place())) {
        this.#begin();
        this.#depth = 1;
        from = at;
      } else this.#readAround(octet);
    }
    if (this.#depth > 0) this.#keep(piece.subarray(from));
  }

  end(): void {
    if (this.#depth > 0 || this.#frames.length > 0 || this.#isText) {
      throw new Error('The input ends in the middle of its JSON.');
    }
    if (!this.#wasFound) {
      throw new Error(
        `The input is not such an export: it has no ${[...this.#places].join(', ')}.`,
      );
    }
  }

  #keep(part: Uint8Array): void {
    this.#length += part.length;
    // A copy: whoever reads may use the piece of memory again.
    if (this.#length <= MAX_LINE_BYTES) this.#parts.push(new Uint8Array(part));
    else this.#parts = [];
  }

  #entry(): Line {
    this.#count += 1;
    const entry = lineFrom(this.#count, this.#length, this.#parts);
    this.#parts = [];
    this.#length = 0;
    return entry ?? { line: this.#count, faults: ['is empty'] };
  }

  #readText(octet: number): void {
    if (this.#isEscaped) this.#isEscaped = false;
    else if (octet === BACKSLASH) this.#isEscaped = true;
    else if (octet === QUOTE) {
      this.#isText = false;
      const frame = this.#frames.at(-1);
      // Those that are looked for have no letter that JSON would have to escape.
      if (frame && this.#name) frame.name = Buffer.from(this.#name).toString();
      this.#name = null;
      return;
    }
    if (this.#name && this.#name.length <= MAX_NAME_BYTES) this.#name.push(octet);
  }

  /** An octet between entries. */
  #readAround(octet: number): void {
    const frame = this.#frames.at(-1);
    const isBetween = octet === COMMA || octet === ARRAY_END || isBlank(octet);
    if (frame?.isArray && !isBetween && this.#places.has(this.#place())) {
      throw new Error('The input is not such an export: one of its entries is no object.');
    }
    if (octet === OBJECT || octet === ARRAY) {
      this.#open(octet === ARRAY);
    } else if (octet === OBJECT_END || octet === ARRAY_END) {
      if (frame?.isArray !== (octet === ARRAY_END)) throw noJson();
      this.#frames.pop();
    } else if (octet === QUOTE) {
      if (!frame) throw noJson();
      this.#isText = true;
      // The first text after a bracket or comma is a name, and the one after a colon is a value.
      this.#name = !frame.isArray && frame.name === null ? [] : null;
    } else if (octet === COMMA) {
      if (!frame) throw noJson();
      frame.name = null;
    } else if (octet === COLON) {
      if (frame?.name === null || frame?.isArray !== false) throw noJson();
    } else if (frame ? !isPlain[octet] : !isBlank(octet) && (this.#isBegun || !isMark(octet))) {
      throw noJson();
    }
  }

  #open(isArray: boolean): void {
    this.#begin();
    const place = this.#place();
    if (this.#frames.length === MAX_DEPTH) throw noJson();
    if (isArray && this.#arrays.has(place)) this.#wasFound = true;
    this.#frames.push({ isArray, place, name: null });
  }

  #begin(): void {
    this.#isBegun = true;
    if (this.#places.has(this.#place())) this.#wasFound = true;
  }

  /** The way to a value that would begin here. */
  #place(): string {
    const frame = this.#frames.at(-1);
    if (!frame) return '';
    if (frame.isArray) return `${frame.place}[]`;
    return frame.place === '' ? `${frame.name}` : `${frame.place}.${frame.name}`;
  }
}

/** The mark of order of UTF-8, which some systems put in front. */
const MARK = [0xef, 0xbb, 0xbf];
const isMark = (octet: number) => MARK.includes(octet);
const isBlank = (octet: number) => octet === 0x20 || (octet >= 0x09 && octet <= 0x0d);

const noJson = () => new Error('The input is no JSON.');
