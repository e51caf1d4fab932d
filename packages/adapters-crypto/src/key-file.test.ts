import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { createSecretKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, chownSync } from 'node:fs';
import {
  chmod,
  chown,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import { skips } from '@rekey/usecases/testing';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  addMissingKey,
  copyKeyFile,
  type KeyFile,
  KeyFileError,
  openKeyFile,
  pruneKeys,
  rotateKeys,
} from './key-file.ts';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'rekey-keys-'));
  file = path.join(folder, 'data', 'keys.json');
});
afterEach(() => rm(folder, { recursive: true }));

const modeOf = async (name: string) => ((await stat(name)).mode & 0o777).toString(8);
const bytesOf = (key: KeyObject) => key.export().toString('base64url');

/** The message with which a file of this text is refused. */
async function refusal(text: string | Uint8Array): Promise<string> {
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, text, { mode: 0o600 });
  const error: unknown = await openKeyFile(file, { mayCreate: true }).catch((reason) => reason);
  if (!(error instanceof KeyFileError)) throw new Error('it was not refused', { cause: error });
  expect(error.cause).toBe(undefined);
  return error.message;
}

describe('a new key file', () => {
  test('is made where it may be, and reads the same ever after', async () => {
    const made = await openKeyFile(file, { mayCreate: true });
    const read = await openKeyFile(file, { mayCreate: false });
    const summary = (keys: KeyFile) =>
      Object.entries(keys).map(([purpose, [first, ...rest]]) => [purpose, first?.kid, rest.length]);
    expect(summary(read)).toEqual(summary(made));
    expect(bytesOf(read.pepper[0].key)).toBe(bytesOf(made.pepper[0].key));
    expect(read.signing[0].key.equals(made.signing[0].key)).toBe(true);
  });

  test('has one key for each purpose, but for the one that is asked for apart', async () => {
    const { signing, signingRsa, encryption, pepper, link, device, throttle, seal, audit } =
      await openKeyFile(file, {
        mayCreate: true,
      });
    const lists = [signing, encryption, pepper, link, device, throttle, seal, audit];
    expect(lists.map((list) => list.length)).toEqual([1, 1, 1, 1, 1, 1, 1, 1]);
    expect(signingRsa).toEqual([]);
    expect(signing[0].key.asymmetricKeyType).toBe('ed25519');
    expect(encryption[0].key.asymmetricKeyDetails?.modulusLength).toBe(2048);
    const secrets = [pepper, link, device, throttle, seal, audit].map(([first]) => first.key);
    expect(secrets.map((key) => key.symmetricKeySize)).toEqual([32, 32, 32, 32, 32, 32]);
    expect(new Set(secrets.map(bytesOf)).size).toBe(6);
  });

  test('can be read by its owner alone, and so can its folder', async () => {
    await openKeyFile(file, { mayCreate: true });
    expect(await modeOf(file)).toBe('600');
    expect(await modeOf(path.dirname(file))).toBe('700');
  });

  test('leaves nothing else behind', async () => {
    await openKeyFile(file, { mayCreate: true });
    expect(await readdir(path.dirname(file))).toEqual(['keys.json']);
  });

  test('is not made where it may not be', async () => {
    await expect(openKeyFile(file, { mayCreate: false })).rejects.toThrow(/is missing/);
    await expect(stat(file)).rejects.toThrow('ENOENT');
  });

  test('cannot be made where there is no place for it', async () => {
    const longest = path.join(folder, 'x'.repeat(255));
    const error = openKeyFile(longest, { mayCreate: true });
    await expect(error).rejects.toThrow(KeyFileError);
    await expect(error).rejects.toThrow('cannot be made (ENAMETOOLONG)');
  });

  test('is the same one for all processes that start at once', async () => {
    const module = pathToFileURL(path.join(import.meta.dirname, 'key-file.ts')).href;
    const program = `
      const { openKeyFile } = await import('${module}');
      process.stdout.write('ready');
      process.stdin.once('data', async () => {
        const keys = await openKeyFile(process.argv[1], { mayCreate: true });
        process.stdout.write(keys.pepper[0].key.export().toString('hex'));
        process.stdin.destroy();
      });`;
    const racers = Array.from({ length: 6 }, () =>
      spawn(process.execPath, ['--input-type=module', '--eval', program, file], {
        stdio: ['pipe', 'pipe', 'inherit'],
      }),
    );
    // All are waiting, with their modules loaded, before the first may start.
    await Promise.all(racers.map((racer) => once(racer.stdout, 'data')));
    const answers = racers.map((racer) => racer.stdout.setEncoding('utf8').toArray());
    for (const racer of racers) racer.stdin.write('go');
    const peppers = (await Promise.all(answers)).map((chunks) => chunks.join(''));

    const { pepper } = await openKeyFile(file, { mayCreate: false });
    const kept = pepper[0].key.export().toString('hex');
    expect(peppers).toEqual(racers.map(() => kept));
    expect(await readdir(path.dirname(file))).toEqual(['keys.json']);
  });
});

