import type { Ports } from '../ports/index.ts';
import { CheckPassword } from './check-password.ts';
import { ConfirmReset } from './confirm-reset.ts';
import { RequestReset } from './request-reset.ts';
import { RevokeUpdatePassword } from './revoke-update-password.ts';
import { UpdatePassword } from './update-password.ts';

export const passwords = (ports: Ports) => ({
  checkPassword: new CheckPassword(ports),
  confirmReset: new ConfirmReset(ports),
  requestReset: new RequestReset(ports),
  revokeUpdatePassword: new RevokeUpdatePassword(ports),
  updatePassword: new UpdatePassword(ports),
});
