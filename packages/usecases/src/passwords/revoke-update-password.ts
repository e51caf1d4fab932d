import { type Id, InvalidRevokeToken, type Origin } from '@rekey/domain';
import type { Ports } from './ports.ts';
import { record } from './record.ts';

type Needs = Pick<Ports, 'database' | 'macs' | 'revokeTokens' | 'clock' | 'ids'>;

export type RevokeUpdatePasswordInput = {
  readonly token: string;
  /** The service that presents the token, or `hosted` for Rekey's own page, which serves those that have none. */
  readonly presentedBy: Id | 'hosted';
  readonly origin?: Origin | undefined;
};

/**
 * "This wasn't me": shuts the account of a password change and every key of it, for all services,
 * whatever happened since the change.
 */
export class RevokeUpdatePassword {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  async execute({ token, presentedBy, origin }: RevokeUpdatePasswordInput): Promise<void> {
    const { database, revokeTokens, clock } = this.#ports;
    const changeId = revokeTokens.verify(token);
    if (changeId === null) throw new InvalidRevokeToken();

    await database.transact(async (stores) => {
      const { services, users, keys, sessions, changes } = stores;
      const now = clock.now();
      if (!(await changes.spend(changeId, now))) throw new InvalidRevokeToken();
      const change = await changes.get(changeId);
      const service = change && (await services.get(change.serviceId));
      const isAddressee =
        presentedBy === 'hosted' ? service?.localUrl === null : service?.id === presentedBy;
      if (!change || !isAddressee) throw new InvalidRevokeToken();

      await users.shut(change.userId, now);
      await keys.revokeAllOf(change.userId, now);
      await sessions.endAllOf(change.userId, now);
      // And one that was made meanwhile; from here on nobody can make another.
      await changes.spendAllOf(change.userId, now);
      await record(this.#ports, stores, {
        action: 'password_change_revoke',
        serviceId: change.serviceId,
        userId: change.userId,
        subjectId: changeId,
        origin,
      });
    });
  }
}
