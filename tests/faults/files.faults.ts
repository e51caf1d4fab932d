import { existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { runServer } from '../harness.ts';
import {
  aClient,
  aPerson,
  aWorld,
  isLong,
  PATIENCE_MS,
  someDatabases,
  type World,
  walk,
} from './world.ts';

vi.setConfig({ testTimeout: PATIENCE_MS });

/** A folder in which somebody has an account, and nothing runs. */
async function setUp(world: World): Promise<void> {
  const server = await world.start();
  await walk(aClient(server), aPerson());
  server.signal('SIGTERM');
  expect(await server.exit).toEqual({ code: 0, signal: null });
}

const read = (file: string) => (existsSync(file) ? readFileSync(file) : null);

/** Half of them will do for the short form. */
const few = <T>(all: Record<string, T>): T[] =>
  Object.values(all).filter((_, index) => isLong || index % 2 === 0);

/** The server refuses to start, says why in one line, and leaves the file as it is. */
async function expectRefused({ folder, env }: World, file: string, why: RegExp): Promise<void> {
  const before = read(file);
  const { code, stderr } = await runServer(folder, env);
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(why) });
  expect(stderr.trim().split('\n')).toHaveLength(1);
  expect(read(file)).toEqual(before);
}

describe.each(someDatabases)('on %s', (database) => {
  test('a key file that is corrupt or missing is refused, and left as it is', async (context) => {
    const world = await aWorld(context, database);
    await setUp(world);
    const file = path.join(world.folder, 'data/keys.json');
    const whole = readFileSync(file);
    const damages: Record<string, () => void> = {
      empty: () => truncateSync(file, 0),
      'cut off': () => truncateSync(file, Math.floor(whole.length / 2)),
      'a byte changed': () => {
        const text = whole.toString('latin1');
        writeFileSync(
          file,
          text.replace(/"d": "(.)/, (_, first) => `"d": "${first === 'A' ? 'B' : 'A'}`),
        );
      },
      zeros: () => writeFileSync(file, Buffer.alloc(whole.length)),
      missing: () => rmSync(file),
    };
    for (const damage of few(damages)) {
      damage();
      await expectRefused(world, file, /keys\.json/);
      writeFileSync(file, whole, { mode: 0o600 });
    }
    const server = await world.start();
    expect(await aClient(server).get('/health/ready')).toMatchObject({ status: 200 });
    world.record({
      fault: `a key file that is ${Object.keys(damages).join(', ')}`,
      rounds: few(damages).length,
      figure: 'refused at the start in one line, the file as it was; well with the file restored',
    });
  });
});

describe('on SQLite', () => {
  test('a database that is corrupt is refused, and left as it is', async (context) => {
    const world = await aWorld(context, 'SQLite');
    await setUp(world);
    const file = path.join(world.folder, 'data/rekey.db');
    const whole = readFileSync(file);
    const damages: Record<string, () => void> = {
      'cut off': () => truncateSync(file, Math.floor(whole.length / 2)),
      'overwritten behind its header': () =>
        writeFileSync(file, Buffer.from(whole).fill('x', 100, 4096)),
      'without its header': () => writeFileSync(file, Buffer.from(whole).fill(0, 0, 100)),
      'something else': () => writeFileSync(file, 'a shopping list'),
    };
    for (const damage of few(damages)) {
      damage();
      await expectRefused(world, file, /database/);
    }
    writeFileSync(file, whole);
    const server = await world.start();
    expect(await aClient(server).get('/health/ready')).toMatchObject({ status: 200 });
    world.record({
      fault: `a database file that is ${Object.keys(damages).join(', ')}`,
      rounds: few(damages).length,
      figure: 'refused at the start in one line, the file as it was; well with the file restored',
    });
  });

  test('a key file that is lost while the server runs changes nothing for those who use it', async (context) => {
    const { folder, start, record } = await aWorld(context, 'SQLite');
    const server = await start();
    const client = aClient(server);
    const file = path.join(folder, 'data/keys.json');
    rmSync(file);
    await walk(client, aPerson());
    expect(existsSync(file)).toBe(false);
    record({
      fault: 'the key file removed under a running server',
      rounds: 1,
      figure: 'no request failed; no new file was made',
    });
  });
});

describe('on PostgreSQL', () => {
  test('a database that is missing is refused', async (context) => {
    const world = await aWorld(context, 'PostgreSQL');
    const url = new URL(world.env.DATABASE_URL ?? '');
    url.pathname = '/rekey_not_there';
    const missing = { ...world, env: { ...world.env, DATABASE_URL: url.href } };
    await expectRefused(missing, path.join(world.folder, 'data/keys.json'), /does not exist/);
    world.record({
      fault: 'a database that is missing',
      rounds: 1,
      figure: 'refused at the start in one line; no key file was made',
    });
  });
});
