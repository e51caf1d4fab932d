import type { Ports } from '../ports/index.ts';
import { AdmitAdmin } from './admit-admin.ts';
import { AdmitPerson } from './admit-person.ts';
import { AuthenticateBearer } from './authenticate-bearer.ts';
import { AuthenticateKey } from './authenticate-key.ts';
import { ProveUser } from './prove-user.ts';

export const callers = (ports: Ports) => ({
  admitAdmin: new AdmitAdmin(ports),
  admitPerson: new AdmitPerson(),
  authenticateBearer: new AuthenticateBearer(ports),
  authenticateKey: new AuthenticateKey(ports),
  proveUser: new ProveUser(ports),
});
