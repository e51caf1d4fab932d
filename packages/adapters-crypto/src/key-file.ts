import {
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, link, mkdir, open, realpath, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';

/** A key of the file. `KeyObject` never prints what it holds. */
export type FileKey = {
  readonly kid: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly key: KeyObject;
};

/** The newest first. The others stay for what was made with them. */
export type KeyList = readonly [FileKey, ...FileKey[]];

export const purposes = ['signing', 'encryption', 'pepper', 'revoke', 'seal', 'audit'] as const;
export type Purpose = (typeof purposes)[number];

/** The secrets that the database does not have, one list for each purpose. */
export type KeyFile = {
  /** Ed25519 private keys: signatures of access tokens. */
  readonly signing: KeyList;
  /** RSA private keys of 2048 or 3072 bits: encryption of access tokens. */
  readonly encryption: KeyList;
  /** 32 bytes: the pepper of password hashes. */
  readonly pepper: KeyList;
  /** 32 bytes: the MAC of revoke tokens. */
  readonly revoke: KeyList;
  /** 32 bytes: encryption of TOTP seeds. */
  readonly seal: KeyList;
  /** 32 bytes: the MACs that chain the audit. */
  readonly audit: KeyList;
};

/** The key file cannot be used. The message says why, and never holds any of its contents. */
export class KeyFileError extends Error {
  constructor(file: string, problem: string) {
    super(`key file ${file}: ${problem}`);
    this.name = 'KeyFileError';
  }
}

const VERSION = 1;
const SECRET_BYTES = 32;

/** Milliseconds that a rotation waits for another one, which takes no longer than a write. */
const PATIENCE = 5000;

/**
 * Reads the key file, and makes it first where it is missing and may be made: with mode 0600, in a
 * folder of mode 0700. Processes that start at once end with the same file, and a crash leaves none or a whole one.
 * Throws `KeyFileError` for a file that is missing, malformed, not a file, or open to group or others.
 */
export async function openKeyFile(
  file: string,
  { mayCreate }: { readonly mayCreate: boolean },
): Promise<KeyFile> {
  const text = await read(file);
  if (text !== null) return parse(file, text);
  if (!mayCreate) {
    throw new KeyFileError(file, 'is missing. It holds the pepper of every password: restore it.');
  }
  await create(file);
  const made = await read(file);
  if (made === null) throw new KeyFileError(file, 'was removed while it was made');
  return parse(file, made);
}

/**
 * Puts a new key before the others of each of these purposes, and answers the new ids. The file is replaced
 * as a whole, with mode 0600 and its owner; rotations that meet take turns, and lose no key.
 */
export async function rotateKeys(
  file: string,
  chosen: readonly Purpose[],
  { patience = PATIENCE }: { readonly patience?: number } = {},
): Promise<Partial<Record<Purpose, string>>> {
  // What is replaced is the file itself, and not a link to it.
  const target = await realpath(file).catch((error: unknown) => {
    const problem = codeOf(error) === 'ENOENT' ? 'is missing' : `cannot be read (${codeOf(error)})`;
    throw new KeyFileError(file, problem);
  });
  const fresh = chosen.map((purpose) => ({
    purpose,
    kid: newKid(),
    material: material[purpose](),
  }));
  const draft = `${target}.new`;
  const handle = await makeDraft(target, draft, patience);
  try {
    const text = await read(target);
    if (text === null) throw new KeyFileError(file, 'is missing');
    const found = parse(file, text);
    const keys = JSON.parse(text);
    for (const { purpose, kid, material } of fresh) {
      // A clock that was set back makes no key older than the one before it.
      const createdAt = Math.max(Date.now(), found[purpose][0].createdAt);
      keys[purpose].unshift({ kid, createdAt, ...material });
    }
    await handle.writeFile(serialize(keys));
    const { uid, gid } = await stat(target);
    // Root may rotate the keys of a server that runs as somebody else.
    if (uid !== process.geteuid?.()) await handle.chown(uid, gid);
    await handle.sync();
    await handle.close();
    await rename(draft, target);
    await sync(path.dirname(target));
  } catch (error) {
    await handle.close();
    await rm(draft, { force: true });
    if (error instanceof KeyFileError) throw error;
    throw new KeyFileError(file, `cannot be replaced (${codeOf(error)})`);
  }
  return Object.fromEntries(fresh.map(({ purpose, kid }) => [purpose, kid]));
}

/** The draft of a rotation is its lock too: it is there from the first moment to the last, and for one at a time. */
async function makeDraft(file: string, draft: string, patience: number): Promise<FileHandle> {
  const deadline = performance.now() + patience;
  for (;;) {
    try {
      return await open(draft, 'wx', 0o600);
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') {
        throw new KeyFileError(file, `cannot be replaced (${codeOf(error)})`);
      }
      if (performance.now() >= deadline) {
        throw new KeyFileError(
          file,
          `is being rotated; if no other rotation runs, one was killed: remove ${draft}`,
        );
      }
      await setTimeout(20);
    }
  }
}

