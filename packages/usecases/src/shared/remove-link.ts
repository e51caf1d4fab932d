import { type Account, type Actor, type Id, NotFound, WrongState } from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';
import type { Recorder } from './record.ts';
import { tellFactor } from './tell-factor.ts';

/**
 * Takes from an account at a provider the right to open the account of a user, who is locked, and tells everybody. Throws
 * `NotFound` where the user has no such link, and `WrongState` for the last way into the account. `serviceId`: the service
 * that it happens through; null for the operator.
 */
export async function removeLink(
  ports: Recorder & Pick<Ports, 'secrets' | 'linkTokens' | 'settings'>,
  stores: Stores,
  actor: Actor,
  {
    id,
    account: { user, credential },
    serviceId,
  }: { readonly id: Id; readonly account: Account; readonly serviceId: Id | null },
): Promise<void> {
  const links = await stores.providerLinks.ofUser(user.id);
  if (!links.some((link) => link.id === id)) throw new NotFound();
  const isLastWay =
    credential.passwordHash === null && !user.factors.hasPasskey && links.length === 1;
  if (isLastWay) throw new WrongState('last_way_in');
  const kind = await stores.providerLinks.remove(id, user.id);
  if (kind === null) throw new NotFound();
  const changed = { kind, change: 'removed', user, serviceId, subjectId: id } as const;
  await tellFactor(ports, stores, actor, changed);
}
