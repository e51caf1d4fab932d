import {
  type Actor,
  checkPasswordDiffers,
  Forbidden,
  formServiceId,
  type Id,
  IllegalArgument,
  InvalidCredentials,
  may,
  NotFound,
  parseAll,
  parseClaimedEmail,
  parseEmail,
  parseName,
  placeOf,
  typedPassword,
  Unauthorized,
  type User,
  type Violation,
} from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';
import { admitAdmin } from '../shared/admit-admin.ts';
import { attempt } from '../shared/attempt.ts';
import { changeEmail, lockBudgetsOfMove, refusedAsOwn } from '../shared/change-email.ts';
import { commitChange, prepareChange } from '../shared/change-password.ts';
import { diffOf } from '../shared/diff.ts';
import { findSession } from '../shared/find-session.ts';
import { presentedDevice } from '../shared/known-device.ts';
import { parseNewPassword } from '../shared/new-password.ts';
import type { Token } from '../shared/open-session.ts';
import { type Claim, provePassword } from '../shared/prove-password.ts';
import { record } from '../shared/record.ts';
import { tellAll } from '../shared/tell-all.ts';
import { countSignUp } from '../shared/throttle.ts';
import { holderOf } from '../shared/token-holder.ts';
import { seenBy } from '../shared/viewer.ts';
import { UpdateUser } from './update-user.ts';

type Needs = Pick<
  Ports,
  | 'database'
  | 'hasher'
  | 'meter'
  | 'breachList'
  | 'secrets'
  | 'macs'
  | 'accessTokens'
  | 'linkTokens'
  | 'mailTally'
  | 'deviceTokens'
  | 'clock'
  | 'ids'
  | 'settings'
>;
type Person = Extract<Actor, { readonly kind: 'user' }>;

type UpdateAccountInput = {
  readonly email: string;
  readonly name?: string | undefined;
  readonly newEmail?: string | undefined;
  readonly password?: string | undefined;
  readonly newPassword?: string | undefined;
  /** Whether the account of nobody else is meant, also for an admin. */
  readonly isOwn?: boolean | undefined;
};

type Parsed = {
  readonly email: string;
  readonly name: string | undefined;
  /** Another one than `email`. */
  readonly newEmail: string | undefined;
  readonly password: string | undefined;
  readonly newPassword: string | undefined;
};

type UpdateAccountOutput = {
  readonly user: User;
  /** Of the session that asked. */
  readonly access: Token;
  /** For the next login of the person who asked. */
  readonly device: string;
};

/**
 * Changes the name, the address and the password of the own account, all that is given or nothing, and the name and the
 * address of any account of the built-in service for an admin. The session that asks goes on with a new token; where the
 * address or the password changes, every other session of the account ends.
 */
export class UpdateAccount {
  readonly #ports: Needs;
  readonly #updateUser: UpdateUser;

  constructor(ports: Needs) {
    this.#ports = ports;
    this.#updateUser = new UpdateUser(ports);
  }

  /**
   * The name is changed without a proof, the password is not, and the address as the settings say; a password that is
   * given has to be right in any case. Throws `IllegalArgument`, `Forbidden` for the account of somebody else, `InvalidCredentials`, `NotFound` for accounts that an admin does not see, `TooManyRequests`, and
   * `Overloaded`.
   */
  async execute(actor: Actor, input: UpdateAccountInput): Promise<UpdateAccountOutput> {
    if (actor.kind !== 'user') throw new Unauthorized();
    const asked = this.#parse(input);
    const { database } = this.#ports;
    const found = await database.read(({ users }) => users.findByEmail(asked.email));
    if (found?.user.id !== actor.session.userId) {
      if (input.isOwn) throw new Forbidden('forbidden');
      return this.#likeSignUp(actor, this.#updateOther(actor, found?.user.id, asked));
    }
    const { email, password, newEmail } = asked;
    if (password !== undefined) {
      return this.#likeSignUp(actor, this.#updateProven(actor, { email, password }, asked));
    }
    if (!may(actor, 'act for oneself', { isProven: false })) throw new Forbidden('forbidden');
    if (newEmail !== undefined && this.#ports.settings.usersEmailChange === 'password') {
      throw refused('password', 'is required', 'required');
    }
    return this.#likeSignUp(actor, this.#updateUnproven(actor, found.user, asked));
  }

