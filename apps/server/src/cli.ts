#!/usr/bin/env node
import './thread-pool.ts';
import { IllegalArgument } from '@rekey/domain';
import { Command, CommanderError } from 'commander';
import { addAudit } from './commands/audit.ts';
import { addBackup } from './commands/backup.ts';
import { addCalibrate } from './commands/calibrate.ts';
import { reasonOf } from './commands/common.ts';
import { addDoctor } from './commands/doctor.ts';
import { addKeys } from './commands/keys.ts';
import { addMail } from './commands/mail.ts';
import { addMigrate } from './commands/migrate.ts';
import { addOutbox } from './commands/outbox.ts';
import { addServices } from './commands/services.ts';

/** An argument or option is not usable; what sysexits and most programs of this kind answer. */
const USAGE = 2;
const FAILURE = 1;

const program = new Command('sso-cli')
  .description('Runs Rekey. It works on the database, whether or not the server runs.')
  .showHelpAfterError(false)
  .exitOverride()
  .configureOutput({
    // One line, whatever a value that it quotes is made of.
    outputError: (text, write) =>
      write(
        `sso-cli: ${text
          .replace(/^error: /, '')
          .replaceAll(/\s+/g, ' ')
          .trim()}\n`,
      ),
  });

addServices(program);
addMigrate(program);
addDoctor(program);
addMail(program);
addOutbox(program);
addKeys(program);
addBackup(program);
addAudit(program);
addCalibrate(program);

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : USAGE;
  else if (error instanceof IllegalArgument) fail(USAGE, `the name ${reasonOf(error)}`);
  else fail(FAILURE, error instanceof Error ? error.message : String(error));
}

function fail(exitCode: number, reason: string): void {
  process.stderr.write(`sso-cli: ${reason}\n`);
  process.exitCode = exitCode;
}