describe('a key file', () => {
  let text = '';
  beforeEach(async () => {
    // RSA keys take a while to make: all tests have the same.
    if (text === '') {
      await openKeyFile(file, { mayCreate: true });
      text = await readFile(file, 'utf8');
    } else {
      await mkdir(path.dirname(file), { mode: 0o700 });
      await writeFile(file, text, { mode: 0o600 });
    }
  });

  /** The file's contents, changed. */
  function changed(change: (keys: Record<string, Record<string, unknown>[]>) => unknown): string {
    const keys = JSON.parse(text);
    change(keys);
    return JSON.stringify(keys);
  }

  test.each([0o640, 0o604, 0o620, 0o602, 0o610, 0o601])('is refused with mode %o', async (mode) => {
    await chmod(file, mode);
    await expect(openKeyFile(file, { mayCreate: true })).rejects.toThrow('its mode must be 0600');
  });

  const isRoot = process.getuid?.() === 0;
  test.skipIf(skips(!isRoot, 'only root can become another user'))(
    'may be readable by its group where it cannot be written, as a mounted secret',
    () => {
      chmodSync(file, 0o440);
      // As a group that has no other right; root could write anywhere but on a read-only volume.
      const openAs = (gid: number) =>
        spawnSync(
          process.execPath,
          [path.join(import.meta.dirname, '../test/opening.ts'), file, '12345', String(gid)],
          { encoding: 'utf8' },
        ).stdout;
      chownSync(file, 0, 23456);
      chmodSync(path.dirname(file), 0o755);
      chmodSync(folder, 0o755);
      expect(openAs(23456)).toBe('opened, and printed a new file\n');
      expect(openAs(34567)).toMatch(/cannot be read \(EACCES\)/);
      chmodSync(file, 0o460);
      expect(openAs(23456)).toMatch(/its mode must be 0600/);
      chmodSync(file, 0o444);
      expect(openAs(23456)).toMatch(/its mode must be 0600/);
    },
  );

  test('may be read-only', async () => {
    await chmod(file, 0o400);
    await expect(openKeyFile(file, { mayCreate: false })).resolves.toBeDefined();
  });

  test('is refused where it is a folder', async () => {
    await rm(file);
    await mkdir(file, { mode: 0o700 });
    await expect(openKeyFile(file, { mayCreate: true })).rejects.toThrow('not a regular file');
  });

  test('is refused, without waiting, where it is a pipe', async () => {
    await rm(file);
    execFileSync('mkfifo', ['-m', '600', file]);
    await expect(openKeyFile(file, { mayCreate: true })).rejects.toThrow('not a regular file');
  });

  test('is never made anew where it is broken', async () => {
    const half = text.slice(0, text.length / 2);
    expect(await refusal(half)).toMatch(/is not JSON$/);
    expect(await readFile(file, 'utf8')).toBe(half);
  });

  test('keeps older keys, the newest first', async () => {
    const secret = Buffer.alloc(32, 7).toString('base64url');
    const rotated = changed(({ pepper }) =>
      pepper!.unshift({ kid: 'newer', createdAt: Number(pepper![0]!.createdAt) + 1, secret }),
    );
    await writeFile(file, rotated);
    const { pepper } = await openKeyFile(file, { mayCreate: false });
    expect(pepper.map(({ kid }) => kid)).toEqual(['newer', JSON.parse(text).pepper[0].kid]);
    expect(pepper[0].key.equals(createSecretKey(Buffer.alloc(32, 7)))).toBe(true);
  });

  test('may have an RSA key of 3072 bits', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 3072 });
    const longer = changed(({ encryption }) => {
      encryption![0]!.jwk = privateKey.export({ format: 'jwk' });
    });
    await writeFile(file, longer);
    const { encryption } = await openKeyFile(file, { mayCreate: false });
    expect(encryption[0].key.equals(privateKey)).toBe(true);
  });

  test('may be without the keys of RS256, and with them', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const key = { kid: 'r1', createdAt: 1, jwk: privateKey.export({ format: 'jwk' }) };
    await writeFile(
      file,
      changed((keys) => Object.assign(keys, { signingRsa: [key] })),
    );
    const { signingRsa } = await openKeyFile(file, { mayCreate: false });
    expect(signingRsa.map(({ kid }) => kid)).toEqual(['r1']);
    expect(signingRsa[0]?.key.equals(privateKey)).toBe(true);
    await writeFile(
      file,
      changed((keys) => Object.assign(keys, { signingRsa: [] })),
    );
    expect((await openKeyFile(file, { mayCreate: false })).signingRsa).toEqual([]);
  });

  const jwk = (type: 'ed448' | 'x25519') =>
    generateKeyPairSync(type as 'ed448').privateKey.export({ format: 'jwk' });
  const rsa = (modulusLength: number) =>
    generateKeyPairSync('rsa', { modulusLength }).privateKey.export({ format: 'jwk' });

  test.each<[string, Parameters<typeof changed>[0], RegExp]>([
    ['of another version', (keys) => Object.assign(keys, { version: 2 }), /must have exactly/],
    ['without a purpose', (keys) => delete keys.seal, /must have exactly/],
    ['with an unknown purpose', (keys) => Object.assign(keys, { more: [] }), /must have exactly/],
    ['with no key for a purpose', (keys) => keys.link!.pop(), /link is empty/],
    ['with a list that is none', (keys) => Object.assign(keys, { seal: {} }), /seal is not a list/],
    ['with null for a key', (keys) => keys.seal!.splice(0, 1, null as never), /seal\[0\] must/],
    ['with a member too many', ({ seal }) => Object.assign(seal![0]!, { a: 1 }), /seal\[0\] must/],
    ['without a kid', ({ seal }) => delete seal![0]!.kid, /seal\[0\] must/],
    ['with an odd kid', ({ seal }) => Object.assign(seal![0]!, { kid: 'a.b' }), /seal\[0\]\.kid/],
    ['with a kid twice', ({ seal }) => seal!.push(seal![0]!), /seal has a kid twice/],
    [
      'with a time that is none',
      ({ seal }) => Object.assign(seal![0]!, { createdAt: '2026-01-01' }),
      /seal\[0\]\.createdAt/,
    ],
    [
      'with a time of seconds and parts',
      ({ seal }) => Object.assign(seal![0]!, { createdAt: 1767323045.5 }),
      /seal\[0\]\.createdAt/,
    ],
    [
      'with the newest key last',
      ({ seal }) => seal!.push({ ...seal![0], kid: 'b', createdAt: 9e15 }),
      /seal must have its newest key first/,
    ],
    [
      'with a short secret',
      ({ pepper }) => Object.assign(pepper![0]!, { secret: 'A'.repeat(42) }),
      /pepper\[0\]\.secret is no key/,
    ],
    [
      'with a secret in other letters',
      ({ pepper }) => Object.assign(pepper![0]!, { secret: `${'+'.repeat(42)}A` }),
      /pepper\[0\]\.secret is no key/,
    ],
    [
      'with a secret of unused bits',
      ({ pepper }) => Object.assign(pepper![0]!, { secret: 'B'.repeat(43) }),
      /pepper\[0\]\.secret is no key/,
    ],
    [
      'with a public signing key',
      ({ signing }) => delete (signing![0]!.jwk as { d?: string }).d,
      /signing\[0\]\.jwk is no key/,
    ],
    [
      'with two halves of signing keys',
      ({ signing }) => Object.assign(signing![0]!.jwk as object, { x: 'A'.repeat(43) }),
      /signing\[0\]\.jwk is no key/,
    ],
    [
      'with a signing key of another curve',
      ({ signing }) => Object.assign(signing![0]!, { jwk: jwk('ed448') }),
      /signing\[0\]\.jwk is no key/,
    ],
    [
      'with a signing key that cannot sign',
      ({ signing }) => Object.assign(signing![0]!, { jwk: jwk('x25519') }),
      /signing\[0\]\.jwk is no key/,
    ],
    [
      'with the keys of two purposes exchanged',
      ({ signing, encryption }) => Object.assign(encryption![0]!, { jwk: signing![0]!.jwk }),
      /encryption\[0\]\.jwk is no key/,
    ],
    [
      'with a short RSA key',
      ({ encryption }) => Object.assign(encryption![0]!, { jwk: rsa(1024) }),
      /encryption\[0\]\.jwk is no key/,
    ],
  ])('is refused %s', async (_how, change, message) => {
    expect(await refusal(changed(change))).toMatch(message);
  });

  test('is refused as any other JSON, and as no JSON', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.json(), fc.string({ unit: 'binary' })), async (other) => {
        expect(await refusal(other)).toMatch(/is not JSON|must have exactly/);
      }),
      { numRuns: 50 },
    );
  });

  test('is refused with any one member of it replaced, and never quoted', async () => {
    const keys = JSON.parse(text);
    const paths = Object.entries(keys).flatMap(([purpose, list]) =>
      Array.isArray(list) ? Object.keys(list[0]).map((member) => [purpose, member] as const) : [],
    );
    const planted = 'PLANTED-secret+value';
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...paths),
        fc.constantFrom(null, planted, [planted], { [planted]: planted }, true),
        async ([purpose, member], value) => {
          const message = await refusal(
            changed((all) => Object.assign(all[purpose]![0]!, { [member]: value })),
          );
          expect(message).not.toContain('PLANTED');
        },
      ),
    );
    expect(await refusal(`{"pepper": ${planted}`)).not.toContain('PLANTED');
  });

  test('keeps its secrets when it is printed', async () => {
    const keys = await openKeyFile(file, { mayCreate: false });
    const printed = inspect(keys, { depth: 9, showHidden: true }) + JSON.stringify(keys);
    const material = [...text.matchAll(/"(?:secret|d|p|q|dp|dq|qi)": "([^"]+)"/g)];
    expect(material).toHaveLength(13);
    for (const [, secret] of material) expect(printed).not.toContain(secret);
  });
});

