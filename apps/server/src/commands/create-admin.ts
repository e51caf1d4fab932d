import { operator, parseEmail, parseName, rolesOf } from '@rekey/domain';
import { Argument, type Command } from 'commander';
import { checked, json, print, printJson, withRekey } from './common.ts';

/** The first admin of the form dialect, and further ones. */
export function addCreateAdmin(program: Command): void {
  program
    .command('create-admin')
    .description('make an admin of the form dialect, who chooses the password by mail')
    .addArgument(new Argument('<name>', 'of the person').argParser(checked(parseName)))
    .addArgument(new Argument('<email>', 'of the person').argParser(checked(parseEmail)))
    .addOption(json())
    .action(async (name: string, email: string, options: { readonly json?: true }) => {
      const { user, isInvited } = await withRekey(async ({ users, services }) => {
        // It may come before the first start.
        await services.openFormService.execute(operator);
        return users.createAdmin.execute(operator, { name, email });
      });
      const roles = rolesOf(user);
      if (options.json) {
        printJson({ id: user.id, email: user.email, roles, is_invited: isInvited });
      } else if (isInvited) {
        print(`${user.email} is made, with the roles ${roles.join(', ')}.`);
        print('A mail with a link to choose the password goes out as soon as the server runs.');
      } else {
        print(`${user.email} was there already, and has the roles ${roles.join(', ')}.`);
      }
    });
}
