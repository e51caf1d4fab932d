import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { skips } from '../../packages/usecases/testing/index.ts';
import { aFolder, runCommands, sources, startServer } from '../harness.ts';
import { textOf } from '../sources.ts';

const hasCurl = spawnSync('curl', ['--version']).status === 0;

/** Waits for so many mails more than the last time: a busy machine needs longer for them than a reader does. */
const COUNT_MAILS = 'mails() { ls data/mail 2>/dev/null | grep -c eml || true; }; MAILS=$(mails)';
const nextMails = (count: number) =>
  `MAILS=$((MAILS + ${count})); until [ "$(mails)" -ge "$MAILS" ]; do sleep 0.1; done`;

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
      // The change that the backend makes is mailed; so are the sign-up by a form, and the change after it.
      .replace('sleep 1\n', `${nextMails(1)}\n`)
      .replace('sleep 1\n', `${nextMails(2)}\n`);
    expect(script).not.toContain('sleep 1\n');
    for (const turn of ['first', 'second']) {
      const { code, stdout, stderr } = await runCommands(folder, script);
      expect({ turn, code, stderr }).toEqual({ turn, code: 0, stderr: '' });

      const orion =
        '"emailValid":false,"secret2FA":null,"using2FA":false,"require2FAForBasicLogin":false,"require2FAForSocialLogin":false}';
      const answers = stdout.split(/\n|(?<=\})(?=\{)/).filter(Boolean);
      expect(answers).toEqual([
        expect.stringContaining('"type":"TOKEN"'),
        expect.stringMatching(/^\{"meta":\{"password_strength":\d,"password_pwned":null\}\}$/),
        expect.stringContaining('"refresh"'),
        '{"audit":null,"ended":{"sessions":1,"keys":1,"factors":0}}false',
        expect.stringMatching(new RegExp(`${orion}$`)),
        expect.stringMatching(new RegExp(`${orion}200$`)),
        '401',
      ]);
    }
  },
);
