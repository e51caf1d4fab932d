import { execFileSync } from 'node:child_process';
import { expect, test, vi } from 'vitest';
import { createProgram } from '../program.ts';

async function scriptFor(shell: string): Promise<string> {
  let script = '';
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    script += chunk.toString();
    return true;
  });
  await createProgram().parseAsync(['completion', shell], { from: 'user' });
  write.mockRestore();
  return script;
}

/** What bash offers for each line, the last word of which is being typed. */
async function inBash(lines: string[]): Promise<string[][]> {
  const asks = lines.map((line) => {
    const words = line.split(' ').map((word) => `'${word}'`);
    return `COMP_WORDS=(${words.join(' ')}); COMP_CWORD=${words.length - 1}; _sso_cli; echo "\${COMPREPLY[*]}"`;
  });
  const output = execFileSync('bash', ['-uc', `${await scriptFor('bash')}\n${asks.join('\n')}`]);
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
    'sso-cli ',
    'sso-cli outbox ',
    'sso-cli outbox list --',
    'sso-cli outbox list --json --state ',
    'sso-cli create-service-with-key Shop https://shop.example --allow-register t',
    'sso-cli completion z',
    'sso-cli outbox list --limit ',
    'sso-cli nothing-like-this',
  ]);
  const program = createProgram();
  expect(commands).toEqual([...program.commands.map((each) => each.name()), 'help', '--help']);
  expect(below).toEqual(['list', 'requeue', 'help', '--help']);
  expect(options).toEqual(['--state', '--limit', '--json', '--help']);
  expect(states).toEqual(['waiting', 'sent', 'dead']);
  expect(values).toEqual(['true']);
  expect(shells).toEqual(['zsh']);
  // Any value will do: what bash offers by default is left to it.
  expect(any).toEqual([]);
  expect(none).toEqual([]);
});

test.runIf(isInstalled('zsh'))('zsh completes commands, options and their values', async () => {
  const script = await scriptFor('zsh');
  // What zsh has only while somebody types.
  const around = 'compdef() {}; _describe() { print -l -- $choices }';
  const complete = (line: string) => {
    const words = line.split(' ');
    const typed = `words=(${words.map((word) => `'${word}'`).join(' ')}); CURRENT=${words.length}`;
    return execFileSync('zsh', ['-fc', `${around}\n${script}\n${typed}; _sso_cli`])
      .toString()
      .trimEnd()
      .split('\n')
      .map((offer) => offer.split(':')[0]);
  };
  expect(complete('sso-cli outbox ')).toEqual(['list', 'requeue', 'help', '--help']);
  expect(complete('sso-cli outbox list --')).toEqual(['--state', '--limit', '--json', '--help']);
  expect(complete('sso-cli outbox list --state ')).toEqual(['waiting', 'sent', 'dead']);
});

test.runIf(isInstalled('fish'))('fish completes commands, options and their values', async () => {
  const script = await scriptFor('fish');
  const complete = (line: string) =>
    execFileSync('fish', ['-N', '-c', `${script}\ncomplete -C '${line}'`])
      .toString()
      .trimEnd()
      .split('\n')
      .map((offer) => offer.split('\t')[0]);
  expect(complete('sso-cli outbox l')).toEqual(['list']);
  expect(complete('sso-cli outbox list --st')).toEqual(['--state']);
  expect(complete('sso-cli outbox list --state ')).toEqual(['dead', 'sent', 'waiting']);
});
