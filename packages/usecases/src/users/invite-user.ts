import {
  type Actor,
  type Id,
  IllegalArgument,
  NotFound,
  type User,
  type Violation,
  WrongState,
} from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { invite } from '../shared/invite.ts';
import { onlyOperator } from '../shared/only-operator.ts';

type Needs = Pick<
  Ports,
  'database' | 'secrets' | 'macs' | 'linkTokens' | 'clock' | 'ids' | 'settings'
>;

/** Mails a user who has no password a link to choose one. The link of an earlier mail works no longer. */
export class InviteUser {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /**
   * Throws `NotFound`, `WrongState` for an account that its owner locked, and `IllegalArgument` for a user who is
   * disabled, or has a password.
   */
  async execute(actor: Actor, { id }: { readonly id: Id }): Promise<User> {
    onlyOperator(actor);
    return this.#ports.database.transact(async (stores) => {
      const account = await stores.users.lock(id);
      if (account === null) throw new NotFound();
      const { user, credential } = account;
      if (user.isLocked) throw new WrongState('account_locked');
      if (!user.isEnabled) throw refused('is disabled');
      if (credential.passwordHash !== null) throw refused('has a password already');
      const { version } = credential;
      await invite(this.#ports, stores, actor, { user, version });
      return user;
    });
  }
}

const refused = (message: string): IllegalArgument => {
  const violation: Violation = { field: 'user', message, code: 'not_allowed' };
  return new IllegalArgument([violation]);
};
