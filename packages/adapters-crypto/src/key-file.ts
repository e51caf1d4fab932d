import {
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { constants } from 'node:fs';
import {
  access,
  type FileHandle,
  link,
  mkdir,
  open,
  realpath,
  rename,
  rm,
  stat,
} from 'node:fs/promises';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Instant } from '@rekey/domain';

/** A key of the file. `KeyObject` never prints its secret. */
export type FileKey = {
  readonly kid: string;
  readonly createdAt: Instant;
  readonly key: KeyObject;
};

/** The newest key first. Older keys verify and decrypt what was made with them. */
export type KeyList = readonly [FileKey, ...FileKey[]];

export const keyPurposes = [
  'signing',
  'signingRsa',
  'encryption',
  'pepper',
  'link',
  'device',
  'throttle',
  'seal',
  'audit',
] as const;
export type KeyPurpose = (typeof keyPurposes)[number];

/** The purpose that a file may be without. */
const OPTIONAL = 'signingRsa' satisfies KeyPurpose;
const alwaysThere = keyPurposes.filter((purpose) => purpose !== OPTIONAL);

/** The secrets that the database does not have, one list for each purpose. */
export type KeyFile = {
  /** Ed25519 private keys: signatures of access tokens. */
  readonly signing: KeyList;
  /** RSA private keys of 2048 or 3072 bits: signatures of access tokens, where they are RS256. Empty until then. */
  readonly signingRsa: readonly FileKey[];
  /** RSA private keys of 2048 or 3072 bits: encryption of access tokens. */
  readonly encryption: KeyList;
  /** 32 bytes: the pepper of password hashes. */
  readonly pepper: KeyList;
  /** 32 bytes: the MAC of the tokens of links. */
  readonly link: KeyList;
  /** 32 bytes: the MAC of the tokens of devices. */
  readonly device: KeyList;
  /** 32 bytes: the MAC under which tries are counted. */
  readonly throttle: KeyList;
  /** 32 bytes: encryption of TOTP seeds, and of hashes of other systems. */
  readonly seal: KeyList;
  /** 32 bytes: the MACs that chain the audit. */
  readonly audit: KeyList;
};

/** The key file cannot be used. The message says why, and never holds any of its contents. */
export class KeyFileError extends Error {
  override readonly name = 'KeyFileError';

  constructor(file: string, problem: string) {
    super(`key file ${file}: ${problem}`);
  }
}

const VERSION = 1;
const SECRET_BYTES = 32;

/** How long a change waits for another one, which takes no longer than a write. */
const PATIENCE_MS = 5000;

/**
 * Reads the key file. A file that is missing and may be made is made first: with mode 0600, in a folder of mode 0700.
 * Processes that start at once end up with one file, and a crash leaves none or a whole one.
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

/** Puts a new key before the others of each chosen purpose, and answers the new ids. */
export async function rotateKeys(
  file: string,
  chosen: readonly KeyPurpose[],
  options: RewriteOptions = {},
): Promise<Partial<Record<KeyPurpose, string>>> {
  const fresh = chosen.map((purpose) => ({
    purpose,
    kid: newKid(),
    material: material[purpose](),
  }));
  await rewrite(file, options, (found, stored) => {
    for (const { purpose, kid, material } of fresh) {
      // Also with a clock that was set back, no key is older than the one before it.
      const createdAt = Math.max(Date.now(), found[purpose][0]?.createdAt ?? 0);
      stored[purpose] = [{ kid, createdAt, ...material }, ...(stored[purpose] ?? [])];
    }
    return true;
  });
  return Object.fromEntries(fresh.map(({ purpose, kid }) => [purpose, kid]));
}

/** Gives a purpose its first key, unless it has one. */
export async function addMissingKey(
  file: string,
  purpose: KeyPurpose,
  options: RewriteOptions = {},
): Promise<void> {
  const found = await openKeyFile(file, { mayCreate: false });
  if (found[purpose].length > 0) return;
  const key = { kid: newKid(), createdAt: Date.now(), ...material[purpose]() };
  await rewrite(file, options, (present, stored) => {
    // Another process may have been faster.
    if (present[purpose].length > 0) return false;
    stored[purpose] = [key];
    return true;
  });
}

