import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Command } from 'commander';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { outputOf, run } from '../test/run.ts';
import { exitOf, names } from './exit.ts';
import { createProgram } from './program.ts';

beforeEach(async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'rekey-exit-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  vi.stubEnv('KEYS_FILE', path.join(folder, 'keys.json'));
  vi.stubEnv('DATABASE_URL', `sqlite:${path.join(folder, 'rekey.db')}`);
  vi.stubEnv('MAIL_DIR', path.join(folder, 'mail'));
  await run(['init']);
});

const UNKNOWN = '01900000-0000-7000-8000-ffffffffffff';

type Leaf = { readonly words: readonly string[]; readonly command: Command };

const leavesOf = (command: Command, words: readonly string[] = []): Leaf[] =>
  command.commands.length === 0
    ? [{ words, command }]
    : command.commands.flatMap((each) => leavesOf(each, [...words, each.name()]));

/** What names something that has to be there: arguments and options of these names. */
const NAMING = new Set(['user', 'key', 'service', 'id']);
const NAMING_OPTIONS = new Set(['--user', '--service']);
/** What else these commands need. */
const more: Readonly<Record<string, readonly string[]>> = {
  'user update': ['--name', 'Ada'],
  'user delete': ['--yes'],
  'user remove-factor': ['totp', '--yes'],
  'user grant': ['admin'],
  'user revoke': ['admin'],
  'service update': ['--name', 'Shop'],
  'service revoke-key': ['abcdefgh', '--yes'],
  'service delete': ['--yes'],
  'key create': ['cron'],
  'key revoke': ['--yes'],
  'root-key revoke': ['--yes'],
  'webhook create': ['https://receiver.example'],
  'webhook delete': ['--yes'],
  'webhook replay': ['2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'],
  'session end --user': ['--all'],
  'session end --service': ['--all', '--user', 'ada@example.com'],
};
/** The audit knows those who were deleted: there is no id that it could not know. */
const deletedToo = ['audit list --user', 'audit list --service', 'audit export --service'];

/** It takes the name of a service as well, and any text may be one: the tests of imports have it. */
const namedOtherwise = 'import --service';

/** The lines that name something, each with the place where that stands. */
const lines = leavesOf(createProgram()).flatMap(({ words, command }) => {
  const name = words.join(' ');
  const [first] = command.registeredArguments.map((argument) => argument.name());
  const byArgument =
    first !== undefined && NAMING.has(first)
      ? [{ line: name, of: (id: string) => [...words, id, ...(more[name] ?? [])] }]
      : [];
  const byOption = command.options
    .map(({ long }) => long ?? '')
    .filter((long) => NAMING_OPTIONS.has(long))
    .map((long) => {
      const line = `${name} ${long}`;
      const others = more[line] ?? more[name] ?? [];
      return { line, of: (id: string) => [...words, ...others, long, id] };
    });
  return [...byArgument, ...byOption];
});

const end = async (args: readonly string[]) => {
  const { error, stdout } = await run(args);
  return { ...(error ? exitOf(error) : { code: process.exitCode ?? 0, reason: null }), stdout };
};

describe('an exit code', () => {
  test('is asked about every command that names something', () => {
    expect(lines.length).toBeGreaterThan(25);
    expect(lines.map(({ line }) => line)).toEqual(expect.arrayContaining(deletedToo));
    for (const known of Object.keys(more)) {
      expect(lines.some(({ line }) => line.startsWith(known))).toBe(true);
    }
  });

  test.each(lines.filter(({ line }) => line !== namedOtherwise && !deletedToo.includes(line)))(
    'is 1 for an id that nothing has, which is named, and 2 for what is no id: $line',
    async ({ line, of }) => {
      await outputOf('user', 'create', 'Ada', 'ada@example.com');
      const { id } = JSON.parse(
        await outputOf('create-service-with-key', 'Shop', 'https://shop.example', '--json'),
      ).service;
      // Where the key of a user is made, its service is there.
      const args = of(UNKNOWN);
      if (line === 'key create --user') args.push('--service', id);
      const unknown = await end(args);
      process.exitCode = undefined;
      expect({ line, code: unknown.code }).toEqual({ line, code: 1 });
      expect(`${unknown.reason}${unknown.stdout}`).toContain(UNKNOWN);

      const wrong = of('no id');
      if (line === 'key create --user') wrong.push('--service', id);
      expect({ line, code: (await end(wrong)).code }).toEqual({ line, code: 2 });
    },
  );

  test.each(deletedToo)(
    'is 0 where the audit is asked about what it does not know: %s',
    async (line) => {
      const args = lines.find((each) => each.line === line)?.of(UNKNOWN) ?? [];
      expect((await end(args)).code).toBe(0);
    },
  );

  test('is 1 where what is there stands in the way, and 2 where the line is wrong on any day', async () => {
    await outputOf('user', 'create', 'Ada', 'ada@example.com');
    const { service } = JSON.parse(
      await outputOf('create-service-with-key', 'Shop', 'https://shop.example', '--json'),
    );
    const key = ['key', 'create', 'web', '--service', service.id, '--user', 'ada@example.com'];
    await outputOf(...key, '--type', 'TOKEN');
    const state = [
      ['user', 'create', 'Ada', 'ada@example.com'],
      [...key, '--type', 'TOKEN'],
      ['service', 'delete', service.id, '--yes'],
      ['user', 'recover', 'ada@example.com'],
    ];
    for (const args of state)
      expect({ args, code: (await end(args)).code }).toEqual({ args, code: 1 });
    const wrong = [
      ['user', 'create', 'Ada', 'ada'],
      ['create-service-with-key', 'users', 'https://shop.example'],
      [...key, '--scopes', 'a b'],
      ['user', 'update', 'ada@example.com', '--attributes', '{"a":9007199254740993}'],
    ];
    for (const args of wrong)
      expect({ args, code: (await end(args)).code }).toEqual({ args, code: 2 });
  });
});

describe('a reason', () => {
  test('has the names of the command line, and none of the API', async () => {
    await outputOf('user', 'create', 'Ada', 'ada@example.com');
    const { service } = JSON.parse(
      await outputOf('create-service-with-key', 'Shop', 'https://shop.example', '--json'),
    );
    const key = ['key', 'create', 'web', '--service', service.id];
    const ofUser = [...key, '--user', 'ada@example.com', '--type', 'TOKEN'];
    await outputOf(...ofUser);
    const reasonOf = async (...args: string[]) => (await end(args)).reason;
    expect(await reasonOf(...ofUser)).toBe(
      'the option --type is taken: the user has a usable TOKEN key of this service already',
    );
    expect(await reasonOf(...key, '--scopes', 'a b')).toMatch(/^the option --scopes must each/);
    expect(await reasonOf(...key, '--type', 'TOTP')).toMatch(/^the user is required/);
    expect(await reasonOf('user', 'create', 'Ada', 'ada@example.com')).toMatch(/^the address /);
  });

  test('calls each option by a name that a command has', () => {
    const longs = new Set(
      leavesOf(createProgram()).flatMap(({ command }) => command.options.map(({ long }) => long)),
    );
    for (const name of Object.values(names)) {
      const [, option] = /^option (--\S+)$/.exec(name) ?? [];
      if (option) expect(longs).toContain(option);
    }
  });
});
