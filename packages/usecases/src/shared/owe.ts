import type { Id, OneTimeToken, Origin, Purpose, User } from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';

/**
 * Owes the owner of an account a mail with a link, in the transaction of the change that the mail is about.
 * Answers the right that the link carries.
 */
export async function owe(
  { linkTokens, clock, ids, settings }: Pick<Ports, 'linkTokens' | 'clock' | 'ids' | 'settings'>,
  { oneTimeTokens, deliveries }: Pick<Stores, 'oneTimeTokens' | 'deliveries'>,
  of: {
    readonly purpose: Purpose;
    readonly user: Pick<User, 'id' | 'email'>;
    readonly serviceId: Id;
    readonly origin: Origin;
  },
): Promise<OneTimeToken> {
  const { purpose, user, serviceId, origin } = of;
  const now = clock.now();
  const token: OneTimeToken = {
    id: ids.next(),
    purpose,
    userId: user.id,
    serviceId,
    email: user.email,
    origin,
    keyId: linkTokens.currentKeyId(),
    createdAt: now,
    expiresAt: now + settings.revokeTokenTtlMs,
  };
  await oneTimeTokens.insert(token);
  await deliveries.insert({
    id: ids.next(),
    createdAt: now,
    channel: 'mail',
    kind: purpose,
    tokenId: token.id,
    userId: user.id,
    serviceId,
    to: user.email,
    // A link that no longer works is not worth a mail.
    deadline: token.expiresAt,
  });
  return token;
}
