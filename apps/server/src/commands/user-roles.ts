import { operator, type Role, rolesOf } from '@rekey/domain';
import { Argument, type Command } from 'commander';
import { json, print, printJson, withRekey } from './common.ts';
import { userName, userNamed } from './named.ts';

/** The roles that the operator grants: `user` is everybody's. */
const grantable = ['admin'] as const satisfies readonly Role[];

/** Makes admins of the built-in service, and ends it. */
export function addUserRoles(user: Command): void {
  const add = (verb: 'grant' | 'revoke', description: string, isAdmin: boolean) =>
    user
      .command(verb)
      .description(description)
      .addArgument(new Argument('<user>', 'e-mail address or id').argParser(userName))
      .addArgument(new Argument('<role>').choices(grantable))
      .addOption(json())
      .action(async (name: string, _role: 'admin', options: { json?: true }) => {
        const changed = await withRekey(async (useCases) => {
          const { id } = await userNamed(useCases, name);
          return useCases.users.changeRole.execute(operator, { id, isAdmin });
        });
        const { id, email } = changed;
        const roles = rolesOf(changed);
        if (options.json) printJson({ id, email, roles });
        else
          print(`${email} has the roles ${roles.join(', ')}. Sessions from before a change ended.`);
      });

  add('grant', 'give a user of the form dialect a role; the sessions there end', true);
  add('revoke', 'take a role from a user; the sessions there end', false);
}
