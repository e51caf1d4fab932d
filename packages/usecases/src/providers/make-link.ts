import type { Actor, Id, Identity, ProviderLink, User } from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';
import type { Recorder } from '../shared/record.ts';
import { tellFactor } from '../shared/tell-factor.ts';

/**
 * Links an account at a provider to a user, who is locked, and tells everybody, see `tellFactor`. Answers null, and changes
 * nothing, where the account there is linked already, or the user has a link with the provider: a person whose address
 * somebody else got there does not lose the account here to them.
 */
export async function makeLink(
  ports: Recorder & Pick<Ports, 'secrets' | 'linkTokens' | 'settings'>,
  stores: Stores,
  actor: Actor,
  {
    user,
    serviceId,
    identity,
  }: { readonly user: User; readonly serviceId: Id; readonly identity: Identity },
): Promise<ProviderLink | null> {
  const { provider, issuer, subject } = identity;
  const link = {
    id: ports.ids.next(),
    createdAt: ports.clock.now(),
    lastUsedAt: null,
    userId: user.id,
    provider,
    issuer,
    subject,
  };
  if (!(await stores.providerLinks.insert(link))) return null;
  const of = { user, serviceId, subjectId: link.id };
  await tellFactor(ports, stores, actor, { ...of, kind: provider, change: 'added' });
  return link;
}
