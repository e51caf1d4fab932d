import type { Ports } from '../ports/index.ts';
import { CheckPassword } from './check-password.ts';
import { ConfirmReset } from './confirm-reset.ts';
import { RequestReset } from './request-reset.ts';
import { UpdatePassword } from './update-password.ts';

export const passwords = (ports: Ports) => ({
  checkPassword: new CheckPassword(ports),
  confirmReset: new ConfirmReset(ports),
  requestReset: new RequestReset(ports),
  updatePassword: new UpdatePassword(ports),
});
