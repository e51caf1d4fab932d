import type { Actor } from '@rekey/domain';
import { type LoginNeeds, type LoginOutput, logIn } from '../shared/log-in.ts';
import { likeUnusable, SignUp, type SignUpInput } from './sign-up.ts';

type Needs = LoginNeeds & ConstructorParameters<typeof SignUp>[0];

/** Makes an account at the built-in service, unless the address has one, and logs in with the password. */
export class SignUpAndLogIn {
  readonly #ports: Needs;
  readonly #signUp: SignUp;

  constructor(ports: Needs) {
    this.#ports = ports;
    this.#signUp = new SignUp(ports);
  }

  /** Nobody gets in without a proof. Throws like a sign-up, and `Forbidden` where the password must be changed first. */
  async execute(actor: Actor, input: SignUpInput): Promise<LoginOutput> {
    await this.#signUp.createUnlessTaken(actor, input);
    return likeUnusable(logIn(this.#ports, actor, input));
  }
}
