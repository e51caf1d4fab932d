import { type Actor, type Id, isKnownDevice, MAX_DEVICE_TOKEN_LENGTH } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';

/** The device, or the session, that a try comes from. */
export type Presented = {
  readonly id: Id;
  /** The name under which its tries are counted. */
  readonly countedAs: string;
  /** Whether it is the account's own: then its tries are counted apart from those of strangers. */
  readonly isKnown: boolean;
};

/** Finds out what a try at the account of that address comes from; null where it shows neither a device nor a session. */
export async function presentedDevice(
  { database, deviceTokens, clock }: Pick<Ports, 'database' | 'deviceTokens' | 'clock'>,
  actor: Actor,
  email: string,
  token = '',
): Promise<Presented | null> {
  const session = actor.kind === 'user' ? actor.session : null;
  const device = token.length > MAX_DEVICE_TOKEN_LENGTH ? null : deviceTokens.verify(token);
  if (session === null && device === null) return null;

  const account = await database.read(({ users }) => users.findByEmail(email));
  if (session !== null) {
    const { sessionId: id, userId } = session;
    return { id, countedAs: id, isKnown: userId === account?.user.id };
  }
  if (device === null) return null;
  const { id, userId, version } = device;
  const isKnown = account !== null && isKnownDevice(device, account, clock.now());
  // A person who knew an earlier password may have made many devices with it: together they guess no more than one.
  const isPast = isKnown && version !== account.credential.version;
  return { id, countedAs: isPast ? `earlier devices of ${userId}` : id, isKnown };
}
