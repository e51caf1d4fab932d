import { type Actor, type Id, parseAll, placeOf } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { maybeClaimedEmail } from '../shared/claimed-email.ts';
import { type PasskeyQuestion, rpIdOf } from './start-passkey.ts';

type Needs = Pick<Ports, 'database' | 'webAuthn' | 'clock'>;

type AskForPasskeyInput = {
  /** The account that somebody wants to log in to; any that a passkey is of unless given. */
  readonly email?: string | undefined;
  /** The origin of the page; the first accepted one unless given. */
  readonly origin?: string | undefined;
};

/** An id that no user has. */
const NOBODY: Id = '';

/** Asks a browser for a passkey, to log in with. Nothing is kept, and nobody learns whether there is such an account. */
export class AskForPasskey {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /**
   * Whoever has no passkey that logs in here is answered like somebody who has: with passkeys that are made up, the same
   * each time. Throws `IllegalArgument` for what is no address, and for an origin that is not accepted.
   */
  async execute(actor: Actor, { email, origin }: AskForPasskeyInput): Promise<PasskeyQuestion> {
    const { webAuthn, clock } = this.#ports;
    const { account, rpId } = parseAll({
      account: () => maybeClaimedEmail(actor, email) ?? '',
      rpId: () => rpIdOf(webAuthn, origin),
    });
    const { serviceId } = placeOf(actor);

    const allowed = email === undefined ? [] : await this.#passkeysOf(account, { serviceId, rpId });
    const ceremony = { kind: 'get', serviceId, account } as const;
    const challenge = webAuthn.challenge(ceremony, clock.now());
    return { options: webAuthn.requestOptions({ challenge, rpId, allowed }), challenge };
  }

  async #passkeysOf(email: string, at: { readonly serviceId: Id; readonly rpId: string }) {
    const { database, webAuthn, clock } = this.#ports;
    const madeUp = webAuthn.madeUp(email);
    const passkeys = await database.read(async ({ users, keys, passkeys }) => {
      const user = (await users.findByEmail(email))?.user;
      const userId = user?.id ?? NOBODY;
      const tokenKey = await keys.findToken(userId, at.serviceId, clock.now());
      const found = await passkeys.ofUser(userId);
      return user?.isEnabled && tokenKey !== null ? found : [];
    });
    const own = passkeys.filter(({ rpId }) => rpId === at.rpId);
    return own.length > 0 ? own : madeUp;
  }
}
