import { Forbidden, type Id } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';

/**
 * Throws `Forbidden` where a session asks for another address than that of its user. Comes before any hash, so that
 * whether somebody has that address is told by nothing.
 */
export async function checkOwnEmail(
  { database }: Pick<Ports, 'database'>,
  userId: Id,
  email: string,
): Promise<void> {
  const own = await database.read(({ users }) => users.get(userId));
  if (own?.email !== email) throw new Forbidden('forbidden');
}
