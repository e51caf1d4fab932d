import {
  type Actor,
  type Instant,
  InvalidOneTimeToken,
  may,
  type Origin,
  type Purpose,
} from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { serviceNameFor } from '../shared/service-name.ts';

type Needs = Pick<Ports, 'database' | 'linkTokens' | 'clock' | 'settings'>;

/** The facts that the page of a link tells. */
export type Told = {
  readonly purpose: Purpose;
  /** The name that people know the service by. */
  readonly serviceName: string;
  /** The address that the user had when it happened. */
  readonly email: string;
  readonly happenedAt: Instant;
  readonly origin: Origin;
  readonly locale: string;
  readonly timezone: string;
};

/** Tells what a mailed link is about, and spends nothing: only where the link would be good now. */
export class ReadNotice {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /** Throws `InvalidOneTimeToken` for any other token. */
  async execute(actor: Actor, { token: text }: { readonly token: string }): Promise<Told> {
    const { database, linkTokens, clock, settings } = this.#ports;
    const right = linkTokens.verify(text);
    if (right === null) throw new InvalidOneTimeToken();

    return database.read(async ({ services, users, oneTimeTokens }) => {
      const now = clock.now();
      const token = await oneTimeTokens.findGood(right.id, now);
      if (token === null) {
        const isOfDeleted = await oneTimeTokens.isOfDeleted(right.id, now);
        throw new InvalidOneTimeToken({ isOfDeleted });
      }
      const service = await services.find(token.serviceId);
      const asked = token.details && 'name' in token.details ? token.details : null;
      const person = token.userId === null ? asked : await users.get(token.userId);
      if (!service || !person || token.purpose !== right.purpose) throw new InvalidOneTimeToken();
      if (!may(actor, 'use link', { serviceId: service.id })) throw new InvalidOneTimeToken();
      const { purpose, email, createdAt: happenedAt, origin } = token;
      const { locale, timezone } = person;
      const serviceName = serviceNameFor(service, settings);
      return { purpose, serviceName, email, happenedAt, origin, locale, timezone };
    });
  }
}
