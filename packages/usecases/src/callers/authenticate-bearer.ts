import { Unauthorized } from '@rekey/domain';
import { findOpenSession } from './open-session.ts';
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
    const open = await database.read((stores) => findOpenSession(stores, grant));
    if (open === null) throw new Unauthorized();
    return grant;
  }
}
