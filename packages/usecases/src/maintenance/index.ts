import type { Ports } from '../ports/index.ts';
import { ExpireUsers } from './expire-users.ts';
import { KeepUses } from './keep-uses.ts';
import { Prune } from './prune.ts';
import { Sequence } from './sequence.ts';
import { TellExpiringKeys } from './tell-expiring-keys.ts';

export const maintenance = (ports: Ports) => ({
  expireUsers: new ExpireUsers(ports),
  keepUses: new KeepUses(ports),
  prune: new Prune(ports),
  sequence: new Sequence(ports),
  tellExpiringKeys: new TellExpiringKeys(ports),
});
