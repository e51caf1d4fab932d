import { type Id, InvalidToken, type Origin, type User } from '@rekey/domain';
import type { Token } from './login.ts';
import { findOpenSession, findRefreshGrant } from './open-session.ts';
import type { Ports } from './ports.ts';
import { record } from './record.ts';

type Needs = Pick<Ports, 'database' | 'secrets' | 'macs' | 'accessTokens' | 'clock' | 'ids'>;

export type RefreshTokenInput = {
  readonly serviceId: Id;
  readonly token: string;
  readonly origin?: Origin | undefined;
};

/**
 * Trades a refresh token for new tokens of the same session, once. Presented again it shows that two hold it,
 * and nobody can tell which of them stole it: the session ends for both.
 */
export class RefreshToken {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  async execute({
    serviceId,
    token,
    origin,
  }: RefreshTokenInput): Promise<{ user: User; access: Token; refresh: Token }> {
    const { database, secrets, accessTokens, clock } = this.#ports;
    const digest = secrets.digest(token);
    const found = await database.read((stores) => findRefreshGrant(stores, digest));
    if (found?.grant.serviceId !== serviceId || found.expiresAt <= clock.now()) {
      throw new InvalidToken();
    }

    const { grant, expiresAt } = found;
    const access = await accessTokens.issue(grant, 'signed');
    // The end that the login set stays: see docs/decisions/0009-refresh-tokens.md.
    const refresh = { token: secrets.generate('rkf_'), expiresAt };

    const { userId, sessionId: subjectId } = grant;
    const event = { serviceId, userId, subjectId, origin };
    const user = await database.transact(async (stores) => {
      const { sessions } = stores;
      const now = clock.now();
      if (!(await sessions.spendRefresh(digest, now))) {
        await sessions.end(grant.sessionId, now);
        await record(this.#ports, stores, { ...event, action: 'token_theft', outcome: 'failure' });
        return null;
      }
      const open = await findOpenSession(stores, grant);
      if (open === null) throw new InvalidToken();
      await sessions.insertRefresh({
        digest: secrets.digest(refresh.token),
        sessionId: grant.sessionId,
        createdAt: now,
        expiresAt,
      });
      await record(this.#ports, stores, { ...event, action: 'token_refresh' });
      return open.user;
    });
    // Thrown out here, so that the end of the session is kept.
    if (user === null) throw new InvalidToken();
    return { user, access, refresh };
  }
}
