import {
  type Actor,
  type Identity,
  InvalidCredentials,
  InvalidToken,
  isRefusal,
  keyData,
  MAX_PROVIDER_TOKEN_LENGTH,
  NotFound,
  newUser,
  type Provider,
  parseName,
  placeOf,
  type Service,
  Unauthorized,
  type User,
} from '@rekey/domain';
import type { Stores } from '../ports/index.ts';
import { record } from '../shared/record.ts';
import { giveBackAddress, remakeAccount } from '../shared/remake-account.ts';
import { tell } from '../shared/tell.ts';
import { tellAll } from '../shared/tell-all.ts';
import { countSignUp } from '../shared/throttle.ts';
import { makeTokenKey } from '../shared/token-key.ts';
import { makeLink } from './make-link.ts';
import {
  emailOf,
  logInLinked,
  memberOf,
  noAccount,
  type OpenNeeds,
  recordRefusal,
  type SignedIn,
  userOf,
} from './open-account.ts';

type TokenInput = {
  readonly provider: Provider;
  /** An ID token or access token that the provider gave a page. */
  readonly token: string;
  /** The device token that an earlier login handed out. */
  readonly device?: string | undefined;
  /** The language of a person who is new. */
  readonly locale?: string | undefined;
};

/**
 * Lets a person in, at the built-in service, by a token that a provider gave a page. An account there opens the account
 * here that it is linked to; the first time, the one with its address. An account with that address that nobody proved is
 * made as new first: nothing is left in it of whoever made it. Where there is none, and anybody may sign up, one is made.
 */
export class SignInWithToken {
  readonly #ports: OpenNeeds;

  constructor(ports: OpenNeeds) {
    this.#ports = ports;
  }

