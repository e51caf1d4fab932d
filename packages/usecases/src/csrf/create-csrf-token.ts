import { type Actor, type Id, type Instant, may, placeOf, Unauthorized } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';

type Needs = Pick<Ports, 'database' | 'secrets' | 'clock'>;

export type CsrfToken = {
  readonly value: string;
  readonly createdAt: Instant;
  readonly expiresAt: Instant;
  readonly serviceId: Id;
};

/** Makes a token that a service puts into a form, and that shows once that the form came back from there. */
export class CreateCsrfToken {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  async execute(actor: Actor, { ttlMs }: { readonly ttlMs: number }): Promise<CsrfToken> {
    if (!may(actor, 'use CSRF tokens', null)) throw new Unauthorized();
    const { database, secrets, clock } = this.#ports;
    const { serviceId } = placeOf(actor);
    const value = secrets.generate('rkc_');
    const digest = secrets.digest(value);
    const createdAt = clock.now();
    const expiresAt = createdAt + ttlMs;
    await database.transact(({ csrfTokens }) =>
      csrfTokens.insert({ digest, serviceId, expiresAt }),
    );
    return { value, createdAt, expiresAt, serviceId };
  }
}
