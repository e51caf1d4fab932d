import { type Actor, type Id, NotFound, noFactors, type User } from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';
import type { Recorder } from './record.ts';
import { tellFactor } from './tell-factor.ts';

/**
 * Takes a passkey from a user, who is locked, and tells everybody: no login takes a second factor any more that is not
 * there. Throws `NotFound` where the user has no such passkey. `serviceId`: the service that it happens through; null for
 * the operator.
 */
export async function removePasskey(
  ports: Recorder & Pick<Ports, 'secrets' | 'linkTokens' | 'settings'>,
  stores: Stores,
  actor: Actor,
  { id, user, serviceId }: { readonly id: Id; readonly user: User; readonly serviceId: Id | null },
): Promise<void> {
  const { passkeys, users } = stores;
  if (!(await passkeys.delete(id, user.id))) throw new NotFound();
  const left = await passkeys.ofUser(user.id);
  const hasPasskey = left.some(({ isUserVerified }) => isUserVerified);
  if (hasPasskey !== user.factors.hasPasskey) {
    const isLast = !hasPasskey && !user.factors.hasTotp;
    const factors = isLast ? noFactors : { ...user.factors, hasPasskey };
    await users.setFactors(user.id, factors, ports.clock.now());
  }
  const changed = { kind: 'passkey', change: 'removed', subjectId: id } as const;
  await tellFactor(ports, stores, actor, { ...changed, user, serviceId });
}
