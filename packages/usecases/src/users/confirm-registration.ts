import {
  type Account,
  type Actor,
  type AuditEntry,
  type AuditType,
  type Id,
  InvalidOneTimeToken,
  type Key,
  keyData,
  may,
  newUser,
  type OneTimeToken,
  type PasswordQuality,
  type Place,
  placeOf,
  type RightDetails,
  type Service,
  Unavailable,
  type User,
} from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';
import { isJoining } from '../shared/joining.ts';
import { newKey } from '../shared/new-key.ts';
import {
  judgeNewPassword,
  type PreparedPassword,
  parseNewPassword,
} from '../shared/new-password.ts';
import { owe } from '../shared/owe.ts';
import { record } from '../shared/record.ts';
import { giveBackAddress, remakeAccount } from '../shared/remake-account.ts';
import { tell } from '../shared/tell.ts';
import { tellAdoption, tellAll } from '../shared/tell-all.ts';
import { findRegistrant } from './register.ts';

type Needs = Pick<
  Ports,
  | 'database'
  | 'hasher'
  | 'meter'
  | 'breachList'
  | 'secrets'
  | 'macs'
  | 'linkTokens'
  | 'clock'
  | 'ids'
  | 'settings'
>;

type ConfirmRegistrationInput = {
  readonly token: string;
  /** None for a person who gets in by other means. */
  readonly password?: string | undefined;
  readonly passwordAllowReset?: boolean | undefined;
};

/** A registration that is good, and what its address is now. */
type Found = {
  readonly right: OneTimeToken<null>;
  readonly details: Extract<RightDetails, { readonly name: string }>;
  readonly service: Service;
  /** Null where the address has none. */
  readonly account: Account | null;
};

/** A user who is made, and how the services that knew of the account learn of it. */
type Made = { readonly user: User; readonly isNew: boolean };

/** What a person chooses. */
type Choice = {
  readonly passwordHash: string | null;
  readonly passwordAllowReset: boolean;
};

/** Somebody else was faster, and the address is something else than it was. */
class Overtaken extends Error {
  override readonly name = 'Overtaken';
}

const MAX_TRIES = 5;

/**
 * Makes an account for whoever has the link of a registration, and so has the mailbox, and lets it in at the service. An
 * account that has the address is let in as it is, if its owner proved the address. Otherwise anybody may have made it:
 * then it is made as new, and nothing of it is left to whoever did.
 */
