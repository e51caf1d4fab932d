import { isUsable, Unauthorized } from '@rekey/domain';
import type { AccessGrant, Ports } from './ports.ts';

type Needs = Pick<Ports, 'database' | 'accessTokens'>;

/** Finds out whose session a bearer token stands for. */
export class AuthenticateBearer {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /** Throws `Unauthorized` unless the token is good, its session open, its user enabled and its key usable. */
  async execute(token: string): Promise<AccessGrant> {
    const { database, accessTokens } = this.#ports;
    const grant = await accessTokens.verify(token);
    if (grant === null) throw new Unauthorized();
    const isLive = await database.read(async ({ sessions, users, keys }) => {
      const session = await sessions.findOpen(grant.sessionId);
      if (session === null || session.userId !== grant.userId) return false;
      const user = await users.get(session.userId);
      const key = await keys.get(session.keyId);
      return user?.isEnabled === true && key !== null && isUsable(key);
    });
    if (!isLive) throw new Unauthorized();
    return grant;
  }
}