describe('a purpose that has no key yet', () => {
  beforeEach(() => openKeyFile(file, { mayCreate: true }));

  test('is given one key, however many ask for it at once', async () => {
    await Promise.all(Array.from({ length: 4 }, () => addMissingKey(file, 'signingRsa')));
    const { signingRsa } = await openKeyFile(file, { mayCreate: false });
    expect(signingRsa.map(({ key }) => key.asymmetricKeyType)).toEqual(['rsa']);
    await addMissingKey(file, 'signingRsa');
    expect((await openKeyFile(file, { mayCreate: false })).signingRsa).toHaveLength(1);
    expect(await readdir(path.dirname(file))).toEqual(['keys.json']);
  });

  test('is given its first by a rotation too, and keeps the older ones from then on', async () => {
    const { signingRsa: first } = await rotateKeys(file, ['signingRsa']);
    const { signingRsa: second } = await rotateKeys(file, ['signingRsa']);
    const kept = await openKeyFile(file, { mayCreate: false });
    expect(kept.signingRsa.map(({ kid }) => kid)).toEqual([second, first]);
    await pruneKeys(file, (purpose) => purpose === 'signingRsa');
    const left = await openKeyFile(file, { mayCreate: false });
    expect(left.signingRsa.map(({ kid }) => kid)).toEqual([second]);
  });

  test('is left alone where another has one', async () => {
    const before = await readFile(file, 'utf8');
    await addMissingKey(file, 'signing');
    expect(await readFile(file, 'utf8')).toBe(before);
  });
});

