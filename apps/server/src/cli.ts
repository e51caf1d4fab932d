#!/usr/bin/env node
import './thread-pool.ts';
import { colored } from './commands/common.ts';
import { exitOf } from './exit.ts';
import { createProgram, nameOf } from './program.ts';

const FAILURE = 1;

const name = nameOf(process.argv[1]);

// A reader that has enough, `head` for one, leaves in silence.
process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
  if (code === 'EPIPE') process.exitCode = FAILURE;
  else fail(FAILURE, `the output cannot be written (${code})`);
});
process.stderr.on('error', () => undefined);

try {
  await createProgram(name).parseAsync();
} catch (error) {
  const { code, reason } = exitOf(error);
  fail(code, reason);
}

function fail(exitCode: number, reason: string | null): void {
  if (reason !== null) {
    process.stderr.write(`${colored('red', `${name}:`, process.stderr)} ${reason}\n`);
  }
  process.exitCode = exitCode;
}