/** Removes each key that is over, as its purpose and its successor tell, and answers the ids of the removed keys. */
export async function pruneKeys(
  file: string,
  isOver: (purpose: KeyPurpose, successor: FileKey) => boolean,
  options: RewriteOptions = {},
): Promise<Partial<Record<KeyPurpose, readonly string[]>>> {
  const pruned: Partial<Record<KeyPurpose, readonly string[]>> = {};
  await rewrite(file, options, (found, stored) => {
    for (const purpose of keyPurposes) {
      const [, ...older] = found[purpose];
      const kids = older.flatMap(({ kid }, index) => {
        const successor = found[purpose][index];
        return successor && isOver(purpose, successor) ? [kid] : [];
      });
      if (kids.length === 0) continue;
      pruned[purpose] = kids;
      stored[purpose] = (stored[purpose] ?? []).filter(({ kid }) => !kids.includes(kid));
    }
    return Object.keys(pruned).length > 0;
  });
  return pruned;
}

type RewriteOptions = {
  readonly patienceMs?: number;
  /** Given the text of the new file where the file cannot be written, which is then an error no more. */
  readonly onReadOnly?: (text: string) => void;
};

/** The lists of the file as JSON. */
type StoredLists = Partial<
  Record<KeyPurpose, readonly { readonly kid: string; readonly createdAt: number }[]>
>;

/**
 * Replaces the file as a whole, with mode 0600 and its owner, where `change` says that it changed something.
 * Simultaneous calls take turns, and lose no change.
 */
async function rewrite(
  file: string,
  { patienceMs = PATIENCE_MS, onReadOnly }: RewriteOptions,
  change: (found: KeyFile, stored: StoredLists) => boolean,
): Promise<void> {
  // A link to the file stays a link: the file behind it is replaced.
  const target = await realpath(file).catch((error: unknown) => {
    const problem = codeOf(error) === 'ENOENT' ? 'is missing' : `cannot be read (${codeOf(error)})`;
    throw new KeyFileError(file, problem);
  });
  if (onReadOnly && !(await isReplaceable(target))) {
    const text = (await read(target)) ?? '';
    const stored = JSON.parse(text);
    if (change(parse(file, text), stored)) onReadOnly(serialize(stored));
    return;
  }
  const draft = `${target}.new`;
  const handle = await makeDraft(target, draft, patienceMs);
  try {
    const text = await read(target);
    if (text === null) throw new KeyFileError(file, 'is missing');
    const found = parse(file, text);
    const stored = JSON.parse(text);
    const isChanged = change(found, stored);
    if (isChanged) {
      await handle.writeFile(serialize(stored));
      const { uid, gid } = await stat(target);
      // Root may rotate the keys of a server that runs as another user.
      if (uid !== process.geteuid?.()) await handle.chown(uid, gid);
      await handle.sync();
    }
    await handle.close();
    if (isChanged) {
      await rename(draft, target);
      await sync(path.dirname(target));
    } else {
      await rm(draft);
    }
  } catch (error) {
    await handle.close();
    await rm(draft, { force: true });
    if (error instanceof KeyFileError) throw error;
    throw new KeyFileError(file, `cannot be replaced (${codeOf(error)})`);
  }
}

/** Whether a file can be written, and its folder takes another in its place. */
const isReplaceable = async (file: string): Promise<boolean> =>
  (await isWritable(file)) && (await isWritable(path.dirname(file)));

/** The draft is the lock of a change as well: one change at a time has it, from its beginning to its end. */
async function makeDraft(file: string, draft: string, patienceMs: number): Promise<FileHandle> {
  const deadline = performance.now() + patienceMs;
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
          `is being changed; if nothing else changes it, a change was killed: remove ${draft}`,
        );
      }
      await setTimeout(20);
    }
  }
}

/** Writes a new file with mode 0600 that is a copy. Throws `KeyFileError` for a key file that is not usable. */
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
    const strangers = stat.mode & 0o077;
    // The group of a mounted secret is one that this process runs in. Windows has no permission bits, and makes them up.
    const isMounted = strangers === GROUP_READS && !(await isWritable(file));
    if (strangers !== 0 && !isMounted && process.platform !== 'win32') {
      throw new KeyFileError(
        file,
        'is open to group or others: its mode must be 0600, or 0440 where Rekey cannot write it (a mounted secret)',
      );
    }
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}

