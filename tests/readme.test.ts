import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { aFolder, runCommands, sources, startServer } from './harness.ts';

const readme = path.join(path.dirname(fileURLToPath(import.meta.url)), '../README.md');

const hasCurl = spawnSync('curl', ['--version']).status === 0;
if (!hasCurl) process.stdout.write('skipped: the commands of the README need curl\n');

test.skipIf(!hasCurl)(
  'the commands of the README do what it says, one after the other',
  async () => {
    const text = readFileSync(readme, 'utf8');
    const blocks = [...text.matchAll(/```bash\n(.*?)```/gs)].map(([, commands]) => commands);
    expect(blocks.length).toBeGreaterThan(5);

    const folder = aFolder();
    const server = await startServer(folder, { PUBLIC_URL: 'http://localhost:8042' }, sources.main);
    // The server of the test has another port, and its command line needs no installation.
    const script = blocks
      .join('\n')
      .replace('http://localhost:8042', server.url)
      .replace('npx -y pnpm@12 exec sso-cli', 'sso-cli-of-this-folder');
    const { code, stdout, stderr } = await runCommands(folder, script);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });

    const answers = stdout.split(/\n|(?<=\})(?=\{)/).filter(Boolean);
    expect(answers).toEqual([
      expect.stringContaining('"type":"TOKEN"'),
      expect.stringMatching(/^\{"meta":\{"password_strength":\d,"password_pwned":null\}\}$/),
      expect.stringContaining('"refresh"'),
      '{"audit":null}false',
      expect.stringMatching(/"emailValid":false\}$/),
      expect.stringMatching(/"emailValid":false\}200$/),
    ]);
    expect(existsSync(path.join(folder, 'data/mail'))).toBe(true);
  },
);
