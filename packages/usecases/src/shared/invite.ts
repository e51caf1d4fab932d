import { type Actor, formServiceId, nowhere, type User } from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';
import { owe } from './owe.ts';
import { type Recorder, record } from './record.ts';

/**
 * Owes a user, who is locked and has no password, a mail whose link sets one, through the service that made it. It takes
 * the place of earlier ones, and is recorded. `version`: of the credential.
 */
export async function invite(
  ports: Recorder & Pick<Ports, 'secrets' | 'linkTokens' | 'settings'>,
  stores: Stores,
  actor: Actor,
  { user, version }: { readonly user: User; readonly version: number },
): Promise<void> {
  const { services, oneTimeTokens } = stores;
  await oneTimeTokens.endAll(user.id, ['invite'], ports.clock.now());
  const maker = user.createdBy === null ? null : await services.get(user.createdBy);
  const serviceId = maker?.id ?? formServiceId;
  const origin = actor.origin ?? nowhere;
  const right = await owe(ports, stores, { purpose: 'invite', user, version, serviceId, origin });
  const of = { serviceId: maker?.id ?? null, userId: user.id, subjectId: right.id };
  await record(ports, stores, actor, { type: 'rekey:UserInvite', ...of });
}
