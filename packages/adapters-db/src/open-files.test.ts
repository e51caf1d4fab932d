import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { commandToClose, openDatabase } from './index.ts';

let folder: string;
let file: string;
let url: string;
beforeEach(async () => {
  folder = path.join(await mkdtemp(path.join(tmpdir(), 'rekey-')), "a folder's");
  await mkdir(folder, { mode: 0o700 });
  file = path.join(folder, 'rekey.db');
  url = `sqlite:${file}`;
});
afterEach(() => rm(path.dirname(folder), { recursive: true }));

const modeOf = async (name: string) => (await stat(name)).mode & 0o777;

describe('the files of an SQLite database', () => {
  test('are for their owner alone where Rekey made them, and their folder', async () => {
    const inside = path.join(folder, 'data', 'rekey.db');
    const { migrate, close } = await openDatabase({ url: `sqlite:${inside}` });
    await migrate();
    const modes = [path.dirname(inside), inside, `${inside}-wal`, `${inside}-shm`].map(modeOf);
    expect(await Promise.all(modes)).toEqual([0o700, 0o600, 0o600, 0o600]);
    expect(await commandToClose(`sqlite:${inside}`)).toBeNull();
    await close();
  });

  test('are closed by no command while there are none', async () => {
    expect(await commandToClose(url)).toBeNull();
    expect(await commandToClose(`sqlite:${folder}/none/rekey.db`)).toBeNull();
  });

  test.each([
    ['read by all', '', 0o644],
    ['read by the group', '', 0o640],
    ['written by others', '', 0o602],
    ['read by all', '-wal', 0o644],
    ['read by all', '-shm', 0o644],
  ])('that can be %s are closed by the command: rekey.db%s', async (_, end, mode) => {
    for (const each of ['', '-wal', '-shm']) await writeFile(file + each, '', { mode: 0o600 });
    await chmod(file + end, mode);
    const command = await commandToClose(url);
    expect(command).toMatch(new RegExp(`^chmod 600 '.*/rekey\\.db${end}'$`));
    execFileSync('sh', ['-c', command ?? '']);
    expect(await modeOf(file + end)).toBe(0o600);
    expect(await commandToClose(url)).toBeNull();
  });

  test.each([0o755, 0o740, 0o730])('in a folder of mode %o are closed with it', async (mode) => {
    await writeFile(file, '', { mode: 0o600 });
    await chmod(file, 0o644);
    await chmod(folder, mode);
    execFileSync('sh', ['-c', (await commandToClose(url)) ?? '']);
    expect([await modeOf(folder), await modeOf(file)]).toEqual([0o700, 0o600]);
    expect(await commandToClose(url)).toBeNull();
  });

  test('in a folder that all share on purpose leave it as it is', async () => {
    await writeFile(file, '', { mode: 0o600 });
    await chmod(folder, 0o1777);
    expect(await commandToClose(url)).toBeNull();
  });
});

test('the files of PostgreSQL are none of Rekey’s', async () => {
  expect(await commandToClose('postgres://rekey:secret@127.0.0.1:1/rekey')).toBeNull();
});
