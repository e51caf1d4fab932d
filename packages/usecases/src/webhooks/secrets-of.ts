import type { KeptWebhook, Ports } from '../ports/index.ts';
import { sealOwners } from '../shared/seals.ts';

/** The secrets that sign calls of a webhook now: for a while after a rotation, the one before it as well. */
export function secretsOf(
  { secrets, clock }: Pick<Ports, 'secrets' | 'clock'>,
  { webhook, sealedSecret, previousSecret }: KeptWebhook,
): readonly string[] {
  const { id, overlapEndsAt } = webhook;
  const isOverlap = overlapEndsAt !== null && clock.now() < overlapEndsAt;
  const sealed = [sealedSecret, ...(isOverlap && previousSecret !== null ? [previousSecret] : [])];
  return sealed.map((each) => secrets.unseal(each, sealOwners.webhook(id)));
}
