import {
  type Actor,
  type Id,
  InvalidToken,
  may,
  parseAsked,
  placeOf,
  Unauthorized,
} from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { recordAsked } from '../shared/record-custom.ts';

type Needs = Pick<Ports, 'database' | 'secrets' | 'macs' | 'clock' | 'ids'>;

type VerifyCsrfTokenInput = {
  readonly value: string;
  /** The type of an entry of the service's own. */
  readonly audit?: string | undefined;
};

/** Spends a CSRF token of the service that asks. */
export class VerifyCsrfToken {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /**
   * Throws `InvalidToken` for a token that is unknown, expired, spent or another service's, which stays good there.
   * Answers the id of the entry in the audit that was asked for.
   */
  async execute(actor: Actor, { value, audit }: VerifyCsrfTokenInput): Promise<Id | null> {
    const asked = parseAsked(audit);
    if (!may(actor, 'use CSRF tokens', null)) throw new Unauthorized();
    const { database, secrets, clock } = this.#ports;
    const { serviceId } = placeOf(actor);
    const digest = secrets.digest(value);
    return database.transact(async (stores) => {
      const isGood = await stores.csrfTokens.spend(digest, serviceId, clock.now());
      if (!isGood) throw new InvalidToken();
      return recordAsked(this.#ports, stores, actor, asked, {});
    });
  }
}
