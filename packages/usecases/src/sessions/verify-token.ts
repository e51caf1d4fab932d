import { type Id, type Instant, InvalidToken, type User } from '@rekey/domain';
import { findOpenSession } from './open-session.ts';
import type { Ports } from './ports.ts';

type Needs = Pick<Ports, 'database' | 'accessTokens'>;

export type VerifyTokenInput = { readonly serviceId: Id; readonly token: string };

/** Tells a service whom one of its access tokens stands for, as things are now. */
export class VerifyToken {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /** Throws `InvalidToken` unless it is a good token of the service, its session open, its user enabled and its key usable. */
  async execute({
    serviceId,
    token,
  }: VerifyTokenInput): Promise<{ user: User; expiresAt: Instant }> {
    const { database, accessTokens } = this.#ports;
    const grant = await accessTokens.verify(token);
    if (grant?.serviceId !== serviceId) throw new InvalidToken();
    const open = await database.read((stores) => findOpenSession(stores, grant));
    if (open === null) throw new InvalidToken();
    return { user: open.user, expiresAt: grant.expiresAt };
  }
}
