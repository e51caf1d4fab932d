import { type Account, type Session, Unauthorized } from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';
import { findSession } from './find-session.ts';
import type { Person } from './person.ts';

/** Locks the account of a person whose session is open; throws `Unauthorized` where it is not. */
export async function lockPerson(
  { clock }: Pick<Ports, 'clock'>,
  stores: Stores,
  person: Person,
): Promise<{ readonly account: Account; readonly session: Session }> {
  const account = await stores.users.lock(person.userId);
  const open = await findSession(stores, person, clock.now());
  if (account === null || open === null) throw new Unauthorized();
  return { account, session: open.session };
}