describe('a rotation', () => {
  const kidsOf = (keys: KeyFile) =>
    Object.fromEntries(Object.entries(keys).map(([name, list]) => [name, list.map((k) => k.kid)]));
  const read = async () => kidsOf(await openKeyFile(file, { mayCreate: false }));
  let before: Record<string, string[]>;
  beforeEach(async () => {
    before = kidsOf(await openKeyFile(file, { mayCreate: true }));
  });

  test('puts a new key before the others of each purpose, and touches no other', async () => {
    const fresh = await rotateKeys(file, ['signing', 'encryption', 'pepper']);
    expect(Object.keys(fresh)).toEqual(['signing', 'encryption', 'pepper']);
    expect(await read()).toEqual({
      ...before,
      signing: [fresh.signing, ...before.signing!],
      encryption: [fresh.encryption, ...before.encryption!],
      pepper: [fresh.pepper, ...before.pepper!],
    });
  });

  test('keeps the file for its owner alone, and leaves nothing else behind', async () => {
    await chmod(file, 0o400);
    await rotateKeys(file, ['seal']);
    expect(await modeOf(file)).toBe('600');
    expect(await readdir(path.dirname(file))).toEqual(['keys.json']);
  });

  test.skipIf(skips(process.getuid?.() !== 0, 'only root gives files away'))(
    'leaves the file to its owner',
    async () => {
      await chown(file, 12_345, 12_345);
      await rotateKeys(file, ['seal']);
      expect(await stat(file)).toMatchObject({ uid: 12_345, gid: 12_345 });
    },
  );

  test('follows a link to the file, and leaves the link', async () => {
    const name = path.join(folder, 'link.json');
    await symlink(file, name);
    const { seal } = await rotateKeys(name, ['seal']);
    expect((await lstat(name)).isSymbolicLink()).toBe(true);
    expect((await read()).seal).toEqual([seal, ...before.seal!]);
  });

  test('makes no key older than the one before it, whatever the clock says', async () => {
    const keys = JSON.parse(await readFile(file, 'utf8'));
    keys.seal[0].createdAt = 9e15;
    await writeFile(file, JSON.stringify(keys));
    const { seal } = await rotateKeys(file, ['seal']);
    expect((await read()).seal).toEqual([seal, ...before.seal!]);
  });

  test.each([
    ['missing', () => rm(file), /is missing/],
    ['broken', () => writeFile(file, '{}'), /must have exactly/],
    ['open to others', () => chmod(file, 0o644), /0600/],
  ])('is refused where the file is %s, and changes nothing', async (_how, harm, message) => {
    await harm();
    const text = await readFile(file, 'utf8').catch(() => null);
    await expect(rotateKeys(file, ['seal'])).rejects.toThrow(message);
    expect(await readFile(file, 'utf8').catch(() => null)).toBe(text);
    expect(await readdir(path.dirname(file))).toEqual(text === null ? [] : ['keys.json']);
  });

  test('is refused where there is not even a folder', async () => {
    const nowhere = path.join(folder, 'nowhere', 'keys.json');
    await expect(rotateKeys(nowhere, ['seal'])).rejects.toThrow(/is missing$/);
  });

  test('is refused while the draft of a killed one is there, and says what to do', async () => {
    await writeFile(`${file}.new`, '');
    await expect(rotateKeys(file, ['seal'], { patienceMs: 0 })).rejects.toThrow(
      /remove .*keys\.json\.new$/,
    );
    expect(await read()).toEqual(before);
    await rm(`${file}.new`);
  });

  test('of many that meet none loses a key', async () => {
    const fresh = await Promise.all(Array.from({ length: 8 }, () => rotateKeys(file, ['seal'])));
    const { seal } = await read();
    expect(seal!.toSorted()).toEqual([...fresh.map(({ seal }) => seal), ...before.seal!].sort());
  });
});

