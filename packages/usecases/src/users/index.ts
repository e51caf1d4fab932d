import type { Ports } from '../ports/index.ts';
import { ChangeRole } from './change-role.ts';
import { ConfirmRegistration } from './confirm-registration.ts';
import { CreateAdmin } from './create-admin.ts';
import { CreateUser } from './create-user.ts';
import { DeleteAccount } from './delete-account.ts';
import { DeleteUser } from './delete-user.ts';
import { ExportUser } from './export-user.ts';
import { InviteUser } from './invite-user.ts';
import { ListUsers } from './list-users.ts';
import { ReadOwnAccount } from './read-own-account.ts';
import { ReadUser } from './read-user.ts';
import { Register } from './register.ts';
import { SendValidation } from './send-validation.ts';
import { SignUp } from './sign-up.ts';
import { SignUpAndLogIn } from './sign-up-and-log-in.ts';
import { UpdateAccount } from './update-account.ts';
import { UpdateEmail } from './update-email.ts';
import { UpdateUser } from './update-user.ts';
import { ValidateEmail } from './validate-email.ts';

export const users = (ports: Ports) => ({
  changeRole: new ChangeRole(ports),
  confirmRegistration: new ConfirmRegistration(ports),
  createAdmin: new CreateAdmin(ports),
  createUser: new CreateUser(ports),
  deleteAccount: new DeleteAccount(ports),
  deleteUser: new DeleteUser(ports),
  exportUser: new ExportUser(ports),
  inviteUser: new InviteUser(ports),
  listUsers: new ListUsers(ports),
  readOwnAccount: new ReadOwnAccount(ports),
  readUser: new ReadUser(ports),
  register: new Register(ports),
  sendValidation: new SendValidation(ports),
  signUp: new SignUp(ports),
  signUpAndLogIn: new SignUpAndLogIn(ports),
  updateAccount: new UpdateAccount(ports),
  updateEmail: new UpdateEmail(ports),
  updateUser: new UpdateUser(ports),
  validateEmail: new ValidateEmail(ports),
});
