import type { Ports } from '../ports/index.ts';
import { CreateUser } from './create-user.ts';
import { ReadUser } from './read-user.ts';

export const users = (ports: Ports) => ({
  createUser: new CreateUser(ports),
  readUser: new ReadUser(ports),
});
