import {
  type Actor,
  checkPasswordDiffers,
  InvalidCredentials,
  normalizePassword,
  type PasswordQuality,
  type Place,
  parseAll,
  parseEmail,
  placeOf,
  Unauthorized,
  type User,
} from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';
import { attempt } from '../shared/attempt.ts';
import { presentedDevice } from '../shared/known-device.ts';
import { judgeNewPassword, parseNewPassword } from '../shared/new-password.ts';
import { checkOwing, owe } from '../shared/owe.ts';
import { type Proof, provePassword } from '../shared/prove-password.ts';
import { tell } from '../shared/tell.ts';
import { checkChanges } from '../shared/throttle.ts';

type Needs = Pick<
  Ports,
  | 'database'
  | 'hasher'
  | 'meter'
  | 'breachList'
  | 'secrets'
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
   * refused, `InvalidCredentials`, `TooManyRequests`, and `Overloaded`.
   */
  async execute(
    actor: Actor,
    input: UpdatePasswordInput,
  ): Promise<{ user: User; quality: PasswordQuality }> {
    const { newPassword, ...claim } = parseAll({
      email: () => parseEmail(input.email),
      password: () => normalizePassword(input.password, 'password'),
      newPassword: () => parseNewPassword(this.#ports, input.newPassword, 'newPassword'),
      difference: () => checkPasswordDiffers(input.newPassword, input.password, 'newPassword'),
    });
    const place = placeOf(actor);
    this.#ports.hasher.admit(place);

    const { email: account } = claim;
    const device = await presentedDevice(this.#ports, actor, account, input.device);
    const tried = {
      type: 'sso:AuthLocalUpdatePassword',
      account,
      device,
      // It ends sessions at all of them.
      isFeltAtAll: true,
    } as const;
    const { result } = await attempt(this.#ports, actor, tried, {
      prove: () => provePassword(this.#ports, actor, claim),
      prepare: (proof) => this.#prepare(proof, newPassword, place),
      commit: async (stores, proof, { quality, passwordHash }) => {
        const { user, subjectId } = await this.#change(stores, actor, proof, passwordHash);
        return { subjectId, result: { user, quality } };
      },
    });
    return result;
  }

  /**
   * After the proof, so that only somebody who knows the password learns how often it was changed.
   * A change that somebody else commits from here on voids the proof.
   */
  async #prepare({ user, service }: Proof, newPassword: string, place: Place) {
    const { database, hasher, clock, settings } = this.#ports;
    await database.read(({ oneTimeTokens }) =>
      checkChanges(oneTimeTokens, settings, user.id, clock.now()),
    );
    await checkOwing(this.#ports, user, place.origin);
    const [quality, passwordHash] = await Promise.all([
      judgeNewPassword(this.#ports, newPassword, user, service, 'newPassword'),
      // At once, for it takes longer; the hash of a password that is refused is thrown away.
      hasher.hash(newPassword, place),
    ]);
    return { quality, passwordHash };
  }

  async #change(stores: Stores, actor: Actor, proof: Proof, passwordHash: string) {
    const { users, keys, sessions } = stores;
    const { user, tokenKey, version } = proof;
    const { serviceId, origin } = placeOf(actor);
    const now = this.#ports.clock.now();
    const isChanged = await users.changePassword(user.id, version, passwordHash, now);
    if (!isChanged) throw new InvalidCredentials();
    // The key or the session that let the caller in may have ended while the hashes were made.
    const key = await keys.findToken(user.id, serviceId, now);
    if (key?.id !== tokenKey.id) throw new InvalidCredentials();
    const sessionId = actor.kind === 'user' ? actor.session.sessionId : undefined;
    if (sessionId !== undefined && (await sessions.findOpen(sessionId)) === null) {
      throw new Unauthorized();
    }

    await sessions.endAllOf(user.id, now, sessionId);
    const right = { purpose: 'update_password', user, serviceId, origin } as const;
    const { id: subjectId } = await owe(this.#ports, stores, right);
    const event = { type: 'password.changed', serviceId, userId: user.id, subjectId } as const;
    await tell(this.#ports, stores, event);
    return { subjectId, user: { ...user, updatedAt: now, passwordRequireUpdate: false } };
  }
}
