import { IllegalArgument, type ViolationCode } from '@rekey/domain';

/** A hash of another system as Rekey reads it. */
export type Reading = {
  /** The one text from which it is read again. */
  readonly text: string;
  /** What the password has to come to. It is the end of the text of every hash that is cheap. */
  readonly output: string;
  /**
   * Whether the text may lie open in the database: not where guesses at it cost next to nothing (`cheap`), and not
   * where a secret of the other system is in it (`keyed`).
   */
  readonly kind: 'dear' | 'cheap' | 'keyed';
  /** How many rounds of bcrypt it costs to verify, or is worth; null where only a clock tells what it costs. */
  readonly bcryptRounds: number | null;
  /** What a password comes to; null where the other system would not have read all of it. */
  run(password: string): Promise<string | null>;
};

/** Reads a text of a format; null for one that is not of it. Throws `IllegalArgument` for a hash that costs too much. */
export type Format = (text: string) => Reading | null;

export const refusal = (message: string, code: ViolationCode, field = 'passwordHash') =>
  new IllegalArgument([{ field, message, code }]);

/** Refuses a hash by the name of what makes it so dear. */
export function checkCost(what: string, cost: number, max: number): void {
  if (cost > max) throw refusal(`must have at most ${max} as ${what}`, 'out_of_range');
}

/** The octets of a text in base64, padded or not, also as passlib writes it; null for what is none. */
export function fromBase64(text: string): Buffer | null {
  const plain = text.replaceAll('.', '+').replace(/={1,2}$/, '');
  const bytes = Buffer.from(plain, 'base64');
  return toBase64(bytes) === plain ? bytes : null;
}

/** Without padding, as PHC strings have it. */
export const toBase64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes).toString('base64').replaceAll('=', '');

/** Fewer octets than these would let passwords in by chance; more are never needed. */
const MIN_OUTPUT = 16;
const MAX_OUTPUT = 128;

export const isOutput = (bytes: Uint8Array | null): bytes is Uint8Array =>
  bytes !== null && bytes.length >= MIN_OUTPUT && bytes.length <= MAX_OUTPUT;
