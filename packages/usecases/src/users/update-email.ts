import {
  type Actor,
  Forbidden,
  InvalidCredentials,
  parseAll,
  parseEmail,
  placeOf,
  typedPassword,
} from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { attempt } from '../shared/attempt.ts';
import { changeEmail, refusedAsOwn } from '../shared/change-email.ts';
import { presentedDevice } from '../shared/known-device.ts';
import { checkOwing } from '../shared/owe.ts';
import { provePassword } from '../shared/prove-password.ts';

type Needs = Pick<
  Ports,
  | 'database'
  | 'hasher'
  | 'secrets'
  | 'macs'
  | 'linkTokens'
  | 'mailTally'
  | 'deviceTokens'
  | 'clock'
  | 'ids'
  | 'settings'
>;

type UpdateEmailInput = {
  readonly email: string;
  readonly password: string;
  readonly newEmail: string;
  /** The device token that a login handed out. */
  readonly device?: string | undefined;
};

/**
 * Changes the address of a user who proves the password, at once, and ends every session. The owner of the address from
 * before is mailed a link that undoes it, and the new address one that asks for a proof.
 */
export class UpdateEmail {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /**
   * Only somebody who knows the password learns that the new address is taken. Throws `IllegalArgument`,
   * `InvalidCredentials`, `Forbidden` where the password must be changed first, `TooManyRequests`, and `Overloaded`.
   */
  async execute(actor: Actor, input: UpdateEmailInput): Promise<void> {
    const { newEmail, ...claim } = parseAll({
      email: () => parseEmail(input.email),
      password: () => typedPassword(input.password, 'password'),
      newEmail: () => parseEmail(input.newEmail, 'newEmail'),
    });
    if (newEmail === claim.email) throw refusedAsOwn();
    const place = placeOf(actor);
    this.#ports.hasher.admit(place);

    const { email: account } = claim;
    const device = await presentedDevice(this.#ports, actor, account, input.device);
    const tried = { type: 'sso:AuthLocalUpdateEmail', account, device } as const;
    await attempt(this.#ports, actor, tried, {
      prove: () => provePassword(this.#ports, actor, claim),
      prepare: async ({ user }) => {
        if (user.passwordRequireUpdate) throw new Forbidden('password_update_required');
        await checkOwing(this.#ports, user, place.origin);
      },
      commit: async (stores, { user: { id }, tokenKey, version }) => {
        const locked = await stores.users.lock(id);
        const key = await stores.keys.findToken(id, place.serviceId, this.#ports.clock.now());
        // A change, a lock or a revoked key since the proof wins.
        const isProven =
          locked?.user.isEnabled &&
          locked.credential.version === version &&
          locked.user.email === account &&
          key?.id === tokenKey.id;
        if (!isProven) throw new InvalidCredentials();
        await changeEmail(this.#ports, stores, actor, { user: locked.user, newEmail });
        return { isRecorded: true, result: undefined };
      },
    });
  }
}
