import { argon2 } from 'node:crypto';
import { promisify } from 'node:util';
import { inMemory, MAX_HASH_MEMORY } from './memory.ts';
import { checkCost, type Format, fromBase64, isOutput, type Reading, toBase64 } from './reading.ts';

const derive = promisify(argon2);

/** KiB times passes: about a second. */
const MAX_WORK = 2 ** 20;
/** Each lane has a thread of its own, which begins anew four times a pass: that takes as long as to fill so many KiB. */
const LANE_KIB = 128;
const DEAR_WORK = 2 ** 14;
/** RFC 9106, 3.1: lanes of 8 blocks, and salts of 8 octets or more, at least in the library. */
const MAX_LANES = 16;
const MIN_SALT = 8;
/** The only version since 2016. */
const VERSION = 19;

const TEXT =
  /^\$(?<type>argon2id?)\$v=(?<version>\d{1,3})\$(?<parameters>[mtp=,\d]{1,48})\$(?<salt>[A-Za-z0-9+/]{1,128})\$(?<output>[A-Za-z0-9+/]{1,172})$/;

export type Argon2 = {
  readonly type: 'argon2i' | 'argon2id';
  readonly memoryKib: number;
  readonly passes: number;
  readonly lanes: number;
  readonly salt: Uint8Array;
  readonly output: Uint8Array;
};

/** PHC strings of argon2id and argon2i. */
export const readArgon2: Format = (text) => {
  const found = TEXT.exec(text)?.groups;
  const { m, t, p, ...rest } = numbersOf(found?.parameters ?? '');
  const [salt, output] = [fromBase64(found?.salt ?? ''), fromBase64(found?.output ?? '')];
  if (!found || Number(found.version) !== VERSION || !m || !t || !p || salt === null) return null;
  if (Object.keys(rest).length > 0 || output === null) return null;
  const type = found.type === 'argon2id' ? 'argon2id' : 'argon2i';
  return argon2Reading({ type, memoryKib: m, passes: t, lanes: p, salt, output });
};

/** `m=65536,t=3,p=4` in any order. */
const numbersOf = (parameters: string): Record<string, number | undefined> =>
  Object.fromEntries(
    parameters.split(',').map((each) => {
      const [name = '', value = ''] = each.split('=');
      return [name, /^[1-9]\d{0,9}$/.test(value) ? Number(value) : undefined];
    }),
  );

export function argon2Reading(hash: Argon2): Reading | null {
  const { type, memoryKib, passes, lanes, salt, output: outputBytes } = hash;
  if (salt.length < MIN_SALT || memoryKib < 8 * lanes || !isOutput(outputBytes)) return null;
  checkCost('the memory of argon2 in KiB', memoryKib, MAX_HASH_MEMORY / 1024);
  checkCost('the memory of argon2 in KiB times its passes', memoryKib * passes, MAX_WORK);
  checkCost('the parallelism of argon2', lanes, MAX_LANES);
  if (lanes > 1) {
    checkCost(
      '128 times the parallelism of argon2 times its passes',
      LANE_KIB * lanes * passes,
      MAX_WORK,
    );
  }
  const output = toBase64(outputBytes);
  return {
    text: `$${type}$v=${VERSION}$m=${memoryKib},t=${passes},p=${lanes}$${toBase64(salt)}$${output}`,
    output,
    kind: memoryKib * passes < DEAR_WORK ? 'cheap' : 'dear',
    bcryptRounds: null,
    run: async (message) => {
      const tagLength = outputBytes.length;
      const parameters = { memory: memoryKib, passes, parallelism: lanes, nonce: salt, tagLength };
      const tag = await inMemory(memoryKib * 1024, () => derive(type, { message, ...parameters }));
      return toBase64(tag);
    },
  };
}
