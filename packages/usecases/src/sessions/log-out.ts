import { type Actor, type Grant, InvalidToken, may } from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';
import { endSession, endSessionsAt } from '../shared/end-session.ts';
import { recordTheft } from '../shared/end-stolen-session.ts';
import { findRefreshGrant } from '../shared/find-session.ts';

type Needs = Pick<Ports, 'database' | 'secrets' | 'macs' | 'accessTokens' | 'clock' | 'ids'>;

type LogOutInput = {
  /** An access or refresh token of the session; not needed where a user logs itself out. */
  readonly token?: string | undefined;
  /** Whether all sessions of the user at the service end. */
  readonly all?: boolean | undefined;
};

/**
 * Ends the session that a token stands for, and lets the TOKEN key live: the user may log in again. The session of a
 * token that is good in itself may be over already, so that a logout that comes twice fails nobody.
 */
export class LogOut {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /** Throws `InvalidToken` for a token that is unknown, expired or another service's. */
  async execute(actor: Actor, { token = '', all = false }: LogOutInput): Promise<void> {
    const found =
      actor.kind === 'user' ? { grant: actor.session, isSpent: false } : await this.#find(token);
    if (!found || !may(actor, 'log out', found.grant)) throw new InvalidToken();
    const { grant, isSpent } = found;
    await this.#ports.database.transact(async (stores) => {
      const isEnded = await this.#end(stores, actor, grant, all);
      // Two hold it, whatever they hold it for.
      if (isSpent && isEnded) await recordTheft(this.#ports, stores, actor, grant);
    });
  }

  async #end(stores: Stores, actor: Actor, grant: Grant, all: boolean): Promise<boolean> {
    if (!all) return endSession(this.#ports, stores, actor, grant);
    const { userId, serviceId } = grant;
    const of = { userId, serviceIds: [serviceId] };
    return (await endSessionsAt(this.#ports, stores, actor, of)) > 0;
  }

  async #find(token: string): Promise<{ grant: Grant; isSpent: boolean } | null> {
    const { database, secrets, accessTokens, clock } = this.#ports;
    const grant = await accessTokens.verify(token);
    if (grant !== null) return { grant, isSpent: false };
    const digest = secrets.digest(token);
    return database.read((stores) => findRefreshGrant(stores, digest, clock.now()));
  }
}
