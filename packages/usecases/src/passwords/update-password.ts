import {
  type Actor,
  checkPasswordDiffers,
  FactorDemanded,
  missingFactor,
  type PasswordQuality,
  parseAll,
  parseClaimedEmail,
  parseEmail,
  placeOf,
  typedPassword,
  type User,
} from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { attempt } from '../shared/attempt.ts';
import { commitChange, prepareChange } from '../shared/change-password.ts';
import { checkOwnEmail } from '../shared/check-own-email.ts';
import { type Presented, presentedDevice } from '../shared/known-device.ts';
import { parseNewPassword } from '../shared/new-password.ts';
import { proveLogin } from '../shared/prove-login.ts';
import type { Proof } from '../shared/prove-password.ts';
import { spend } from '../shared/with-code.ts';

type Needs = Pick<
  Ports,
  | 'database'
  | 'hasher'
  | 'meter'
  | 'breachList'
  | 'secrets'
  | 'totp'
  | 'macs'
  | 'linkTokens'
  | 'deviceTokens'
  | 'clock'
  | 'ids'
  | 'settings'
>;

type UpdatePasswordInput = {
  readonly email: string;
  readonly password: string;
  readonly newPassword: string;
  /** Of the second factor: six digits, or a recovery code. */
  readonly code?: string | undefined;
  /** The device token that a login handed out. */
  readonly device?: string | undefined;
};

/**
 * Changes the password of a user who proves the current one, ends every session but the one that asked,
 * and owes the user a mail with a link that undoes what an attacker may have done.
 */
export class UpdatePassword {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /**
   * A session can only change the password of its own user. Throws `IllegalArgument` for a new password that is
   * refused, `Forbidden` for every address but the own one, `InvalidCredentials`, `TooManyRequests`, and `Overloaded`; and
   * `FactorDemanded` where somebody whom neither a session nor a service knows has to show the second factor of the
   * account as well.
   */
  async execute(
    actor: Actor,
    input: UpdatePasswordInput,
  ): Promise<{ user: User; quality: PasswordQuality; device: string }> {
    const { newPassword, ...claim } = parseAll({
      email: () => (actor.kind === 'service' ? parseEmail : parseClaimedEmail)(input.email),
      password: () => typedPassword(input.password, 'password'),
      newPassword: () => parseNewPassword(this.#ports, input.newPassword, 'newPassword'),
      difference: () => checkPasswordDiffers(input.newPassword, input.password, 'newPassword'),
    });
    const place = placeOf(actor);
    if (actor.kind === 'user') await checkOwnEmail(this.#ports, actor.session.userId, claim.email);
    this.#ports.hasher.admit(place);

    const { email: account } = claim;
    const device = await presentedDevice(this.#ports, actor, account, input.device);
    const tried = { type: 'sso:AuthLocalUpdatePassword', account, device } as const;
    const { result } = await attempt(this.#ports, actor, tried, {
      prove: () => proveLogin(this.#ports, actor, claim, input.code),
      prepare: (proof) => {
        const { user, service, amr } = proof;
        const missing = actor.kind === 'nobody' ? missingFactor(user.factors, service, amr) : null;
        if (missing === 'second_factor_required') throw new FactorDemanded(missing, null);
        return prepareChange(this.#ports, place, proof, newPassword);
      },
      commit: async (stores, proof, { quality, passwordHash }) => {
        if (proof.own !== null) await spend(this.#ports, stores, proof.user.id, proof.own);
        const user = await commitChange(this.#ports, stores, actor, proof, passwordHash);
        const result = { user, quality, device: this.#deviceOf(proof, device) };
        return { isRecorded: true, result };
      },
    });
    return result;
  }

  /** The token of the device that asked: whoever proved the password is known there from then on. */
  #deviceOf({ user, version, deviceEpoch: epoch }: Proof, presented: Presented | null): string {
    const { deviceTokens, clock, ids } = this.#ports;
    return deviceTokens.make({
      id: presented?.isKnown ? presented.id : ids.next(),
      userId: user.id,
      version: version + 1,
      epoch,
      issuedAt: clock.now(),
    });
  }
}
