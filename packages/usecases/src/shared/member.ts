import type { Id, Instant, Key, Service, User } from '@rekey/domain';
import type { Stores } from '../ports/index.ts';

/** A user who may log in at a service, and all that a session of the user there rests on. */
export type Member = {
  readonly user: User;
  readonly service: Service;
  readonly tokenKey: Key;
  /** The version of the credential: a proof is worth nothing once it has moved on. */
  readonly version: number;
  readonly deviceEpoch: number;
};

/** Finds a user as a member of a service; null where the user could not log in there, whatever it proved. */
export async function findMember(
  { users, keys, services }: Pick<Stores, 'users' | 'keys' | 'services'>,
  { userId, serviceId }: { readonly userId: Id; readonly serviceId: Id },
  now: Instant,
): Promise<Member | null> {
  const found = await users.get(userId);
  const account = found && (await users.findByEmail(found.email));
  const tokenKey = await keys.findToken(userId, serviceId, now);
  const service = await services.get(serviceId);
  if (account?.user.id !== userId || !account.user.isEnabled) return null;
  if (tokenKey === null || !service?.isEnabled) return null;
  const { version, deviceEpoch } = account.credential;
  return { user: account.user, service, tokenKey, version, deviceEpoch };
}
