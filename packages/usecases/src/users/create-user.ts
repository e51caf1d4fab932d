import {
  type Actor,
  type Attributes,
  Forbidden,
  formServiceId,
  type Id,
  IllegalArgument,
  isProven,
  type Key,
  keyData,
  may,
  newUser,
  nowhere,
  type PasswordQuality,
  parseAll,
  parseAttributes,
  parseEmail,
  parseLocale,
  parseName,
  parseTimezone,
  placeOf,
  type SeenUser,
  type Service,
  Unauthorized,
  type User,
  type Violation,
} from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';
import { checkFree } from '../shared/check-free.ts';
import { invite } from '../shared/invite.ts';
import { newKey } from '../shared/new-key.ts';
import { judgeNewPassword, parseNewPassword } from '../shared/new-password.ts';
import { oweAsked } from '../shared/owe.ts';
import { record } from '../shared/record.ts';
import { tell } from '../shared/tell.ts';
import { tellAll } from '../shared/tell-all.ts';
import { countSignUp } from '../shared/throttle.ts';

type Needs = Pick<
  Ports,
  | 'database'
  | 'hasher'
  | 'meter'
  | 'breachList'
  | 'secrets'
  | 'macs'
  | 'linkTokens'
  | 'mailTally'
  | 'clock'
  | 'ids'
  | 'settings'
>;

export type CreateUserInput = {
  /** Enabled unless given. */
  readonly isEnabled?: boolean | undefined;
  readonly name: string;
  readonly email: string;
  readonly locale?: string | undefined;
  readonly timezone?: string | undefined;
  readonly password?: string | undefined;
  readonly passwordAllowReset?: boolean | undefined;
  readonly passwordRequireUpdate?: boolean | undefined;
  /** What the service keeps with the user. */
  readonly attributes?: Attributes | undefined;
  /** Whether the user gets a TOKEN key of the service along, and so can log in there. */
  readonly tokenKey?: boolean | undefined;
  /** Whether the user, who has no password then, is mailed a link to choose one. */
  readonly invite?: boolean | undefined;
};

/**
 * Creates a user, with a password or without: for a service, for the operator, or for somebody who signs up alone at the
 * built-in service, gets a TOKEN key of it along with the account, and a mail that asks for a proof of the address.
 */
export class CreateUser {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /**
   * An address that is taken is refused like one that may not be used, after as much work. Throws `IllegalArgument`,
   * `Forbidden` where nobody may sign up, `TooManyRequests` for too many sign-ups, and `Overloaded`.
   */
  async execute(
    actor: Actor,
    input: CreateUserInput,
  ): Promise<{ user: SeenUser; quality: PasswordQuality | null }> {
    if (!may(actor, 'create user', null)) throw new Unauthorized();
    const { database, hasher, clock, ids, settings } = this.#ports;
    const isSignUp = actor.kind === 'nobody';
    if (isSignUp && !settings.usersSignup) throw new Forbidden('registration_closed');
    /** The service that makes the user, and its place; the operator makes users at none. */
    const maker = actor.kind === 'service' || isSignUp ? placeOf(actor).serviceId : null;
    const {
      password,
      attributes,
      tokenKey: _,
      invite: __,
      ...profile
    } = parseAll({
      name: () => parseName(input.name),
      email: () => parseEmail(input.email),
      locale: () => parseLocale(input.locale ?? 'en'),
      timezone: () => parseTimezone(input.timezone ?? 'Etc/UTC'),
      password: () =>
        input.password === undefined
          ? null
          : parseNewPassword(this.#ports, input.password, 'password'),
      attributes: () => parseAttributes(input.attributes ?? {}),
      tokenKey: () => {
        if (input.tokenKey && maker === null) throw new IllegalArgument([noService]);
      },
      invite: () => {
        if (input.invite && input.password !== undefined) throw new IllegalArgument([noChoice]);
      },
    });
    const service = actor.kind === 'service' ? actor.service : await this.#formService();
    // Hashes for the operator wait at the built-in service.
    const place = { serviceId: service.id, origin: actor.origin ?? nowhere };

    if (isSignUp) {
      hasher.admit(place);
      await countSignUp(this.#ports, actor);
    }
    // Somebody who signs up alone has proven nothing, and sends nobody to ask elsewhere.
    const judges = isSignUp ? { ...this.#ports, breachList: null } : this.#ports;
    const quality =
      password === null
        ? null
        : await judgeNewPassword(judges, password, profile, service, 'password');
    const passwordHash = password === null ? null : await hasher.hash(password, place);

    const now = clock.now();
    const user = newUser({
      id: ids.next(),
      createdAt: now,
      isEnabled: input.isEnabled ?? true,
      isDisabledByOperator: input.isEnabled === false && maker === null,
      ...profile,
      passwordAllowReset: input.passwordAllowReset ?? true,
      passwordRequireUpdate: input.passwordRequireUpdate ?? false,
      createdBy: maker,
    });
    const tokenKey =
      maker !== null && (isSignUp || input.tokenKey)
        ? newKey(this.#ports, {
            type: 'TOKEN',
            name: service.name,
            serviceId: maker,
            userId: user.id,
          })
        : null;
    await database.transact(async (stores) => {
      const { users } = stores;
      const idleSince = isProven(user) ? null : now;
      const isNew = await users.insert(user, passwordHash, idleSince);
      const taken = { email: user.email, isTaken: !isNew, userId: user.id };
      await checkFree(this.#ports, stores, taken);
      if (Object.keys(attributes).length > 0) {
        await users.setAttributes(user.id, maker, attributes);
      }
      if (tokenKey) {
        // Kept, so that a deletion of the service at the same moment finds the key, or is found.
        if ((await stores.services.keep(service.id)) === null) throw new Unauthorized();
        await stores.keys.insert(tokenKey.key, tokenKey.secret);
      }
      // Where too many mails were sent, whoever signed up can ask for this one later.
      if (isSignUp) {
        await oweAsked(this.#ports, stores, { purpose: 'validate_email', user, ...place });
      }
      await this.#report(stores, actor, { maker, user, key: tokenKey?.key ?? null });
      if (input.invite) await invite(this.#ports, stores, actor, { user, version: 1 });
    });
    return { user: { ...user, attributes }, quality };
  }

  async #report(
    stores: Stores,
    actor: Actor,
    {
      maker,
      user,
      key,
    }: { readonly maker: Id | null; readonly user: User; readonly key: Key | null },
  ): Promise<void> {
    const userId = user.id;
    const of = { serviceId: maker, userId };
    await tellAll(this.#ports, stores, { ...of, type: 'user.created' });
    if (key && maker !== null) {
      const made = { serviceId: maker, userId, subjectId: key.id };
      await tell(this.#ports, stores, { ...made, type: 'key.created', data: keyData(key) });
    }
    await record(this.#ports, stores, actor, { ...of, type: 'sso:UserCreate', subjectId: userId });
    if (!key) return;
    await record(this.#ports, stores, actor, { ...of, type: 'sso:KeyCreate', subjectId: key.id });
  }

  async #formService(): Promise<Service> {
    const { database } = this.#ports;
    const service = await database.read(({ services }) => services.get(formServiceId));
    if (service === null) throw new Error('the built-in service is made at every start');
    return service;
  }
}

const noChoice: Violation = {
  field: 'invite',
  message: 'is for users who choose their password themselves',
  code: 'not_allowed',
};

const noService: Violation = {
  field: 'tokenKey',
  message: 'takes the key of a service: the operator has no users who log in',
  code: 'not_allowed',
};
