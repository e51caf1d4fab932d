import { type Actor, type Device, type Id, isKnownDevice } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';

/** The device that a try comes from. */
export type Presented = {
  /** Whether the caller showed something that is good for some account: then a refusal costs as much as a look. */
  readonly isPresented: boolean;
  /** The id of a device, or session, that this account knows; null for a stranger. */
  readonly id: Id | null;
};

export const noDevice: Presented = { isPresented: false, id: null };

/** Finds out whether a try at the account of that address comes from a device, or a session, of its user. */
export async function presentedDevice(
  { database, deviceTokens, clock }: Pick<Ports, 'database' | 'deviceTokens' | 'clock'>,
  actor: Actor,
  email: string,
  text: string | undefined,
): Promise<Presented> {
  const device: Device | null = text === undefined ? null : deviceTokens.verify(text);
  if (actor.kind !== 'user' && device === null) return noDevice;
  const account = await database.read(({ users }) => users.findByEmail(email));
  const { user, credential } = account ?? {};
  if (!user || !credential) return { isPresented: true, id: null };
  if (actor.kind === 'user' && actor.session.userId === user.id) {
    return { isPresented: true, id: actor.session.sessionId };
  }
  const isKnown = device !== null && isKnownDevice(device, user, credential, clock.now());
  return { isPresented: true, id: isKnown ? device.id : null };
}