export class ConfirmRegistration {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /**
   * `quality`: null where no password is set. A refused password leaves the link good. Throws `InvalidOneTimeToken` for
   * every token that is not good here, `IllegalArgument`, and `Overloaded`.
   */
  async execute(
    actor: Actor,
    { token, password, passwordAllowReset = true }: ConfirmRegistrationInput,
  ): Promise<{ readonly quality: PasswordQuality | null }> {
    const { database, hasher, linkTokens } = this.#ports;
    const presented = linkTokens.verify(token);
    if (presented?.purpose !== 'register') throw new InvalidOneTimeToken();
    const place = placeOf(actor);
    hasher.admit(place);

    for (let n = 0; n < MAX_TRIES; n += 1) {
      const found = await database.read((stores) => this.#find(stores, actor, presented.id));
      const prepared = await this.#prepare(place, found, password);
      const choice = { passwordHash: prepared?.passwordHash ?? null, passwordAllowReset };
      try {
        await database.transact((stores) => this.#commit(stores, actor, found, choice));
        return { quality: prepared?.quality ?? null };
      } catch (error) {
        if (!(error instanceof Overtaken)) throw error;
      }
    }
    throw new Unavailable(1);
  }

  async #find(stores: Stores, actor: Actor, id: Id): Promise<Found> {
    const { oneTimeTokens, services } = stores;
    const right = await oneTimeTokens.findGood(id, this.#ports.clock.now());
    const details = right?.details;
    if (right?.purpose !== 'register' || !details || !('name' in details)) {
      throw new InvalidOneTimeToken();
    }
    const { email, serviceId } = right;
    if (!may(actor, 'use link', { serviceId })) throw new InvalidOneTimeToken();
    const service = await services.get(serviceId);
    // The service may take no registrations any more.
    if (!service?.isEnabled || !service.userAllowRegister) throw new InvalidOneTimeToken();
    const { account, isOpen } = await findRegistrant(this.#ports, stores, { email, serviceId });
    if (!isOpen) throw new InvalidOneTimeToken();
    return { right: { ...right, userId: null }, details, service, account };
  }

  /** The slow work; none for an account that has a password of its owner's. */
  async #prepare(
    place: Place,
    { right, details, service, account }: Found,
    text: string | undefined,
  ): Promise<PreparedPassword | null> {
    if (text === undefined || (account !== null && isJoining(account.user))) return null;
    const password = parseNewPassword(this.#ports, text, 'password');
    const person = { email: right.email, name: details.name };
    const [quality, passwordHash] = await Promise.all([
      judgeNewPassword(this.#ports, password, person, service, 'password'),
      // At once, for it takes longer; the hash of a password that is refused is thrown away.
      this.#ports.hasher.hash(password, place),
    ]);
    return { quality, passwordHash };
  }

  async #commit(stores: Stores, actor: Actor, before: Found, choice: Choice): Promise<void> {
    const { users, services, oneTimeTokens } = stores;
    const { right } = before;
    if (before.account !== null) await users.lock(before.account.user.id);
    // A deletion of the service at the same moment finds the key, or is found.
    await services.keep(before.service.id);
    const found = await this.#find(stores, actor, right.id);
    if (!isAlike(before.account, found.account)) throw new Overtaken();
    const now = this.#ports.clock.now();
    if ((await oneTimeTokens.use(right.id, now)) === null) throw new InvalidOneTimeToken();
    await oneTimeTokens.endRegistrations(right.email, now);

    const { account } = found;
    if (account === null) return this.#make(stores, actor, found, choice);
    if (isJoining(account.user)) return this.#join(stores, actor, found, account.user);
    const isGivenBack = await giveBackAddress(this.#ports, stores, account.user);
    if (isGivenBack === null) throw new InvalidOneTimeToken();
    if (isGivenBack) return this.#make(stores, actor, found, choice);
    return this.#remake(stores, actor, found, account.user, choice);
  }

  /** Makes the account. */
  async #make(stores: Stores, actor: Actor, found: Found, choice: Choice): Promise<void> {
    const user = this.#userOf(found, choice, this.#ports.ids.next());
    if (!(await stores.users.insert(user, choice.passwordHash))) throw new Overtaken();
    // Once more, after the write that takes the address: somebody may just have left it, and can take it back.
    const { clock } = this.#ports;
    if (await stores.oneTimeTokens.isReserved(user.email, clock.now(), user.id)) {
      throw new InvalidOneTimeToken();
    }
    const of = { serviceId: found.service.id, userId: user.id };
    await tellAll(this.#ports, stores, { ...of, type: 'user.created' });
    await this.#letIn(stores, actor, found, { user, isNew: true }, []);
  }

  /** Lets an account in as it is. */
  async #join(stores: Stores, actor: Actor, { right, service }: Found, user: User): Promise<void> {
    const others = await tellAdoption(this.#ports, stores, { user, serviceId: service.id });
    const of = { serviceId: service.id, userId: user.id };
    const key = await this.#addTokenKey(stores, service, user.id);
    if (key) await this.#tellKey(stores, of, key);
    await this.#record(stores, actor, [
      ...(key ? [{ ...of, type: 'sso:KeyCreate', subjectId: key.id } as const] : []),
      { ...of, type: 'sso:AuthLocalRegisterConfirm', subjectId: right.id },
      ...others.map((serviceId) => ({ ...of, serviceId, type: 'rekey:UserAdopt' }) as const),
    ]);
  }

  /** Makes an account as new that anybody may have made, and that may be in use. */
  async #remake(
    stores: Stores,
    actor: Actor,
    found: Found,
    before: User,
    choice: Choice,
  ): Promise<void> {
    const user = { ...this.#userOf(found, choice, before.id), createdAt: before.createdAt };
    const { id: serviceId } = found.service;
    const made = { user, passwordHash: choice.passwordHash, serviceId };
    const knowing = await remakeAccount(this.#ports, stores, made);
    await this.#letIn(stores, actor, found, { user, isNew: false }, knowing);
  }

  #userOf({ right, details, service }: Found, choice: Choice, id: Id): User {
    return newUser({
      id,
      createdAt: this.#ports.clock.now(),
      name: details.name,
      email: right.email,
      emailValid: true,
      emailProven: true,
      locale: details.locale,
      timezone: details.timezone,
      passwordAllowReset: choice.passwordAllowReset,
      createdBy: service.id,
    });
  }

  /** Gives a user who was made a key of the service, and owes the mail about it. */
  async #letIn(
    stores: Stores,
    actor: Actor,
    { right, service }: Found,
    { user, isNew }: Made,
    knowing: readonly Id[],
  ): Promise<void> {
    const { id: serviceId } = service;
    const of = { serviceId, userId: user.id };
    const key = await this.#addTokenKey(stores, service, user.id);
    if (key) await this.#tellKey(stores, of, key);
    const { origin } = placeOf(actor);
    await owe(this.#ports, stores, { purpose: 'register_confirm', user, serviceId, origin });
    const others = knowing.filter((each) => each !== serviceId);
    await this.#record(stores, actor, [
      ...(isNew ? [{ ...of, type: 'sso:UserCreate', subjectId: user.id } as const] : []),
      ...(key ? [{ ...of, type: 'sso:KeyCreate', subjectId: key.id } as const] : []),
      { ...of, type: 'sso:AuthLocalRegisterConfirm', subjectId: right.id },
      ...others.map(
        (each) => ({ ...of, serviceId: each, type: 'sso:AuthLocalRegisterConfirm' }) as const,
      ),
    ]);
  }

  /** Null where the user has one. */
  async #addTokenKey(stores: Stores, service: Service, userId: Id): Promise<Key | null> {
    const { id: serviceId, name } = service;
    // Kept, so that it is not deleted meanwhile.
    if ((await stores.services.keep(serviceId)) === null) throw new InvalidOneTimeToken();
    const { key, secret } = newKey(this.#ports, { type: 'TOKEN', name, serviceId, userId });
    return (await stores.keys.insert(key, secret)) ? key : null;
  }

  async #tellKey(
    stores: Stores,
    of: { readonly serviceId: Id; readonly userId: Id },
    key: Key,
  ): Promise<void> {
    const news = { ...of, subjectId: key.id, data: keyData(key) };
    await tell(this.#ports, stores, { ...news, type: 'key.created' });
  }

  /** The other services learn what happened to whom, and nothing else. */
  async #record(stores: Stores, actor: Actor, entries: readonly Entry[]): Promise<void> {
    for (const entry of entries) {
      const isOwn = entry.subjectId !== undefined;
      await record(this.#ports, stores, isOwn ? actor : { kind: 'unnamed', origin: null }, entry);
    }
  }
}

type Entry = Pick<AuditEntry, 'userId'> &
  Partial<Pick<AuditEntry, 'subjectId'>> & { readonly type: AuditType; readonly serviceId: Id };

/** Whether the slow work for the one is good for the other. */
const isAlike = (a: Account | null, b: Account | null): boolean =>
  a?.user.id === b?.user.id && a?.user.emailProven === b?.user.emailProven;
