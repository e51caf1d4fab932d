import type { Instant, User } from '@rekey/domain';
import type { Settings, Stores } from '../ports/index.ts';
import { doubtMs } from './kill-switch.ts';

/**
 * The mailbox that may take an account over now; null for none. After a change of address that is the one from before, if
 * somebody vouched for it: whoever moved an account to a mailbox of their own gets nothing more by that, also with a proof
 * of that mailbox, while the owner can still take the account back.
 */
export async function recoveryAddress(
  settings: Settings,
  { oneTimeTokens }: Pick<Stores, 'oneTimeTokens'>,
  { id, email }: Pick<User, 'id' | 'email'>,
  now: Instant,
): Promise<string | null> {
  const move = await oneTimeTokens.earliest(id, ['update_email'], now - doubtMs(settings));
  if (move === null || move.email === email) return email;
  const { details } = move;
  return details && 'newEmail' in details && details.wasProven ? move.email : null;
}
