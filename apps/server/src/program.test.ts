import { describe, expect, test } from 'vitest';
import { run } from '../test/run.ts';
import { createProgram, nameOf } from './program.ts';
import { version } from './version.ts';

describe('the command line', () => {
  test('prints its version', async () => {
    expect(version).toMatch(/^\d+\.\d+\.\d+$/);
    const { error, ...texts } = await run(['--version']);
    expect(texts).toEqual({ stdout: `${version}\n`, stderr: '' });
    expect(error?.exitCode).toBe(0);
  });

  test.each([
    [undefined, 'rekey'],
    ['rekey', 'rekey'],
    ['sso-cli', 'sso-cli'],
  ] as const)('called as %s, it is %s in help and errors', async (name, shown) => {
    const help = await run(['--help'], name);
    expect(help).toMatchObject({ stderr: '', error: { exitCode: 0 } });
    expect(help.stdout).toMatch(new RegExp(`^Usage: ${shown} `));
    const below = await run(['outbox', 'list', '--help'], name);
    expect(below.stdout).toMatch(new RegExp(`^Usage: ${shown} outbox list `));
    const wrong = await run(['no-such-command'], name);
    expect(wrong.stderr).toBe(`${shown}: unknown command 'no-such-command'\n`);
  });

  test.each([
    ['/usr/local/bin/sso-cli', 'sso-cli'],
    ['/app/apps/server/src/sso-cli.ts', 'sso-cli'],
    ['/usr/local/bin/rekey', 'rekey'],
    ['/app/dist/cli.mjs', 'rekey'],
    [undefined, 'rekey'],
  ])('is named after the file that was called: %s is %s', (file, name) => {
    expect(nameOf(file)).toBe(name);
  });

  test('has --json in every command that shows something', () => {
    const without = createProgram()
      .commands.flatMap((command) =>
        command.commands.length > 0 ? [...command.commands] : [command],
      )
      .filter(({ options }) => !options.some(({ long }) => long === '--json'));
    expect(without.map((command) => command.name())).toEqual(['serve', 'export', 'completion']);
  });
});
