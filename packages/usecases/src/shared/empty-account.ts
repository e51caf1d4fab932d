import { type Id, MAX_PAGE_SIZE, type User } from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';
import { removeFactors } from './remove-factors.ts';
import { retireKey } from './retire-key.ts';

/**
 * Takes everything out of an account, which is locked, that somebody who did not have the mailbox may have put there:
 * sessions, keys and seeds of all services but the TOKEN key of that one, second factors, known devices, and the links
 * that were mailed elsewhere. The password is the caller's to replace.
 */
export async function emptyAccount(
  ports: Pick<Ports, 'clock' | 'ids'>,
  stores: Stores,
  { id: userId, email }: Pick<User, 'id' | 'email'>,
  serviceId: Id,
): Promise<void> {
  const { users, keys, sessions, oneTimeTokens } = stores;
  const now = ports.clock.now();
  const filter = { userIds: [userId], isRevoked: false };
  let after: Id | undefined;
  for (;;) {
    const page = await keys.list(filter, { limit: MAX_PAGE_SIZE, after });
    for (const key of page) {
      const isKept = key.type === 'TOKEN' && key.serviceId === serviceId;
      if (!isKept) await retireKey(ports, stores, key, now);
    }
    if (page.length < MAX_PAGE_SIZE) break;
    after = page.at(-1)?.id;
  }
  await removeFactors(ports, stores, userId);
  await sessions.endAllOf(userId, now);
  await users.forgetDevices(userId);
  await oneTimeTokens.endElsewhere(userId, email, now);
}
