import type { Ports } from '../ports/index.ts';
import { AdmitClient } from './admit-client.ts';
import { AuthenticateBearer } from './authenticate-bearer.ts';
import { AuthenticateKey } from './authenticate-key.ts';

export const callers = (ports: Ports) => ({
  admitClient: new AdmitClient(ports),
  authenticateBearer: new AuthenticateBearer(ports),
  authenticateKey: new AuthenticateKey(ports),
});
