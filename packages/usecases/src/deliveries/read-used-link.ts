import { type Actor, canLock, type Instant, may } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { serviceNameFor } from '../shared/service-name.ts';
import type { Told } from './read-notice.ts';

type Needs = Pick<Ports, 'database' | 'linkTokens' | 'clock' | 'settings'>;

/** The facts that the page of a link tells that was good, and was used or replaced since. */
export type UsedLink = Pick<
  Told,
  'purpose' | 'serviceName' | 'locale' | 'timezone' | 'supportUrl'
> & {
  readonly usedAt: Instant;
  /** Since when the account is locked; null where it is not. */
  readonly lockedAt: Instant | null;
  /** Whether the owner can open the account again with this link, without anybody's help. */
  readonly canRecover: boolean;
};

/** Tells what became of a link that whoever holds it has used before, so that nobody has to guess. */
export class ReadUsedLink {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /** Null for a token that was never good, has expired, or is good. */
  async execute(
    actor: Actor,
    { token: text }: { readonly token: string },
  ): Promise<UsedLink | null> {
    const { database, linkTokens, clock, settings } = this.#ports;
    const right = linkTokens.verify(text);
    if (right === null) return null;

    return database.read(async ({ services, users, oneTimeTokens }) => {
      const spent = await oneTimeTokens.findSpent(right.id, clock.now());
      if (spent === null || spent.token.purpose !== right.purpose) return null;
      const { purpose, serviceId, userId, details } = spent.token;
      const service = await services.find(serviceId);
      const asked = details && 'name' in details ? details : null;
      const person = userId === null ? asked : await users.get(userId);
      if (!service || !person || !may(actor, 'use link', { serviceId })) return null;
      const lock = userId === null ? null : await users.lockOf(userId);
      return {
        purpose,
        serviceName: serviceNameFor(service, settings),
        locale: person.locale,
        timezone: person.timezone,
        supportUrl: service.supportUrl ?? settings.supportUrl,
        usedAt: spent.spentAt,
        lockedAt: lock?.at ?? null,
        // A link of an earlier theft proves nothing about this one.
        canRecover:
          service.ownerRecovery && lock !== null && spent.spentAt >= lock.at && canLock(purpose),
      };
    });
  }
}
