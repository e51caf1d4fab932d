import { Command } from 'commander';
import { addAudit } from './commands/audit.ts';
import { addBackup } from './commands/backup.ts';
import { addCalibrate } from './commands/calibrate.ts';
import { colored } from './commands/common.ts';
import { addCompletion } from './commands/completion.ts';
import { addDoctor } from './commands/doctor.ts';
import { addKeys } from './commands/keys.ts';
import { addMail } from './commands/mail.ts';
import { addMigrate } from './commands/migrate.ts';
import { addOutbox } from './commands/outbox.ts';
import { addServices } from './commands/services.ts';

/** The command line, before it is told what to do. */
export function createProgram(): Command {
  const program = new Command('sso-cli')
    .description('Runs Rekey. It works on the database, whether or not the server runs.')
    .showHelpAfterError(false)
    .configureHelp({ styleTitle: (title) => colored('bold', title) })
    .exitOverride()
    .configureOutput({
      // One line, whatever a value that it quotes is made of.
      outputError: (text, write) =>
        write(
          `${colored('red', 'sso-cli:', process.stderr)} ${text
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
  addCompletion(program);
  return program;
}
