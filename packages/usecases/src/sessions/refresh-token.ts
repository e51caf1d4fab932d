import { type Actor, type Id, InvalidToken, may, parseAsked, type SeenUser } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { endStolenSession } from '../shared/end-stolen-session.ts';
import { findRefreshGrant, findSession } from '../shared/find-session.ts';
import { lifetimes } from '../shared/lifetimes.ts';
import type { Token } from '../shared/open-session.ts';
import { record } from '../shared/record.ts';
import { recordAsked } from '../shared/record-custom.ts';

type Needs = Pick<
  Ports,
  'database' | 'secrets' | 'macs' | 'accessTokens' | 'clock' | 'ids' | 'settings'
>;

/**
 * Trades a refresh token for new tokens of its session, once. Presented again it shows that two hold it, and nobody
 * can tell which of them stole it: the session ends for both.
 */
export class RefreshToken {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /**
   * Throws `InvalidToken` for whatever is no good refresh token of the service. `audit`: the type of an entry of the
   * service's own, and of the answer the id of that entry.
   */
  async execute(
    actor: Actor,
    { token, audit }: { readonly token: string; readonly audit?: string | undefined },
  ): Promise<{ user: SeenUser; access: Token; refresh: Token; audit: Id | null }> {
    const asked = parseAsked(audit);
    const { database, secrets, accessTokens, clock, settings } = this.#ports;
    const digest = secrets.digest(token);
    const now = clock.now();
    const found = await database.read((stores) => findRefreshGrant(stores, digest, now));
    if (!found?.isOpen || !may(actor, 'use token', found.grant)) throw new InvalidToken();

    const { grant, loginAt, amr, authenticatedAt } = found;
    const issued = await accessTokens.issue({ ...grant, amr, authenticatedAt });
    const { token: accessToken, expiresAt } = issued;
    const ends = lifetimes(settings, { loginAt, now, accessExpiresAt: expiresAt });
    const access = { token: accessToken, expiresAt: ends.access };
    const refresh = { token: secrets.generate('rkf_'), expiresAt: ends.refresh };

    const { userId, serviceId, sessionId } = grant;
    const refreshed = await database.transact(async (stores) => {
      const { sessions } = stores;
      if (!(await sessions.spendRefresh(digest, now))) {
        await endStolenSession(this.#ports, stores, actor, grant);
        return null;
      }
      const open = await findSession(stores, grant, now);
      if (open === null) throw new InvalidToken();
      await sessions.renew(sessionId, now, ends.session);
      await sessions.insertRefresh({
        digest: secrets.digest(refresh.token),
        sessionId,
        createdAt: now,
        expiresAt: refresh.expiresAt,
      });
      const entry = {
        type: 'sso:AuthTokenRefresh',
        serviceId,
        userId,
        subjectId: sessionId,
      } as const;
      await record(this.#ports, stores, actor, entry);
      const of = { userId, userKeyId: open.key.id };
      return { user: open.user, audit: await recordAsked(this.#ports, stores, actor, asked, of) };
    });
    // Thrown out here, so that the end of the session is kept.
    if (refreshed === null) throw new InvalidToken();
    return { ...refreshed, access, refresh };
  }
}