  /** Addresses that are taken are looked for no faster than by signing up. */
  async #likeSignUp<T>(actor: Person, updating: Promise<T>): Promise<T> {
    try {
      return await updating;
    } catch (error) {
      const isRefused = error instanceof IllegalArgument;
      const isTaken = isRefused && error.violations.some(({ code }) => code === 'unusable');
      if (isTaken) await countSignUp(this.#ports, actor);
      throw error;
    }
  }

  #parse(input: UpdateAccountInput): Parsed {
    const { name, password, newPassword } = input;
    const {
      difference: _,
      something: __,
      ...parsed
    } = parseAll({
      email: () => parseClaimedEmail(input.email),
      newEmail: () =>
        input.newEmail === undefined ? undefined : parseEmail(input.newEmail, 'newEmail'),
      name: () => (name === undefined ? undefined : parseName(name)),
      password: () => {
        if (password !== undefined) return typedPassword(password, 'password');
        if (newPassword !== undefined) throw refused('password', 'is required', 'required');
        return undefined;
      },
      newPassword: () =>
        newPassword === undefined
          ? undefined
          : parseNewPassword(this.#ports, newPassword, 'newPassword'),
      difference: () => {
        if (password === undefined || newPassword === undefined) return;
        checkPasswordDiffers(newPassword, password, 'newPassword');
      },
      something: () => {
        if (name !== undefined || newPassword !== undefined || input.newEmail !== undefined) return;
        throw refused('name', 'or newEmail or newPassword is required', 'required');
      },
    });
    if (parsed.newEmail !== parsed.email) return parsed;
    // Forms send all their fields, and this one changes nothing.
    if (name === undefined && newPassword === undefined) throw refusedAsOwn();
    return { ...parsed, newEmail: undefined };
  }

