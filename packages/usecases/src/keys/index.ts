import type { Ports } from '../ports/index.ts';
import { CreateKey } from './create-key.ts';
import { CreateRootKey } from './create-root-key.ts';
import { ReadKey } from './read-key.ts';
import { RevokeKey } from './revoke-key.ts';
import { VerifyKey } from './verify-key.ts';

export const keys = (ports: Ports) => ({
  createKey: new CreateKey(ports),
  createRootKey: new CreateRootKey(ports),
  readKey: new ReadKey(ports),
  revokeKey: new RevokeKey(ports),
  verifyKey: new VerifyKey(ports),
});
