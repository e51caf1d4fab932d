import type { Id, News, User } from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';
import { doubtMs, endAll, grants } from './kill-switch.ts';
import { tell } from './tell.ts';
import { tellAll } from './tell-all.ts';

/**
 * Gives the account of somebody who moved it to an address the one that it had before, where that was of late: whoever
 * had it then can still lock it, and would get it back. Answers whether it did; null where somebody else has it since, and
 * the address stays where it is for a while.
 */
export async function giveBackAddress(
  ports: Pick<Ports, 'clock' | 'ids' | 'settings'>,
  stores: Stores,
  user: User,
): Promise<boolean | null> {
  const { clock, settings } = ports;
  const { users, services, sessions, oneTimeTokens } = stores;
  const now = clock.now();
  const since = now - doubtMs(settings);
  const moved = await oneTimeTokens.earliest(user.id, ['update_email'], since);
  if (moved === null || moved.email === user.email) return false;
  if (!(await users.changeEmail(user.id, moved.email, now))) return null;
  const event = { type: 'email.changed', serviceId: null, userId: user.id } as const;
  await tellAll(ports, stores, event);
  for (const serviceId of await services.knowing(user.id)) {
    const of = { serviceId, userId: user.id };
    const ended = await sessions.endAllAt(user.id, serviceId, now);
    if (ended > 0) await tell(ports, stores, { ...of, type: 'session.ended' });
  }
  return true;
}

/**
 * Makes an account as new, which is locked and which anybody may have made, for whoever proved to have its mailbox: with
 * that profile and password, and nothing else of what was in it. Tells the services; answers those that knew of it.
 */
export async function remakeAccount(
  ports: Pick<Ports, 'clock' | 'ids'>,
  stores: Stores,
  made: { readonly user: User; readonly passwordHash: string | null; readonly serviceId: Id },
): Promise<readonly Id[]> {
  const { users, services, oneTimeTokens } = stores;
  const { user, passwordHash, serviceId } = made;
  const { id: userId, email } = user;
  const now = ports.clock.now();
  const [knowing, seen] = [await services.knowing(userId), await services.seeing(userId)];
  await endAll(ports, stores, { userId, knowing });
  await oneTimeTokens.endAll(userId, grants, now);
  await oneTimeTokens.endElsewhere(userId, email, now);
  await users.remake(user, passwordHash);

  const left = await services.seeing(userId);
  for (const id of seen) {
    const news: News = left.includes(id)
      ? { type: 'user.updated', serviceId: id, userId, data: { fields: remade } }
      : { type: 'user.deleted', serviceId: id, userId };
    await tell(ports, stores, news);
  }
  if (!seen.includes(serviceId)) {
    await tell(ports, stores, { type: 'user.created', serviceId, userId });
  }
  await tellAll(ports, stores, { type: 'email.validated', serviceId: null, userId });
  return knowing;
}

/** What differs in an account that is made as new. */
const remade = [
  ...['name', 'email_valid', 'is_enabled', 'locale', 'timezone', 'password_allow_reset'],
  ...['password_require_update'],
];
