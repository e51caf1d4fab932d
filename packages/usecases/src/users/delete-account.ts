import {
  type Account,
  type Actor,
  changePurposes,
  type Id,
  IllegalArgument,
  InvalidCredentials,
  NotFound,
  parseAll,
  parseClaimedEmail,
  placeOf,
  typedPassword,
  Unauthorized,
  WrongState,
} from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';
import { checkNotLastAdmin } from '../shared/admins.ts';
import { admitAdmin } from '../shared/admit-admin.ts';
import { attempt } from '../shared/attempt.ts';
import { deleteUsers } from '../shared/delete-users.ts';
import { presentedDevice } from '../shared/known-device.ts';
import { oweDeletion } from '../shared/owe-deletion.ts';
import { type Claim, provePassword } from '../shared/prove-password.ts';
import { DeleteUser } from './delete-user.ts';

type Needs = Pick<
  Ports,
  | 'database'
  | 'hasher'
  | 'secrets'
  | 'macs'
  | 'linkTokens'
  | 'deviceTokens'
  | 'mailTally'
  | 'clock'
  | 'ids'
  | 'settings'
>;
type Person = Extract<Actor, { readonly kind: 'user' }>;

type DeleteAccountInput = {
  readonly email: string;
  /** Needed for the own account, but by admins. */
  readonly password?: string | undefined;
};

/** Deletes the account of a person who proves the password, or any account of the built-in service for an admin. */
export class DeleteAccount {
  readonly #ports: Needs;
  readonly #deleteUser: DeleteUser;

  constructor(ports: Needs) {
    this.#ports = ports;
    this.#deleteUser = new DeleteUser(ports);
  }

  /**
   * Throws `IllegalArgument` for the last admin, `Forbidden` for the account of somebody else, `InvalidCredentials`,
   * `WrongState` while a change can still be taken back, `NotFound` for accounts that an admin does not see,
   * `TooManyRequests`, and `Overloaded`.
   */
  async execute(actor: Actor, input: DeleteAccountInput): Promise<void> {
    if (actor.kind !== 'user') throw new Unauthorized();
    const { email, password } = parseAll({
      email: () => parseClaimedEmail(input.email),
      password: () =>
        input.password === undefined ? undefined : typedPassword(input.password, 'password'),
    });
    const found = await this.#ports.database.read(({ users }) => users.findByEmail(email));
    const isOwn = found?.user.id === actor.session.userId;
    if (isOwn && password !== undefined) return this.#deleteOwn(actor, { email, password });

    const admin = await admitAdmin(this.#ports, actor).catch((error: unknown) => {
      if (!isOwn) throw error;
      throw new IllegalArgument([{ field: 'password', message: 'is required', code: 'required' }]);
    });
    if (!found) throw new NotFound();
    const { id } = found.user;
    await this.#ports.database.transact(async (stores) => {
      if (isOwn) await this.#lockOwn(stores, id);
      await this.#deleteUser.delete(stores, admin, id);
    });
  }

  async #deleteOwn(actor: Person, claim: Claim): Promise<void> {
    const place = placeOf(actor);
    this.#ports.hasher.admit(place);
    const device = await presentedDevice(this.#ports, actor, claim.email);
    const tried = { type: 'sso:UserDelete', account: claim.email, device } as const;
    await attempt(this.#ports, actor, tried, {
      prove: () => provePassword(this.#ports, actor, claim),
      // Once more in the end: here it is known that the password was right.
      prepare: async ({ user }) => {
        await this.#ports.database.transact((stores) => this.#lockOwn(stores, user.id));
      },
      commit: async (stores, { user, version }) => {
        const locked = await this.#lockOwn(stores, user.id);
        if (locked?.credential.version !== version) throw new InvalidCredentials();
        if ((await stores.sessions.findOpen(actor.session.sessionId)) === null) {
          throw new Unauthorized();
        }
        await oweDeletion(this.#ports, stores, actor, locked.user);
        await deleteUsers(this.#ports, stores, actor, { ids: [user.id], type: 'sso:UserDelete' });
        return { isRecorded: true, result: undefined };
      },
    });
  }

  /**
   * Locks the own account, with all admins before it. Somebody who came by the password must not delete the account before
   * its owner has read the mail, so nothing that is looked for here may come in between.
   */
  async #lockOwn(stores: Stores, id: Id): Promise<Account | null> {
    await checkNotLastAdmin(stores, id);
    const locked = await stores.users.lock(id);
    const now = this.#ports.clock.now();
    const isRecent = await stores.oneTimeTokens.haveGood(id, changePurposes, now);
    if (isRecent) throw new WrongState('recent_change');
    return locked;
  }
}
