import { type Actor, IllegalArgument, parseAll, placeOf } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { maybeClaimedEmail } from '../shared/claimed-email.ts';
import { maybeOrigin } from '../shared/maybe-origin.ts';
import { lockPasskeyOwner, type PasskeyOwner } from '../shared/passkey-owner.ts';
import { serviceNameFor } from '../shared/service-name.ts';

type Needs = Pick<Ports, 'database' | 'secrets' | 'webAuthn' | 'clock' | 'settings'>;

/** A question to an authenticator: what the browser is to be asked with, and the challenge in it. */
export type PasskeyQuestion = { readonly options: object; readonly challenge: string };

/** Asks the browser of a person with a session to make a passkey. Nothing is kept until it has. */
export class StartPasskey {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /**
   * Throws like `lockPasskeyOwner`, and `IllegalArgument` for an origin that is not accepted. `origin`: that of the page;
   * the first accepted one unless given.
   */
  async execute(
    actor: Actor,
    { origin, ...owner }: PasskeyOwner & { readonly origin?: string | undefined },
  ): Promise<PasskeyQuestion> {
    const { database, webAuthn, clock, settings } = this.#ports;
    const { rpId } = parseAll({
      email: () => maybeClaimedEmail(actor, owner.email),
      rpId: () => rpIdOf(webAuthn, origin),
    });
    const { serviceId } = placeOf(actor);

    const { user, existing, service } = await database.transact(async (stores) => {
      const { user } = await lockPasskeyOwner(this.#ports, stores, actor, owner);
      const existing = await stores.passkeys.ofUser(user.id);
      return { user, existing, service: await stores.services.get(serviceId) };
    });
    const ceremony = { kind: 'create', serviceId, account: user.id } as const;
    const challenge = webAuthn.challenge(ceremony, clock.now());
    const rpName = service ? serviceNameFor(service, settings) : settings.brandName;
    return {
      options: webAuthn.creationOptions({ challenge, rpId, rpName, user, existing }),
      challenge,
    };
  }
}

/** The domain that passkeys of a page work at. Throws `IllegalArgument` for an origin that is not accepted. */
export function rpIdOf(webAuthn: Needs['webAuthn'], origin: string | undefined): string {
  const rpId = webAuthn.rpIdOf(maybeOrigin(origin));
  if (rpId !== null) return rpId;
  const message = 'must be one whose passkeys are accepted';
  throw new IllegalArgument([{ field: 'origin', message, code: 'not_allowed' }]);
}
