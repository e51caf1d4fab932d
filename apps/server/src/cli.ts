#!/usr/bin/env node
import './thread-pool.ts';
import { IllegalArgument } from '@rekey/domain';
import { CommanderError } from 'commander';
import { colored, reasonOf } from './commands/common.ts';
import { createProgram } from './program.ts';

/** An argument or option is not usable; what sysexits and most programs of this kind answer. */
const USAGE = 2;
const FAILURE = 1;

try {
  await createProgram().parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : USAGE;
  else if (error instanceof IllegalArgument) fail(USAGE, `the name ${reasonOf(error)}`);
  else fail(FAILURE, error instanceof Error ? error.message : String(error));
}

function fail(exitCode: number, reason: string): void {
  process.stderr.write(`${colored('red', 'sso-cli:', process.stderr)} ${reason}\n`);
  process.exitCode = exitCode;
}