  async #updateOther(
    actor: Person,
    id: Id | undefined,
    { name, newEmail, newPassword }: Parsed,
  ): Promise<UpdateAccountOutput> {
    const admin = await admitAdmin(this.#ports, actor);
    if (newPassword !== undefined) {
      throw refused('newPassword', 'is for the own account alone', 'not_allowed');
    }
    if (id === undefined) throw new NotFound();
    const { database } = this.#ports;
    const user =
      newEmail === undefined
        ? await this.#updateUser.execute(admin, { id, name })
        : await database.transact((stores) => this.#moveOther(stores, admin, id, newEmail, name));
    const own = await database.read(({ users }) => users.get(actor.session.userId));
    if (own === null) throw new Unauthorized();
    const access = await this.#issue(actor, own);
    const device = await database.transact(async (stores) => {
      await this.#renew(stores, actor, access);
      return this.#deviceOf(stores, own.id);
    });
    return { user, access, device };
  }

  async #moveOther(
    stores: Stores,
    admin: Actor,
    id: Id,
    newEmail: string,
    name: string | undefined,
  ): Promise<User> {
    const user = (await stores.users.lock(id))?.user;
    if (!user) throw new NotFound();
    const { createdBy } = await seenBy(admin, stores, id);
    if (!may(admin, 'change user', { createdBy })) throw new Forbidden('forbidden');
    const moved = await changeEmail(this.#ports, stores, admin, { user, newEmail });
    return name === undefined ? moved : this.#updateUser.change(stores, admin, id, { name });
  }

  async #updateUnproven(
    actor: Person,
    { id, email }: User,
    { name, newEmail }: Parsed,
  ): Promise<UpdateAccountOutput> {
    const user = await this.#ports.database.read(({ users }) => users.get(id));
    if (user === null) throw new Unauthorized();
    const access = await this.#issue(actor, { ...user, email: newEmail ?? user.email });
    return this.#ports.database.transact(async (stores) => {
      const locked = await stores.users.lock(id);
      // Somebody else moved the account meanwhile: it has another name than the one that was asked for.
      if (locked?.user.email !== email) throw new Forbidden('forbidden');
      await this.#renew(stores, actor, access);
      if (newEmail !== undefined) await this.#move(stores, actor, locked.user, newEmail);
      const device = await this.#deviceOf(stores, id);
      return { user: await this.#rename(stores, actor, name), access, device };
    });
  }

  #move(stores: Stores, actor: Person, user: User, newEmail: string): Promise<User> {
    const { sessionId } = actor.session;
    return changeEmail(this.#ports, stores, actor, { user, newEmail, sessionId });
  }

  async #updateProven(
    actor: Person,
    claim: Claim,
    { name, newEmail, newPassword }: Parsed,
  ): Promise<UpdateAccountOutput> {
    const place = placeOf(actor);
    this.#ports.hasher.admit(place);
    const device = await presentedDevice(this.#ports, actor, claim.email);
    const type =
      newPassword !== undefined
        ? 'sso:AuthLocalUpdatePassword'
        : newEmail !== undefined
          ? 'sso:AuthLocalUpdateEmail'
          : 'sso:UserUpdate';
    const tried = { type, account: claim.email, device } as const;
    const { result } = await attempt(this.#ports, actor, tried, {
      prove: () => provePassword(this.#ports, actor, claim),
      prepare: async (proof) => {
        const { user } = proof;
        const access = await this.#issue(actor, { ...user, email: newEmail ?? user.email });
        if (newPassword !== undefined) {
          const change = await prepareChange(this.#ports, place, proof, newPassword);
          return { access, change };
        }
        if (newEmail !== undefined && user.passwordRequireUpdate) {
          throw new Forbidden('password_update_required');
        }
        return { access, change: null };
      },
      commit: async (stores, proof, { access, change }) => {
        const { id } = proof.user;
        const locked = await stores.users.lock(id);
        const { user, credential } = locked ?? {};
        if (!user || credential?.version !== proof.version || user.email !== claim.email) {
          throw new InvalidCredentials();
        }
        if (newEmail !== undefined) {
          await lockBudgetsOfMove(this.#ports, stores, place, { user, newEmail });
        }
        const changed =
          change && (await commitChange(this.#ports, stores, actor, proof, change.passwordHash));
        await this.#renew(stores, actor, access);
        // After the password: both mails go to the address from before.
        const before = { ...user, ...(changed && { passwordRequireUpdate: false }) };
        if (newEmail !== undefined) await this.#move(stores, actor, before, newEmail);
        const after = await this.#rename(stores, actor, name);
        const device = await this.#deviceOf(stores, id);
        return { isRecorded: true, result: { user: after, access, device } };
      },
    });
    return result;
  }

  async #issue({ session }: Person, user: User): Promise<Token> {
    const { database, accessTokens, clock } = this.#ports;
    const open = await database.read((stores) => findSession(stores, session, clock.now()));
    if (open === null) throw new Unauthorized();
    const { amr, authenticatedAt } = open.session;
    const isPersonal = session.serviceId === formServiceId;
    const holder = isPersonal ? holderOf(user) : undefined;
    return accessTokens.issue({ ...session, amr, authenticatedAt }, holder);
  }

  /** The session lasts as long as its new token, but never beyond the end that the login set. */
  async #renew(stores: Stores, { session: grant }: Person, { expiresAt }: Token): Promise<void> {
    const { clock, settings } = this.#ports;
    const now = clock.now();
    const open = await findSession(stores, grant, now);
    if (open === null) throw new Unauthorized();
    const { createdAt, expiresAt: before } = open.session;
    const end = Math.max(before, Math.min(expiresAt, createdAt + settings.sessionTtlMs));
    await stores.sessions.renew(grant.sessionId, now, end);
  }

  async #deviceOf({ users }: Stores, userId: Id): Promise<string> {
    const { deviceTokens, clock, ids } = this.#ports;
    const account = await users.lock(userId);
    if (account === null) throw new Unauthorized();
    const { version, deviceEpoch } = account.credential;
    const fresh = { id: ids.next(), userId, version, epoch: deviceEpoch, issuedAt: clock.now() };
    return deviceTokens.make(fresh);
  }

  /** Gives the own account, which is locked, another name. Answers the user as it is then. */
  async #rename(stores: Stores, actor: Person, name: string | undefined): Promise<User> {
    const { userId, serviceId } = actor.session;
    const before = await stores.users.get(userId);
    if (before === null) throw new Unauthorized();
    const data = diffOf(before, { ...before, name: name ?? before.name });
    if (name === undefined || data === null) return before;
    const after = { ...before, name, updatedAt: this.#ports.clock.now() };
    await stores.users.update(after);
    const of = { serviceId, userId };
    await tellAll(this.#ports, stores, { ...of, type: 'user.updated', data: { fields: ['name'] } });
    const entry = { ...of, type: 'sso:UserUpdate', subjectId: userId, data } as const;
    await record(this.#ports, stores, actor, entry);
    return after;
  }
}

const refused = (field: string, message: string, code: Violation['code']) =>
  new IllegalArgument([{ field, message, code }]);
