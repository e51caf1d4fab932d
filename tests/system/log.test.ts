import { execFileSync, spawn } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { skips } from '../../packages/usecases/testing/index.ts';
import { aFolder, aFreePort, image, runCommands } from '../harness.ts';

const isElsewhere = process.platform !== 'linux';

/** Opens what the log is written to; answers its descriptor, and what to do when the server runs. */
type Sink = (folder: string) => { fd: number; onceUp?: () => void };

function aPipe(folder: string) {
  const file = path.join(folder, 'pipe');
  execFileSync('mkfifo', [file]);
  const reader = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  return { reader, fd: openSync(file, 'w') };
}

const sinks: Record<string, Sink> = {
  'a full disk': () => ({ fd: openSync('/dev/full', 'w') }),
  'a pipe that nobody reads': (folder) => {
    const { reader, fd } = aPipe(folder);
    onTestFinished(() => closeSync(reader));
    // 64 KiB, which is all that it takes.
    execFileSync('dd', ['if=/dev/zero', 'bs=65536', 'count=1', 'status=none'], {
      stdio: ['ignore', fd, 'ignore'],
    });
    return { fd };
  },
  'a pipe whose reader leaves': (folder) => {
    const { reader, fd } = aPipe(folder);
    return { fd, onceUp: () => closeSync(reader) };
  },
};

describe.skipIf(skips(isElsewhere, 'only Linux has such sinks'))(
  'a server whose log goes to',
  () => {
    test.each(Object.entries(sinks))('%s answers, and stops when told to', async (_what, open) => {
      const folder = aFolder();
      const port = await aFreePort();
      const { fd, onceUp } = open(folder);
      const child = spawn(process.execPath, [image.main], {
        cwd: folder,
        env: { PATH: process.env.PATH, BCRYPT_COST: '10', PORT: `${port}`, METRICS_PORT: '0' },
        stdio: ['ignore', fd, 'ignore'],
      });
      closeSync(fd);
      onTestFinished(() => void child.kill('SIGKILL'));
      const exit = new Promise((resolve) => {
        child.once('exit', (code, signal) => resolve({ code, signal }));
      });
      const live = () =>
        fetch(`http://127.0.0.1:${port}/health/live`, { signal: AbortSignal.timeout(5000) }).then(
          ({ status }) => status,
          () => null,
        );
      await expect.poll(live, { timeout: 30_000 }).toBe(200);
      onceUp?.();
      for (let request = 0; request < 500; request += 1) expect(await live()).toBe(200);
      child.kill('SIGTERM');
      expect(await exit).toEqual({ code: 0, signal: null });
    });
  },
);

describe.skipIf(skips(isElsewhere, 'only Linux has such sinks'))('a command whose output', () => {
  const cli = (redirection: string) =>
    runCommands(
      aFolder(),
      `'${process.execPath}' '${image.cli}' create-root-key ops ${redirection}`,
    );

  test('cannot be written fails in one line', async () => {
    const { code, stderr } = await cli('>/dev/full');
    expect(code).toBe(1);
    expect(stderr.split('\n').at(-2)).toBe('rekey: the output cannot be written (ENOSPC)');
    expect(stderr).not.toMatch(/ {4}at /);
  });

  test('is wanted no more ends without a word about it', async () => {
    const { stderr } = await cli('| true');
    expect(stderr).not.toMatch(/EPIPE| {4}at /);
  });
});
