import type { Ports } from '../ports/index.ts';
import { ImportUsers } from './import-users.ts';
import type { ChangeUser } from './writer.ts';

export const moving = (ports: Ports, others: { readonly updateUser: ChangeUser }) => ({
  importUsers: new ImportUsers(ports, others),
});