/** Writes a copy with mode 0600, which must not be there yet. Throws `KeyFileError` for a file that is not usable. */
export async function copyKeyFile(file: string, copy: string): Promise<void> {
  const text = await read(file);
  if (text === null) throw new KeyFileError(file, 'is missing');
  parse(file, text);
  await write(copy, text);
}

/** The text of the file, or null where there is none. */
async function read(file: string): Promise<string | null> {
  let handle: FileHandle;
  try {
    // Without O_NONBLOCK, opening a named pipe would wait for a writer.
    handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw new KeyFileError(file, `cannot be read (${codeOf(error)})`);
  }
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) throw new KeyFileError(file, 'is not a regular file');
    // Windows has no such bits, and makes them up.
    if ((stat.mode & 0o077) !== 0 && process.platform !== 'win32') {
      throw new KeyFileError(file, 'is open to group or others: its mode must be 0600');
    }
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}

/** Makes the file, unless somebody else just did. */
async function create(file: string): Promise<void> {
  const folder = path.dirname(file);
  const draft = `${file}.${randomBytes(8).toString('hex')}.tmp`;
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await write(draft, newKeys());
    // A link, unlike a rename, fails where the name is taken: the first one to be whole wins.
    await link(draft, file);
    await sync(folder);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') {
      throw new KeyFileError(file, `cannot be made (${codeOf(error)})`);
    }
  } finally {
    // A draft that stays is a file of mode 0600 with keys that nothing uses: no reason to stop.
    await rm(draft, { force: true }).catch(() => undefined);
  }
}

