import type { Ports } from '../ports/index.ts';
import { ConfirmRecovery } from './confirm-recovery.ts';
import { LockAccount } from './lock-account.ts';
import { RecoverByOwner } from './recover-by-owner.ts';
import { RecoverUser } from './recover-user.ts';

export const recovery = (ports: Ports) => ({
  confirmRecovery: new ConfirmRecovery(ports),
  lockAccount: new LockAccount(ports),
  recoverByOwner: new RecoverByOwner(ports),
  recoverUser: new RecoverUser(ports),
});
