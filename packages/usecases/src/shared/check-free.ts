import { type Id, IllegalArgument, refusedEmail } from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';

/**
 * Throws `IllegalArgument` for an address that another account has, or whose owner can still take it back, in one way.
 * Comes after the write that takes the address, in its transaction: a change that frees and reserves an address at the
 * same time is seen by then. `isTaken`: whether that write found the address with somebody else.
 */
export async function checkFree(
  { clock }: Pick<Ports, 'clock'>,
  { oneTimeTokens }: Pick<Stores, 'oneTimeTokens'>,
  {
    email,
    isTaken,
    userId,
  }: { readonly email: string; readonly isTaken: boolean; readonly userId: Id },
  field = 'email',
): Promise<void> {
  // Looked up in either case, so that both cost as much.
  const isReserved = await oneTimeTokens.isReserved(email, clock.now(), userId);
  if (isTaken || isReserved) throw new IllegalArgument([refusedEmail(field)]);
}
