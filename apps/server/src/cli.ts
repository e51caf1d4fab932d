#!/usr/bin/env node
import './thread-pool.ts';
import { IllegalArgument } from '@rekey/domain';
import { CommanderError } from 'commander';
import { colored, WrongUsage } from './commands/common.ts';
import { createProgram, nameOf } from './program.ts';

/** The exit code of a command line that is wrong: sysexits and most programs of this kind have it. */
const USAGE = 2;
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
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : USAGE;
  else if (error instanceof WrongUsage) fail(USAGE, error.message);
  else if (error instanceof IllegalArgument) fail(codeOf(error), reasonsOf(error));
  else fail(FAILURE, error instanceof Error ? error.message : String(error));
}

/** A command line that something stands in the way of is not wrong. */
function codeOf({ violations }: IllegalArgument): number {
  return violations.every(({ code }) => code === 'not_allowed') ? FAILURE : USAGE;
}

function reasonsOf({ violations }: IllegalArgument): string {
  return violations.map(({ field, message }) => `the ${field} ${message}`).join('; ');
}

function fail(exitCode: number, reason: string): void {
  process.stderr.write(`${colored('red', `${name}:`, process.stderr)} ${reason}\n`);
  process.exitCode = exitCode;
}
