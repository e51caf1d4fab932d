import type { Ports } from '../ports/index.ts';
import { CreateUser } from './create-user.ts';
import { DeleteUser } from './delete-user.ts';
import { ListUsers } from './list-users.ts';
import { ReadOwnAccount } from './read-own-account.ts';
import { ReadUser } from './read-user.ts';
import { SignUp } from './sign-up.ts';
import { SignUpAndLogIn } from './sign-up-and-log-in.ts';
import { UpdateUser } from './update-user.ts';

export const users = (ports: Ports) => ({
  createUser: new CreateUser(ports),
  deleteUser: new DeleteUser(ports),
  listUsers: new ListUsers(ports),
  readOwnAccount: new ReadOwnAccount(ports),
  readUser: new ReadUser(ports),
  signUp: new SignUp(ports),
  signUpAndLogIn: new SignUpAndLogIn(ports),
  updateUser: new UpdateUser(ports),
});
