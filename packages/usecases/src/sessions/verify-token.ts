import { type Actor, type Instant, InvalidToken, may, type User } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { findSession } from '../shared/find-session.ts';

type Needs = Pick<Ports, 'database' | 'accessTokens' | 'clock' | 'sessionUses'>;

/** Tells a service whom one of its access tokens stands for, as things are now. */
export class VerifyToken {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /** Throws `InvalidToken` unless it is a good token of the service, its session open, its user enabled and its key usable. */
  async execute(
    actor: Actor,
    { token }: { readonly token: string },
  ): Promise<{ user: User; expiresAt: Instant }> {
    const { database, accessTokens, clock, sessionUses } = this.#ports;
    const grant = await accessTokens.verify(token);
    if (!grant || !may(actor, 'use token', grant)) throw new InvalidToken();
    const now = clock.now();
    const open = await database.read((stores) => findSession(stores, grant, now));
    if (open === null) throw new InvalidToken();
    const { user, session } = open;
    sessionUses.note({ id: session.id, at: now });
    return { user, expiresAt: Math.min(grant.expiresAt, session.expiresAt) };
  }
}
