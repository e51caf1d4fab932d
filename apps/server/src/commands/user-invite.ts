import { operator } from '@rekey/domain';
import { Argument, type Command } from 'commander';
import { json, print, printJson, withRekey } from './common.ts';
import { userName, userNamed } from './named.ts';

/** Asks a user to choose a password. */
export function addUserInvite(user: Command): void {
  user
    .command('invite')
    .description('mail a user who has no password a link to choose one')
    .addArgument(new Argument('<user>', 'e-mail address or id').argParser(userName))
    .addOption(json())
    .action(async (name: string, options: { readonly json?: true }) => {
      const { id, email } = await withRekey(async (useCases) => {
        // Its page takes the links of users whom no service made.
        await useCases.services.openFormService.execute(operator);
        const found = await userNamed(useCases, name);
        return useCases.users.inviteUser.execute(operator, { id: found.id });
      });
      if (options.json) printJson({ id, email });
      else print(`${email} is invited. The mail goes out as soon as the server runs.`);
    });
}
