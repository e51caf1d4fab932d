import path from 'node:path';
import { Command } from 'commander';
import { addAudit } from './commands/audit.ts';
import { addBackup } from './commands/backup.ts';
import { addCalibrate } from './commands/calibrate.ts';
import { colored } from './commands/common.ts';
import { addCompletion } from './commands/completion.ts';
import { addCreateAdmin } from './commands/create-admin.ts';
import { addDoctor } from './commands/doctor.ts';
import { addExport } from './commands/export.ts';
import { addImport } from './commands/import.ts';
import { addInit } from './commands/init.ts';
import { addKey } from './commands/key.ts';
import { addKeyring } from './commands/keyring.ts';
import { addMail } from './commands/mail.ts';
import { addMigrate } from './commands/migrate.ts';
import { addOutbox } from './commands/outbox.ts';
import { addRootKey } from './commands/root-key.ts';
import { addServe } from './commands/serve.ts';
import { addService } from './commands/service.ts';
import { addSession } from './commands/session.ts';
import { addThrottle } from './commands/throttle.ts';
import { addUser } from './commands/user.ts';
import { addWebhook } from './commands/webhook.ts';
import { version } from './version.ts';

/** The names of the program: its own, and the one of the command line that it replaces. */
export type ProgramName = 'rekey' | 'sso-cli';

/** The name that the program was called by: a link or a file of that name. */
export function nameOf(file = ''): ProgramName {
  return path.parse(file).name === 'sso-cli' ? 'sso-cli' : 'rekey';
}

/** The command line, before it is told what to do. */
export function createProgram(name: ProgramName = 'rekey'): Command {
  const program = new Command(name)
    .description('Runs Rekey. It works on the database, whether or not the server runs.')
    .version(version, '--version', 'print the version')
    .showHelpAfterError(false)
    .configureHelp({ styleTitle: (title) => colored('bold', title) })
    .exitOverride()
    .configureOutput({
      // An error takes one line, whatever a value that it quotes is made of.
      outputError: (text, write) =>
        write(
          `${colored('red', `${name}:`, process.stderr)} ${text
            .replace(/^error: /, '')
            .replaceAll(/\s+/g, ' ')
            .trim()}\n`,
        ),
    });

  addInit(program);
  addServe(program);
  addService(program);
  addRootKey(program);
  addKey(program);
  addSession(program);
  addThrottle(program);
  addUser(program);
  addCreateAdmin(program);
  addMigrate(program);
  addDoctor(program);
  addMail(program);
  addOutbox(program);
  addWebhook(program);
  addKeyring(program);
  addBackup(program);
  addExport(program);
  addImport(program);
  addAudit(program);
  addCalibrate(program);
  addCompletion(program);
  return program;
}
