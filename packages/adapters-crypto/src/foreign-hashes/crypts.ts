import { availableParallelism } from 'node:os';
import { idleThread } from '../idle-thread.ts';
import { phpassCost } from './crypt-loops.ts';
import type { Question } from './crypt-thread.ts';
import { checkCost, type Format } from './reading.ts';

/** About a second. */
const MAX_SHA_ROUNDS = 1_000_000;
const DEFAULT_SHA_ROUNDS = 5000;
const MIN_SHA_ROUNDS = 1000;
const MAX_PHPASS_COST = 18;
const MIN_PHPASS_COST = 7;

const SHA =
  /^\$(?<kind>[56])\$(?:rounds=(?<rounds>[1-9]\d{0,9})\$)?(?<salt>[\x21-\x23\x25-\x39\x3b-\x7e]{0,16})\$(?<output>[./0-9A-Za-z]{43}|[./0-9A-Za-z]{86})$/;
const MD5 =
  /^(?<magic>\$(?:1|apr1)\$)(?<salt>[\x21-\x23\x25-\x39\x3b-\x7e]{0,8})\$(?<output>[./0-9A-Za-z]{22})$/;
const PHPASS =
  /^\$[PH]\$(?<cost>[./0-9A-Za-z])(?<salt>[./0-9A-Za-z]{8})(?<output>[./0-9A-Za-z]{22})$/;

/** One for each core: none of a crowd of logins waits for the hashes of all the others. */
const threads = Array.from({ length: availableParallelism() }, () =>
  idleThread<Question, string>(import.meta.url, 'crypt-thread'),
);
let turn = 0;

async function crypt(question: Question): Promise<string | null> {
  turn = (turn + 1) % threads.length;
  return (await threads[turn]?.(question)) ?? null;
}

/** crypt(3) is of C: a password ends at its first NUL there. */
const isReadWhole = (password: string): boolean => !password.includes('\0');

/** SHA-crypt: `$5$` is SHA-256, and `$6$` SHA-512. */
export const readShaCrypt: Format = (text) => {
  const { kind, rounds: digits, salt, output } = SHA.exec(text)?.groups ?? {};
  const rounds = digits === undefined ? DEFAULT_SHA_ROUNDS : Number(digits);
  if (salt === undefined || output === undefined || rounds < MIN_SHA_ROUNDS) return null;
  if (output.length !== (kind === '5' ? 43 : 86)) return null;
  checkCost('the rounds of SHA-crypt', rounds, MAX_SHA_ROUNDS);
  const algorithm = kind === '5' ? 'sha256' : 'sha512';
  return {
    text,
    output,
    kind: rounds < DEFAULT_SHA_ROUNDS ? 'cheap' : 'dear',
    bcryptRounds: null,
    run: async (password) =>
      isReadWhole(password) ? crypt({ algorithm, password, salt, rounds, magic: '' }) : null,
  };
};

/** MD5-crypt, and Apache's, which is the same but for its name. */
export const readMd5Crypt: Format = (text) => {
  const { magic, salt, output } = MD5.exec(text)?.groups ?? {};
  if (magic === undefined || salt === undefined || output === undefined) return null;
  return {
    text,
    output,
    kind: 'cheap',
    bcryptRounds: null,
    run: async (password) =>
      isReadWhole(password) ? crypt({ algorithm: 'md5', password, salt, rounds: 0, magic }) : null,
  };
};

/** The portable hash of phpass: `$P$`, and `$H$` as phpBB writes it. */
export const readPhpass: Format = (text) => {
  const { cost: letter, salt, output } = PHPASS.exec(text)?.groups ?? {};
  const cost = phpassCost(letter ?? '.');
  if (salt === undefined || output === undefined || cost < MIN_PHPASS_COST) return null;
  checkCost('the logarithm of the rounds of phpass', cost, MAX_PHPASS_COST);
  return {
    text,
    output,
    kind: 'cheap',
    bcryptRounds: null,
    run: (password) => crypt({ algorithm: 'phpass', password, salt, rounds: 2 ** cost, magic: '' }),
  };
};
