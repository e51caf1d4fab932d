import { type Actor, type Grant, InvalidToken, may } from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';
import { endSession, endSessionsAt } from '../shared/end-session.ts';
import { endStolenSession } from '../shared/end-stolen-session.ts';
import { findRefreshGrant, findSession } from '../shared/find-session.ts';

type Needs = Pick<Ports, 'database' | 'secrets' | 'macs' | 'accessTokens' | 'clock' | 'ids'>;

type LogOutInput = {
  /** An access or refresh token of the session; not needed where a user logs itself out. */
  readonly token?: string | undefined;
  /** Whether all sessions of the user at the service end. */
  readonly all?: boolean | undefined;
};

/** Ends the session that a token stands for, and lets the TOKEN key live: the user may log in again. */
export class LogOut {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /**
   * Throws `InvalidToken` for whatever is no good token of the service. A refresh token that is spent logs nobody out:
   * like one that is presented for refreshing, it ends its session.
   */
  async execute(actor: Actor, { token = '', all = false }: LogOutInput): Promise<void> {
    const { database, clock } = this.#ports;
    const found =
      actor.kind === 'user'
        ? { grant: actor.session, isSpent: false, isOpen: true }
        : await this.#find(token);
    if (!found?.isOpen || !may(actor, 'log out', found.grant)) throw new InvalidToken();

    const { grant, isSpent } = found;
    const isDone = await database.transact(async (stores) => {
      if (isSpent) {
        await endStolenSession(this.#ports, stores, actor, grant);
        return false;
      }
      const open = await findSession(stores, grant, clock.now());
      return open !== null && this.#end(stores, actor, grant, all);
    });
    // Thrown out here, so that the end of a session is kept. A user whose session ended meanwhile is logged out as well.
    if (!isDone && actor.kind !== 'user') throw new InvalidToken();
  }

  async #end(stores: Stores, actor: Actor, grant: Grant, all: boolean): Promise<boolean> {
    if (!all) return endSession(this.#ports, stores, actor, grant);
    const { userId, serviceId } = grant;
    const of = { userId, serviceIds: [serviceId] };
    return (await endSessionsAt(this.#ports, stores, actor, of)) > 0;
  }

  async #find(token: string) {
    const { database, secrets, accessTokens, clock } = this.#ports;
    const grant = await accessTokens.verify(token);
    if (grant !== null) return { grant, isSpent: false, isOpen: true };
    const digest = secrets.digest(token);
    return database.read((stores) => findRefreshGrant(stores, digest, clock.now()));
  }
}
