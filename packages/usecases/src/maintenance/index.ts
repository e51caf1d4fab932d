import type { Ports } from '../ports/index.ts';
import { ExpireUsers } from './expire-users.ts';
import { Prune } from './prune.ts';

export const maintenance = (ports: Ports) => ({
  expireUsers: new ExpireUsers(ports),
  prune: new Prune(ports),
});