async function write(file: string, text: string): Promise<void> {
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function sync(folder: string): Promise<void> {
  // Windows does not open folders, and needs no such thing.
  if (process.platform === 'win32') return;
  const handle = await open(folder, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

const newKid = () => randomBytes(8).toString('hex');
const newPair = (key: KeyObject) => ({ jwk: key.export({ format: 'jwk' }) });
const newSecret = () => ({ secret: randomBytes(SECRET_BYTES).toString('base64url') });

/** What a new key of a purpose holds besides its id and its age. */
const material: Record<Purpose, () => object> = {
  signing: () => newPair(generateKeyPairSync('ed25519').privateKey),
  encryption: () => newPair(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey),
  pepper: newSecret,
  revoke: newSecret,
  seal: newSecret,
  audit: newSecret,
};

function newKeys(): string {
  const createdAt = Date.now();
  const lists = purposes.map((purpose) => [
    purpose,
    [{ kid: newKid(), createdAt, ...material[purpose]() }],
  ]);
  return serialize({ version: VERSION, ...Object.fromEntries(lists) });
}

const serialize = (keys: object) => `${JSON.stringify(keys, null, 2)}\n`;

function parse(file: string, text: string): KeyFile {
  const refuse = (problem: string) => new KeyFileError(file, problem);
  let keys: unknown;
  try {
    keys = JSON.parse(text);
  } catch {
    // The parser's own message quotes the text.
    throw refuse('is not JSON');
  }
  if (!hasExactly(keys, ['version', ...purposes]) || keys.version !== VERSION) {
    throw refuse(`must have exactly version (${VERSION}), ${purposes.join(', ')}`);
  }

  const list = (
    purpose: string,
    member: string,
    keyOf: (material: unknown) => KeyObject | null,
  ) => {
    const entries = keys[purpose];
    if (!Array.isArray(entries)) throw refuse(`${purpose} is not a list`);
    const [first, ...rest] = entries.map((entry: unknown, index) => {
      const at = `${purpose}[${index}]`;
      if (!hasExactly(entry, ['kid', 'createdAt', member])) {
        throw refuse(`${at} must have exactly kid, createdAt and ${member}`);
      }
      const { kid, createdAt } = entry;
      if (typeof kid !== 'string' || !/^[\w-]{1,64}$/.test(kid)) {
        throw refuse(`${at}.kid must be 1 to 64 letters, digits, _ or -`);
      }
      if (typeof createdAt !== 'number' || !Number.isSafeInteger(createdAt) || createdAt < 0) {
        throw refuse(`${at}.createdAt must be milliseconds since 1970`);
      }
      const key = keyOf(entry[member]);
      if (key === null) throw refuse(`${at}.${member} is no key for ${purpose}`);
      return { kid, createdAt, key };
    });
    if (first === undefined) throw refuse(`${purpose} is empty`);
    const found: KeyList = [first, ...rest];
    if (new Set(found.map(({ kid }) => kid)).size < found.length) {
      throw refuse(`${purpose} has a kid twice`);
    }
    if (rest.some((key, index) => key.createdAt > (found[index]?.createdAt ?? 0))) {
      throw refuse(`${purpose} must have its newest key first`);
    }
    return found;
  };

  return {
    signing: list('signing', 'jwk', signingKey),
    encryption: list('encryption', 'jwk', encryptionKey),
    pepper: list('pepper', 'secret', secretKey),
    revoke: list('revoke', 'secret', secretKey),
    seal: list('seal', 'secret', secretKey),
    audit: list('audit', 'secret', secretKey),
  };
}

/** RFC 8037, 2 */
function signingKey(jwk: unknown): KeyObject | null {
  if (!hasExactly(jwk, ['kty', 'crv', 'd', 'x'])) return null;
  const key = privateKey(jwk);
  const isPair = key && createPublicKey(key).export({ format: 'jwk' }).x === jwk.x;
  return isPair && key.asymmetricKeyType === 'ed25519' ? key : null;
}

/** RFC 7518, 6.3 */
function encryptionKey(jwk: unknown): KeyObject | null {
  if (!hasExactly(jwk, ['kty', 'n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi'])) return null;
  const key = privateKey(jwk);
  const bits = key?.asymmetricKeyDetails?.modulusLength;
  return key?.asymmetricKeyType === 'rsa' && (bits === 2048 || bits === 3072) ? key : null;
}

function privateKey(jwk: Record<string, unknown>): KeyObject | null {
  try {
    return createPrivateKey({ key: jwk, format: 'jwk' });
  } catch {
    return null;
  }
}

function secretKey(text: unknown): KeyObject | null {
  if (typeof text !== 'string') return null;
  const bytes = Buffer.from(text, 'base64url');
  // The decoder forgives what is no base64url, so only what it would write itself counts.
  const isExact = bytes.length === SECRET_BYTES && bytes.toString('base64url') === text;
  return isExact ? createSecretKey(bytes) : null;
}

function hasExactly(value: unknown, members: string[]): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const names = Object.keys(value);
  return names.length === members.length && members.every((member) => Object.hasOwn(value, member));
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
}
