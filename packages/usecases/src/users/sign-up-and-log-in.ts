import type { Actor } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { Login, type LoginOutput } from '../sessions/login.ts';
import { likeUnusable, SignUp, type SignUpInput } from './sign-up.ts';

type Needs = ConstructorParameters<typeof SignUp>[0] & Pick<Ports, 'accessTokens' | 'keyUses'>;

/** Makes an account at the built-in service, unless the address has one, and logs in with the password. */
export class SignUpAndLogIn {
  readonly #signUp: SignUp;
  readonly #login: Login;

  constructor(ports: Needs) {
    this.#signUp = new SignUp(ports);
    this.#login = new Login(ports);
  }

  /** Nobody gets in without a proof. Throws like a sign-up, and `Forbidden` where the password must be changed first. */
  async execute(actor: Actor, input: SignUpInput): Promise<LoginOutput> {
    await this.#signUp.createUnlessTaken(actor, input);
    return likeUnusable(this.#login.execute(actor, input));
  }
}
