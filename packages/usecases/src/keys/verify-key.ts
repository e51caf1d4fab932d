import {
  type Actor,
  Forbidden,
  type Id,
  InvalidToken,
  isUsable,
  type Key,
  may,
  parseAll,
  parseAsked,
  parseScopes,
  type SeenUser,
} from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { recordAsked } from '../shared/record-custom.ts';

type Needs = Pick<Ports, 'database' | 'secrets' | 'macs' | 'keyUses' | 'clock' | 'ids'>;

type VerifyKeyInput = {
  readonly value: string;
  /** That the key must all have. */
  readonly scopes?: readonly string[] | undefined;
  /** The type of an entry of the service's own. */
  readonly audit?: string | undefined;
};

/** Tells a service whose KEY it was given, where the KEY is one of its own for a user. */
export class VerifyKey {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /**
   * Throws `InvalidToken` unless the value is that of a KEY of a user at the service, the KEY usable and the user enabled;
   * then `Forbidden` where the KEY lacks a scope.
   */
  async execute(
    actor: Actor,
    { value, scopes = [], audit }: VerifyKeyInput,
  ): Promise<{ user: SeenUser; key: Key; entryId: Id | null }> {
    const { database, secrets, keyUses, clock } = this.#ports;
    const { asked } = parseAll({
      scopes: () => parseScopes(scopes),
      asked: () => parseAsked(audit),
    });
    const digest = secrets.digest(value);
    const now = clock.now();
    const found = await database.read(({ keys }) => keys.findByDigest(digest, now));
    if (!found || !may(actor, 'use token', found.key)) throw new InvalidToken();
    const { user, key } = found;
    const isGood = key.type === 'KEY' && user?.isEnabled === true && isUsable(key, now);
    if (!isGood || user === null) throw new InvalidToken();
    keyUses.note({ id: key.id, at: now });
    if (!scopes.every((scope) => key.scopes.includes(scope))) throw new Forbidden('forbidden');
    if (asked === undefined) return { user, key, entryId: null };

    const of = { userId: user.id, userKeyId: key.id };
    const entryId = await database.transact((stores) =>
      recordAsked(this.#ports, stores, actor, asked, of),
    );
    return { user, key, entryId };
  }
}