const GROUP_READS = 0o040;

const isWritable = (name: string): Promise<boolean> =>
  access(name, constants.W_OK).then(
    () => true,
    () => false,
  );

/** Makes the file, unless another process just did. */
async function create(file: string): Promise<void> {
  const folder = path.dirname(file);
  const draft = `${file}.${randomBytes(8).toString('hex')}.tmp`;
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await write(draft, newKeys());
    // A link, unlike a rename, fails where the name is taken: the first whole file wins.
    await link(draft, file).catch((error: unknown) => {
      // Some volumes have no links. Two first starts at one moment could then each have a file, for an instant.
      if (!/^(?:EPERM|ENOTSUP|EOPNOTSUPP|ENOSYS)$/.test(codeOf(error))) throw error;
      return rename(draft, file);
    });
    await sync(folder);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') {
      throw new KeyFileError(file, `cannot be made (${codeOf(error)})`);
    }
  } finally {
    // A draft that cannot be removed holds keys that nothing uses, with mode 0600: no reason to fail.
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
  // Windows does not open folders, and does not need this.
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
const newRsaPair = () => newPair(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey);
const newSecret = () => ({ secret: randomBytes(SECRET_BYTES).toString('base64url') });

/** Makes the secret of a new key of each purpose. */
const material: Record<KeyPurpose, () => object> = {
  signing: () => newPair(generateKeyPairSync('ed25519').privateKey),
  signingRsa: newRsaPair,
  encryption: newRsaPair,
  pepper: newSecret,
  link: newSecret,
  device: newSecret,
  throttle: newSecret,
  seal: newSecret,
  audit: newSecret,
};

function newKeys(): string {
  const createdAt = Date.now();
  const lists = alwaysThere.map((purpose) => [
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
    // The message of the parser quotes the text, which is secret.
    throw refuse('is not JSON');
  }
  const members: unknown = { [OPTIONAL]: [], ...(isObject(keys) && keys) };
  if (!hasExactly(members, ['version', ...keyPurposes]) || members.version !== VERSION) {
    const more = `and may have ${OPTIONAL}`;
    throw refuse(`must have exactly version (${VERSION}), ${alwaysThere.join(', ')}, ${more}`);
  }

  type KeyOf = (material: unknown) => KeyObject | null;
  const list = (purpose: KeyPurpose, member: string, keyOf: KeyOf): KeyList => {
    const [first, ...rest] = listOf(purpose, member, keyOf);
    if (first === undefined) throw refuse(`${purpose} is empty`);
    return [first, ...rest];
  };
  const listOf = (purpose: KeyPurpose, member: string, keyOf: KeyOf): readonly FileKey[] => {
    const entries = members[purpose];
    if (!Array.isArray(entries)) throw refuse(`${purpose} is not a list`);
    const found = entries.map((entry: unknown, index) => {
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
    if (new Set(found.map(({ kid }) => kid)).size < found.length) {
      throw refuse(`${purpose} has a kid twice`);
    }
    if (found.some((key, index) => key.createdAt > (found[index - 1] ?? key).createdAt)) {
      throw refuse(`${purpose} must have its newest key first`);
    }
    return found;
  };

  return {
    signing: list('signing', 'jwk', signingKey),
    signingRsa: listOf('signingRsa', 'jwk', rsaKey),
    encryption: list('encryption', 'jwk', rsaKey),
    pepper: list('pepper', 'secret', secretKey),
    link: list('link', 'secret', secretKey),
    device: list('device', 'secret', secretKey),
    throttle: list('throttle', 'secret', secretKey),
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
function rsaKey(jwk: unknown): KeyObject | null {
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
  // The decoder ignores letters outside base64url: only a text that encodes back to itself counts.
  const isExact = bytes.length === SECRET_BYTES && bytes.toString('base64url') === text;
  return isExact ? createSecretKey(bytes) : null;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function hasExactly(value: unknown, members: readonly string[]): value is Record<string, unknown> {
  if (!isObject(value)) return false;
  const names = Object.keys(value);
  return names.length === members.length && members.every((member) => Object.hasOwn(value, member));
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
}
