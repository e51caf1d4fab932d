import type { Ports } from '../ports/index.ts';
import { CreateKey } from './create-key.ts';
import { CreateRootKey } from './create-root-key.ts';
import { DeleteKey } from './delete-key.ts';
import { ListKeys } from './list-keys.ts';
import { ListRootKeys } from './list-root-keys.ts';
import { ReadKey } from './read-key.ts';
import { RetireKey } from './retire-key.ts';
import { RevokeKey } from './revoke-key.ts';
import { RotateKey } from './rotate-key.ts';
import { UpdateKey } from './update-key.ts';
import { VerifyKey } from './verify-key.ts';

export const keys = (ports: Ports) => ({
  createKey: new CreateKey(ports),
  createRootKey: new CreateRootKey(ports),
  deleteKey: new DeleteKey(ports),
  listKeys: new ListKeys(ports),
  listRootKeys: new ListRootKeys(ports),
  readKey: new ReadKey(ports),
  retireKey: new RetireKey(ports),
  revokeKey: new RevokeKey(ports),
  rotateKey: new RotateKey(ports),
  updateKey: new UpdateKey(ports),
  verifyKey: new VerifyKey(ports),
});
