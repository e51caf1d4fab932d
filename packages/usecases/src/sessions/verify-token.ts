import {
  type Actor,
  type Id,
  type Instant,
  InvalidToken,
  may,
  parseAsked,
  type SeenUser,
} from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { findSession } from '../shared/find-session.ts';
import { recordAsked } from '../shared/record-custom.ts';

type Needs = Pick<Ports, 'database' | 'macs' | 'accessTokens' | 'clock' | 'ids' | 'sessionUses'>;

/** Tells a service whom one of its access tokens stands for, as things are now. */
export class VerifyToken {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /**
   * Throws `InvalidToken` unless it is a good token of the service, its session open, its user enabled and its key usable.
   * `audit`: the type of an entry of the service's own, and of the answer the id of that entry.
   */
  async execute(
    actor: Actor,
    { token, audit }: { readonly token: string; readonly audit?: string | undefined },
  ): Promise<{ user: SeenUser; expiresAt: Instant; audit: Id | null }> {
    const asked = parseAsked(audit);
    const { database, accessTokens, clock, sessionUses } = this.#ports;
    const grant = await accessTokens.verify(token);
    if (!grant || !may(actor, 'use token', grant)) throw new InvalidToken();
    const now = clock.now();
    const open = await database.read((stores) => findSession(stores, grant, now));
    if (open === null) throw new InvalidToken();
    const { user, session, key } = open;
    sessionUses.note({ id: session.id, at: now });
    const verified = { user, expiresAt: Math.min(grant.expiresAt, session.expiresAt) };
    if (asked === undefined) return { ...verified, audit: null };
    const of = { userId: user.id, userKeyId: key.id };
    const entryId = await database.transact((stores) =>
      recordAsked(this.#ports, stores, actor, asked, of),
    );
    return { ...verified, audit: entryId };
  }
}
