import type { Ports } from '../ports/index.ts';
import { AuthenticateBearer } from './authenticate-bearer.ts';
import { AuthenticateKey } from './authenticate-key.ts';
import { ProveUser } from './prove-user.ts';

export const callers = (ports: Ports) => ({
  authenticateBearer: new AuthenticateBearer(ports),
  authenticateKey: new AuthenticateKey(ports),
  proveUser: new ProveUser(ports),
});
