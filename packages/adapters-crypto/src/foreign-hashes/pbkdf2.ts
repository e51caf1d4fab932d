import { pbkdf2 } from 'node:crypto';
import { promisify } from 'node:util';
import { type Argon2, argon2Reading } from './argon2.ts';
import { checkCost, type Format, fromBase64, isOutput, type Reading, toBase64 } from './reading.ts';

const derive = promisify(pbkdf2);

/** Iterations for each block of output: about a second. */
const MAX_WORK = 2_000_000;
const DEAR_ITERATIONS = 100_000;

const blockBytes = { sha1: 20, sha256: 32, sha512: 64 };
type Digest = keyof typeof blockBytes;
const isDigest = (name: string): name is Digest => Object.hasOwn(blockBytes, name);

const BASE64 = '[A-Za-z0-9+/.]';
const ITERATIONS = '(?<iterations>[1-9]\\d{0,9})';
const PHC = new RegExp(
  `^\\$pbkdf2(?:-(?<digest>sha\\d{1,3}))?\\$(?:i=)?${ITERATIONS}(?:,l=\\d{1,4})?\\$(?<salt>${BASE64}{1,172}={0,2})\\$(?<output>${BASE64}{1,172}={0,2})$`,
);
const DJANGO = new RegExp(
  `^pbkdf2_(?<digest>sha\\d{1,3})\\$${ITERATIONS}\\$(?<salt>[^$]{1,128})\\$(?<output>${BASE64}{1,172}={0,2})$`,
);

/** PHC strings as passlib and Ory Kratos write them: `$pbkdf2-sha256$i=ITERATIONS$SALT$HASH`; without a digest it is SHA-1. */
export const readPbkdf2: Format = (text) => {
  const { digest, iterations, salt, output } = PHC.exec(text)?.groups ?? {};
  return pbkdf2Reading(digest ?? 'sha1', Number(iterations), fromBase64(salt ?? ''), output);
};

/** Django's: the salt is a text. */
export const readDjango: Format = (text) => {
  const { digest, iterations, salt, output } = DJANGO.exec(text)?.groups ?? {};
  return pbkdf2Reading(digest ?? '', Number(iterations), Buffer.from(salt ?? ''), output);
};

function pbkdf2Reading(
  digest: string,
  iterations: number,
  salt: Uint8Array | null,
  hash: string | undefined,
): Reading | null {
  const outputBytes = fromBase64(hash ?? '');
  if (!isDigest(digest) || salt === null || !isOutput(outputBytes)) return null;
  const length = outputBytes.length;
  const blocks = Math.ceil(length / blockBytes[digest]);
  checkCost('the iterations of PBKDF2 for all of its output', iterations * blocks, MAX_WORK);
  const output = toBase64(outputBytes);
  return {
    text: `$pbkdf2-${digest}$i=${iterations}$${toBase64(salt)}$${output}`,
    output,
    kind: iterations < DEAR_ITERATIONS ? 'cheap' : 'dear',
    bcryptRounds: null,
    run: async (password) => toBase64(await derive(password, salt, iterations, length, digest)),
  };
}

/**
 * Keycloak's credential as its exports and its table have it, in JSON: `{"credentialData": …, "secretData": …}`, each
 * of which is JSON once more, or an object. Its algorithms are PBKDF2 and argon2.
 */
export const readKeycloak: Format = (text) => {
  const credential = objectOf(text);
  const [data, secret] = [objectOf(credential.credentialData), objectOf(credential.secretData)];
  const { algorithm, hashIterations: iterations, additionalParameters } = data;
  const { value: hash, salt: saltText } = secret;
  if (typeof hash !== 'string' || typeof saltText !== 'string') return null;
  if (typeof iterations !== 'number' || !Number.isSafeInteger(iterations) || iterations < 1) {
    return null;
  }
  const salt = fromBase64(saltText);
  if (algorithm === 'argon2') return keycloakArgon2(iterations, salt, hash, additionalParameters);
  const digest = /^pbkdf2(?:-(sha\d{1,3}))?$/.exec(String(algorithm));
  return digest && pbkdf2Reading(digest[1] ?? 'sha1', iterations, salt, hash);
};

/** Keycloak's parameters of argon2 are lists of one text each. */
function keycloakArgon2(
  passes: number,
  salt: Uint8Array | null,
  hash: string,
  parameters: unknown,
): Reading | null {
  const { type, version, memory, parallelism } = objectOf(parameters);
  const isKnown = String(version) === '1.3' && ['id', 'i'].includes(String(type));
  const output = fromBase64(hash);
  const [memoryKib, lanes] = [Number(memory), Number(parallelism)];
  if (!isKnown || salt === null || output === null) return null;
  if (!Number.isSafeInteger(memoryKib) || !Number.isSafeInteger(lanes) || lanes < 1) return null;
  const argon2: Argon2['type'] = String(type) === 'id' ? 'argon2id' : 'argon2i';
  return argon2Reading({ type: argon2, memoryKib, passes, lanes, salt, output });
}

function objectOf(value: unknown): Record<string, unknown> {
  try {
    const parsed: unknown = typeof value === 'string' ? JSON.parse(value) : value;
    if (typeof parsed === 'object' && parsed !== null) return parsed as Record<string, unknown>;
  } catch {
    // No JSON: nothing is in it.
  }
  return {};
}
