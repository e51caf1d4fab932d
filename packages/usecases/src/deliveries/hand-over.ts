import { type Actor, factorIn, keyIn, linkOf, maskedEmail, stackOf } from '@rekey/domain';
import { DeliveryFailure, type Notice, type Owed, type Ports } from '../ports/index.ts';
import { onlyOperator } from '../shared/only-operator.ts';
import { serviceNameFor } from '../shared/service-name.ts';

type Needs = Pick<Ports, 'channels' | 'linkTokens' | 'clock' | 'settings'>;

/** A delivery that was handed over, or that could not be. */
export type Handed = {
  readonly owed: Owed;
  /** Null where it was handed over. */
  readonly failure: {
    readonly message: string;
    readonly isPermanent: boolean;
    /** The error behind the message, where more is known: it names neither the recipient nor the link. */
    readonly detail: string | null;
  } | null;
};

/** Makes a delivery that was claimed: its link, its notice, and the way out. Nothing of the link is stored. */
export class HandOver {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /** Never rejects for what goes wrong outside: that is in the answer. */
  async execute(actor: Actor, owed: Owed): Promise<Handed> {
    onlyOperator(actor);
    const { channels, clock, linkTokens } = this.#ports;
    const { delivery, token } = owed;
    if (clock.now() >= delivery.deadline) {
      const message = 'the link has expired';
      return { owed, failure: { message, isPermanent: true, detail: null } };
    }
    const unsaid = [delivery.to];
    try {
      const text = linkTokens.make(token);
      unsaid.unshift(text);
      const notice = this.#compose(owed, text);
      unsaid.unshift(notice.link);
      await channels[delivery.channel].send(notice);
      return { owed, failure: null };
    } catch (error) {
      const isKnown = error instanceof DeliveryFailure;
      const { message, isPermanent } = isKnown
        ? error
        : new DeliveryFailure('unexpected error', false);
      const behind = isKnown ? error.cause : error;
      const detail = behind === undefined ? null : without(unsaid, stackOf(behind));
      return { owed, failure: { message, isPermanent, detail } };
    }
  }

  #compose({ delivery, token, service }: Owed, text: string): Notice {
    const { settings } = this.#ports;
    const { details } = token;
    return {
      id: delivery.id,
      kind: delivery.kind,
      to: delivery.to,
      locale: delivery.locale,
      timezone: delivery.timezone,
      service: {
        name: serviceNameFor(service, settings),
        emailText: service.userEmailText || null,
      },
      supportUrl: service.supportUrl ?? settings.supportUrl,
      // The mailbox may not be the owner's any more.
      newEmail: details && 'newEmail' in details ? maskedEmail(details.newEmail) : null,
      key: keyIn(details),
      factor: factorIn(details),
      happenedAt: delivery.createdAt,
      origin: token.origin,
      link: linkOf({ service, right: token, token: text }, settings),
      linkExpiresAt: token.expiresAt,
    };
  }
}

const without = (unsaid: readonly string[], text: string): string =>
  unsaid.reduce((rest, part) => rest.replaceAll(part, '[left out]'), text);
