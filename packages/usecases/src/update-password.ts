import {
  IllegalArgument,
  InvalidCredentials,
  type Origin,
  type PasswordQuality,
  Unauthorized,
  type User,
} from '@rekey/domain';
import { judgeNewPassword, parseNewPassword } from './new-password.ts';
import type { AccessGrant, Ports } from './ports.ts';
import { type Claim, proveAccount } from './prove-account.ts';

type Needs = Pick<
  Ports,
  'database' | 'hasher' | 'meter' | 'revokeTokens' | 'clock' | 'ids' | 'settings'
>;

export type UpdatePasswordInput = Claim & {
  readonly newPassword: string;
  readonly origin: Origin;
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
    const { database, hasher, revokeTokens, clock, ids, settings } = this.#ports;
    const newPassword = parseNewPassword(this.#ports, input.newPassword, 'newPassword');
    if (newPassword === input.password.normalize('NFC')) {
      throw new IllegalArgument([
        { field: 'newPassword', message: 'must differ from the current one' },
      ]);
    }

    const { user, service, tokenKey, version } = await proveAccount(
      this.#ports,
      input,
      input.session?.userId,
    );
    const quality = await judgeNewPassword(this.#ports, newPassword, user, service, 'newPassword');
    const passwordHash = await hasher.hash(newPassword);

    return database.transact(async ({ users, keys, sessions, changes, outbox }) => {
      const now = clock.now();
      const isChanged = await users.changePassword(user.id, version, passwordHash, now);
      if (!isChanged) throw new InvalidCredentials();
      // What let the caller in may have ended while the hashes were made.
      const key = await keys.findToken(user.id, service.id);
      if (key?.id !== tokenKey.id) throw new InvalidCredentials();
      const session = input.session;
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
      return { user: { ...user, updatedAt: now, passwordRequireUpdate: false }, quality };
    });
  }
}
