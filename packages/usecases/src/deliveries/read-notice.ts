import { type Instant, InvalidRevokeToken, type Origin } from '@rekey/domain';
import { nameForPeople } from './open-form-service.ts';
import type { Ports } from './ports.ts';

type Needs = Pick<Ports, 'database' | 'revokeTokens' | 'clock' | 'settings'>;

/** What the page of a link tells of the change that it is about. */
export type ToldChange = {
  /** What people know the service by. */
  readonly serviceName: string;
  /** The address that the user had at that moment. */
  readonly email: string;
  readonly changedAt: Instant;
  readonly origin: Origin;
  readonly locale: string;
  readonly timezone: string;
};

/**
 * Tells, on Rekey's own page, what change a revoke token is about, and changes nothing: only to who holds a token
 * that `RevokeUpdatePassword` would take there now.
 */
export class ReadPasswordChange {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /** Throws `InvalidRevokeToken` for any other token. */
  async execute({ token }: { readonly token: string }): Promise<ToldChange> {
    const { database, revokeTokens, clock, settings } = this.#ports;
    const changeId = revokeTokens.verify(token);
    if (changeId === null) throw new InvalidRevokeToken();

    return database.read(async ({ services, users, changes }) => {
      const change = await changes.findRevocable(changeId, clock.now());
      const service = change && (await services.get(change.serviceId));
      const user = change && (await users.get(change.userId));
      if (!change || !user || service?.localUrl !== null) throw new InvalidRevokeToken();
      const { email, createdAt: changedAt, origin } = change;
      const { locale, timezone } = user;
      const serviceName = nameForPeople(service, settings);
      return { serviceName, email, changedAt, origin, locale, timezone };
    });
  }
}
