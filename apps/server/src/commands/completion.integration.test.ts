import { execFileSync } from 'node:child_process';
import { skips } from '@rekey/usecases/testing';
import { expect, test } from 'vitest';
import { run } from '../../test/run.ts';
import { createProgram, type ProgramName } from '../program.ts';

async function scriptFor(shell: string, name?: ProgramName): Promise<string> {
  const { stdout } = await run(['completion', shell], name);
  return stdout;
}

/** The words that bash offers for each line, the last word of which is being typed. */
async function inBash(lines: string[], name: ProgramName = 'rekey'): Promise<string[][]> {
  const asks = lines.map((line) => {
    const words = line.split(' ').map((word) => `'${word}'`);
    return `COMP_WORDS=(${words.join(' ')}); COMP_CWORD=${words.length - 1}; $(complete -p ${name} | sed 's/.* -F \\([a-z_]*\\) .*/\\1/'); echo "\${COMPREPLY[*]}"`;
  });
  const output = execFileSync('bash', [
    '-uc',
    `${await scriptFor('bash', name)}\n${asks.join('\n')}`,
  ]);
  return output
    .toString()
    .replace(/\n$/, '')
    .split('\n')
    .map((line) => line.split(' ').filter((word) => word !== ''));
}

const isInstalled = (shell: string): boolean => {
  try {
    execFileSync(shell, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

test('bash completes commands, options and their values', async () => {
  const [commands, below, options, states, values, shells, any, none] = await inBash([
    'rekey ',
    'rekey outbox ',
    'rekey outbox list --',
    'rekey outbox list --json --state ',
    'rekey create-service-with-key Shop https://shop.example --allow-register t',
    'rekey completion z',
    'rekey outbox list --limit ',
    'rekey nothing-like-this',
  ]);
  const program = createProgram();
  expect(commands).toEqual([
    ...program.commands.map((each) => each.name()),
    'help',
    '--version',
    '--help',
  ]);
  expect(below).toEqual(['list', 'requeue', 'correct', 'help', '--help']);
  expect(options).toEqual(['--state', '--limit', '--json', '--help']);
  expect(states).toEqual(['waiting', 'sent', 'dead']);
  expect(values).toEqual(['true']);
  expect(shells).toEqual(['zsh']);
  // Any value will do: bash offers what it does by default.
  expect(any).toEqual([]);
  expect(none).toEqual([]);
});

test('bash completes for the name that the program was called by', async () => {
  const [states] = await inBash(['sso-cli outbox list --state '], 'sso-cli');
  expect(states).toEqual(['waiting', 'sent', 'dead']);
});

test('the kind of a mail is completed', async () => {
  expect(await inBash(['rekey mail preview factor'])).toEqual([['factor_change']]);
});

test.skipIf(skips(!isInstalled('zsh'), 'zsh is not installed'))(
  'zsh completes commands, options and their values',
  async () => {
    const script = await scriptFor('zsh');
    // These exist in zsh only while somebody types.
    const around = 'compdef() {}; _describe() { print -l -- $choices }';
    const complete = (line: string) => {
      const words = line.split(' ');
      const typed = `words=(${words.map((word) => `'${word}'`).join(' ')}); CURRENT=${words.length}`;
      return execFileSync('zsh', ['-fc', `${around}\n${script}\n${typed}; _rekey`])
        .toString()
        .trimEnd()
        .split('\n')
        .map((offer) => offer.split(':')[0]);
    };
    expect(complete('rekey outbox ')).toEqual(['list', 'requeue', 'help', '--help']);
    expect(complete('rekey outbox list --')).toEqual(['--state', '--limit', '--json', '--help']);
    expect(complete('rekey outbox list --state ')).toEqual(['waiting', 'sent', 'dead']);
  },
);

test.skipIf(skips(!isInstalled('fish'), 'fish is not installed'))(
  'fish completes commands, options and their values',
  async () => {
    const script = await scriptFor('fish');
    const complete = (line: string) =>
      execFileSync('fish', ['-N', '-c', `${script}\ncomplete -C '${line}'`])
        .toString()
        .trimEnd()
        .split('\n')
        .map((offer) => offer.split('\t')[0]);
    expect(complete('rekey outbox l')).toEqual(['list']);
    expect(complete('rekey outbox list --st')).toEqual(['--state']);
    expect(complete('rekey outbox list --state ')).toEqual(['dead', 'sent', 'waiting']);
  },
);
