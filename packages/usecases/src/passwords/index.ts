import type { Ports } from '../ports/index.ts';
import { RevokeUpdatePassword } from './revoke-update-password.ts';
import { UpdatePassword } from './update-password.ts';

export const passwords = (ports: Ports) => ({
  revokeUpdatePassword: new RevokeUpdatePassword(ports),
  updatePassword: new UpdatePassword(ports),
});
