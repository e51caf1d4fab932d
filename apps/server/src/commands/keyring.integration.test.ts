import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openKeyFile } from '@rekey/adapters-crypto';
import { openDatabase } from '@rekey/adapters-db';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { outputOf, run } from '../../test/run.ts';

const MINUTE_MS = 60_000;

let file: string;
beforeEach(async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'rekey-keyring-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  file = path.join(folder, 'keys.json');
  await openKeyFile(file, { mayCreate: true });
  vi.stubEnv('KEYS_FILE', file);
  const url = `sqlite:${path.join(folder, 'rekey.db')}`;
  vi.stubEnv('DATABASE_URL', url);
  const { migrate, close } = await openDatabase({ url });
  await migrate();
  await close();
});

type Stored = Record<string, { kid: string; createdAt: number }[]>;

function stored(): Stored {
  const { version: _, ...lists } = JSON.parse(readFileSync(file, 'utf8'));
  return lists;
}

/** All keys of the file are that much older now. */
function age(ms: number): void {
  const keys = JSON.parse(readFileSync(file, 'utf8'));
  for (const list of Object.values(keys)) {
    if (Array.isArray(list)) for (const key of list) key.createdAt -= ms;
  }
  writeFileSync(file, JSON.stringify(keys));
}

const kidsOf = (purpose: string) => stored()[purpose]?.map(({ kid }) => kid);
const keyring = async (...args: string[]) =>
  JSON.parse(await outputOf('keyring', ...args, '--json'));

const routine = ['signing', 'encryption', 'link', 'device', 'seal', 'audit'];