  /**
   * Throws `NotFound` where the provider is not configured; `InvalidCredentials` for a token that proves nothing, and where
   * there is no account to open, or it is closed; `Forbidden` where the password must be changed first; `FactorDemanded`,
   * `TooManyRequests`, and `Unavailable` where the provider does not answer.
   */
  async execute(
    actor: Actor,
    { provider, token, device, locale = 'en' }: TokenInput,
  ): Promise<SignedIn> {
    if (actor.kind !== 'nobody') throw new Unauthorized();
    const { tokens } = this.#ports.providers[provider];
    if (tokens === null) throw new NotFound();
    let identity: Identity | null = null;
    try {
      if (token.length > MAX_PROVIDER_TOKEN_LENGTH) throw new InvalidToken();
      identity = await tokens.identify(token);
      const found = identity;
      await this.#receive(actor, found, locale);
      const member = await this.#ports.database.transact((stores) =>
        memberOf(this.#ports, stores, actor, found),
      );
      return await logInLinked(this.#ports, actor, { member, identity, device });
    } catch (error) {
      const refusal = error instanceof InvalidToken ? noAccount() : error;
      if (isRefusal(refusal) && refusal.name !== 'FactorDemanded') {
        const of = { provider, identity, awaited: null };
        await recordRefusal(this.#ports, actor, refusal, of);
      }
      throw refusal;
    }
  }

  /** Makes an account of a person who has none that is their own. */
  async #receive(actor: Actor, identity: Identity, locale: string): Promise<void> {
    const email = emailOf(identity);
    const isTheirs = (stores: Stores) => this.#isTheirs(stores, identity);
    if (email === null || (await this.#ports.database.read(isTheirs))) return;
    const before = await this.#ports.database.read(({ users }) => users.findByEmail(email));
    if (before === null && !this.#ports.settings.usersSignup) throw noAccount();
    if (before === null) await countSignUp(this.#ports, actor);

    await this.#ports.database.transact(async (stores) => {
      const { users, oneTimeTokens, services } = stores;
      if (before !== null) await users.lock(before.user.id);
      const { serviceId } = placeOf(actor);
      const service = await services.keep(serviceId);
      const account = await users.findByEmail(email);
      if (account?.user.id !== before?.user.id || service === null) throw noAccount();
      if (await isTheirs(stores)) return;
      const id = account?.user.id ?? this.#ports.ids.next();
      // Its owner of before can still take the address back.
      if (await oneTimeTokens.isReserved(email, this.#ports.clock.now(), id)) throw noAccount();
      const user = this.#userOf(identity, { id, email, locale, service });
      if (account === null) return this.#make(stores, actor, { user, service, identity });
      const { isEnabled, isLocked } = account.user;
      if (!isEnabled || isLocked) throw noAccount();
      const isGivenBack = await giveBackAddress(this.#ports, stores, account.user);
      if (isGivenBack === null) throw noAccount();
      if (isGivenBack) {
        const other = { ...user, id: this.#ports.ids.next() };
        return this.#make(stores, actor, { user: other, service, identity });
      }
      const remade = { ...user, createdAt: account.user.createdAt };
      const made = { user: remade, passwordHash: null, serviceId };
      await remakeAccount(this.#ports, stores, made);
      return this.#letIn(stores, actor, { user: remade, service, identity }, false);
    });
  }

  /** Whether there is nothing to make: the identity is linked, or the address is proven. */
  async #isTheirs(stores: Stores, identity: Identity): Promise<boolean> {
    const found = await userOf(stores, identity);
    if (found === null || found.isLinked) return found !== null;
    return (await stores.users.get(found.userId))?.emailProven === true;
  }

  #userOf(
    identity: Identity,
    {
      id,
      email,
      locale,
      service,
    }: Pick<User, 'id' | 'email' | 'locale'> & { readonly service: Service },
  ): User {
    return newUser({
      id,
      createdAt: this.#ports.clock.now(),
      name: nameOf(identity, email),
      email,
      emailValid: true,
      emailProven: true,
      locale,
      timezone: 'Etc/UTC',
      createdBy: service.id,
    });
  }

  async #make(stores: Stores, actor: Actor, made: Made): Promise<void> {
    const { user, service } = made;
    if (!(await stores.users.insert(user, null))) throw noAccount();
    const of = { serviceId: service.id, userId: user.id };
    await tellAll(this.#ports, stores, { ...of, type: 'user.created' });
    return this.#letIn(stores, actor, made, true);
  }

  /** Gives a user who was made a key of the built-in service, and the link. */
  async #letIn(
    stores: Stores,
    actor: Actor,
    { user, service, identity }: Made,
    isNew: boolean,
  ): Promise<void> {
    const { id: serviceId } = service;
    const of = { serviceId, userId: user.id };
    const key = await makeTokenKey(this.#ports, stores, user.id, service);
    if (key !== null) {
      const made = { ...of, subjectId: key.id, data: keyData(key) };
      await tell(this.#ports, stores, { ...made, type: 'key.created' });
    }
    const link = await makeLink(this.#ports, stores, actor, { user, serviceId, identity });
    if (link === null) throw new InvalidCredentials();
    if (isNew) {
      const entry = { ...of, type: 'sso:UserCreate', subjectId: user.id } as const;
      await record(this.#ports, stores, actor, entry);
    }
    if (key === null) return;
    const entry = { ...of, type: 'sso:KeyCreate', subjectId: key.id } as const;
    await record(this.#ports, stores, actor, entry);
  }
}

type Made = { readonly user: User; readonly service: Service; readonly identity: Identity };

const MAX_NAME_LENGTH = 100;

/** The name at the provider, where it can be one here; else the name of the mailbox. */
function nameOf({ name }: Identity, email: string): string {
  const [mailbox = ''] = email.split('@');
  for (const text of [name ?? '', [...mailbox].slice(0, MAX_NAME_LENGTH).join('')]) {
    try {
      return parseName(text);
    } catch {
      // The next one, or the last resort.
    }
  }
  return 'Unnamed';
}
