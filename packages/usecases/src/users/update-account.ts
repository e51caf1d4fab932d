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
  normalizePassword,
  parseAll,
  parseClaimedEmail,
  parseName,
  placeOf,
  Unauthorized,
  type User,
  type Violation,
} from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';
import { admitAdmin } from '../shared/admit-admin.ts';
import { attempt } from '../shared/attempt.ts';
import { commitChange, prepareChange } from '../shared/change-password.ts';
import { diffOf } from '../shared/diff.ts';
import { findSession } from '../shared/find-session.ts';
import { presentedDevice } from '../shared/known-device.ts';
import type { Token } from '../shared/log-in.ts';
import { parseNewPassword } from '../shared/new-password.ts';
import { type Claim, provePassword } from '../shared/prove-password.ts';
import { record } from '../shared/record.ts';
import { recordAtAll } from '../shared/record-at-all.ts';
import { tell } from '../shared/tell.ts';
import { holderOf } from '../shared/token-holder.ts';
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
  | 'deviceTokens'
  | 'clock'
  | 'ids'
  | 'settings'
>;
type Person = Extract<Actor, { readonly kind: 'user' }>;

type UpdateAccountInput = {
  readonly email: string;
  readonly name?: string | undefined;
  readonly password?: string | undefined;
  readonly newPassword?: string | undefined;
};

type Parsed = {
  readonly email: string;
  readonly name: string | undefined;
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
 * Changes the name and the password of the own account, both or neither, and the name of any account of the built-in
 * service for an admin. The session that asks goes on with a new token.
 */
export class UpdateAccount {
  readonly #ports: Needs;
  readonly #updateUser: UpdateUser;

  constructor(ports: Needs) {
    this.#ports = ports;
    this.#updateUser = new UpdateUser(ports);
  }

  /**
   * The name is changed without a proof, the password is not. Throws `IllegalArgument`, `Forbidden` for the account of
   * somebody else, `InvalidCredentials`, `NotFound` for accounts that an admin does not see, `TooManyRequests`, and
   * `Overloaded`.
   */
  async execute(actor: Actor, input: UpdateAccountInput): Promise<UpdateAccountOutput> {
    if (actor.kind !== 'user') throw new Unauthorized();
    const asked = this.#parse(input);
    const { database } = this.#ports;
    const found = await database.read(({ users }) => users.findByEmail(asked.email));
    if (found?.user.id !== actor.session.userId) {
      return this.#updateOther(actor, found?.user.id, asked);
    }
    const { email, password } = asked;
    if (password !== undefined) return this.#updateProven(actor, { email, password }, asked);
    if (!may(actor, 'act for oneself', { isProven: false })) throw new Forbidden('forbidden');
    return this.#updateName(actor, found.user, asked.name ?? found.user.name);
  }

  #parse(input: UpdateAccountInput): Parsed {
    const { name, password, newPassword } = input;
    return parseAll({
      email: () => parseClaimedEmail(input.email),
      name: () => (name === undefined ? undefined : parseName(name)),
      password: () => {
        if (password !== undefined) return normalizePassword(password, 'password');
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
        if (name !== undefined || newPassword !== undefined) return;
        throw refused('name', 'or newPassword is required', 'required');
      },
    });
  }

  async #updateOther(
    actor: Person,
    id: Id | undefined,
    { name, newPassword }: Parsed,
  ): Promise<UpdateAccountOutput> {
    const admin = await admitAdmin(this.#ports, actor);
    if (newPassword !== undefined) {
      throw refused('newPassword', 'is for the own account alone', 'not_allowed');
    }
    if (id === undefined) throw new NotFound();
    const user = await this.#updateUser.execute(admin, { id, name });
    const { database } = this.#ports;
    const own = await database.read(({ users }) => users.get(actor.session.userId));
    if (own === null) throw new Unauthorized();
    const access = await this.#issue(actor, own);
    const device = await database.transact(async (stores) => {
      await this.#renew(stores, actor, access);
      return this.#deviceOf(stores, own.id);
    });
    return { user, access, device };
  }

  async #updateName(actor: Person, user: User, name: string): Promise<UpdateAccountOutput> {
    const access = await this.#issue(actor, user);
    return this.#ports.database.transact(async (stores) => {
      await stores.users.lock(user.id);
      await this.#renew(stores, actor, access);
      const device = await this.#deviceOf(stores, user.id);
      const { after, report } = await this.#rename(stores, actor, name);
      await report();
      return { user: after, access, device };
    });
  }

  async #updateProven(
    actor: Person,
    claim: Claim,
    { name, newPassword }: Parsed,
  ): Promise<UpdateAccountOutput> {
    const place = placeOf(actor);
    this.#ports.hasher.admit(place);
    const device = await presentedDevice(this.#ports, actor, claim.email);
    const type = newPassword === undefined ? 'sso:UserUpdate' : 'sso:AuthLocalUpdatePassword';
    const tried = { type, account: claim.email, device } as const;
    const { result } = await attempt(this.#ports, actor, tried, {
      prove: () => provePassword(this.#ports, actor, claim),
      prepare: async (proof) => ({
        access: await this.#issue(actor, proof.user),
        change:
          newPassword === undefined
            ? null
            : await prepareChange(this.#ports, place, proof, newPassword),
      }),
      commit: async (stores, proof, { access, change }) => {
        const { id } = proof.user;
        const locked = await stores.users.lock(id);
        if (locked?.credential.version !== proof.version) throw new InvalidCredentials();
        const changed =
          change && (await commitChange(this.#ports, stores, actor, proof, change.passwordHash));
        await this.#renew(stores, actor, access);
        const { after, report } = await this.#rename(stores, actor, name);
        const output = { user: after, access, device: await this.#deviceOf(stores, id) };
        return { subjectId: changed?.subjectId ?? id, result: { output, report } };
      },
      record: async (stores, { subjectId, result: { report } }) => {
        const of = { serviceId: place.serviceId, userId: actor.session.userId, subjectId };
        // Its chains are locked in their order, and the own one is among them.
        if (type !== 'sso:UserUpdate')
          await recordAtAll(this.#ports, stores, actor, { type, ...of });
        await report();
      },
    });
    return result.output;
  }

  async #issue({ session }: Person, user: User): Promise<Token> {
    const isPersonal = session.serviceId === formServiceId;
    return this.#ports.accessTokens.issue(session, isPersonal ? holderOf(user) : undefined);
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

  /** Gives the own account, which is locked, another name. `report` records it, and comes last. */
  async #rename(
    stores: Stores,
    actor: Person,
    name: string | undefined,
  ): Promise<{ readonly after: User; readonly report: () => Promise<void> }> {
    const { userId, serviceId } = actor.session;
    const before = await stores.users.get(userId);
    if (before === null) throw new Unauthorized();
    const data = diffOf(before, { ...before, name: name ?? before.name });
    if (name === undefined || data === null) return { after: before, report: async () => {} };
    const after = { ...before, name, updatedAt: this.#ports.clock.now() };
    await stores.users.update(after);
    for (const knowing of await stores.services.knowing(userId)) {
      await tell(this.#ports, stores, { type: 'user.updated', serviceId: knowing, userId });
    }
    const entry = { type: 'sso:UserUpdate', serviceId, userId, subjectId: userId, data } as const;
    return {
      after,
      report: async () => {
        await record(this.#ports, stores, actor, entry);
      },
    };
  }
}

const refused = (field: string, message: string, code: Violation['code']) =>
  new IllegalArgument([{ field, message, code }]);
