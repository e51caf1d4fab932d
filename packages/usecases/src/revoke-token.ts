import { type Id, InvalidToken } from '@rekey/domain';
import { findOpenSession, findRefreshGrant } from './open-session.ts';
import type { AccessGrant, Ports } from './ports.ts';
import { retireKey } from './retire-key.ts';

type Needs = Pick<Ports, 'database' | 'secrets' | 'accessTokens' | 'clock'>;

export type RevokeTokenInput = { readonly serviceId: Id; readonly token: string };

/**
 * Takes back an access or refresh token of a service together with the TOKEN key that it was issued under,
 * and so with every session that rests on that key.
 */
export class RevokeToken {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /** A refresh token that is spent takes nothing back: like one that is presented for refreshing, it ends its session. */
  async execute({ serviceId, token }: RevokeTokenInput): Promise<void> {
    const { database, clock } = this.#ports;
    const found = await this.#find(token);
    if (found?.grant.serviceId !== serviceId) throw new InvalidToken();

    const { grant, isSpent } = found;
    const isRevoked = await database.transact(async (stores) => {
      const now = clock.now();
      if (isSpent) {
        await stores.sessions.end(grant.sessionId, now);
        return false;
      }
      const open = await findOpenSession(stores, grant);
      return open !== null && retireKey(stores, { id: open.key.id, userId: grant.userId }, now);
    });
    // Thrown out here, so that the end of a session is kept.
    if (!isRevoked) throw new InvalidToken();
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
