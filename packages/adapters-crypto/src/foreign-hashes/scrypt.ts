import { createCipheriv, scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import { inMemory, MAX_HASH_MEMORY } from './memory.ts';
import { checkCost, type Format, fromBase64, isOutput, toBase64 } from './reading.ts';

const derive = promisify<string, Uint8Array, number, object, Buffer>(scrypt);

type Cost = { readonly N: number; readonly r: number; readonly p: number };

/** N times r times p, each of which is 128 octets read and written: about a second. */
const MAX_WORK = MAX_HASH_MEMORY / 128;
const DEAR_WORK = 2 ** 17;

const COST = /^ln=(?<ln>[1-9]\d{0,7}),r=(?<r>[1-9]\d{0,4}),p=(?<p>[1-9]\d{0,4})$/;
const BASE64 = '[A-Za-z0-9+/]';
const PHC = new RegExp(
  `^\\$scrypt\\$(?<cost>[lnrp=,\\d]{1,48})\\$(?<salt>${BASE64}{1,172}={0,2})\\$(?<output>${BASE64}{1,172}={0,2})$`,
);
const FIREBASE = new RegExp(
  `^\\$firescrypt\\$(?<cost>[lnrp=,\\d]{1,48})\\$(?<salt>${BASE64}{1,172}={0,2})\\$(?<output>${BASE64}{1,172}={0,2})\\$(?<separator>${BASE64}{0,44}={0,2})\\$(?<signerKey>${BASE64}{1,172}={0,2})$`,
);
const BETTER_AUTH = /^(?<salt>[0-9a-f]{32}):(?<output>[0-9a-f]{128})$/;

/** PHC strings of scrypt. */
export const readScrypt: Format = (text) => {
  const found = PHC.exec(text)?.groups;
  const cost = costOf(found?.cost ?? '');
  const [salt, output] = [fromBase64(found?.salt ?? ''), fromBase64(found?.output ?? '')];
  if (cost === null || salt === null || !isOutput(output)) return null;
  return {
    text: `$scrypt$${costText(cost)}$${toBase64(salt)}$${toBase64(output)}`,
    output: toBase64(output),
    kind: workOf(cost) < DEAR_WORK ? 'cheap' : 'dear',
    bcryptRounds: null,
    run: async (password) => toBase64(await key(password, salt, output.length, cost)),
  };
};

/**
 * Firebase's: the key that all hashes of a project share is encrypted with what scrypt makes of the password. As Ory
 * Kratos writes it, `$firescrypt$ln=MEM_COST,r=ROUNDS,p=1$SALT$HASH$SALT_SEPARATOR$SIGNER_KEY`.
 */
export const readFirebase: Format = (text) => {
  const found = FIREBASE.exec(text)?.groups;
  const cost = costOf(found?.cost ?? '');
  const [salt, separator] = [fromBase64(found?.salt ?? ''), fromBase64(found?.separator ?? '')];
  const [output, signerKey] = [fromBase64(found?.output ?? ''), fromBase64(found?.signerKey ?? '')];
  if (cost === null || salt === null || separator === null || signerKey === null) return null;
  if (!isOutput(output) || output.length !== signerKey.length) return null;
  return {
    text: `$firescrypt$${costText(cost)}$${[salt, output, separator, signerKey].map(toBase64).join('$')}`,
    output: toBase64(output),
    kind: 'keyed',
    bcryptRounds: null,
    run: async (password) => {
      const derived = await key(password, Buffer.concat([salt, separator]), 32, cost);
      return toBase64(createCipheriv('aes-256-ctr', derived, Buffer.alloc(16)).update(signerKey));
    },
  };
};

/** Better Auth's `SALT:KEY` in hex, of the compatible form of the password; the salt is the text, and not its octets. */
export const readBetterAuth: Format = (text) => {
  const { salt, output } = BETTER_AUTH.exec(text)?.groups ?? {};
  if (salt === undefined || output === undefined) return null;
  return {
    text,
    output,
    kind: 'dear',
    bcryptRounds: null,
    run: async (password) => {
      const cost = { N: 2 ** 14, r: 16, p: 1 };
      const made = await key(password.normalize('NFKC'), Buffer.from(salt), 64, cost);
      return made.toString('hex');
    },
  };
};

/** `ln` is the logarithm of N; where it can be none, it is N itself, as Ory Kratos writes it. */
function costOf(text: string): Cost | null {
  const { ln, r, p } = COST.exec(text)?.groups ?? {};
  if (ln === undefined) return null;
  const N = Number(ln) < 64 ? 2 ** Number(ln) : Number(ln);
  if (!Number.isInteger(Math.log2(N))) return null;
  const cost = { N, r: Number(r), p: Number(p) };
  checkCost('N times r times p of scrypt', workOf(cost), MAX_WORK);
  return cost;
}

const costText = ({ N, r, p }: Cost): string => `ln=${Math.log2(N)},r=${r},p=${p}`;

const workOf = ({ N, r, p }: Cost): number => N * r * p;

function key(password: string, salt: Uint8Array, length: number, cost: Cost): Promise<Buffer> {
  const { N, r, p } = cost;
  // RFC 7914, 5 and 6: a table of N blocks, one block for each of p, and a scratch block.
  const memory = 128 * r * (N + p + 2);
  return inMemory(Math.min(memory, MAX_HASH_MEMORY), () =>
    derive(password, salt, length, { N, r, p, maxmem: 2 * memory }),
  );
}
