import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { skips } from '../../packages/usecases/testing/index.ts';
import { aFolder, runCommands, sources, startServer } from '../harness.ts';
import { textOf } from '../sources.ts';

const hasCurl = spawnSync('curl', ['--version']).status === 0;

/** Waits for one mail more than the last time: a busy machine needs longer for it than a reader does. */
const COUNT_MAILS = 'mails() { ls data/mail 2>/dev/null | grep -c eml || true; }; MAILS=$(mails)';
const NEXT_MAIL = 'MAILS=$((MAILS + 1)); until [ "$(mails)" -ge "$MAILS" ]; do sleep 0.1; done';

test.skipIf(skips(!hasCurl, 'the commands of the README need curl'))(
  'the commands of the README do what it says, one after the other, as often as they are run',
  async () => {
    const blocks = [...textOf('README.md').matchAll(/```bash\n(.*?)```/gs)].map(([, text]) => text);
    expect(blocks.length).toBeGreaterThan(5);

    const folder = aFolder();
    const server = await startServer(folder, { PUBLIC_URL: 'http://localhost:8042' }, sources.main);
    // The server of the test has another port, and its command line needs no installation.
    const script = [COUNT_MAILS, ...blocks]
      .join('\n')
      .replace('http://localhost:8042', server.url)
      .replace('npx -y pnpm@12 exec rekey', `'${process.execPath}' '${sources.rekey}'`)
      .replaceAll('sleep 1\n', `${NEXT_MAIL}\n`);
    for (const turn of ['first', 'second']) {
      const { code, stdout, stderr } = await runCommands(folder, script);
      expect({ turn, code, stderr }).toEqual({ turn, code: 0, stderr: '' });

      const answers = stdout.split(/\n|(?<=\})(?=\{)/).filter(Boolean);
      expect(answers).toEqual([
        expect.stringContaining('"type":"TOKEN"'),
        expect.stringMatching(/^\{"meta":\{"password_strength":\d,"password_pwned":null\}\}$/),
        expect.stringContaining('"refresh"'),
        '{"audit":null}false',
        expect.stringMatching(/"emailValid":false\}$/),
        expect.stringMatching(/"emailValid":false\}200$/),
      ]);
    }
  },
);
