import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { closeSync, constants, openSync, readFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { skips } from '../../packages/usecases/testing/index.ts';
import { aHangingDisk } from '../faults/disk.ts';
import { aFolder, aFreePort, image, runCommands } from '../harness.ts';

const isElsewhere = process.platform !== 'linux';

/** Where both outputs of a server go. */
type Sink = {
  readonly output: number | 'pipe';
  /** How many it is given at least; 500 unless told. */
  readonly lines?: number;
  /** What runs the command that starts the server. */
  readonly through?: (command: string) => readonly [string, ...string[]];
  /** What happens once the server runs, and once it answers nobody any more. */
  readonly onceUp?: (started: ChildProcess) => void;
  readonly onceStopped?: (started: ChildProcess) => void;
};

/** A named pipe, which takes 64 KiB. */
function aPipe(folder: string) {
  const file = path.join(folder, 'pipe');
  execFileSync('mkfifo', [file]);
  const reader = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  return { file, reader, output: openSync(file, 'w') };
}

/** Writes to a pipe until it takes no more. */
function fill(file: string): void {
  const writer = openSync(file, constants.O_WRONLY | constants.O_NONBLOCK);
  const page = Buffer.alloc(4096);
  try {
    for (;;) writeSync(writer, page);
  } catch {
    closeSync(writer);
  }
}

/** A terminal of its own, by util-linux; null where there is none. */
function onTerminal(rules: Pick<Sink, 'onceUp' | 'onceStopped'>): Sink | null {
  if (spawnSync('script', ['--version']).status !== 0) return null;
  return {
    output: 'pipe',
    through: (command) => ['script', '-qefc', command, '/dev/null'],
    ...rules,
  };
}

/** Each is null where it cannot be had. */
const sinks: Record<string, (folder: string) => Sink | null> = {
  'a full disk': () => ({ output: openSync('/dev/full', 'w') }),
  'a disk that hangs': () => {
    const disk = aHangingDisk();
    if (disk === null) return null;
    const { folder, hang, recover } = disk;
    // Nothing ends a process that waits for its disk, not even SIGKILL.
    return { output: openSync(path.join(folder, 'log'), 'a'), onceUp: hang, onceStopped: recover };
  },
  'a pipe that nobody reads': (folder) => {
    const { file, reader, output } = aPipe(folder);
    onTestFinished(() => closeSync(reader));
    fill(file);
    return { output };
  },
  'a pipe that nobody else has open': (folder) => {
    const { file, reader, output: writer } = aPipe(folder);
    const output = openSync(file, 'r+');
    fill(file);
    closeSync(reader);
    closeSync(writer);
    return { output };
  },
  'a pipe whose reader is stopped': (folder) => {
    const { file, reader, output } = aPipe(folder);
    const cat = spawn('cat', [file], { stdio: 'ignore' });
    onTestFinished(() => void cat.kill('SIGKILL'));
    const onceUp = () => {
      cat.kill('SIGSTOP');
      closeSync(reader);
      fill(file);
    };
    return { output, onceUp };
  },
  'a pipe whose reader leaves': (folder) => {
    const { reader, output } = aPipe(folder);
    return { output, onceUp: () => closeSync(reader) };
  },
  // As systemd has one for its journal. It takes some 700 lines.
  'a socket that nobody reads': () => ({ output: 'pipe', lines: 1500 }),
  // Ctrl-S
  'a terminal that is paused': () =>
    onTerminal({ onceUp: ({ stdin }) => void stdin?.write('\x13') }),
  'a terminal that nobody reads': () =>
    onTerminal({
      onceUp: (terminal) => void terminal.kill('SIGSTOP'),
      onceStopped: (terminal) => void terminal.kill('SIGCONT'),
    }),
};

/** The process that a program started, or that the program became. */
function serverOf({ pid }: ChildProcess): number {
  const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ');
  return Number(child || pid);
}

describe.skipIf(skips(isElsewhere, 'only Linux has such sinks'))(
  'a server whose log goes to',
  () => {
    test.for(Object.entries(sinks))(
      '%s answers, and stops when told to',
      async ([, open], { skip }) => {
        const folder = aFolder();
        const sink = open(folder);
        if (sink === null) return skip('this machine has no such sink');
        const { output, lines = 500, through = (command) => ['sh', '-c', command] } = sink;
        const port = await aFreePort();
        const [program, ...args] = through(`exec '${process.execPath}' '${image.main}'`);
        const started = spawn(program, args, {
          cwd: folder,
          env: { PATH: process.env.PATH, BCRYPT_COST: '10', PORT: `${port}`, METRICS_PORT: '0' },
          stdio: ['pipe', output, output],
        });
        if (output !== 'pipe') closeSync(output);
        onTestFinished(() => void started.kill('SIGKILL'));
        const exit = new Promise((resolve) => {
          started.once('exit', (code, signal) => resolve({ code, signal }));
        });
        const live = () =>
          fetch(`http://127.0.0.1:${port}/health/live`, {
            signal: AbortSignal.timeout(5000),
          }).then(
            ({ status }) => status,
            () => null,
          );
        await expect.poll(live, { timeout: 30_000 }).toBe(200);
        const server = serverOf(started);
        sink.onceUp?.(started);
        for (let line = 0; line < lines; line += 1) expect(await live()).toBe(200);
        process.kill(server, 'SIGTERM');
        await expect.poll(live, { timeout: 30_000 }).toBe(null);
        sink.onceStopped?.(started);
        expect(await exit).toEqual({ code: 0, signal: null });
      },
    );
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