describe('pruning', () => {
  const kidsOf = (list: KeyFile['seal']) => list.map(({ kid }) => kid);
  const read = () => openKeyFile(file, { mayCreate: false });
  beforeEach(async () => {
    await openKeyFile(file, { mayCreate: true });
  });

  test('removes the keys that are over, and answers their ids', async () => {
    await rotateKeys(file, ['link', 'seal']);
    await rotateKeys(file, ['link', 'seal']);
    const { link, seal } = await read();
    const pruned = await pruneKeys(file, (purpose) => purpose === 'link');
    expect(pruned).toEqual({ link: kidsOf(link).slice(1) });
    expect(pruned.link).toHaveLength(2);
    const after = await read();
    expect(kidsOf(after.link)).toEqual([link[0].kid]);
    expect(kidsOf(after.seal)).toEqual(kidsOf(seal));
    expect(await modeOf(file)).toBe('600');
    expect(await readdir(path.dirname(file))).toEqual(['keys.json']);
  });

  test('judges a key by the one that succeeded it', async () => {
    await rotateKeys(file, ['link']);
    await rotateKeys(file, ['link']);
    const { link } = await read();
    const pruned = await pruneKeys(file, (_purpose, { kid }) => kid === link[1]?.kid);
    expect(pruned).toEqual({ link: [link[2]?.kid] });
  });

  test('never removes the newest key of a purpose, and leaves a file alone that has no other', async () => {
    const text = await readFile(file, 'utf8');
    const before = await stat(file);
    expect(await pruneKeys(file, () => true)).toEqual({});
    expect(await readFile(file, 'utf8')).toBe(text);
    expect((await stat(file)).ino).toBe(before.ino);
    expect(await readdir(path.dirname(file))).toEqual(['keys.json']);
  });

  test('is refused where the file is broken, and changes nothing', async () => {
    await writeFile(file, '{"version"');
    await expect(pruneKeys(file, () => true)).rejects.toThrow(/is not JSON$/);
    expect(await readFile(file, 'utf8')).toBe('{"version"');
  });
});

describe('a copy of the key file', () => {
  test('is for its owner alone, and the same', async () => {
    await openKeyFile(file, { mayCreate: true });
    const copy = path.join(folder, 'copy.json');
    await copyKeyFile(file, copy);
    expect(await readFile(copy, 'utf8')).toBe(await readFile(file, 'utf8'));
    expect(await modeOf(copy)).toBe('600');
    await expect(copyKeyFile(file, copy)).rejects.toThrow('EEXIST');
  });

  test('is not made of a file that is broken or missing', async () => {
    const copy = path.join(folder, 'copy.json');
    await expect(copyKeyFile(file, copy)).rejects.toThrow(/is missing/);
    await openKeyFile(file, { mayCreate: true });
    await writeFile(file, '{}');
    await expect(copyKeyFile(file, copy)).rejects.toThrow(KeyFileError);
    await expect(stat(copy)).rejects.toThrow('ENOENT');
  });
});
