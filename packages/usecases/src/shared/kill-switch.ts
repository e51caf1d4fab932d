import { type Actor, canLock, InvalidOneTimeToken, may, revokeTypes } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import type { Recorder } from './record.ts';
import { recordAtAll } from './record-at-all.ts';
import { tell } from './tell.ts';

/**
 * "This wasn't me": locks the account that a link was mailed about and ends every key and session of it, for all
 * services, whatever happened since the mail. Throws `InvalidOneTimeToken` for every token that is not good here.
 */
export async function lockAccount(
  ports: Recorder & Pick<Ports, 'database' | 'linkTokens'>,
  actor: Actor,
  text: string,
): Promise<void> {
  const { database, linkTokens, clock } = ports;
  const right = linkTokens.verify(text);
  if (right === null || !canLock(right.purpose)) throw new InvalidOneTimeToken();
  const { purpose } = right;

  await database.transact(async (stores) => {
    const { users, keys, sessions, oneTimeTokens } = stores;
    const now = clock.now();
    const token = await oneTimeTokens.spend(right.id, now);
    if (token?.purpose !== purpose) throw new InvalidOneTimeToken();
    const { userId, serviceId, id: subjectId } = token;
    if (!may(actor, 'use link', { serviceId })) throw new InvalidOneTimeToken();

    await users.lockOut(userId, now);
    await keys.revokeAllOf(userId, now);
    await sessions.endAllOf(userId, now);
    await tell(ports, stores, { type: 'user.locked', serviceId, userId, subjectId });
    const type = revokeTypes[purpose];
    await recordAtAll(ports, stores, actor, { type, serviceId, userId, subjectId });
  });
}
