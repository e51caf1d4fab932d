import { type Actor, type Id, InvalidToken, may, parseAsked } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { endStolenSession } from '../shared/end-stolen-session.ts';
import { findRefreshGrant, findSession } from '../shared/find-session.ts';
import { record } from '../shared/record.ts';
import { recordAsked } from '../shared/record-custom.ts';
import { retireKey } from '../shared/retire-key.ts';

type Needs = Pick<Ports, 'database' | 'secrets' | 'macs' | 'accessTokens' | 'clock' | 'ids'>;

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
   * Throws `InvalidToken` for whatever is no good token of the service. A refresh token that is spent takes nothing
   * back: like one that is presented for refreshing, it ends its session. `audit`: the type of an entry of
   * the service's own; answers the id of that entry.
   */
  async execute(
    actor: Actor,
    { token, audit }: { readonly token: string; readonly audit?: string | undefined },
  ): Promise<Id | null> {
    const asked = parseAsked(audit);
    const { database, clock } = this.#ports;
    const found = await this.#find(token);
    if (!found?.isOpen || !may(actor, 'use token', found.grant)) throw new InvalidToken();

    const { grant, isSpent } = found;
    const { userId, serviceId, sessionId } = grant;
    const revoked = await database.transact(async (stores) => {
      if (isSpent) {
        await endStolenSession(this.#ports, stores, actor, grant);
        return null;
      }
      const open = await findSession(stores, grant, clock.now());
      const key = open?.key;
      if (!key || !(await retireKey(this.#ports, stores, key, clock.now()))) return null;
      const of = { serviceId, userId };
      const keyEntry = { ...of, type: 'sso:AuthKeyRevoke', subjectId: key.id } as const;
      await record(this.#ports, stores, actor, keyEntry);
      const tokenEntry = { ...of, type: 'sso:AuthTokenRevoke', subjectId: sessionId } as const;
      await record(this.#ports, stores, actor, tokenEntry);
      const session = { userId, userKeyId: key.id };
      return { entryId: await recordAsked(this.#ports, stores, actor, asked, session) };
    });
    // Thrown out here, so that the end of a session is kept.
    if (revoked === null) throw new InvalidToken();
    return revoked.entryId;
  }

  async #find(token: string) {
    const { database, secrets, accessTokens, clock } = this.#ports;
    const grant = await accessTokens.verify(token);
    if (grant !== null) return { grant, isSpent: false, isOpen: true };
    const digest = secrets.digest(token);
    return database.read((stores) => findRefreshGrant(stores, digest, clock.now()));
  }
}
