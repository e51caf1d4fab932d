import type { Claims } from './tokens.ts';

/** An event of the feed of revocations. */
export type Revocation = {
  readonly type: string;
  readonly created_at: string;
  readonly user_id: string | null;
  readonly subject_id: string | null;
  readonly data: Readonly<Record<string, unknown>>;
};

/** Clocks of servers may differ by so much: between, Rekey is asked. */
const SKEW_MS = 30_000;
/** No server answers anything about a token that is older than that. */
const SERVER_LAG_MS = 1000;
/** Older ones are forgotten: tokens from before are asked about. */
const KEPT_MS = 24 * 3600 * 1000;

type OfUser = {
  readonly at: number;
  readonly knownAt: number;
  /** The session that goes on. */
  readonly spared: string | null;
  /** `over`: what was issued before is worth nothing. `ask`: Rekey knows what it is worth. `always`: also of what comes. */
  readonly means: 'over' | 'ask' | 'always';
};

/** What a token is worth by all that the feed said: Rekey has to be asked about a doubtful one. */
export type Verdict = 'good' | 'over' | 'doubtful';

/** What the feed of revocations said, in bounded memory. */
export class Revocations {
  readonly #max: number;
  readonly #sessions = new Map<string, number>();
  readonly #users = new Map<string, OfUser>();
  /** All revocations since then are known; of what was issued before, Rekey has to be asked. */
  #since = Number.POSITIVE_INFINITY;

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#sessions.size + this.#users.size;
  }

  /** Forgets everything: what happened from `since` on is about to be told anew. */
  restart(since: number): void {
    this.#sessions.clear();
    this.#users.clear();
    this.#since = since;
  }

  add({ type, created_at, user_id: userId, subject_id: subjectId, data }: Revocation): void {
    const at = Date.parse(created_at);
    const { key_type: keyType, kept_session_id: spared = null, expires_at: expiresAt } = data;
    if (type === 'service.disabled' || type === 'service.deleted') {
      this.#since = Math.max(this.#since, at + SKEW_MS);
    } else if (subjectId !== null && (type === 'session.ended' || type === 'token.theft')) {
      this.#sessions.delete(subjectId);
      this.#sessions.set(subjectId, at);
    } else if (userId !== null && !(type.startsWith('key.') && keyType !== 'TOKEN')) {
      // A new value for a TOKEN key leaves its sessions as they are.
      if (type === 'key.rotated') return;
      const known = this.#users.get(userId);
      this.#users.delete(userId);
      this.#users.set(userId, {
        at: Math.max(at, known?.at ?? 0),
        knownAt: Date.now(),
        spared: typeof spared === 'string' ? spared : null,
        means: this.#meaning(type, expiresAt, known),
      });
    }
    this.#bound();
  }

  /** `askedAt`: when Rekey was asked about the token last, and said that it is good. */
  judge({ sessionId, userId, issuedAt }: Claims, askedAt: number): Verdict {
    if (this.#sessions.has(sessionId)) return 'over';
    const of = this.#users.get(userId);
    if (of?.means === 'always') return 'doubtful';
    if (of !== undefined && of.spared !== sessionId) {
      // A token says the second in which it was issued.
      if (of.means === 'over' && issuedAt + 1000 + SKEW_MS < of.at) return 'over';
      const isLater = issuedAt > of.at + SKEW_MS;
      if (!isLater && askedAt < of.knownAt + SERVER_LAG_MS) return 'doubtful';
    }
    const isCovered = issuedAt > this.#since + SKEW_MS;
    return isCovered || askedAt > this.#since + SKEW_MS + SERVER_LAG_MS ? 'good' : 'doubtful';
  }

  #meaning(type: string, expiresAt: unknown, known: OfUser | undefined): OfUser['means'] {
    // No event comes when a key expires.
    if (expiresAt) return 'always';
    if (known?.means === 'always' && !type.startsWith('key.')) return 'always';
    return isFinal(type) ? 'over' : 'ask';
  }

  #bound(): void {
    const old = Date.now() - KEPT_MS;
    for (const [id, at] of this.#sessions) {
      if (this.size <= this.#max && at > old) break;
      this.#sessions.delete(id);
      this.#since = Math.max(this.#since, at);
    }
    for (const [id, { at }] of this.#users) {
      if (this.size <= this.#max && at > old) break;
      this.#users.delete(id);
      this.#since = Math.max(this.#since, at);
    }
  }
}

/** After these no token from before is good again; of others, and of types that are new, Rekey is asked. */
const isFinal = (type: string): boolean =>
  [
    'session.ended',
    'user.disabled',
    'user.locked',
    'user.deleted',
    'password.changed',
    'password.reset',
    'email.changed',
    'key.revoked',
  ].includes(type);
