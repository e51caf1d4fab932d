import type { Ports } from '../ports/index.ts';
import { CreateUser } from './create-user.ts';
import { ReadUser } from './read-user.ts';
import { SignUp } from './sign-up.ts';
import { SignUpAndLogIn } from './sign-up-and-log-in.ts';

export const users = (ports: Ports) => ({
  createUser: new CreateUser(ports),
  readUser: new ReadUser(ports),
  signUp: new SignUp(ports),
  signUpAndLogIn: new SignUpAndLogIn(ports),
});