describe('rekey keyring', () => {
  test('rotates neither the pepper nor the key for counts, unless they are named', async () => {
    const { rotated } = await keyring('rotate');
    expect(Object.keys(rotated)).toEqual(routine);
    const { rotated: named } = await keyring('rotate', '--purpose', 'pepper', 'link', 'pepper');
    expect(Object.keys(named)).toEqual(['pepper', 'link']);
    expect(kidsOf('link')).toEqual([named.link, rotated.link, expect.any(String)]);
  });

  test('has keys of RS256 where they are asked for, and rotates them with the others from then on', async () => {
    const rs256 = async () => {
      const { keys } = await keyring('list');
      return keys.filter(({ purpose }: { purpose: string }) => purpose === 'signingRsa');
    };
    expect(await rs256()).toEqual([]);
    // Whatever stands on the configuration makes the first one.
    vi.stubEnv('USERS_TOKEN_ALG', 'RS256');
    await outputOf('audit', 'list', '--json');
    expect(await rs256()).toEqual([expect.objectContaining({ is_current: true })]);
    await outputOf('audit', 'list', '--json');
    expect(await rs256()).toHaveLength(1);
    const { rotated } = await keyring('rotate');
    expect(kidsOf('signingRsa')).toEqual([rotated.signingRsa, expect.any(String)]);
    age(3_600_000 + 3 * MINUTE_MS);
    const { pruned } = await keyring('prune');
    expect(pruned.signingRsa).toHaveLength(1);
    expect(kidsOf('signingRsa')).toEqual([rotated.signingRsa]);
  });

  test('lists ids and ages, and which key is used', async () => {
    age(3 * 24 * 60 * MINUTE_MS);
    const { rotated } = await keyring('rotate', '--purpose', 'link');
    const { keys } = await keyring('list');
    const [, old] = kidsOf('link') ?? [];
    expect(keys.filter(({ purpose }: { purpose: string }) => purpose === 'link')).toEqual([
      expect.objectContaining({ kid: rotated.link, is_current: false }),
      expect.objectContaining({ kid: old, is_current: true }),
    ]);
    const lines = (await outputOf('keyring', 'list')).trimEnd().split('\n');
    expect(lines.find((line) => line.includes(old ?? '-'))).toMatch(/^link +\w+ +3 {2}current$/);
  });

  test('prunes a key when all that was made with it has expired, and not before', async () => {
    vi.stubEnv('ACCESS_TOKEN_TTL', '60');
    vi.stubEnv('REVOKE_TOKEN_TTL', '600');
    await keyring('rotate', '--purpose', ...Object.keys(stored()));
    const old = Object.fromEntries(
      Object.entries(stored()).map(([purpose, [, key]]) => [purpose, key?.kid]),
    );
    age(2 * MINUTE_MS);
    expect(await keyring('prune')).toEqual({ pruned: { throttle: [old.throttle] } });
    expect(await keyring('prune')).toEqual({ pruned: {} });

    age(2 * MINUTE_MS);
    expect(await keyring('prune')).toEqual({
      pruned: { signing: [old.signing], encryption: [old.encryption] },
    });
    expect(await outputOf('keyring', 'prune')).toBe('No key is old enough.\n');

    age(10 * MINUTE_MS);
    expect(await outputOf('keyring', 'prune')).toBe(`Removed keys:\n  link  ${old.link}\n`);
    // Only the database tells what still needs these.
    for (const purpose of ['pepper', 'seal', 'audit']) {
      expect(kidsOf(purpose)).toEqual([expect.any(String), old[purpose]]);
    }
  });

  test('removes the old keys of purposes at once whose tokens and links are to end, once every server has the new ones', async () => {
    await keyring('rotate', '--purpose', ...Object.keys(stored()));
    const [, old] = kidsOf('link') ?? [];
    const ending = ['prune', '--ending', 'link', 'device'];
    expect((await run(['keyring', ...ending])).error).toMatchObject({ name: 'WrongUsage' });
    expect(await keyring(...ending, '--yes')).toEqual({ pruned: {} });
    age(2 * MINUTE_MS);
    const { pruned } = await keyring(...ending, '--yes');
    expect(pruned).toMatchObject({ link: [old], device: [expect.any(String)] });
    expect(pruned).not.toHaveProperty('signing');
    for (const purpose of ['pepper', 'seal', 'audit']) {
      const { error } = await run(['keyring', 'prune', '--ending', purpose, '--yes']);
      expect(error).toMatchObject({ exitCode: 1, code: 'commander.invalidArgument' });
      expect(kidsOf(purpose)).toHaveLength(2);
    }
  });

  test('records each rotation and each pruning, also one that fails, and does none that it cannot record', async () => {
    const types = async () => {
      const { entries } = JSON.parse(await outputOf('audit', 'list', '--json'));
      return entries
        .map(({ type, outcome }: Record<string, string>) => `${type} ${outcome}`)
        .reverse();
    };
    const started = ['rekey:ChainBegin success'];
    expect(await types()).toEqual(started);
    await keyring('rotate');
    await keyring('prune');
    const acts = ['rekey:KeyringRotate success', 'rekey:KeyringPrune success'];
    expect(await types()).toEqual([...started, ...acts]);

    // As a rotation leaves it that was killed.
    writeFileSync(`${file}.new`, '');
    const before = stored();
    expect((await run(['keyring', 'rotate'])).error?.message).toContain('keys.json.new');
    const failed = ['rekey:KeyringRotate success', 'rekey:KeyringRotate failure'];
    expect(await types()).toEqual([...started, ...acts, ...failed]);
    rmSync(`${file}.new`);

    vi.stubEnv('DATABASE_URL', 'sqlite:/nowhere/rekey.db');
    expect((await run(['keyring', 'rotate'])).error?.message).toContain('there is no database');
    expect(stored()).toEqual(before);
  });

  test('says that there is no Rekey where there is neither database nor file, and that the file is lost where it alone is gone', async () => {
    rmSync(file);
    expect((await run(['keyring', 'list'])).error?.message).toContain('is missing');
    const empty = path.join(path.dirname(file), 'elsewhere/rekey.db');
    vi.stubEnv('DATABASE_URL', `sqlite:${empty}`);
    const { error } = await run(['keyring', 'list']);
    expect(error?.message).toContain(`there is no database of Rekey at ${empty}`);
    expect(existsSync(path.dirname(empty))).toBe(false);
  });
});
