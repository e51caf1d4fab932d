import type { Ports } from '../ports/index.ts';
import { AddPasskey } from './add-passkey.ts';
import { AskForPasskey } from './ask-for-passkey.ts';
import { ChangeDemands } from './change-demands.ts';
import { ConfirmTotp } from './confirm-totp.ts';
import { CountFactors } from './count-factors.ts';
import { EnrolTotp } from './enrol-totp.ts';
import { EnrolTotpByPassword } from './enrol-totp-by-password.ts';
import { ListPasskeys } from './list-passkeys.ts';
import { ReadFactors } from './read-factors.ts';
import { RemoveFactor } from './remove-factor.ts';
import { RemovePasskey } from './remove-passkey.ts';
import { RemoveTotp } from './remove-totp.ts';
import { RenewRecoveryCodes } from './renew-recovery-codes.ts';
import { StartPasskey } from './start-passkey.ts';
import { VerifyTotp } from './verify-totp.ts';

export const factors = (ports: Ports) => ({
  addPasskey: new AddPasskey(ports),
  askForPasskey: new AskForPasskey(ports),
  changeDemands: new ChangeDemands(ports),
  confirmTotp: new ConfirmTotp(ports),
  countFactors: new CountFactors(ports),
  enrolTotp: new EnrolTotp(ports),
  enrolTotpByPassword: new EnrolTotpByPassword(ports),
  listPasskeys: new ListPasskeys(ports),
  readFactors: new ReadFactors(ports),
  removeFactor: new RemoveFactor(ports),
  removePasskey: new RemovePasskey(ports),
  removeTotp: new RemoveTotp(ports),
  renewRecoveryCodes: new RenewRecoveryCodes(ports),
  startPasskey: new StartPasskey(ports),
  verifyTotp: new VerifyTotp(ports),
});
