import type { Ports } from '../ports/index.ts';
import { AddPasskey } from './add-passkey.ts';
import { AskForPasskey } from './ask-for-passkey.ts';
import { ListPasskeys } from './list-passkeys.ts';
import { RemovePasskey } from './remove-passkey.ts';
import { StartPasskey } from './start-passkey.ts';
import { VerifyTotp } from './verify-totp.ts';

export const factors = (ports: Ports) => ({
  addPasskey: new AddPasskey(ports),
  askForPasskey: new AskForPasskey(ports),
  listPasskeys: new ListPasskeys(ports),
  removePasskey: new RemovePasskey(ports),
  startPasskey: new StartPasskey(ports),
  verifyTotp: new VerifyTotp(ports),
});
