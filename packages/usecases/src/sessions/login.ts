import type { Actor } from '@rekey/domain';
import { type LoginInput, type LoginNeeds, type LoginOutput, logIn } from '../shared/log-in.ts';

/** Lets a user in who proves the password: opens a session and hands out the tokens for it. */
export class Login {
  readonly #ports: LoginNeeds;

  constructor(ports: LoginNeeds) {
    this.#ports = ports;
  }

  /**
   * Throws `InvalidCredentials` for whatever proves no account here, `Forbidden` where the password must be changed
   * first, `TooManyRequests` and `Overloaded`.
   */
  async execute(actor: Actor, input: LoginInput): Promise<LoginOutput> {
    return logIn(this.#ports, actor, input);
  }
}
