import {
  Forbidden,
  IllegalArgument,
  type Origin,
  type PasswordQuality,
  parseAll,
  parseEmail,
  parseLocale,
  parseName,
  parseTimezone,
  type Service,
  type User,
  unusableEmail,
} from '@rekey/domain';
import { newKey } from './new-key.ts';
import { judgeNewPassword, parseNewPassword } from './new-password.ts';
import type { Ports } from './ports.ts';
import { record } from './record.ts';
import { countSignUp } from './throttle.ts';

type Needs = Pick<
  Ports,
  'database' | 'hasher' | 'meter' | 'breachList' | 'secrets' | 'macs' | 'clock' | 'ids' | 'settings'
>;

export type CreateUserInput = {
  readonly service: Service;
  readonly isEnabled: boolean;
  readonly name: string;
  readonly email: string;
  readonly locale?: string | undefined;
  readonly timezone?: string | undefined;
  readonly password?: string | undefined;
  readonly passwordAllowReset?: boolean | undefined;
  readonly passwordRequireUpdate?: boolean | undefined;
  /** Whether the user gets a TOKEN key of the service along with the account. */
  readonly withTokenKey?: boolean | undefined;
  /** Where a person came from who signs up alone, and not through a service: nobody may do so too often. */
  readonly signUpFrom?: Origin | undefined;
  /** Where the service came from that asks for somebody. */
  readonly origin?: Origin | undefined;
};

/** Creates a user, with a password or without. */
export class CreateUser {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /** An address that is taken is refused like one that may not be used, after the same work. */
  async execute(input: CreateUserInput): Promise<{ user: User; quality: PasswordQuality | null }> {
    const { database, hasher, secrets, clock, ids } = this.#ports;
    const { service } = input;
    if (!service.allowRegister) throw new Forbidden('registration_closed');
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

    if (input.signUpFrom) {
      hasher.admit();
      const from = { serviceId: service.id, origin: input.signUpFrom };
      await countSignUp(this.#ports, from);
    }

    // Whoever signs up alone has proven nothing, and sends nobody to ask elsewhere.
    const judges = input.signUpFrom ? { ...this.#ports, breachList: null } : this.#ports;
    const quality =
      password === null
        ? null
        : await judgeNewPassword(judges, password, profile, service, 'password');
    const passwordHash = password === null ? null : await hasher.hash(password);

    const now = clock.now();
    const user: User = {
      id: ids.next(),
      createdAt: now,
      updatedAt: now,
      isEnabled: input.isEnabled,
      ...profile,
      passwordAllowReset: input.passwordAllowReset ?? true,
      passwordRequireUpdate: input.passwordRequireUpdate ?? false,
      createdBy: service.id,
    };
    const tokenKey = newKey(this.#ports, {
      type: 'TOKEN',
      name: service.name,
      serviceId: service.id,
      userId: user.id,
    });
    const event = {
      serviceId: service.id,
      userId: user.id,
      origin: input.signUpFrom ?? input.origin,
    };
    await database.transact(async (stores) => {
      const { users, keys } = stores;
      if (!(await users.insert(user, passwordHash))) {
        throw new IllegalArgument([{ field: 'email', message: unusableEmail }]);
      }
      if (input.withTokenKey) {
        await keys.insert(tokenKey, { digest: secrets.digest(secrets.generate('rku_')) });
      }
      await record(this.#ports, stores, { ...event, action: 'user_create' });
      if (input.withTokenKey) {
        await record(this.#ports, stores, {
          ...event,
          action: 'key_create',
          subjectId: tokenKey.id,
        });
      }
    });
    return { user, quality };
  }
}
