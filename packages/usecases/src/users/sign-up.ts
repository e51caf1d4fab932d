import {
  type Actor,
  Forbidden,
  IllegalArgument,
  InvalidCredentials,
  parseAll,
  parseEmail,
  parseName,
  placeOf,
  refusedEmail,
  type User,
} from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { attempt } from '../shared/attempt.ts';
import { presentedDevice } from '../shared/known-device.ts';
import { parseNewPassword } from '../shared/new-password.ts';
import { type Claim, provePassword } from '../shared/prove-password.ts';
import { CreateUser } from './create-user.ts';

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
  | 'deviceTokens'
  | 'clock'
  | 'ids'
  | 'settings'
>;

export type SignUpInput = {
  readonly name: string;
  readonly email: string;
  readonly password: string;
  readonly locale?: string | undefined;
  /** The device token that a login handed out. */
  readonly device?: string | undefined;
};

/**
 * Makes an account at the built-in service. Whoever proves the password of an account that is there gets that account
 * as it is: a sign-up whose answer was lost can be repeated.
 */
export class SignUp {
  readonly #ports: Needs;
  readonly #createUser: CreateUser;

  constructor(ports: Needs) {
    this.#ports = ports;
    this.#createUser = new CreateUser(ports);
  }

  /**
   * At an address that has an account it is a try like a login, and whatever proves nothing is refused like an address
   * that may not be used. Throws `IllegalArgument`, `Forbidden` where new users are not accepted, `TooManyRequests`, and
   * `Overloaded`.
   */
  async execute(actor: Actor, input: SignUpInput): Promise<User> {
    const claim = this.#check(input);
    const created = await this.#createUnlessTaken(actor, input, claim.email);
    return created ?? this.#prove(actor, claim, input.device);
  }

  /** Makes the account unless the address has one. Throws like `execute`. */
  async createUnlessTaken(actor: Actor, input: SignUpInput): Promise<void> {
    await this.#createUnlessTaken(actor, input, this.#check(input).email);
  }

  #check(input: SignUpInput): Claim {
    if (!this.#ports.settings.usersSignup) throw new Forbidden('registration_closed');
    const { email, password } = parseAll({
      name: () => parseName(input.name),
      email: () => parseEmail(input.email),
      password: () => parseNewPassword(this.#ports, input.password, 'password'),
    });
    return { email, password };
  }

  async #createUnlessTaken(actor: Actor, input: SignUpInput, email: string): Promise<User | null> {
    const { database, clock } = this.#ports;
    // An address whose owner can still take it back is taken, also for whoever tries passwords.
    const isTaken = () =>
      database.read(async ({ users, oneTimeTokens }) => {
        const isReserved = await oneTimeTokens.isReserved(email, clock.now());
        return (await users.findByEmail(email)) !== null || isReserved;
      });
    if (await isTaken()) return null;
    try {
      const { user } = await this.#createUser.execute(actor, { ...input, isEnabled: true });
      return user;
    } catch (error) {
      // The same request may have come twice at once.
      if (error instanceof IllegalArgument && (await isTaken())) return null;
      throw error;
    }
  }

  async #prove(actor: Actor, claim: Claim, token: string | undefined): Promise<User> {
    this.#ports.hasher.admit(placeOf(actor));
    const device = await presentedDevice(this.#ports, actor, claim.email, token);
    const tried = { type: 'sso:AuthLocalLogin', account: claim.email, device } as const;
    const proving = attempt(this.#ports, actor, tried, {
      prove: () => provePassword(this.#ports, actor, claim),
      prepare: async () => null,
      commit: async (_stores, { user }) => ({ subjectId: null, result: user }),
    });
    return (await likeUnusable(proving)).result;
  }
}

/** A sign-up refuses an account that is not proven like an address that may not be used. */
export async function likeUnusable<T>(proving: Promise<T>): Promise<T> {
  try {
    return await proving;
  } catch (error) {
    if (error instanceof InvalidCredentials) throw new IllegalArgument([refusedEmail()]);
    throw error;
  }
}
