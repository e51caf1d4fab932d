import type { Actor, Grant } from '@rekey/domain';
import type { Stores } from '../ports/index.ts';
import { type Recorder, record } from './record.ts';
import { tell } from './tell.ts';

/** Ends a session whose refresh token was presented after it was spent: two hold it, and one of them is a thief. */
export async function endStolenSession(
  ports: Recorder,
  stores: Stores,
  actor: Actor,
  { sessionId: subjectId, userId, serviceId }: Grant,
): Promise<void> {
  // The tokens of a person who was deleted are gone, and not stolen.
  if (!(await stores.users.isThere(userId))) return;
  await stores.sessions.end(subjectId, ports.clock.now());
  await tell(ports, stores, { type: 'token.theft', serviceId, userId, subjectId });
  const failure = { outcome: 'failure', code: 'invalid_token' } as const;
  const of = { serviceId, userId, subjectId };
  await record(ports, stores, actor, { type: 'rekey:TokenTheft', ...failure, ...of });
}
