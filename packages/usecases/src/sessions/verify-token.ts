import {
  type Actor,
  type AssuranceLevel,
  type Authentication,
  assuranceOf,
  Forbidden,
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

type VerifyTokenInput = {
  readonly token: string;
  readonly audit?: string | undefined;
  /** Seconds since something was proven in the session, at most. */
  readonly maxAgeS?: number | undefined;
  /** One of them at least is reached; a higher level is as good as a lower one. */
  readonly levels?: readonly AssuranceLevel[] | undefined;
};

type VerifyTokenOutput = Authentication & {
  readonly user: SeenUser;
  readonly expiresAt: Instant;
  readonly audit: Id | null;
};

const reaches = (amr: Authentication['amr'], level: AssuranceLevel): boolean =>
  level === 'aal1' || assuranceOf(amr) === level;

/** Tells a service whom one of its access tokens stands for, as things are now. */
export class VerifyToken {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /**
   * Throws `InvalidToken` unless it is a good token of the service, its session open, its user enabled and its key usable;
   * `Forbidden` where the session was proven too long ago, or with too little, for what is asked (RFC 9470).
   * `audit`: the type of an entry of the service's own, and of the answer the id of that entry.
   */
  async execute(
    actor: Actor,
    { token, audit, maxAgeS, levels }: VerifyTokenInput,
  ): Promise<VerifyTokenOutput> {
    const asked = parseAsked(audit);
    const { database, accessTokens, clock, sessionUses } = this.#ports;
    const grant = await accessTokens.verify(token);
    if (!grant || !may(actor, 'use token', grant)) throw new InvalidToken();
    const now = clock.now();
    const open = await database.read((stores) => findSession(stores, grant, now));
    if (open === null) throw new InvalidToken();
    const { user, session, key } = open;
    const { amr, authenticatedAt } = session;
    const isFresh = maxAgeS === undefined || now - authenticatedAt <= maxAgeS * 1000;
    const isStrong = levels === undefined || levels.some((level) => reaches(amr, level));
    if (!isFresh || !isStrong) throw new Forbidden('insufficient_user_authentication');
    sessionUses.note({ id: session.id, at: now });
    const expiresAt = Math.min(grant.expiresAt, session.expiresAt);
    const verified = { user, expiresAt, amr, authenticatedAt };
    if (asked === undefined) return { ...verified, audit: null };
    const of = { userId: user.id, userKeyId: key.id };
    const entryId = await database.transact((stores) =>
      recordAsked(this.#ports, stores, actor, asked, of),
    );
    return { ...verified, audit: entryId };
  }
}
