import {
  type Actor,
  Forbidden,
  formServiceId,
  IllegalArgument,
  isProven,
  may,
  type PasswordQuality,
  parseAll,
  parseEmail,
  parseLocale,
  parseName,
  parseTimezone,
  placeOf,
  refusedEmail,
  type Service,
  Unauthorized,
  type User,
} from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { newKey } from '../shared/new-key.ts';
import { judgeNewPassword, parseNewPassword } from '../shared/new-password.ts';
import { record } from '../shared/record.ts';
import { tell } from '../shared/tell.ts';
import { countSignUp } from '../shared/throttle.ts';

type Needs = Pick<
  Ports,
  'database' | 'hasher' | 'meter' | 'breachList' | 'secrets' | 'macs' | 'clock' | 'ids' | 'settings'
>;

export type CreateUserInput = {
  readonly isEnabled: boolean;
  readonly name: string;
  readonly email: string;
  readonly locale?: string | undefined;
  readonly timezone?: string | undefined;
  readonly password?: string | undefined;
  readonly passwordAllowReset?: boolean | undefined;
  readonly passwordRequireUpdate?: boolean | undefined;
};

/**
 * Creates a user, with a password or without: for a service, or for somebody who signs up alone at the built-in service
 * and gets a TOKEN key of it along with the account.
 */
export class CreateUser {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /**
   * An address that is taken is refused like one that may not be used, after as much work. Throws `IllegalArgument`,
   * `Forbidden` where new users are not accepted, `TooManyRequests` for too many sign-ups, and `Overloaded`.
   */
  async execute(
    actor: Actor,
    input: CreateUserInput,
  ): Promise<{ user: User; quality: PasswordQuality | null }> {
    const { database, hasher, clock, ids } = this.#ports;
    const isSignUp = actor.kind === 'nobody';
    const service = await this.#serviceFor(actor);
    const place = placeOf(actor);
    const { password, ...profile } = parseAll({
      name: () => parseName(input.name),
      email: () => parseEmail(input.email),
      locale: () => parseLocale(input.locale ?? 'en'),
      timezone: () => parseTimezone(input.timezone ?? 'Etc/UTC'),
      password: () =>
        input.password === undefined
          ? null
          : parseNewPassword(this.#ports, input.password, 'password'),
    });

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
    const user: User = {
      id: ids.next(),
      createdAt: now,
      updatedAt: now,
      isEnabled: input.isEnabled,
      isLocked: false,
      isAdmin: false,
      ...profile,
      passwordAllowReset: input.passwordAllowReset ?? true,
      passwordRequireUpdate: input.passwordRequireUpdate ?? false,
      createdBy: service.id,
    };
    const tokenKey = isSignUp
      ? newKey(this.#ports, {
          type: 'TOKEN',
          name: service.name,
          serviceId: service.id,
          userId: user.id,
        })
      : null;
    const of = { serviceId: service.id, userId: user.id };
    await database.transact(async (stores) => {
      const { users, keys } = stores;
      const idleSince = isProven(user) ? null : now;
      const isNew = await users.insert(user, passwordHash, idleSince);
      if (!isNew) throw new IllegalArgument([refusedEmail()]);
      await tell(this.#ports, stores, { ...of, type: 'user.created' });
      if (tokenKey) {
        await keys.insert(tokenKey.key, tokenKey.secret);
        const event = { ...of, type: 'key.created', subjectId: tokenKey.key.id } as const;
        await tell(this.#ports, stores, event);
      }
      await record(this.#ports, stores, actor, { ...of, type: 'sso:UserCreate' });
      if (tokenKey) {
        const entry = { ...of, type: 'sso:KeyCreate', subjectId: tokenKey.key.id } as const;
        await record(this.#ports, stores, actor, entry);
      }
    });
    return { user, quality };
  }

  /** The service that the user is created at. */
  async #serviceFor(actor: Actor): Promise<Service> {
    if (!may(actor, 'create user', null)) throw new Unauthorized();
    const { database, settings } = this.#ports;
    const own = actor.kind === 'service' ? actor.service : null;
    const isOpen = own?.userAllowRegister ?? settings.usersSignup;
    if (!isOpen) throw new Forbidden('registration_closed');
    if (own) return own;
    const service = await database.read(({ services }) => services.get(formServiceId));
    if (service === null) throw new Error('the built-in service is made at every start');
    return service;
  }
}
