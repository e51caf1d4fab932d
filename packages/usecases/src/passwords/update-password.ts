import {
  checkPasswordDiffers,
  InvalidCredentials,
  type PasswordQuality,
  Unauthorized,
  type User,
} from '@rekey/domain';
import { judgeNewPassword, parseNewPassword } from './new-password.ts';
import type { AccessGrant, Ports } from './ports.ts';
import { type Claim, type Proof, proveAccount } from './prove-account.ts';
import { isRefusal, record, recordFailure } from './record.ts';
import { checkChanges, clearAttempt } from './throttle.ts';

type Needs = Pick<
  Ports,
  | 'database'
  | 'hasher'
  | 'meter'
  | 'breachList'
  | 'secrets'
  | 'macs'
  | 'revokeTokens'
  | 'clock'
  | 'ids'
  | 'settings'
>;

export type UpdatePasswordInput = Claim & {
  readonly newPassword: string;
  /** The session that asks, where one does: it lives on, and only its own user's password can be changed. */
  readonly session?: AccessGrant;
};

/**
 * Changes the password of a user who proves the current one, ends every other session,
 * and owes the user a mail with a link that undoes what an attacker may have done.
 */
export class UpdatePassword {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  async execute(input: UpdatePasswordInput): Promise<{ user: User; quality: PasswordQuality }> {
    const { database, revokeTokens, clock, ids, settings } = this.#ports;
    const newPassword = parseNewPassword(this.#ports, input.newPassword, 'newPassword');
    checkPasswordDiffers(newPassword, input.password.normalize('NFC'), 'newPassword');

    const { session } = input;
    const proof = await proveAccount(this.#ports, input, { action: 'password_change', session });
    const { user, service, tokenKey, version, counted } = proof;
    const event = {
      action: 'password_change',
      serviceId: service.id,
      userId: user.id,
      origin: input.origin,
    } as const;
    const failure = {
      ...event,
      outcome: 'failure',
      subjectId: session?.sessionId ?? null,
    } as const;
    const { quality, passwordHash } = await this.#prepare(proof, newPassword).catch(
      async (error: unknown) => {
        // The new password is refused, or the change comes too soon; the current one was right.
        await database.transact(async (stores) => {
          await clearAttempt(stores.throttles, counted, clock.now());
          if (isRefusal(error)) await record(this.#ports, stores, failure);
        });
        throw error;
      },
    );

    const changing = database.transact(async (stores) => {
      const { users, keys, sessions, changes, outbox, throttles } = stores;
      const now = clock.now();
      const isChanged = await users.changePassword(user.id, version, passwordHash, now);
      if (!isChanged) throw new InvalidCredentials();
      // What let the caller in may have ended while the hashes were made.
      const key = await keys.findToken(user.id, service.id);
      if (key?.id !== tokenKey.id) throw new InvalidCredentials();
      if (session && (await sessions.findOpen(session.sessionId)) === null)
        throw new Unauthorized();

      await sessions.endAllOf(user.id, now, session?.sessionId);
      const change = {
        id: ids.next(),
        createdAt: now,
        userId: user.id,
        serviceId: service.id,
        email: user.email,
        origin: input.origin,
        revokeKeyId: revokeTokens.currentKeyId(),
        expiresAt: now + settings.revokeTokenTtl * 1000,
      };
      await changes.insert(change);
      await outbox.add(change.id, now);
      await clearAttempt(throttles, counted, now);
      await record(this.#ports, stores, { ...event, subjectId: change.id });
      return { user: { ...user, updatedAt: now, passwordRequireUpdate: false }, quality };
    });
    return changing.catch(async (error: unknown) => {
      if (isRefusal(error)) await recordFailure(this.#ports, failure, counted);
      throw error;
    });
  }

  /**
   * After the proof, so that only who knows the password learns how often it was changed.
   * A change that somebody else commits from here on voids the proof: what was counted stands.
   */
  async #prepare({ user, service }: Proof, newPassword: string) {
    const { database, hasher, clock, settings } = this.#ports;
    await database.read(({ changes }) => checkChanges(changes, settings, user.id, clock.now()));
    const [quality, passwordHash] = await Promise.all([
      judgeNewPassword(this.#ports, newPassword, user, service, 'newPassword'),
      // At once, for it takes longer; that of a password which is refused is thrown away.
      hasher.hash(newPassword),
    ]);
    return { quality, passwordHash };
  }
}
