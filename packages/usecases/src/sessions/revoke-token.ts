import { type Id, InvalidToken, type Origin } from '@rekey/domain';
import { findOpenSession, findRefreshGrant } from './open-session.ts';
import type { AccessGrant, Ports } from './ports.ts';
import { record } from './record.ts';
import { retireKey } from './retire-key.ts';

type Needs = Pick<Ports, 'database' | 'secrets' | 'macs' | 'accessTokens' | 'clock' | 'ids'>;

export type RevokeTokenInput = {
  readonly serviceId: Id;
  readonly token: string;
  readonly origin?: Origin | undefined;
};

/**
 * Takes back an access or refresh token of a service together with the TOKEN key that it was issued under,
 * and so with every session that rests on that key.
 */
export class RevokeToken {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /**
   * A refresh token that is spent takes nothing back: like one that is presented for refreshing, it ends its session.
   * Answers the id of the entry in the audit.
   */
  async execute({ serviceId, token, origin }: RevokeTokenInput): Promise<Id> {
    const { database, clock } = this.#ports;
    const found = await this.#find(token);
    if (found?.grant.serviceId !== serviceId) throw new InvalidToken();

    const { grant, isSpent } = found;
    const { userId, sessionId: subjectId } = grant;
    const event = { serviceId, userId, subjectId, origin };
    const entryId = await database.transact(async (stores) => {
      const now = clock.now();
      if (isSpent) {
        await stores.sessions.end(grant.sessionId, now);
        await record(this.#ports, stores, { ...event, action: 'token_theft', outcome: 'failure' });
        return null;
      }
      const open = await findOpenSession(stores, grant);
      if (!open || !(await retireKey(stores, { id: open.key.id, userId }, now))) return null;
      await record(this.#ports, stores, { ...event, action: 'key_revoke', subjectId: open.key.id });
      return record(this.#ports, stores, { ...event, action: 'token_revoke' });
    });
    // Thrown out here, so that the end of a session is kept.
    if (entryId === null) throw new InvalidToken();
    return entryId;
  }

  async #find(token: string): Promise<{ grant: AccessGrant; isSpent: boolean } | null> {
    const { database, secrets, accessTokens, clock } = this.#ports;
    const grant = await accessTokens.verify(token);
    if (grant !== null) return { grant, isSpent: false };
    const digest = secrets.digest(token);
    const refresh = await database.read((stores) => findRefreshGrant(stores, digest));
    return refresh && refresh.expiresAt > clock.now() ? refresh : null;
  }
}
