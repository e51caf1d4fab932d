import { type Actor, isUsable, may, type ProvenUser, Unauthorized } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { findSession } from '../shared/find-session.ts';

type Needs = Pick<
  Ports,
  'database' | 'secrets' | 'accessTokens' | 'clock' | 'keyUses' | 'sessionUses'
>;

type Service = Extract<Actor, { readonly kind: 'service' }>;

/** A credential of a user: a KEY, or an access token, or the one of them that it turns out to be. */
export type UserCredential = { readonly kind: 'key' | 'token' | 'either'; readonly value: string };

/** Proves to a service which user it asks for, by a KEY or an access token that the user gave it. */
export class ProveUser {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /** Throws `Unauthorized` unless it is a usable KEY of an enabled user at the service, or the token of an open session there. */
  async execute(actor: Service, { kind, value }: UserCredential): Promise<Service> {
    const byToken = kind === 'key' ? null : await this.#byToken(actor, value);
    const user = byToken ?? (kind === 'token' ? null : await this.#byKey(actor, value));
    if (user === null) throw new Unauthorized();
    return { ...actor, user };
  }

  async #byKey(actor: Service, value: string): Promise<ProvenUser | null> {
    const { database, secrets, clock, keyUses } = this.#ports;
    const now = clock.now();
    const digest = secrets.digest(value);
    const found = await database.read(({ keys }) => keys.findByDigest(digest, now));
    if (!found || !may(actor, 'use token', found.key)) return null;
    const { user, key } = found;
    if (key.type !== 'KEY' || !user?.isEnabled || !isUsable(key, now)) return null;
    keyUses.note({ id: key.id, at: now });
    return { userId: user.id, keyId: key.id };
  }

  async #byToken(actor: Service, token: string): Promise<ProvenUser | null> {
    const { database, accessTokens, clock, sessionUses } = this.#ports;
    const grant = await accessTokens.verify(token);
    if (!grant || !may(actor, 'use token', grant)) return null;
    const now = clock.now();
    const open = await database.read((stores) => findSession(stores, grant, now));
    if (open === null) return null;
    sessionUses.note({ id: open.session.id, at: now });
    return { userId: open.user.id, keyId: open.key.id, sessionId: open.session.id };
  }
}
